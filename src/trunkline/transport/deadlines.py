"""Deadlines for thousands of connections at the price of an attribute store each.

A connection moves its deadline many times (with every chunk of a stream) and almost never misses it. So moving it
later only stores a number; a coarse wheel looks at the connection when its *earlier* deadline would have come, and
puts it back if it has moved on. Deadlines are met up to one `GRAIN` late, never early.
"""

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Protocol

GRAIN = 0.05
"""Seconds between two looks at the wheel."""
CLOCK_TICK = 0.001
"""Seconds to which the event loop rounds its timers."""


class Timed(Protocol):
    """Something that can run out of time. Both numbers start at infinity."""

    due: float
    """Time (`monotonic`) at which `expire` is called; `inf` when nothing is awaited. Moving it later needs no call."""
    looked_at: float
    """Owned by `Deadlines`: the time of the next look."""

    def expire(self, now: float) -> None:
        """The deadline has passed. `due` is `inf` again; set a new one to go on waiting."""


class Deadlines:
    """The wheel. `start` runs it on an event loop; tests call `advance` with a time of their own."""

    def __init__(self) -> None:
        self._slots: dict[int, dict[Timed, None]] = {}
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, entry: Timed, due: float) -> None:
        """Call `entry.expire` once `due` has passed, unless `entry.due` is moved before."""
        entry.due = due
        if due < entry.looked_at:
            self._look(entry, due)

    def drop(self, entry: Timed) -> None:
        """Nothing is awaited any more. Without this the wheel would hold `entry` until its next look."""
        entry.due = inf
        self._overlook(entry)

    def _look(self, entry: Timed, when: float) -> None:
        self._overlook(entry)
        slot = max(int(when / GRAIN) + 1, self._next)
        entry.looked_at = slot * GRAIN
        self._slots.setdefault(slot, {})[entry] = None

    def _overlook(self, entry: Timed) -> None:
        if entry.looked_at != inf:
            slot = self._slots.get(round(entry.looked_at / GRAIN))
            if slot is not None:
                slot.pop(entry, None)
            entry.looked_at = inf

    def advance(self, now: float) -> None:
        """Expire what is due at `now`. Costs nothing for entries whose deadline lies ahead."""
        current = int(now / GRAIN)
        if current - self._next > len(self._slots):
            ripe = sorted(slot for slot in self._slots if slot <= current)
        else:
            ripe = [slot for slot in range(self._next, current + 1) if slot in self._slots]
        self._next = current + 1
        for slot in ripe:
            for entry in self._slots.pop(slot):
                self._visit(entry, slot * GRAIN, now)

    def _visit(self, entry: Timed, slot_time: float, now: float) -> None:
        if entry.looked_at != slot_time:
            return  # another one's expiry has dropped it, or set it anew
        entry.looked_at = inf
        if entry.due <= now:
            entry.due = inf
            entry.expire(now)
        elif entry.due != inf:
            self._look(entry, entry.due)

    def start(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """Look at the wheel whenever a slot's time has come; the returned function stops it."""

        def tick() -> None:
            now = monotonic()
            self._timer = loop.call_later((int(now / GRAIN) + 1) * GRAIN - now + CLOCK_TICK, tick)
            self.advance(now)

        self._next = int(monotonic() / GRAIN)
        tick()
        return self.stop

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
