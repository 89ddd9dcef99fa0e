"""Requests that wait a little for a limit instead of being refused: who waits for which limit, and whose turn it is.

Each limit has a room of its own, so that nobody waits behind a caller whose limit is another; all rooms together have
so many places.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from time import monotonic

from trunkline.gateway.leasing import Away
from trunkline.limits.bundle import Refusal
from trunkline.limits.queueing import Place, WaitingRoom
from trunkline.limits.ticket import Reserved

LOOK_AGAIN = 0.25
"""Seconds after which the first in a room tries again at the latest: something may have come back elsewhere."""
PRIORITIES = {"low": -1, "": 0, "normal": 0, "high": 1}

Outcome = Reserved | Refusal | Away


class Waiting:
    """All that wait in this process."""

    def __init__(self) -> None:
        self.places = 0
        self.patience = 0.0
        """Seconds."""
        self._rooms: dict[str, WaitingRoom] = {}
        self._calls: dict[Place, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def room_of(self, meters: Collection[str]) -> str | None:
        """For which of these somebody waits already, whom a newcomer should not overtake."""
        if not self._rooms:
            return None
        return next((meter for meter in self._rooms if meter in meters), None)

    def look(self) -> None:
        """Something may have become free: whoever is first tries now."""
        for room in self._rooms.values():
            self._call_first(room)

    async def wait(self, meter: str, priority: str, attempt: Callable[[], Awaitable[Outcome]]) -> Outcome | None:
        """Wait for `meter`, and try when it is this one's turn; the last outcome; None where none was had."""
        room = self._rooms.get(meter) or WaitingRoom(self.places, self.patience)
        place, pushed_out = room.enter(PRIORITIES[priority], monotonic()) if self._has_room(room) else (None, None)
        if pushed_out is not None:
            _call(self._calls[pushed_out])
        if place is None:
            return None
        self._rooms[meter] = room
        self._calls[place] = asyncio.get_running_loop().create_future()
        try:
            return await self._until_let_in(room, place, attempt)
        finally:
            del self._calls[place]
            room.leave(place)
            if len(room):
                self._call_first(room)
            else:
                self._rooms.pop(meter, None)

    async def _until_let_in(
        self, room: WaitingRoom, place: Place, attempt: Callable[[], Awaitable[Outcome]]
    ) -> Outcome | None:
        outcome: Outcome | None = None
        while not place.gone and (left := place.ends - monotonic()) > 0:
            if room.first() is place:
                outcome = await attempt()
                if not isinstance(outcome, Refusal):
                    return outcome
                left = min(left, outcome.retry_after or LOOK_AGAIN, LOOK_AGAIN)
            await self._called(place, left)
        return outcome

    async def _called(self, place: Place, at_most: float) -> None:
        loop = asyncio.get_running_loop()
        call = self._calls[place]
        late = loop.call_later(at_most, _call, call)
        await call
        late.cancel()
        self._calls[place] = loop.create_future()

    def _has_room(self, room: WaitingRoom) -> bool:
        """There are places; or this room alone has them all, and may push one out."""
        return len(self) < self.places or len(room) >= self.places

    def _call_first(self, room: WaitingRoom) -> None:
        first = room.first()
        if first is not None and first in self._calls:
            _call(self._calls[first])


def _call(call: "asyncio.Future[None]") -> None:
    if not call.done():
        call.set_result(None)
