"""Ids of requests."""

import random
import time


def mint() -> str:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random. Sorts by time. It names, and guards nothing."""
    at = (time.time_ns() // 1_000_000).to_bytes(6, "big").hex()
    noise = random.getrandbits(72).to_bytes(9, "big").hex()  # unique is enough
    return f"{at[:8]}-{at[8:]}-7{noise[:3]}-b{noise[3:6]}-{noise[6:]}"


_SANE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@")


def sane(label: bytes) -> str:
    """A client's own id if it can stand in a header, a log and a file name's place; else empty."""
    text = label.decode("latin-1")
    return text if 0 < len(text) <= 128 and _SANE.issuperset(text) else ""
