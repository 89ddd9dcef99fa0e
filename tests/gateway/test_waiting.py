"""Requests that wait for a limit: each limit has a room of its own, and whoever was there first is let in first."""

import asyncio

from trunkline.gateway.leasing import Away
from trunkline.gateway.waiting import Outcome, Waiting
from trunkline.limits.bundle import Refusal
from trunkline.limits.meter import Meter

REFUSED = Refusal(Meter("key", "a", "concurrent", 1), 1, 0, None)
LET_IN = Away("stands for anything that is no refusal")


class Door:
    """Lets one in for each time it is opened."""

    def __init__(self) -> None:
        self.open = 0

    async def attempt(self) -> Outcome:
        if not self.open:
            return REFUSED
        self.open -= 1
        return LET_IN


def rooms(places: int, patience: float = 5.0) -> Waiting:
    waiting = Waiting()
    waiting.places, waiting.patience = places, patience
    return waiting


async def enter(waiting: Waiting, meter: str, priority: str, door: Door) -> "asyncio.Task[Outcome | None]":
    task = asyncio.create_task(waiting.wait(meter, priority, door.attempt))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_the_first_is_let_in_first() -> None:
    waiting, door = rooms(10), Door()
    first, second = [await enter(waiting, "m", "", door) for _ in range(2)]
    door.open = 1
    waiting.look()
    assert await first is LET_IN
    assert not second.done()
    door.open = 1
    waiting.look()
    assert await second is LET_IN
    assert len(waiting) == 0
    assert waiting.room_of({"m"}) is None


async def test_nobody_waits_behind_those_of_another_limit() -> None:
    waiting, shut, door = rooms(10), Door(), Door()
    behind = await enter(waiting, "m", "", shut)
    other = await enter(waiting, "n", "", door)
    assert waiting.room_of({"n", "x"}) == "n"
    door.open = 1
    waiting.look()
    assert await other is LET_IN
    assert not behind.done()
    behind.cancel()
    await asyncio.gather(behind, return_exceptions=True)
    assert len(waiting) == 0


async def test_who_has_waited_long_enough_is_refused() -> None:
    assert await rooms(10, patience=0.02).wait("m", "", Door().attempt) is REFUSED


async def test_where_all_places_are_taken_only_the_more_important_get_one() -> None:
    waiting, door = rooms(1), Door()
    first = await enter(waiting, "m", "normal", door)
    assert await waiting.wait("m", "normal", door.attempt) is None
    important = await enter(waiting, "m", "high", door)
    assert await first is REFUSED
    door.open = 1
    waiting.look()
    assert await important is LET_IN
