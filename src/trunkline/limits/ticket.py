"""What one kind of request may take, of all its scopes at once: from its hand, or from each share.

While all limits are far and there are many such requests, a ticket takes from its shares for some dozens at once, and
each request then takes from these six numbers in place of two dozen shares. What is in hand

- was taken in the present slot of every share. Before a slot ends for one, or something is reported, all is put back
  (`gather`), so that only what requests have taken counts as used, and in the slot in which they took it;
- is put back as soon as somebody else lacks it;
- is at most half of what is above the mark at which a share asks for more, of limits that are far.

So limits are as exact as without it, and near them it is not there.
"""

from collections.abc import Callable, Iterable
from operator import add, sub
from typing import Final

from trunkline.limits.amounts import NOTHING, Amounts
from trunkline.limits.bundle import Bundle, Refusal
from trunkline.limits.meter import UNITS, Unit
from trunkline.limits.share import Share

MOST: Final = 64
"""Requests for which is taken at once."""
FEW: Final = 8
"""Fewer are taken one by one: putting back costs as much as taking."""
_ANY: Final = 1 << 60
"""In hand of what has no limit."""
_DATED: Final = 4
"""The first units count in the slot of their time; what is under way and money are held until they are settled."""


class Ticket:
    """All meters that apply to one kind of request. Not for several threads."""

    __slots__ = (
        "_bundle",
        "_dates",
        "_handed_out",
        "_in_hand",
        "_later",
        "_none",
        "_shares",
        "_since",
        "_spent",
        "_straight",
        "epoch",
        "left",
        "turn",
    )

    def __init__(self, shares: Iterable[Share], hungry: Callable[[], None]) -> None:
        """The shares are of one holder. `hungry` is called when one has become low."""
        bundle = self._bundle = Bundle(shares, hungry)
        self._shares = frozenset(bundle.shares)
        self._in_hand = bundle.shares[0].common.in_hand if bundle.shares else set()
        units = {share.meter.unit for share in bundle.shares}
        self._none: Amounts = tuple(0 if unit in units else _ANY for unit in UNITS)
        self._dates = not all(share.returns for share in bundle.shares)
        self.left: Amounts = NOTHING
        """In hand."""
        self.turn = 0
        """From then on it is to be put back; 0 while nothing is in hand."""
        self.epoch = 0
        """Which hand this is: nothing was reported, and no slot has ended, since it was another."""
        self._since = 0  # when it was filled first
        self._handed_out: Amounts = NOTHING
        self._spent = 0  # nano-dollars, from the hand
        self._later: dict[int, Amounts] = {}  # by when it was taken: what of earlier hands has turned out too much
        self._straight = 0  # requests that took from the shares, since so few came that it was not worth a hand

    def take(self, at: int, wanted: Amounts) -> int | None:
        """Take `wanted` of every meter, or nothing of any, at the books' moment `at` (milliseconds).

        The moment at which it counts, which is in the same slot of every share; None where something lacks.
        """
        if at < self.turn:
            left = tuple(map(sub, self.left, wanted))
            if min(left) >= 0:
                self.left = left
                return self._since
        return self._take(at, wanted)

    def _take(self, at: int, wanted: Amounts) -> int | None:
        if self._straight >= FEW:
            self._bundle.touch(at)
            if self._fill(at, wanted):
                self.left = tuple(map(sub, self.left, wanted))
                return self._since
            self._straight = 0
        self._straight += 1
        if self._bundle.take(at, wanted) or (self._call_in(wanted) and self._bundle.take(at, wanted)):
            return at
        return None

    def _fill(self, at: int, wanted: Amounts) -> bool:
        """Take for many requests like this one, where there is plenty of everything."""
        bundle = self._bundle
        many = min(MOST, bundle.plenty(wanted, self.left))
        if many < FEW:
            return False
        if not self.turn:
            self.epoch += 1
            self.turn = bundle.turn
            self._since = at
            self.left = self._none
            self._in_hand.add(self)
        more = tuple(max(0, many * amount - left) for amount, left in zip(wanted, self.left, strict=True))
        bundle.hand_out(more)
        self.left = tuple(map(add, self.left, more))
        self._handed_out = tuple(map(add, self._handed_out, more))
        return True

    def _call_in(self, wanted: Amounts) -> bool:
        """Have others put back what lacks; whether anybody had any."""
        lacking = self._bundle.lacking(wanted)
        found = [ticket for ticket in self._in_hand if ticket.holds(lacking)]
        for ticket in found:
            ticket.gather()
        return bool(found)

    def force(self, at: int, wanted: Amounts) -> None:
        """Take it whether it is there or not: what is missing is reported as used all the same."""
        self._bundle.force(at, wanted)

    def settle(self, epoch: int, taken_at: int, at: int, taken: Amounts, used: Amounts) -> None:
        """Correct what was taken by what was used; `NOTHING` undoes it. `taken_at` is what `take` returned, and `epoch`
        is from then.
        """
        if at < self.turn:
            back: Amounts = tuple(map(sub, taken, used))
            if epoch != self.epoch and self._dates:
                back = self._postpone(taken_at, back)
            self.left = tuple(map(add, self.left, back))
            self._spent += used[-1]
        else:
            self._bundle.settle(taken_at, at, taken, used)

    def _postpone(self, taken_at: int, back: Amounts) -> Amounts:
        """What counts in an earlier slot or was reported is not for this hand: the rest of `back`."""
        late = (*(max(0, amount) for amount in back[:_DATED]), 0, 0)
        if any(late):
            self._later[taken_at] = tuple(map(add, self._later.get(taken_at, NOTHING), late))
        return tuple(map(sub, back, late))

    # what is in hand

    def holds(self, shares: frozenset[Share]) -> bool:
        """Whether it has something of one of these in hand."""
        return not self._shares.isdisjoint(shares)

    def gather(self) -> None:
        """Put back all that is in hand."""
        if not self.turn:
            return
        self._in_hand.discard(self)
        bundle, later = self._bundle, self._later
        if self._handed_out[0] - self.left[0] < FEW:
            self._straight = 0
        bundle.put_back(self._handed_out, self.left, (0, 0, 0, 0, 0, self._spent))
        self.turn = self._spent = 0
        self.left = self._handed_out = NOTHING
        self._later = {}
        for at, amounts in later.items():
            bundle.credit(at, amounts)

    # of the shares

    def want(self, at: int, wanted: Amounts) -> Refusal | None:
        """What was not there is waited for; a refusal where that is no use now."""
        return self._bundle.want(at, wanted)

    def tightest(self, unit: Unit) -> Share | None:
        """The share in the meter of `unit` of which the least is left, as a part of its limit."""
        return self._bundle.tightest(unit)
