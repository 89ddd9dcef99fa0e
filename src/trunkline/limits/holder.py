"""One process's shares: when to ask for more, what to give back, what to do when nobody answers.

The rules by which the promise of `books` holds although messages are lost and processes die:

1. One batch is under way at a time. Without a reply the same batch is sent again, and it is entered once.
2. What is given back is not used any more from the moment it is written into a batch.
3. A share is used only until `until`: by this process's own clock, counted from before it last asked. That is before
   the moment at which the books take what it holds for used.
4. What is used is dated by the books' clock, never too early: a reply that says `now` was written after the batch was
   made, so the books' time is at most that much ahead.
5. A process that was given up begins a new life under a new name, with nothing.
"""

from collections.abc import Callable, Iterator
from math import inf
from weakref import WeakValueDictionary

from trunkline.limits.books import Ask
from trunkline.limits.meter import Meter
from trunkline.limits.pool import Batch, Reply
from trunkline.limits.share import Common, Share

BEAT = 1.0
"""Seconds between two batches where nothing else calls for one."""
MOST = 500
"""Meters in one batch."""
ROUNDING = 5
"""Milliseconds added to every date: both clocks are read in whole ones, and one may be a little faster."""
MARGIN = 0.9
"""How much of its time a process uses: clocks do not run equally fast."""


class Holder:
    """All shares of a process in the same books. Not for several threads; every `now` is of one steady clock."""

    def __init__(self, name: str, lives: float, ahead: int, wake: Callable[[], None]) -> None:
        """`lives`: seconds for which shares hold without word. `ahead`: the wall clock minus `now`, in milliseconds.

        `wake` is called when something should be asked for.
        """
        self.ahead = ahead
        self.wake = wake
        self.until = -inf
        """From then on nothing may be used."""
        self._name = name
        self._lives = lives
        self._life = 1
        self._number = 0
        self._generation = 0
        self._shares: WeakValueDictionary[str, Share] = WeakValueDictionary()
        self.common = Common()
        self._active = self.common.active
        self._holding: set[Share] = set()
        self._pending: tuple[Batch, list[tuple[Share, Ask]]] | None = None
        self._sent = 0.0
        self._beat = -inf

    @property
    def name(self) -> str:
        """Of this life."""
        return f"{self._name}.{self._life}"

    def at(self, now: float) -> int:
        """The books' time, in milliseconds, or somewhat later."""
        return int(now * 1000) + self.ahead

    def share(self, meter: Meter) -> Share:
        """This process's share of a meter: the same for the same, whatever its limit is now."""
        share = self._shares.get(meter.id)
        if share is None:
            share = self._shares[meter.id] = Share(meter, self.common)
        elif share.meter.limit != meter.limit:
            share.meter = meter
            share.again = 0
        return share

    def ask(self, now: float, *, hungry: bool = False) -> Batch | None:
        """What to send now: the batch nobody has answered yet, a new one, or nothing.

        `hungry`: some share is low, or somebody waits.
        """
        if self._pending is not None:
            return self._pending[0]
        beat = now - self._beat >= BEAT
        if not hungry and not beat:
            return None
        return self._batch(self._reports(now, beat=beat), now)

    def _reports(self, now: float, *, beat: bool) -> list[tuple[Share, Ask]]:
        """Of all that was used; at a beat, those that were not used for as long give back what they have."""
        active = sorted(self._active, key=lambda share: not share.need)[:MOST]
        reports = [(share, share.report(now)) for share in active]
        self._active.difference_update(active)
        if beat and len(active) < MOST:
            self._beat = now
            unused = self._holding.difference(self._active, active)
            idle = [share for share in unused if now - share.since >= BEAT][: MOST - len(active)]
            reports += [(share, share.report(now, keep=False)) for share in idle]
        return reports

    def answered(self, reply: Reply) -> None:
        """The reply to the batch under way."""
        if self._pending is None:
            return
        (_, asks), self._pending = self._pending, None
        self.ahead = reply.now - int(self._sent * 1000) + ROUNDING
        if not reply.alive:
            self._begin_again()
            return
        if self._generation not in (0, reply.generation):
            self._beat = -inf
            for share in list(self._shares.values()):
                share.recall()
            self.wake()
        self._generation = reply.generation
        self.until = self._sent + self._lives * MARGIN
        for (share, ask), answer in zip(asks, reply.answers, strict=True):
            share.answered(ask, answer, reply.now + ROUNDING)
            if share.idle:
                self._holding.discard(share)
            else:
                self._holding.add(share)
        if len(self._active) >= MOST:
            self.wake()

    def farewell(self, now: float) -> Iterator[Batch]:
        """The batches to send before the process ends: all that was used, and all that is free given back."""
        if self._pending is not None:
            yield self._pending[0]
        while rest := [*(self._active | self._holding)][:MOST]:
            asks = [(share, share.report(now, keep=False)) for share in rest]
            self._active.difference_update(rest)
            self._holding.difference_update(rest)
            yield self._batch(asks, now)

    def _batch(self, asks: list[tuple[Share, Ask]], now: float) -> Batch:
        self._number += 1
        batch = Batch(self.name, self._number, int(self._lives * 1000), self._generation, [ask for _, ask in asks])
        self._pending = batch, asks
        self._sent = now
        return batch

    def _begin_again(self) -> None:
        self._life += 1
        self._number = 0
        self._generation = 0
        self.until = self._beat = -inf
        self._holding.clear()
        for share in list(self._shares.values()):
            share.forget()
