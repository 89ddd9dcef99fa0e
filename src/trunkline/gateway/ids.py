"""Ids of requests."""

import random
import time


def mint() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random. Sorts by time. It names, and guards nothing."""
    text = (time.time_ns() // 1_000_000 << 80 | _random_bits(80)).to_bytes(16, "big").hex()  # unique is enough
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-b{text[17:20]}-{text[20:]}"


_random_bits = random.getrandbits


_SANE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@")


def sane(label: bytes) -> str:
    """A client's own id if it can stand in a header, a log and a file name's place; else empty."""
    text = label.decode("latin-1")
    return text if 0 < len(text) <= 128 and _SANE.issuperset(text) else ""
