"""The shares of all scopes of one request, taken all at once or none.

A ticket is made once for each combination of scopes and kept: taking it is two loops over its shares, and nothing is
made or looked up. What it takes is a tuple in the order of `UNITS`.
"""

from collections.abc import Callable, Iterable
from math import inf

import msgspec

from trunkline.limits.meter import UNITS, Meter, Unit
from trunkline.limits.share import Share

Amounts = tuple[int, int, int, int, int, int]
"""Requests, input, output and total tokens, requests under way, nano-dollars."""
NOTHING: Amounts = (0, 0, 0, 0, 0, 0)


def amounts(input_tokens: int = 0, output_tokens: int = 0, cost: int = 0) -> Amounts:
    """What a request takes when it begins."""
    return (1, input_tokens, output_tokens, input_tokens + output_tokens, 1, cost)


def usage(input_tokens: int = 0, output_tokens: int = 0, cost: int = 0) -> Amounts:
    """What it has used when it ends: a request, and nothing under way any more."""
    return (1, input_tokens, output_tokens, input_tokens + output_tokens, 0, cost)


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How a caller stands with the tightest meter of a unit, for `x-ratelimit-*`. Seconds."""

    meter: Meter
    remaining: int
    reset: float


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why nothing was taken."""

    meter: Meter
    asked: int
    remaining: int
    retry_after: float | None
    """Seconds; None where waiting is no help: it is more than the limit, or nothing says when some comes back."""

    @property
    def never(self) -> bool:
        """It asks for more than the limit allows at any time."""
        return self.asked > self.meter.limit


class Ticket:
    """All meters that apply to one kind of request."""

    __slots__ = ("_hungry", "_of", "_pairs")

    def __init__(self, shares: Iterable[Share], hungry: Callable[[], None]) -> None:
        """`hungry` is called when a share has become low."""
        self._pairs = tuple((share, UNITS.index(share.meter.unit)) for share in shares)
        self._of: dict[Unit, list[Share]] = {}
        for share, kind in self._pairs:
            self._of.setdefault(UNITS[kind], []).append(share)
        self._hungry = hungry

    def take(self, at: int, wanted: Amounts) -> bool:
        """Take `wanted` of every meter, or nothing of any, at the books' moment `at` (milliseconds)."""
        for share, kind in self._pairs:
            if share.free < wanted[kind]:
                return False
        self.force(at, wanted)
        return True

    def force(self, at: int, wanted: Amounts) -> None:
        """Take it whether it is there or not: what is missing is reported as used all the same."""
        low = False
        for share, kind in self._pairs:
            if at >= share.turn:
                share.touch(at)
            left = share.free = share.free - wanted[kind]
            if left < share.low:
                low = True
        if low:
            self._hungry()

    def settle(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> None:
        """Correct what was taken by what was used; `NOTHING` undoes it. `taken_at` is when `take` was called."""
        for share, kind in self._pairs:
            if taken[kind] != used[kind] or share.meter.returns:
                share.settle(taken_at, at, taken[kind], used[kind])

    def want(self, at: int, wanted: Amounts) -> Refusal | None:
        """What was not there is waited for; a refusal where that is no use now."""
        lacking = [(share, wanted[kind]) for share, kind in self._pairs if share.free < wanted[kind]]
        for share, amount in lacking:
            if amount > share.meter.limit or (at < share.again and amount - max(share.free, 0) >= share.refused):
                return _refusal(share, amount, at)
        for share, amount in lacking:
            share.want(amount - max(share.free, 0))
        if lacking:
            self._hungry()
        return None

    def standing(self, unit: Unit, at: int) -> Standing | None:
        """The meter of `unit` of which the least is left, as a part of its limit."""
        tightest, part = None, inf
        for share in self._of.get(unit, ()):
            left = (share.free + share.left) / share.meter.limit
            if left < part:
                tightest, part = share, left
        if tightest is None:
            return None
        return Standing(tightest.meter, tightest.remaining, max(0, tightest.reset_at - at) / 1000)


def _refusal(share: Share, amount: int, at: int) -> Refusal:
    known = share.wait_at > at and amount <= share.meter.limit
    return Refusal(share.meter, amount, share.remaining, (share.wait_at - at) / 1000 if known else None)
