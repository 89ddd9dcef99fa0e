"""The shares of all scopes of one request, taken all at once or none.

A ticket is made once for each combination of scopes and kept: taking it is two loops over its shares, and nothing is
made or looked up. What it takes is a tuple in the order of `UNITS`.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter, itemgetter, lt

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

    __slots__ = ("_each", "_hungry", "_of", "_shares")

    def __init__(self, shares: Iterable[Share], hungry: Callable[[], None]) -> None:
        """`hungry` is called when a share has become low."""
        self._shares = tuple(shares)
        units = [share.meter.unit for share in self._shares]
        self._each = _picking([UNITS.index(unit) for unit in units])
        self._of: dict[Unit, list[Share]] = {}
        for share, unit in zip(self._shares, units, strict=True):
            self._of.setdefault(unit, []).append(share)
        self._hungry = hungry

    def take(self, at: int, wanted: Amounts) -> bool:
        """Take `wanted` of every meter, or nothing of any, at the books' moment `at` (milliseconds)."""
        if any(map(lt, map(_free, self._shares), self._each(wanted))):
            return False
        self.force(at, wanted)
        return True

    def force(self, at: int, wanted: Amounts) -> None:
        """Take it whether it is there or not: what is missing is reported as used all the same."""
        low = False
        for share, amount in zip(self._shares, self._each(wanted), strict=True):
            if at >= share.turn:
                share.touch(at)
            left = share.free = share.free - amount
            if left < share.low:
                low = True
        if low:
            self._hungry()

    def settle(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> None:
        """Correct what was taken by what was used; `NOTHING` undoes it. `taken_at` is when `take` was called."""
        for share, amount, needed in zip(self._shares, self._each(taken), self._each(used), strict=True):
            if amount != needed or share.returns:
                share.settle(taken_at, at, amount, needed)

    def want(self, at: int, wanted: Amounts) -> Refusal | None:
        """What was not there is waited for; a refusal where that is no use now."""
        amounts = zip(self._shares, self._each(wanted), strict=True)
        lacking = [(share, amount) for share, amount in amounts if share.free < amount]
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
        shares = self._of.get(unit)
        if shares is None:
            return None
        tightest = shares[0] if len(shares) == 1 else min(shares, key=_part_left)
        return Standing(tightest.meter, tightest.remaining, max(0, tightest.reset_at - at) / 1000)


_free = attrgetter("free")


def _part_left(share: Share) -> float:
    return (share.free + share.left) / share.meter.limit


def _picking(places: list[int]) -> Callable[[Amounts], tuple[int, ...]]:
    """What picks the amounts at these places, in their order."""
    if len(places) == 1:  # of one, `itemgetter` gives no tuple
        (place,) = places
        return lambda all_of_them: (all_of_them[place],)
    return itemgetter(*places)


def _refusal(share: Share, amount: int, at: int) -> Refusal:
    known = share.wait_at > at and amount <= share.meter.limit
    return Refusal(share.meter, amount, share.remaining, (share.wait_at - at) / 1000 if known else None)
