"""What is left of an account's rate limits, from the headers of a provider's replies: read, remembered, paced.

Providers that refill continuously and those that refill all at once say the same thing in the same headers. Here a
quota is taken to grow evenly until its reset. Where that is too hopeful, the provider's 429 says so.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from trunkline.providers.base import Limits

NEARLY: Final = 0.05
"""The share of a quota below which it is nearly spent."""
USUAL_RESET: Final = 60.0
"""Seconds, where a provider does not say when its quota is back: most count by the minute."""
LONGEST: Final = 86_400.0
"""Seconds. A reset later than this is taken for this."""
MOST: Final = 10**15
"""A larger number is no quota."""

_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d)", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class Left(msgspec.Struct, frozen=True, gc=False):
    """What a reply says is left; None where it does not."""

    requests: int | None = None
    requests_reset: float | None = None
    """Seconds until all requests are back."""
    tokens: int | None = None
    tokens_reset: float | None = None


class LimitsReader:
    """Reads the headers that one provider sends."""

    __slots__ = ("_names", "_written")

    def __init__(self, limits: Limits) -> None:
        names = (limits.requests, limits.requests_reset, limits.tokens, limits.tokens_reset)
        self._names = tuple(name.lower().encode() for name in names)
        self._written = limits.reset

    def read(self, headers: Mapping[bytes, bytes], wall: Callable[[], float]) -> Left | None:
        """What `headers` say; None if nothing. `wall` tells Unix time, for resets that are told as a moment."""
        requests, requests_reset, tokens, tokens_reset = self._names
        if requests not in headers and tokens not in headers:
            return None
        now = wall()
        return Left(
            _count(headers.get(requests)),
            self._seconds(headers.get(requests_reset), now),
            _count(headers.get(tokens)),
            self._seconds(headers.get(tokens_reset), now),
        )

    def _seconds(self, value: bytes | None, wall: float) -> float | None:
        if not value:
            return None
        text = value.decode("latin-1").strip()
        seconds = _moment(text, wall) if self._written == "rfc3339" else _duration(text)
        return None if seconds is None else min(max(seconds, 0.0), LONGEST)


def _count(value: bytes | None) -> int | None:
    """A whole number; some write it as `149984.0`."""
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if 0 <= number < MOST else None


def _duration(text: str) -> float | None:
    """`6m0s`, `12ms`, `1h2m3.5s`, or a number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        parts = _PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            return None
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return seconds if 0 <= seconds < MOST else None  # not `nan`


def _moment(text: str, wall: float) -> float | None:
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - wall


class Quota:
    """One quota of one key for one model."""

    __slots__ = ("_left", "_most", "_reset", "_seen_at", "tight")

    def __init__(self) -> None:
        self._left = 0.0
        self._most = 0
        self._reset = USUAL_RESET
        self._seen_at = 0.0
        self.tight = False
        """It may be nearly spent: `nearly_spent` must be asked. Else it was not, when it was last seen or spent."""

    def saw(self, left: int, reset: float | None, now: float) -> None:
        """A reply says that `left` are left, and that all are back in `reset` seconds."""
        self._left = left
        self._most = max(self._most, left)
        self._reset = USUAL_RESET if reset is None else reset
        self._seen_at = now
        self.tight = left <= self._threshold

    def spend(self, count: float) -> None:
        """So many go out now."""
        if self._most:
            self._left -= count
            self.tight = self._left <= self._threshold

    @property
    def _threshold(self) -> float:
        return max(1.0, NEARLY * self._most)

    def back_at(self, now: float) -> float:
        """When it is no longer nearly spent; `now` or before, if it is not."""
        if not self.tight:
            return now
        missing = self._threshold - self._left
        whole = self._most - self._left
        if whole <= 0:  # all there is, is next to nothing
            return self._seen_at + self._reset
        return self._seen_at + self._reset * min(1.0, (missing + 1.0) / whole)
