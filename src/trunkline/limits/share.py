"""One process's part of a meter: a number that the hot path compares and lowers.

`free` is what was lent and is not taken. `touch` is called by whoever takes first in a slot (`at >= turn`), so that
nothing else has to be written down per request: what was taken in a slot is by how much `free` has sunk in it, below
`level`. So what is put back in the slot in which it was taken needs no more than to be added to `free` again.
All moments are milliseconds of the shared books' clock.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from trunkline.limits.books import Answer, Ask
from trunkline.limits.meter import SLOTS, Meter, oldest_slot, slot_of

NEVER: Final = 1 << 62
AHEAD: Final = 64
"""Requests for which a share should last, where the limit is large enough: so many go without a round trip."""
LASTS: Final = 2.0
"""Seconds for which it should last: twice the time after which it is filled anyway."""
NOT_AGAIN: Final = 250
"""Milliseconds after which one that was refused may ask again, at most: others may have given something back."""
AT_LEAST: Final = 20
"""Milliseconds for which it does not ask again in any case."""
SOONEST: Final = 0.05
"""Seconds: over a shorter time no pace is measured."""


class Hand(Protocol):
    """Somebody who has taken of several shares in advance."""

    def holds(self, shares: Iterable["Share"]) -> bool:
        """Whether of one of these."""

    def gather(self) -> None:
        """Put it back."""


class Common:
    """What all shares of a process have in common."""

    __slots__ = ("active", "in_hand")

    def __init__(self) -> None:
        self.active: set[Share] = set()
        """Those of which something is to be said in the next batch."""
        self.in_hand: set[Hand] = set()
        """Who has something in hand."""


class Share:
    """What this process may use of a meter. Not for several threads."""

    __slots__ = (
        "__weakref__",
        "_history",
        "_marks",
        "_owned",
        "_pace",
        "_reserved",
        "_sent",
        "_slot",
        "_target",
        "_typical",
        "again",
        "began",
        "common",
        "free",
        "least",
        "left",
        "level",
        "low",
        "meter",
        "need",
        "out",
        "refused",
        "reset_at",
        "returns",
        "since",
        "spent",
        "turn",
        "wait_at",
    )

    def __init__(self, meter: Meter, common: Common) -> None:
        self.meter = meter
        self.returns = meter.returns
        """What was taken is held until it is settled."""
        self.free = 0
        self.low = 0
        """Below it, it is time to ask for more."""
        self.out = 0
        """Of what is not in `free`: handed out, and perhaps not used."""
        self.spent = 0
        """Where it returns: what was settled as used, and is not yet to be reported."""
        self.turn = 0
        """From then on, `touch` is due."""
        self.began = 0
        """When the slot began in which it was touched last."""
        self.level = 0
        """What `free` was then, but for what was lent since."""
        self.least = 0
        self.need = 0
        """What is waited for: the smallest of it, and all of it."""
        self.again = 0
        self.refused = 0
        """Until then there is no use in asking for so much, or more."""
        self.left = 0
        self.wait_at = 0
        self.reset_at = 0
        """As the last answer said: what nobody had, when something comes back, and when everything has come back."""
        self.since = 0.0
        """When it last reported that it was used; seconds, by the process's clock."""
        self.common = common
        self._slot = 0
        self._marks: dict[int, int] = {}  # used and not yet reported, by slot
        self._sent: list[tuple[int, int]] = []  # reported, but nobody has said that it was heard
        self._history: dict[int, int] = {}  # reported and heard: told again to books that were lost
        self._owned = 0  # where it returns: what is free and what is held until it is settled
        self._reserved = 0  # of it, what was held at the last report
        self._pace = 0.0  # taken per second
        self._typical = 1
        self._target = 0

    @property
    def remaining(self) -> int:
        """What may still be used, as far as this process knows."""
        return max(0, self.free) + self.left

    @property
    def part_left(self) -> float:
        """Of the limit, likewise; less than nothing where more was used."""
        return (self.free + self.left) / self.meter.limit

    @property
    def plenty(self) -> int:
        """What may be handed out: half of what is above `low`, and nothing where the books may not be able to fill it
        again soon.
        """
        return (self.free - self.low) // 2 if self.left >= 2 * self._target else 0

    @property
    def held(self) -> int:
        """What was taken and is to be settled, where it returns."""
        return self._owned - self.spent - self.free

    @property
    def idle(self) -> bool:
        """It holds nothing that others could use."""
        return self.free <= 0

    def touch(self, at: int) -> None:
        """Something is about to be taken at the moment `at`, and it is the first in its slot."""
        self._close()
        self.common.active.add(self)
        window = self.meter.window
        if not window:
            self.turn = NEVER
            return
        slot = self._slot = slot_of(at, window)
        self.began = -(-slot * window // SLOTS)
        self.turn = -(-(slot + 1) * window // SLOTS)

    def want(self, amount: int) -> None:
        """Somebody waits for so much."""
        self.least = min(self.least, amount) if self.least else amount
        self.need += amount
        self.common.active.add(self)

    def settle(self, taken_at: int, at: int, reserved: int, used: int) -> None:
        """What was taken for `reserved` at `taken_at` has turned out to be `used`; less or more."""
        if used < reserved:
            self.credit(taken_at, reserved - used)
        elif used > reserved:
            if at >= self.turn:
                self.touch(at)
            self.free -= used - reserved

    def credit(self, taken_at: int, amount: int) -> None:
        """Put back what was taken too much of, in the slot of `taken_at`.

        Only what has not been reported comes back at once. The rest is reported, and lent again by the books: they know
        whether its slot still counts.
        """
        self.common.active.add(self)
        slot = slot_of(taken_at, self.meter.window)
        if slot == self._slot:
            back = max(0, min(amount, self.level - self.free - self.out))
            self.free += back
            amount -= back
        unreported = self._marks.get(slot, 0)
        back = max(0, min(amount, unreported))
        self._marks[slot] = unreported - amount
        self.free += back
        self.level += back

    def _close(self) -> None:
        """Reckon what was used since this was done last, for which nothing may be in hand."""
        if self.turn:  # else nothing was taken since
            for hand in tuple(self.common.in_hand):
                hand.gather()
        if self.returns:
            slot, used = 0, self.spent
            self._owned -= used
            self.spent = 0
        else:
            slot, used = self._slot, self.level - self.free
            self.level = self.free
        if used:
            self._marks[slot] = self._marks.get(slot, 0) + used

    # towards the books

    def report(self, now: float, *, keep: bool = True) -> Ask:
        """What to say to the books; without `keep`, everything that is free is given back."""
        self._close()
        if self.free < 0:  # more was used than lent: that is reported as used, and nothing is left
            self._owned -= self.free
            self.free = 0
        self._target = self._aim(now) if keep else 0
        if self.free > 2 * self._target:
            self._owned -= self.free - self._target
            self.free = self._target
        self.level = self.free
        self.turn = 0
        self._sent = [mark for mark in self._marks.items() if mark[1]]
        self._marks = {}
        want = max(0, self._target - self.free)
        meter, hold = self.meter, self._owned if self.returns else self.free
        ask = Ask(meter.id, meter.limit, meter.window, self._sent, hold, self.least, self.need, want)
        self.least = self.need = 0
        return ask

    def _aim(self, now: float) -> int:
        """How much this process should have, so as to last for `LASTS` seconds and `AHEAD` requests."""
        taken = sum(amount for amount in self._marks.values() if amount > 0)
        if self.returns:
            taken += self.held - self._reserved
            self._reserved = self.held
        elapsed = max(now - self.since, SOONEST)
        self.since = now
        self._pace = max(taken / elapsed, self._pace / 2)
        self._typical = max(self.least, self._typical * 7 // 8, 1)
        return min(self.meter.limit, max(int(LASTS * self._pace), AHEAD * self._typical))

    def answered(self, ask: Ask, answer: Answer, at: int) -> None:
        """The books have entered what was reported, and lent what they could."""
        self.free += answer.granted
        self.level += answer.granted
        self._owned += answer.granted
        self._remember(at)
        self.left = answer.left
        self.wait_at = at + answer.wait if answer.wait else 0
        self.reset_at = at + answer.reset
        if answer.granted < ask.need:
            soon = max(self.meter.window // SLOTS, AT_LEAST, answer.wait)
            self.again = at + min(NOT_AGAIN, soon)
            self.refused = ask.least
        self.low = max(0, min(self._target, self.free) if answer.granted >= ask.want else self.free) // 2
        if ask.want and not answer.granted:
            self.low = 0

    def _remember(self, at: int) -> None:
        if self.meter.window:
            history, oldest = self._history, oldest_slot(at, self.meter.window)
            for slot, amount in self._sent:
                history[slot] = history.get(slot, 0) + amount
            if len(history) > 2 * SLOTS:
                self._history = {slot: amount for slot, amount in history.items() if slot >= oldest}
        self._sent = []

    def recall(self) -> None:
        """The books were lost: report again what was used in the window, and what is held."""
        self._merge(self._history)
        self._history = {}

    def forget(self) -> None:
        """What it was lent is not its own any more.

        The books take all of that for used. What was used of it and not yet reported is reported all the same, and so
        may count twice: they cannot know how much of it was.
        """
        self._close()
        self._merge(dict(self._sent))
        self._sent = []
        self._owned -= self.free
        self.level = self.free = 0
        self.turn = 0
        self.low = 0

    def _merge(self, marks: Mapping[int, int]) -> None:
        for slot, amount in marks.items():
            self._marks[slot] = self._marks.get(slot, 0) + amount
        if self._marks or self._owned or self.free:
            self.common.active.add(self)
