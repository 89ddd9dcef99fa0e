"""What was lately: shares of failures and distributions of times, in bounded memory, and in a microsecond each."""

from math import ceil, exp, log
from typing import Final

SLOTS: Final = 10
"""Parts of a window of counts."""

SHORTEST: Final = 0.001
"""Seconds. Whatever is quicker counts as this."""
STEPS: Final = 12.0
"""Buckets in which a time grows by the factor e: a bucket is 8 % wide, so a quantile is exact to 4 %."""
BUCKETS: Final = 168
"""Up to 1,100 seconds, and then the last."""
LAST: Final = BUCKETS - 1
KEPT_FOR: Final = 60.0
"""Seconds after which half of what is remembered of times is forgotten."""
KEPT_AT_LEAST: Final = 20
"""Times that are not yet forgotten then, but after ten times as long."""
SMOOTHING: Final = 0.1
"""The weight of the newest value in a moving mean."""


class Recent:
    """How many attempts there were, and how many failed, in a window that slides by tenths."""

    __slots__ = ("_all", "_bad", "_per_second", "_slot", "failed", "total")

    def __init__(self, span: float) -> None:
        """`span`: seconds."""
        self._per_second = SLOTS / span
        self._slot = 0
        self._all = [0] * SLOTS
        self._bad = [0] * SLOTS
        self.total = 0
        self.failed = 0

    def count(self, now: float, *, failed: bool) -> None:
        """One attempt has ended."""
        slot = int(now * self._per_second)
        if slot != self._slot:
            self.move(now)
        at = slot % SLOTS
        self._all[at] += 1
        self.total += 1
        if failed:
            self._bad[at] += 1
            self.failed += 1

    def move(self, now: float) -> None:
        """Forget what is older than the window."""
        slot = int(now * self._per_second)
        for each in range(max(self._slot + 1, slot - SLOTS + 1), slot + 1):
            at = each % SLOTS
            self.total -= self._all[at]
            self.failed -= self._bad[at]
            self._all[at] = self._bad[at] = 0
        self._slot = max(slot, self._slot)

    def clear(self) -> None:
        """Forget everything."""
        self._all = [0] * SLOTS
        self._bad = [0] * SLOTS
        self.total = self.failed = 0


class Times:
    """Recent times in seconds: their quantiles, and their moving mean.

    A histogram in two generations: when the younger is old enough it takes the place of the elder.
    """

    __slots__ = ("_began", "_buckets", "_count", "_elder", "_elders", "_known", "_until", "mean", "seen_at")

    def __init__(self) -> None:
        self._buckets = [0] * BUCKETS
        self._elder = [0] * BUCKETS
        self._count = self._elders = 0
        self._began = 0.0
        self._known: dict[float, float] = {}
        self._until = 0
        self.mean: float | None = None
        """Moving; None before the first."""
        self.seen_at = 0.0
        """When the last one came."""

    @property
    def count(self) -> int:
        """How many are remembered."""
        return self._count + self._elders

    def add(self, seconds: float, now: float) -> None:
        """One more."""
        age = now - self._began
        if age > KEPT_FOR and (self._count >= KEPT_AT_LEAST or age > 10 * KEPT_FOR):
            self._turn(now)
        at = int(log(seconds / SHORTEST) * STEPS) if seconds > SHORTEST else 0
        self._buckets[at if at < BUCKETS else LAST] += 1
        self._count += 1
        mean = self.mean
        self.mean = seconds if mean is None else mean + SMOOTHING * (seconds - mean)
        self.seen_at = now

    def _turn(self, now: float) -> None:
        self._elder, self._elders = self._buckets, self._count
        self._buckets, self._count = [0] * BUCKETS, 0
        self._began = now
        self._until = 0

    def quantile(self, share: float) -> float | None:
        """The time that a `share` of all does not exceed; None while fewer than 20 are known."""
        count = self._count + self._elders
        if count < KEPT_AT_LEAST:
            return None
        if count >= self._until:  # it changes little with every one
            self._known = {}
            self._until = count + max(1, count // 20)
        known = self._known.get(share)
        if known is None:
            known = self._known[share] = self._look(count - ceil(count * share))
        return known

    def _look(self, above: int) -> float:
        """The middle of the bucket above which `above` times lie."""
        at = BUCKETS
        while at > 1 and above >= 0:
            at -= 1
            above -= self._buckets[at] + self._elder[at]
        if above >= 0:
            at -= 1
        return SHORTEST * exp((at + 0.5) / STEPS)


class Mean:
    """A moving mean of something that is not a time."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float | None = None
        """None before the first."""

    def add(self, value: float) -> None:
        """One more."""
        mean = self.value
        self.value = value if mean is None else mean + SMOOTHING * (value - mean)
