"""Ten minutes of outages in simulated time, and late answers: what the clients see. `make docs` writes the tables."""

import math
from random import Random

import pytest
from tests.routing.figures import Figures, Phase, documented, figures
from tests.routing.simulation import NEVER, Call, Reply, Simulation, quantile
from tests.routing.world import World

FIRST, SECOND = "openai/a", "groq/b"
DEADLINE = 4.0
"""Seconds to the first output."""
RATE = 200.0
PROBES = 8
"""In three minutes: after 2 s, 4 s, 8 s, 16 s, and then every 30 s."""


def usually(random: Random) -> float:
    """The time to the first output of a provider that is well: 0.4 s at the median."""
    return 0.4 * math.exp(random.gauss(0, 0.3))


def well(at: float, random: Random) -> Reply:
    del at
    return Reply(usually(random))


def run(script: list[Phase], answer: dict[str, Reply], chances: dict[str, float]) -> tuple[list[Figures], list[Call]]:
    """The figures of each phase, in which the first model gives that answer with that chance, else a good one."""

    def ill(at: float, random: Random) -> Reply:
        does = next(phase.does for phase in script if at < phase.ends or phase is script[-1])
        return answer[does] if random.random() < chances.get(does, 0.0) else Reply(usually(random))

    there = World(
        f"models:\n  it: {{route: fallback, of: [{FIRST}, {SECOND}], deadline: {{first_token: {DEADLINE}s}}}}\n"
    )
    simulation = Simulation(there, {FIRST: ill, SECOND: well})
    calls = simulation.run(RATE, script[-1].ends)
    return [figures(phase, calls, FIRST, simulation.asked[FIRST]) for phase in script], calls


def check_clients(calls: list[Call]) -> None:
    """What holds for the clients whatever happens to the first model."""
    answered = [call for call in calls if call.answered_by]
    assert len(answered) >= 0.999 * len(calls)
    assert quantile([call.seconds for call in calls], 0.99) <= DEADLINE + longest_attempt()


def longest_attempt() -> float:
    """Seconds that one attempt at a model that is well takes, but for one in a thousand."""
    random = Random(1)
    return quantile([usually(random) for _ in range(10_000)], 0.999)


@pytest.mark.slow
def test_ten_minutes_of_outages_are_hardly_noticed() -> None:
    script = [
        Phase("is well", 0, 60),
        Phase("fails always", 60, 240),
        Phase("fails three times in ten", 240, 360),
        Phase("stalls", 360, 450),
        Phase("is well again", 450, 600),
    ]
    answers = {
        "fails always": Reply(0.05, "server"),
        "fails three times in ten": Reply(0.05, "server"),
        "stalls": Reply(NEVER),
    }
    chances = {"fails always": 1.0, "fails three times in ten": 0.3, "stalls": 1.0}
    (before, down, shaky, stalled, after), calls = run(script, answers, chances)
    check_clients(calls)
    for phase in (before, down, shaky, stalled, after):
        assert phase.answered >= 0.999 * phase.requests
        assert phase.p99 <= DEADLINE + longest_attempt()
    assert before.by_the_first == before.requests
    assert down.asked_later <= PROBES, "within five seconds nothing but probes"
    assert stalled.asked_later <= PROBES
    assert shaky.by_the_first > 0.1 * shaky.requests
    late = [call for call in calls if call.at >= 450 + 30]
    assert all(call.answered_by == FIRST for call in late), "the traffic is back after the longest pause"
    documented("simulated outage", [phase.row() for phase in (before, down, shaky, stalled, after)])


@pytest.mark.slow
def test_a_storm_of_429s_in_one_region_is_hardly_noticed() -> None:
    script = [Phase("is well", 0, 60), Phase("answers 429", 60, 240), Phase("is well again", 240, 360)]
    answers = {"answers 429": Reply(0.05, "rate_limit", retry_after=5.0)}
    (before, storm, after), calls = run(script, answers, {"answers 429": 1.0})
    check_clients(calls)
    assert storm.answered == storm.requests
    assert storm.asked_later <= (240 - 65) / 5 + 1, "one request for each pause that is over"
    late = [call for call in calls if call.at >= 240 + 6]
    assert all(call.answered_by == FIRST for call in late)
    documented("simulated storm", [phase.row() for phase in (before, storm, after)])


# late answers


def sometimes_late(at: float, random: Random) -> Reply:
    """Four in a hundred take three seconds and more."""
    del at
    return Reply(3.0 + random.expovariate(1 / 3) if random.random() < 0.04 else usually(random))


ROUTES = {
    "one model": f"{FIRST}",
    "`hedge`, `extra: 5%`": f"{{route: hedge, of: [{FIRST}, {SECOND}], after: p95, extra: 5%}}",
    "`hedge`, `extra: 2%`": f"{{route: hedge, of: [{FIRST}, {SECOND}], after: p95, extra: 2%}}",
    "`race`": f"{{route: race, of: [{FIRST}, {SECOND}]}}",
}


def tail(route: str) -> tuple[list[float], float]:
    """The times of 30,000 requests, and the calls beyond one for each, as a share."""
    simulation = Simulation(World(f"models:\n  it: {route}\n"), {FIRST: sometimes_late, SECOND: sometimes_late})
    calls = simulation.run(100.0, 300.0)
    assert all(call.answered_by for call in calls)
    return [call.seconds for call in calls], sum(map(len, simulation.asked.values())) / len(calls) - 1.0


def test_a_hedge_halves_the_99th_percentile_for_five_per_cent_more_calls() -> None:
    rows, found = [], {}
    for name, route in ROUTES.items():
        times, extra = found[name] = tail(route)
        marks = [f"{quantile(times, share):.2f} s" for share in (0.5, 0.95, 0.99, 0.999)]
        rows.append(f"| {name} | {' | '.join(marks)} | {100 * extra:.1f} % |")
    alone, hedged, race = (found[name] for name in ("one model", "`hedge`, `extra: 5%`", "`race`"))
    assert quantile(hedged[0], 0.99) <= 0.5 * quantile(alone[0], 0.99)
    assert 0 < hedged[1] <= 0.05
    assert quantile(hedged[0], 0.5) <= 1.02 * quantile(alone[0], 0.5)
    assert quantile(race[0], 0.5) < quantile(alone[0], 0.5)
    assert quantile(race[0], 0.99) <= 0.2 * quantile(alone[0], 0.99)
    documented("simulated tail", rows)


def test_the_effect_of_a_hedge_lasts() -> None:
    times, _ = tail(ROUTES["`hedge`, `extra: 5%`"])
    third = len(times) // 3
    marks = [quantile(times[part * third : (part + 1) * third], 0.99) for part in range(3)]
    assert max(marks) <= 1.5 * min(marks), "what is late is not forgotten for being outrun"
