"""The wheel of deadlines: with a time of the test's own, never early, at most a grain late."""

import asyncio
import random
import weakref
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.transport.deadlines import GRAIN, Deadlines

EXACT = 1e-6
"""Seconds that floating point may be off."""
A_LITTLE = 1e-4
START = 5000.0


class Entry:
    """Notes when it expired; `again` sets it anew, so many seconds later."""

    def __init__(self, wheel: Deadlines, *, again: float = 0) -> None:
        self.due = inf
        self.looked_at = inf
        self.expired: list[float] = []
        self._wheel = wheel
        self._again = again

    def expire(self, now: float) -> None:
        self.expired.append(now)
        if self._again:
            self._wheel.set(self, now + self._again)


def wheel_at(now: float) -> Deadlines:
    wheel = Deadlines()
    wheel.advance(now)
    return wheel


def test_a_deadline_is_met_within_a_grain_and_only_once() -> None:
    wheel = wheel_at(START)
    entry = Entry(wheel)
    wheel.set(entry, START + 1)
    wheel.advance(START + 0.999)
    assert entry.expired == []
    wheel.advance(START + 1 + GRAIN)
    assert entry.expired == [START + 1 + GRAIN]
    assert entry.due == inf
    wheel.advance(START + 100)
    assert len(entry.expired) == 1


def test_a_deadline_that_is_moved_later_without_a_call_is_met_later() -> None:
    wheel = wheel_at(START)
    entry = Entry(wheel)
    wheel.set(entry, START + 1)
    for second in range(1, 50):
        entry.due = START + second + 1
        wheel.advance(START + second)
    assert entry.expired == []
    wheel.advance(START + 50 + GRAIN)
    assert len(entry.expired) == 1


def test_a_deadline_that_is_moved_earlier_is_met_earlier() -> None:
    wheel = wheel_at(START)
    entry = Entry(wheel)
    wheel.set(entry, START + 100)
    wheel.set(entry, START + 1)
    wheel.advance(START + 1 + GRAIN)
    assert len(entry.expired) == 1


@pytest.mark.parametrize("how", ["drop", "inf"])
def test_what_is_no_longer_awaited_never_comes(how: str) -> None:
    wheel = wheel_at(START)
    entry = Entry(wheel)
    wheel.set(entry, START + 1)
    if how == "drop":
        wheel.drop(entry)
    else:
        entry.due = inf
    wheel.advance(START + 1000)
    assert entry.expired == []


def test_what_was_dropped_can_be_set_again() -> None:
    wheel = wheel_at(START)
    entry = Entry(wheel)
    wheel.set(entry, START + 1)
    wheel.drop(entry)
    wheel.drop(entry)
    wheel.set(entry, START + 5)
    wheel.advance(START + 5 + GRAIN)
    assert len(entry.expired) == 1


def test_what_was_dropped_is_not_kept_alive() -> None:
    wheel = wheel_at(START)
    entry = Entry(wheel)
    wheel.set(entry, START + 600)
    wheel.set(entry, START + 1)
    wheel.drop(entry)
    left = weakref.ref(entry)
    del entry
    assert left() is None


def test_an_expiry_may_set_and_drop_others_and_itself() -> None:
    wheel = wheel_at(START)

    class Meddler(Entry):
        def expire(self, now: float) -> None:
            super().expire(now)
            if len(self.expired) == 1:
                wheel.drop(dropped)
                wheel.set(moved, now + 1)
                wheel.set(self, now)

    dropped, moved, meddler = Entry(wheel), Entry(wheel), Meddler(wheel)
    for entry in (meddler, dropped, moved):
        wheel.set(entry, START + 1)
    wheel.advance(START + 1 + GRAIN)
    assert (len(meddler.expired), len(dropped.expired), len(moved.expired)) == (1, 0, 0)
    wheel.advance(START + 1 + 2 * GRAIN)
    assert len(meddler.expired) == 2
    wheel.advance(START + 3)
    assert (len(dropped.expired), len(moved.expired)) == (0, 1)


def test_a_clock_that_jumps_meets_what_it_has_passed() -> None:
    wheel = wheel_at(START)
    entries = [Entry(wheel) for _ in range(1000)]
    for number, entry in enumerate(entries):
        wheel.set(entry, START + number)
    wheel.advance(START + 500)
    assert [len(entry.expired) for entry in entries] == [1] * 500 + [0] * 500
    wheel.advance(START + 100_000)
    assert all(len(entry.expired) == 1 for entry in entries)


def test_thousands_of_deadlines_are_all_met_in_time() -> None:
    chance = random.Random(1)
    wheel = wheel_at(START)
    entries = [(Entry(wheel), START + chance.uniform(0, 60)) for _ in range(20_000)]
    for entry, due in entries:
        wheel.set(entry, due)
    for tick in range(round(60 / GRAIN) + 2):
        wheel.advance(START + tick * GRAIN + A_LITTLE)
    for entry, due in entries:
        (met,) = entry.expired
        assert 0 <= met - due <= GRAIN + A_LITTLE


moments = st.floats(0, 100, allow_nan=False)
steps = st.one_of(
    st.tuples(st.just("set"), st.integers(0, 5), moments),
    st.tuples(st.just("move"), st.integers(0, 5), moments),
    st.tuples(st.just("drop"), st.integers(0, 5), moments),
    st.tuples(st.just("advance"), st.just(0), st.floats(0, 5, allow_nan=False)),
)


@given(steps=st.lists(steps, max_size=60))
def test_whatever_is_set_moved_and_dropped_none_is_early_forgotten_or_late(steps: list[tuple[str, int, float]]) -> None:
    now = START
    wheel = wheel_at(now)
    entries = [Entry(wheel) for _ in range(6)]
    awaited: dict[Entry, float] = {}
    for what, which, amount in steps:
        entry = entries[which]
        if what == "set":
            wheel.set(entry, now + amount)
            awaited[entry] = now + amount
        elif what == "move" and entry in awaited:
            entry.due = awaited[entry] = max(awaited[entry], now + amount)
        elif what == "drop":
            wheel.drop(entry)
            awaited.pop(entry, None)
        elif what == "advance":
            now += amount
            wheel.advance(now)
            for entry, due in list(awaited.items()):
                assert bool(entry.expired) <= (due <= now + EXACT), "early"
                assert bool(entry.expired) >= (due <= now - GRAIN - EXACT), "late"
                if entry.expired:
                    entry.expired.clear()
                    del awaited[entry]
            assert not any(entry.expired for entry in entries), "not awaited any more"


async def test_it_runs_on_an_event_loop_until_it_is_stopped() -> None:
    wheel = Deadlines()
    stop = wheel.start(asyncio.get_running_loop())
    rung = asyncio.Event()

    class Bell(Entry):
        def expire(self, now: float) -> None:
            rung.set()

    bell = Bell(wheel)
    wheel.set(bell, asyncio.get_running_loop().time() + 0.01)
    await asyncio.wait_for(rung.wait(), 2)
    rung.clear()
    stop()
    wheel.set(bell, asyncio.get_running_loop().time() + 0.01)
    await asyncio.sleep(3 * GRAIN)
    assert not rung.is_set()
