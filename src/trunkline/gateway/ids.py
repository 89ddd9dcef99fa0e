"""Ids of requests."""

import os
import time


def mint() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random. Sorts by time."""
    tail = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80 | 7 << 76 | (tail >> 4 & 0xFFF) << 64 | 2 << 62 | tail >> 18
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_SANE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@")


def sane(label: bytes) -> str:
    """A client's own id if it can stand in a header, a log and a file name's place; else empty."""
    text = label.decode("latin-1")
    return text if 0 < len(text) <= 128 and _SANE.issuperset(text) else ""
