"""Ids of requests."""

import random
import time


def mint() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random. Sorts by time. It names, and guards nothing."""
    millis = time.time_ns() // 1_000_000
    noise = random.getrandbits(74)  # unique is enough
    return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031  # half the time of an f-string here
        millis >> 16,
        millis & 0xFFFF,
        noise & 0xFFF,
        0x8000 | (noise >> 12 & 0x3FFF),
        noise >> 26,
    )


_SANE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@")


def sane(label: bytes) -> str:
    """A client's own id if it can stand in a header, a log and a file name's place; else empty."""
    text = label.decode("latin-1")
    return text if 0 < len(text) <= 128 and _SANE.issuperset(text) else ""
