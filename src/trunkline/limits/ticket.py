"""What one kind of request may take, of all its scopes at once: from its hand, or from each share.

While all limits are far and there are many such requests, a ticket takes from its shares for some dozens at once, and
each request then takes from these six numbers in place of two dozen shares. What is in hand

- was taken in the present slot of every share. Before a slot ends for one, or something is reported, all is put back
  (`gather`), so that only what requests have taken counts as used, and in the slot in which they took it;
- is put back as soon as somebody else lacks it;
- is at most half of what is above the mark at which a share asks for more, of limits that are far.

So limits are as exact as without it, and near them it is not there. Every `now` is of the holder's steady clock.
"""

from collections.abc import Callable, Iterable
from operator import add, sub
from typing import Final

import msgspec

from trunkline.limits.amounts import NOTHING, Amounts
from trunkline.limits.bundle import Bundle, Refusal
from trunkline.limits.holder import Holder
from trunkline.limits.meter import UNITS, Meter, Unit
from trunkline.limits.share import Share

MOST: Final = 64
"""Requests for which is taken at once."""
FEW: Final = 8
"""Fewer are taken one by one: putting back costs as much as taking."""
_ANY: Final = 1 << 29
"""In hand of what has no limit: as much as is reckoned with fastest."""
_DATED: Final = 4
"""The first units count in the slot of their time; what is under way and money are held until they are settled."""


def _less(left: Amounts, taken: Amounts) -> Amounts:
    a, b, c, d, e, f = left
    u, v, w, x, y, z = taken
    return (a - u, b - v, c - w, d - x, e - y, f - z)  # half the time of a `map`


def _more(left: Amounts, taken: Amounts, used: Amounts) -> Amounts:
    a, b, c, d, e, f = left
    k, m, n, p, q, r = taken
    u, v, w, x, y, z = used
    return (a + k - u, b + m - v, c + n - w, d + p - x, e + q - y, f + r - z)


class Reserved(msgspec.Struct, frozen=True, gc=False):
    """What a request has taken; `settle` must be called once, whatever becomes of the request."""

    ticket: "Ticket"
    at: int
    """When it counts, in the books' milliseconds."""
    epoch: int
    """Of the ticket, when it was taken."""
    amounts: Amounts

    def settle(self, now: float, used: Amounts) -> None:
        """Put `used` in place of what was taken; `NOTHING` undoes it."""
        ticket = self.ticket
        if now >= ticket.until:
            ticket.bundle.settle(self.at, ticket.holder.at(now), self.amounts, used)
            return
        taken = self.amounts
        if self.epoch != ticket.epoch and ticket.dates:
            taken = ticket.postpone(self.at, taken, used)
        ticket.left = left = _more(ticket.left, taken, used)
        ticket.spent += used[-1]
        if min(left) < 0:
            ticket.gather()  # more was used than was in hand: whoever takes of the shares must see that it is missing


class Ticket:
    """All meters that apply to one kind of request. Not for several threads."""

    __slots__ = (
        "_handed_out",
        "_in_hand",
        "_later",
        "_none",
        "_shares",
        "_since",
        "_straight",
        "bundle",
        "dates",
        "epoch",
        "holder",
        "left",
        "spent",
        "until",
    )

    def __init__(self, holder: Holder, meters: Iterable[Meter], hungry: Callable[[], None]) -> None:
        """`hungry` is called when a share has become low."""
        self.holder = holder
        bundle = self.bundle = Bundle(map(holder.share, meters), hungry)
        self._shares = frozenset(bundle.shares)
        self._in_hand = holder.common.in_hand
        units = {"requests", *(share.meter.unit for share in bundle.shares)}  # requests are counted in any case
        self._none: Amounts = tuple(0 if unit in units else _ANY for unit in UNITS)
        self.dates = not all(share.returns for share in bundle.shares)
        """Something counts in the slot of its time."""
        self.left: Amounts = NOTHING
        """In hand."""
        self.epoch = 0
        """Which hand this is: nothing was reported, and no slot has ended, since it was another."""
        self.until = 0.0
        """From then on it is to be put back; 0 while nothing is in hand."""
        self._since = 0  # when it was filled first, in the books' milliseconds
        self._handed_out: Amounts = NOTHING
        self.spent = 0
        """Nano-dollars, from the hand."""
        self._later: dict[int, Amounts] = {}  # by when it was taken: what of earlier hands has turned out too much
        self._straight = 0  # requests that took from the shares, since so few came that it was not worth a hand

    def take(self, now: float, wanted: Amounts) -> Reserved | None:
        """Take `wanted` of every meter; or nothing of any, where something lacks."""
        if now < self.until:
            left = _less(self.left, wanted)
            if min(left) >= 0:
                self.left = left
                return Reserved(self, self._since, self.epoch, wanted)
        return self._take(now, wanted)

    def _take(self, now: float, wanted: Amounts) -> Reserved | None:
        if now >= self.holder.until:
            return None
        at, bundle = self.holder.at(now), self.bundle
        if self._straight >= FEW:
            bundle.touch(at)
            if self._fill(at, wanted):
                self.left = _less(self.left, wanted)
                return Reserved(self, self._since, self.epoch, wanted)
            self._straight = 0
        self._straight += 1
        if bundle.take(at, wanted) or (self._call_in(wanted) and bundle.take(at, wanted)):
            return Reserved(self, at, self.epoch, wanted)
        return None

    def _fill(self, at: int, wanted: Amounts) -> bool:
        """Take for many requests like this one, where there is plenty of everything."""
        bundle, holder = self.bundle, self.holder
        many = min(MOST, bundle.plenty(wanted, self.left))
        if many < FEW:
            return False
        if not self.until:
            self.epoch += 1
            self._since = at
            self.until = min(holder.until, (bundle.turn - holder.ahead) / 1000)
            self.left = self._none
            self._in_hand.add(self)
        more = tuple(max(0, many * amount - left) for amount, left in zip(wanted, self.left, strict=True))
        bundle.hand_out(more)
        self.left = tuple(map(add, self.left, more))
        self._handed_out = tuple(map(add, self._handed_out, more))
        return True

    def _call_in(self, wanted: Amounts) -> bool:
        """Have others put back what lacks; whether anybody had any."""
        lacking = self.bundle.lacking(wanted)
        found = [ticket for ticket in self._in_hand if ticket.holds(lacking)]
        for ticket in found:
            ticket.gather()
        return bool(found)

    def force(self, now: float, wanted: Amounts) -> Reserved:
        """Take it whether it is there or not: what is missing is reported as used all the same."""
        at = self.holder.at(now)
        self.bundle.force(at, wanted)
        return Reserved(self, at, self.epoch, wanted)

    def postpone(self, taken_at: int, taken: Amounts, used: Amounts) -> Amounts:
        """What counts in an earlier slot or was reported is not for this hand: the rest of what was taken."""
        late = (*(max(0, amount) for amount in map(sub, taken[:_DATED], used)), 0, 0)
        if any(late):
            self._later[taken_at] = tuple(map(add, self._later.get(taken_at, NOTHING), late))
        return _less(taken, late)

    # what is in hand

    def holds(self, shares: Iterable[Share]) -> bool:
        """Whether it has something of one of these in hand."""
        return not self._shares.isdisjoint(shares)

    def gather(self) -> None:
        """Put back all that is in hand."""
        self._in_hand.discard(self)
        bundle, later = self.bundle, self._later
        if self._handed_out[0] - self.left[0] < FEW:
            self._straight = 0
        bundle.put_back(self._handed_out, self.left, (0, 0, 0, 0, 0, self.spent))
        self.until, self.spent = 0.0, 0
        self.left = self._handed_out = NOTHING
        self._later = {}
        for at, amounts in later.items():
            bundle.credit(at, amounts)

    # of the shares

    @property
    def money(self) -> int:
        """Nano-dollars of which this process may use at least so many, as far as it knows."""
        return self.left[-1] + self.bundle.least

    def want(self, now: float, wanted: Amounts) -> Refusal | None:
        """What was not there is waited for; a refusal where that is no use now."""
        return self.bundle.want(self.holder.at(now), wanted) if now < self.holder.until else None

    def tightest(self, unit: Unit) -> Share | None:
        """The share in the meter of `unit` of which the least is left, as a part of its limit."""
        return self.bundle.tightest(unit)
