"""The shares of all scopes of one request, taken all at once or none.

Made once for each combination of scopes and kept: taking them is two loops over all, and nothing is made or looked up.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import add, attrgetter, itemgetter, lt, sub

import msgspec

from trunkline.limits.amounts import Amounts
from trunkline.limits.meter import UNITS, Meter, Unit
from trunkline.limits.share import Share


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


class Bundle:
    """All shares that apply to one kind of request, each once; they are of one holder."""

    __slots__ = (
        "_dated",
        "_each",
        "_hungry",
        "_of",
        "_of_dated",
        "_of_returning",
        "_of_tokens",
        "_returns",
        "_tokens",
        "shares",
    )

    def __init__(self, shares: Iterable[Share], hungry: Callable[[], None]) -> None:
        """`hungry` is called when a share has become low."""
        self.shares = tuple(dict.fromkeys(shares))
        self._each = _picking(self.shares)
        self._returns = tuple(share for share in self.shares if share.returns)  # what is held until it is settled
        self._of_returning = _picking(self._returns)
        self._dated = tuple(share for share in self.shares if not share.returns)  # what counts in the slot of its time
        self._of_dated = _picking(self._dated)
        self._tokens = tuple(share for share in self._dated if share.meter.unit != "requests")
        self._of_tokens = _picking(self._tokens)
        self._of: dict[Unit, list[Share]] = {}
        for share in self.shares:
            self._of.setdefault(share.meter.unit, []).append(share)
        self._hungry = hungry

    # of one request

    def take(self, at: int, wanted: Amounts) -> bool:
        """Take `wanted` of every meter, or nothing of any, at the books' moment `at` (milliseconds)."""
        shares = self.shares
        left = tuple(map(sub, map(_free, shares), self._each(wanted)))
        if at < min(map(_turn, shares), default=0) and not any(map(lt, left, map(_low, shares))):
            _do(map(setattr, shares, _FREE, left))
            return True
        if min(left, default=0) < 0:
            return False
        self.force(at, wanted)
        return True

    def force(self, at: int, wanted: Amounts) -> None:
        """Take it whether it is there or not: what is missing is reported as used all the same."""
        shares = self.shares
        self.touch(at)
        left = tuple(map(sub, map(_free, shares), self._each(wanted)))
        _do(map(setattr, shares, _FREE, left))
        if any(map(lt, left, map(_low, shares))):
            self._hungry()

    def touch(self, at: int) -> None:
        """Something is about to be taken at the moment `at`."""
        for share in self.shares:
            if at >= share.turn:
                share.touch(at)

    def settle(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> None:
        """Correct what was taken by what was used. `taken_at` is when `take` was called."""
        if self._returns:
            self._give_back(taken, used)
        if self._dated and not (taken[0] == used[0] and self._correct_tokens(taken_at, at, taken, used)):
            pick = self._of_dated
            for share, amount, needed in zip(self._dated, pick(taken), pick(used), strict=True):
                if amount != needed:
                    share.settle(taken_at, at, amount, needed)

    def _give_back(self, taken: Amounts, used: Amounts) -> None:
        """What was held since."""
        shares, needed = self._returns, self._of_returning(used)
        back = map(sub, self._of_returning(taken), needed)
        _do(map(setattr, shares, _FREE, map(add, map(_free, shares), back)))
        _do(map(setattr, shares, _SPENT, map(add, map(_spent, shares), needed)))
        shares[0].common.active.update(shares)

    def _correct_tokens(self, taken_at: int, at: int, taken: Amounts, used: Amounts) -> bool:
        """As long as that is all in the slot in which it was taken; else nothing is done, and it is False."""
        tokens = self._tokens
        if not tokens:
            return True
        left = tuple(map(add, map(_free, tokens), map(sub, self._of_tokens(taken), self._of_tokens(used))))
        if (
            taken_at < max(map(_began, tokens))
            or at >= min(map(_turn, tokens))
            or any(map(lt, map(sub, map(_level, tokens), map(_out, tokens)), left))
        ):
            return False
        _do(map(setattr, tokens, _FREE, left))
        return True

    def want(self, at: int, wanted: Amounts) -> Refusal | None:
        """What was not there is waited for; a refusal where that is no use now."""
        lacking = self.lacking(wanted)
        for share, amount in lacking.items():
            if amount > share.meter.limit or (at < share.again and amount - max(share.free, 0) >= share.refused):
                return _refusal(share, amount, at)
        for share, amount in lacking.items():
            share.want(amount - max(share.free, 0))
        if lacking:
            self._hungry()
        return None

    def lacking(self, wanted: Amounts) -> dict[Share, int]:
        """The shares of which not so much is there, and how much is wanted of each."""
        return {share: amount for share, amount in self._amounts(wanted) if share.free < amount}

    def tightest(self, unit: Unit) -> Share | None:
        """The share in the meter of `unit` of which the least is left, as a part of its limit."""
        shares = self._of.get(unit)
        return None if shares is None else min(shares, key=_part_left)

    @property
    def least(self) -> int:
        """What is free of the share of which the least is free."""
        return min(map(_free, self.shares), default=0)

    # of many requests at once

    @property
    def turn(self) -> int:
        """From then on, `touch` is due."""
        return min(map(_turn, self.shares), default=0)

    def plenty(self, wanted: Amounts, in_hand: Amounts) -> int:
        """For how many such requests there is plenty of everything, together with what is in hand."""
        amounts = zip(self.shares, self._each(wanted), self._each(in_hand), strict=True)
        return min(((share.plenty + rest) // amount for share, amount, rest in amounts if amount > 0), default=0)

    def hand_out(self, amounts: Amounts) -> None:
        """So much is from now on in somebody's hand."""
        for share, amount in self._amounts(amounts):
            share.free -= amount
            share.out += amount

    def put_back(self, handed_out: Amounts, left: Amounts, spent: Amounts) -> None:
        """Of what was handed out so much is left, and so much was spent."""
        for share, amount, rest in zip(self.shares, self._each(handed_out), self._each(left), strict=True):
            share.free += rest
            share.out -= amount
        for share, amount in zip(self._returns, self._of_returning(spent), strict=True):
            share.spent += amount

    def credit(self, taken_at: int, amounts: Amounts) -> None:
        """So much was taken too much at that moment, of what counts in the slot of its time."""
        for share, amount in zip(self._dated, self._of_dated(amounts), strict=True):
            if amount:
                share.credit(taken_at, amount)

    def _amounts(self, amounts: Amounts) -> Iterable[tuple[Share, int]]:
        return zip(self.shares, self._each(amounts), strict=True)


# Over all shares at once in C: a loop of bytecode takes longer, and more so where nothing of it is in the caches.
_free, _low, _turn, _began = map(attrgetter, ("free", "low", "turn", "began"))
_level, _out, _spent = map(attrgetter, ("level", "out", "spent"))
_part_left = attrgetter("part_left")
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
