"""The one promise, whatever happens: no window has more than the limit, over all processes.

Three processes whose clocks disagree have a busy time, in which messages are late, lost and repeated, processes die,
and some hear nothing for long. What really was used, by the true time, is counted afterwards.
"""

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.limits.simulation import Process, World

from trunkline.limits.amounts import NOTHING
from trunkline.limits.meter import SECOND, Meter

PROCESSES = 3
STEPS = 400


@dataclass(frozen=True)
class Times:
    """How it goes in one run."""

    seed: int
    requests: int
    tokens: int
    concurrent: int
    longest_step: int
    """Milliseconds; `STEPS` of up to so many are some windows of a second."""
    busy: float
    lossy: float
    deadly: float
    lives: float


TIMES = st.builds(
    Times,
    seed=st.integers(0, 2**32),
    requests=st.integers(1, 200) | st.integers(200, 5000),
    tokens=st.integers(20, 2000) | st.integers(2000, 100_000),
    concurrent=st.sampled_from([3, 30, 1000]),
    longest_step=st.sampled_from([5, 20, 60]),
    busy=st.sampled_from([0.05, 0.4, 1.0]),
    lossy=st.sampled_from([0.0, 0.01, 0.1]),
    deadly=st.sampled_from([0.0, 0.005]),
    lives=st.sampled_from([0.4, 2.0, 1e9]),
)


MOST = 100
"""Requests that come to a process in one step, at most."""


class Run:
    """One busy time: requests of three kinds, of which two belong to one team."""

    def __init__(self, times: Times) -> None:
        self.times = times
        self.random = Random(times.seed)
        a, b, other = (
            [
                Meter("key", key, "requests", times.requests, SECOND),
                Meter("key", key, "tokens", times.tokens, SECOND),
                Meter("team", team, "requests", times.requests * 3 // 2, 2 * SECOND),
                Meter("team", team, "concurrent", times.concurrent),
            ]
            for key, team in (("a", "t"), ("b", "t"), ("c", "u"))
        )
        skews = [self.random.randint(-5000, 5000) for _ in range(PROCESSES)]
        self.world = World(a, PROCESSES, skews, times.lives, [b, other])
        self.world.books_skew = self.random.randint(-(10**6), 10**6)
        self.deaf = dict.fromkeys(range(PROCESSES), 0)
        self.most_under_way = 0
        self.from_the_hand = 0

    def go(self) -> None:
        for _ in range(STEPS):
            self.world.now += self.random.randint(1, self.times.longest_step)
            for index in range(PROCESSES):
                self._step(index)
            self.most_under_way = max(self.most_under_way, self.world.under_way({0, 1}), self.world.under_way({2}))

    def _step(self, index: int) -> None:
        process, random = self.world.processes[index], self.random
        if random.random() < self.times.deadly:
            self.world.crash(index)
        if random.random() < self.times.lossy / 10:
            self.deaf[index] = self.world.now + random.randint(0, 5000)
        if random.random() < self.times.busy:
            self._requests(process)
        if self.world.now >= self.deaf[index]:
            for _ in range(random.randint(0, 4)):
                self._message(process)

    def _requests(self, process: Process) -> None:
        random, times = self.random, self.times
        for request in process.open:
            if random.random() < 0.6:
                process.settle(request, (1, 0, 0, int(request.reserved.amounts[3] * random.random()), 0, 0))
            elif random.random() < 0.1:
                process.settle(request, NOTHING)
        for kind, ticket in enumerate(process.tickets):
            tokens = random.randint(0, min(times.tokens // 20, 200))
            for _ in range(random.randint(0, min(times.requests // 2 + 1, MOST) // (kind + 1))):
                if not process.take((1, 0, 0, tokens, 1, 0), kind):
                    break
                self.from_the_hand += ticket.left != NOTHING

    def _message(self, process: Process) -> None:
        if self.random.random() < self.times.lossy:
            process.lose()
        elif process.inbox:
            process.hear()
        elif process.outbox and self.random.random() < 0.8:
            process.arrive()
        else:
            process.send()


@given(TIMES)
@settings(max_examples=60, deadline=None)
def test_no_window_has_more_than_the_limit_whatever_happens(times: Times) -> None:
    run = Run(times)
    run.go()
    world = run.world
    for kind in range(3):
        assert world.most_in_a_window(0, SECOND, {kind}) <= times.requests
        assert world.most_in_a_window(3, SECOND, {kind}) <= times.tokens
    for team in ({0, 1}, {2}):
        assert world.most_in_a_window(0, 2 * SECOND, team) <= times.requests * 3 // 2
    if times.lives > 60:
        assert run.most_under_way <= times.concurrent


@pytest.mark.parametrize("seed", range(3))
def test_the_busy_time_is_busy(seed: int) -> None:
    run = Run(Times(seed, 50, 2000, 1000, 20, busy=1.0, lossy=0.01, deadly=0.0, lives=2.0))
    run.go()
    assert len(list(run.world.taken())) > 100, "several windows' worth"
    assert run.world.most_in_a_window(0, SECOND) > 40


def test_far_from_the_limits_most_is_taken_from_the_hand() -> None:
    run = Run(Times(1, 10**6, 10**9, 10**6, 5, busy=1.0, lossy=0.01, deadly=0.0, lives=2.0))
    run.go()
    taken = len(list(run.world.taken()))
    assert taken > 10_000
    assert run.from_the_hand > taken * 0.9
