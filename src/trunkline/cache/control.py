"""What a request says of the cache: `Cache-Control` (RFC 9111, 5.2.1), and the same words in `x-trunkline-cache`.

no-cache     ask anew, and keep the new answer
no-store     ask anew, and keep nothing; share nothing
max-age=60   an answer that is older than 60 s is none
ttl=600      keep this answer for 600 s at most, and never longer than its route says
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec


class Control(msgspec.Struct, frozen=True):
    """What one request wishes."""

    uses: bool = True
    """An answer that is kept will do."""
    stores: bool = True
    """Its answer may be kept, and shared with others that ask the same meanwhile."""
    max_age: float | None = None
    """Seconds."""
    ttl: float | None = None
    """Seconds."""


USUAL: Final = Control()
HEADERS: Final = frozenset({b"cache-control", b"x-trunkline-cache"})


def read_control(headers: Mapping[bytes, bytes]) -> Control:
    """What the headers say. Words that are not known mean nothing, as RFC 9111 wants it."""
    if HEADERS.isdisjoint(headers):
        return USUAL
    words = dict(_words(headers))
    stores = "no-store" not in words
    max_age = _seconds(words.get("max-age"))
    uses = stores and "no-cache" not in words and max_age != 0
    return Control(uses, stores, max_age, _seconds(words.get("ttl")))


def _words(headers: Mapping[bytes, bytes]) -> Iterator[tuple[str, str]]:
    for name in HEADERS:
        for word in headers.get(name, b"").decode("latin-1").lower().split(","):
            directive, _, value = word.strip().partition("=")
            yield directive.strip(), value.strip().strip('"')


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() and len(value) < 12 else None
