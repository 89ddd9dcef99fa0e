"""Limits over several processes are exact, usable, and cost few round trips."""

import pytest
from tests.limits.simulation import World

from trunkline.limits.amounts import amounts
from trunkline.limits.meter import DAY, HOUR, MINUTE, SECOND, Meter

ONE = amounts()


def requests(limit: int, window: int) -> Meter:
    return Meter("key", "a", "requests", limit, window)


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("window", [SECOND, MINUTE, HOUR, DAY, 0])
def test_of_1000_simultaneous_requests_against_a_limit_of_100_exactly_100_pass(processes: int, window: int) -> None:
    meter = requests(100, window) if window else Meter("key", "a", "concurrent", 100)
    world = World([meter], processes)
    assert sum(process.serve(ONE, 1000 // processes) for process in world.processes) == 100


@pytest.mark.parametrize(("limit", "window"), [(100, SECOND), (1000, SECOND), (600, MINUTE), (10_000, MINUTE)])
def test_all_traffic_on_one_of_four_gets_95_percent_of_the_limit(limit: int, window: int) -> None:
    world = World([requests(limit, window)], 4)
    for process in world.processes:  # all four had some traffic before
        process.serve(ONE, limit // 20)
    step = window // 100
    admitted = []
    for turn in range(600):
        world.now += step
        for process in world.processes:
            process.talk()
        if turn >= 200:
            admitted.append(world.processes[0].serve(ONE, limit // 20 + 1))
    assert sum(admitted[-300:]) >= 3 * limit * 0.95
    assert world.most_in_a_window(0, window) <= limit


def test_a_limit_is_used_to_its_end_when_traffic_is_even() -> None:
    world = World([requests(6000, MINUTE)], 4)
    for _ in range(60_000 // 20 * 2):
        world.now += 20
        for process in world.processes:
            process.serve(ONE, 1)
    assert world.most_in_a_window(0, MINUTE) == 6000
    assert len(list(world.taken())) >= 2 * 6000 * 0.97


@pytest.mark.parametrize("pace", [100, 1000])
def test_far_from_the_limit_there_is_less_than_one_round_trip_in_50_requests(pace: int) -> None:
    scopes = [Meter("key", f"k{n}", unit, 10**7, MINUTE) for n in range(5) for unit in ("requests", "tokens")]
    world = World(scopes, 2)
    for process in world.processes:
        process.serve(amounts(100, 100), 1)
    before, count = world.trips, 0
    for _ in range(1000):
        world.now += 10
        for process in world.processes:
            count += process.serve(amounts(100, 100), pace // 100)
            process.send()
            process.arrive()
            process.hear()
    assert count == 2 * 10 * pace
    assert world.trips - before < count / 50


def test_a_refused_caller_costs_few_round_trips() -> None:
    world = World([requests(10, MINUTE)], 1)
    process = world.processes[0]
    assert process.serve(ONE, 100) == 10
    before = world.trips
    for _ in range(1000):
        world.now += 1
        process.serve(ONE, 10)
    assert world.trips - before <= 5


def test_a_dead_process_costs_what_it_held_for_one_window_and_no_longer() -> None:
    world = World([requests(1000, SECOND)], 2)
    world.processes[0].serve(ONE, 10)
    world.crash(0)
    world.now += 10_000
    assert world.processes[1].serve(ONE, 1000) < 1000
    world.now += 1000 + SECOND // 50
    assert world.processes[1].serve(ONE, 1000) == 1000


def test_without_word_from_the_books_a_process_serves_what_it_has_and_then_nothing() -> None:
    world = World([requests(1000, MINUTE)], 1)
    process = world.processes[0]
    assert process.serve(ONE, 100) == 100
    assert process.holder.share(world.meters[0]).free > 30
    world.now += 8_900
    assert sum(process.take(ONE) for _ in range(30)) == 30
    world.now += 100
    assert not process.take(ONE), "the books give it up soon"
    world.now += 2000
    process.talk()
    assert process.holder.name == "p0.2"
    assert process.holder.share(world.meters[0]).free == 0
    assert process.serve(ONE, 1000) < 1000 - 130, "what it had counts as used by then"


def test_what_is_reported_late_counts_in_the_slot_of_its_use() -> None:
    world = World([requests(100, SECOND)], 2)
    first, second = world.processes
    assert first.serve(ONE, 70) == 70
    world.now += 900
    first.talk()
    assert second.serve(ONE, 100) + first.serve(ONE, 100) == 30
    world.now += 260
    assert second.serve(ONE, 100) == 70


def test_a_correction_of_what_was_reported_long_ago_is_left_to_the_books() -> None:
    world = World([Meter("key", "a", "tokens", 1000, SECOND)], 2)
    process, other = world.processes
    assert process.serve(amounts(600), 1) == 1
    process.talk()
    free = process.holder.share(world.meters[0]).free
    process.settle(process.open[0], (1, 0, 0, 0, 0, 0))
    assert process.holder.share(world.meters[0]).free == free
    world.now += 1100
    process.talk()
    assert process.serve(amounts(400), 5) + other.serve(amounts(400), 5) == 2


def test_books_that_were_lost_are_written_again_by_those_who_know() -> None:
    world = World([requests(100, MINUTE)], 3)
    first, second, third = world.processes
    assert first.serve(ONE, 30) == 30
    assert second.serve(ONE, 30) == 30
    for _ in range(3):
        world.now += 1000
        for process in (first, second):
            process.talk()
    world.flush()
    world.now += 1000
    first.talk()
    assert third.serve(ONE, 100) == 0, "nothing is lent until all could say what they know"
    for _ in range(5):
        world.now += 1000
        for process in world.processes:
            process.talk()
    assert sum(process.serve(ONE, 100) for process in world.processes) == 40
    assert world.most_in_a_window(0, MINUTE) == 100


def test_an_estimate_that_was_too_high_is_given_back() -> None:
    world = World([Meter("key", "a", "tokens", 1000, MINUTE)], 2)
    process, other = world.processes
    assert process.serve(amounts(100, 500), 2) == 1
    process.settle(process.open[0], (1, 100, 20, 120, 0, 0))
    world.now += 1000
    process.talk()
    assert process.serve(amounts(100, 700), 1) == 1
    assert other.serve(amounts(81, 0), 1) == 0
    for _ in range(2):  # what is not used for a second comes back
        world.now += 1000
        process.talk()
    assert other.serve(amounts(80, 0), 1) == 1


def test_an_estimate_that_was_too_low_counts_all_the_same() -> None:
    world = World([Meter("key", "a", "tokens", 1000, MINUTE)], 2)
    process, other = world.processes
    assert process.serve(amounts(100, 100), 1) == 1
    process.settle(process.open[0], (1, 100, 5000, 5100, 0, 0))
    world.now += 1000
    process.talk()
    assert other.serve(amounts(1, 0), 1) == process.serve(amounts(1, 0), 1) == 0
    world.now += MINUTE + MINUTE // 50
    assert other.serve(amounts(1000, 0), 1) == 1


def test_all_scopes_are_taken_at_once_or_none() -> None:
    team, key = Meter("team", "t", "requests", 100, MINUTE), Meter("key", "a", "tokens", 1000, MINUTE)
    world = World([team, key], 1)
    process = world.processes[0]
    assert process.serve(amounts(300, 0), 100) == 3
    assert process.holder.share(team).remaining == 97
    refusal = process.ticket.want(process.now, amounts(300, 0))
    assert refusal is not None
    assert refusal.meter == key
    assert refusal.retry_after == pytest.approx(60.8), "a window, and the rest of the slot"


def test_more_than_the_limit_itself_is_refused_for_good() -> None:
    world = World([Meter("key", "a", "tokens", 1000, MINUTE)], 1)
    process = world.processes[0]
    process.talk()
    refusal = process.ticket.want(process.now, amounts(1001, 0))
    assert refusal is not None
    assert refusal.never
    assert refusal.retry_after is None


def test_a_limit_that_is_changed_keeps_what_was_used() -> None:
    world = World([requests(100, MINUTE)], 1)
    process = world.processes[0]
    assert process.serve(ONE, 60) == 60
    process.holder.share(requests(70, MINUTE))
    assert process.serve(ONE, 60) == 10
    process.holder.share(requests(200, MINUTE))
    assert process.serve(ONE, 500) == 130
