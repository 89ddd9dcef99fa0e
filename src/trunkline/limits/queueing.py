"""Waiting a little instead of a 429: a room with so many places, first by priority, then by arrival.

Who lets requests in asks for the first, tries, and lets it leave when it has worked: the first is tried again until its
time is over, so that a large request is not overtaken for ever by small ones behind it.
"""

from collections import deque
from collections.abc import Iterator
from itertools import chain


class Place:
    """One request that waits."""

    __slots__ = ("ends", "gone", "priority")

    def __init__(self, priority: int, ends: float) -> None:
        self.priority = priority
        self.ends = ends
        """When its patience is over; seconds, by the clock that the room is told."""
        self.gone = False


class WaitingRoom:
    """So many requests at most, each for so long at most."""

    def __init__(self, places: int, patience: float) -> None:
        """`patience`: seconds."""
        self._places = places
        self._patience = patience
        self._queues: dict[int, deque[Place]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, priority: int, now: float) -> tuple[Place | None, Place | None]:
        """A place, and the one who had to go for it; no place where the room is full of nobody less important.

        A higher number is more important. Of the least important, whoever came last goes.
        """
        pushed_out = None
        if self._count >= self._places:
            pushed_out = self._last()
            if pushed_out is None or pushed_out.priority >= priority:
                return None, None
            self.leave(pushed_out)
        place = Place(priority, now + self._patience)
        self._queues.setdefault(priority, deque()).append(place)
        self._count += 1
        return place, pushed_out

    def first(self) -> Place | None:
        """Whose turn it is."""
        for priority in sorted(self._queues, reverse=True):
            queue = self._queues[priority]
            if queue:
                return queue[0]
        return None

    def leave(self, place: Place) -> None:
        """It has been let in, has given up, or its client has gone. May be called twice."""
        if not place.gone:
            place.gone = True
            self._count -= 1
            self._tidy(place.priority)

    def impatient(self, now: float) -> Iterator[Place]:
        """Those whose time is over; they have left."""
        for place in [each for each in chain.from_iterable(self._queues.values()) if each.ends <= now]:
            if not place.gone:
                self.leave(place)
                yield place

    def _last(self) -> Place | None:
        lowest = min(self._queues, default=None)
        return None if lowest is None else self._queues[lowest][-1]

    def _tidy(self, priority: int) -> None:
        """No queue begins or ends with one that has gone, and none is empty."""
        queue = self._queues[priority]
        while queue and queue[0].gone:
            queue.popleft()
        while queue and queue[-1].gone:
            queue.pop()
        if len(queue) > 2 * self._places:
            self._queues[priority] = queue = deque(each for each in queue if not each.gone)
        if not queue:
            del self._queues[priority]
