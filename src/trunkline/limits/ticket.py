"""The shares of all scopes of one request, taken all at once or none.

A ticket is made once for each combination of scopes and kept: taking it is two loops over its shares, and nothing is
made or looked up. What it takes is a tuple in the order of `UNITS`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import add, attrgetter, gt, itemgetter, lt, sub

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
    """All meters that apply to one kind of request, each once; their shares are of one holder."""

    __slots__ = (
        "_active",
        "_each",
        "_hungry",
        "_of",
        "_of_dated",
        "_of_returning",
        "_of_tokens",
        "_shares",
        "_tokens",
        "dated",
        "returns",
    )

    def __init__(self, shares: Iterable[Share], hungry: Callable[[], None]) -> None:
        """`hungry` is called when a share has become low."""
        self._shares = tuple(dict.fromkeys(shares))
        self._each = _picking(self._shares)
        self._active: set[Share] = self._shares[0].active if self._shares else set()
        self.returns = tuple(share for share in self._shares if share.returns)
        """What is held until it is settled."""
        self._of_returning = _picking(self.returns)
        self.dated = tuple(share for share in self._shares if not share.returns)
        """What counts in the slot of its time."""
        self._of_dated = _picking(self.dated)
        self._tokens = tuple(share for share in self.dated if share.meter.unit != "requests")
        self._of_tokens = _picking(self._tokens)
        self._of: dict[Unit, list[Share]] = {}
        for share in self._shares:
            self._of.setdefault(share.meter.unit, []).append(share)
        self._hungry = hungry

    def take(self, at: int, wanted: Amounts) -> bool:
        """Take `wanted` of every meter, or nothing of any, at the books' moment `at` (milliseconds)."""
        shares = self._shares
        left = tuple(map(sub, map(_free, shares), self._each(wanted)))
        if at < min(map(_turn, shares), default=0) and not any(map(lt, left, map(_low, shares))):
            _do(map(setattr, shares, _FREE, left))
            return True
        if min(left, default=0) < 0:
            return False
        self._leave(at, left)
        return True

    def force(self, at: int, wanted: Amounts) -> None:
        """Take it whether it is there or not: what is missing is reported as used all the same."""
        self._leave(at, tuple(map(sub, map(_free, self._shares), self._each(wanted))))

    def _leave(self, at: int, left: tuple[int, ...]) -> None:
        """Take all but what is `left` of each."""
        shares = self._shares
        for share in shares:
            if at >= share.turn:
                share.touch(at)
        _do(map(setattr, shares, _FREE, left))
        if any(map(lt, left, map(_low, shares))):
            self._hungry()

    def settle(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> None:
        """Correct what was taken by what was used; `NOTHING` undoes it. `taken_at` is when `take` was called."""
        self.give_back(taken, used)
        self.correct(taken_at, at, taken, used)

    def give_back(self, taken: Amounts, used: Amounts) -> None:
        """The part of `settle` that concerns what was held since."""
        shares, needed = self.returns, self._of_returning(used)
        back = map(sub, self._of_returning(taken), needed)
        _do(map(setattr, shares, _FREE, map(add, map(_free, shares), back)))
        _do(map(setattr, shares, _SPENT, map(add, map(_spent, shares), needed)))
        self._active.update(shares)

    def correct(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> None:
        """The part of `settle` that concerns what was used at once."""
        if taken[0] == used[0] and self._correct_tokens(taken_at, at, taken, used):
            return
        pick = self._of_dated
        for share, amount, needed in zip(self.dated, pick(taken), pick(used), strict=True):
            if amount != needed:
                share.settle(taken_at, at, amount, needed)

    def _correct_tokens(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> bool:
        """As long as that is all in the slot in which it was taken; else nothing is done, and it is False."""
        tokens = self._tokens
        if not tokens:
            return True
        left = tuple(map(add, map(_free, tokens), map(sub, self._of_tokens(taken), self._of_tokens(used))))
        if (
            taken_at < max(map(_began, tokens))
            or at >= min(map(_turn, tokens))
            or any(map(gt, left, map(_level, tokens)))
        ):
            return False
        _do(map(setattr, tokens, _FREE, left))
        return True

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

    def tightest(self, unit: Unit) -> Share | None:
        """The share in the meter of `unit` of which the least is left, as a part of its limit."""
        shares = self._of.get(unit)
        return None if shares is None else min(shares, key=_part_left)


# Over all shares at once in C: a loop of bytecode takes longer, and more so where nothing of it is in the caches.
_free, _low, _turn, _began, _level = map(attrgetter, ("free", "low", "turn", "began", "level"))
_part_left = attrgetter("part_left")
_spent = attrgetter("spent")
_FREE, _SPENT = repeat("free"), repeat("spent")
_do = deque[None](maxlen=0).extend
"""Have each step of an iterator done."""


def _picking(shares: Sequence[Share]) -> Callable[[Amounts], tuple[int, ...]]:
    """What picks the amounts of these, in their order."""
    places = [UNITS.index(share.meter.unit) for share in shares]
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(slice(places[0], places[0] + 1) if places else slice(0))  # of one, it would give no tuple


def _refusal(share: Share, amount: int, at: int) -> Refusal:
    known = share.wait_at > at and amount <= share.meter.limit
    return Refusal(share.meter, amount, share.remaining, (share.wait_at - at) / 1000 if known else None)
