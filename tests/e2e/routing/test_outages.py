"""Outages with a real gateway, real sockets and the official SDKs: what the clients see of them.

`TRUNKLINE_OUTAGE` is the length of the run in seconds; with 60, and `TRUNKLINE_WRITE_DOCS`, it writes its table in
docs/how-to/outages.md.
"""

import asyncio
import os
import time
from random import Random
from typing import Any, Final

import pytest
from tests import aio
from tests.e2e.routing.load import Call, load
from tests.e2e.routing.stage import act, route
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.gateway import gateway_at_its_pace
from tests.faults.server import FaultServer
from tests.faults.table import FAULTS
from tests.routing.figures import SOON, Figures, Phase, documented, figures
from tests.routing.simulation import quantile

LENGTH: Final = float(os.environ.get("TRUNKLINE_OUTAGE", "15"))
RATE: Final = 200.0
DEADLINE: Final = 1.0
"""Seconds to the first output."""
ATTEMPT: Final = 0.7
"""Seconds that an attempt at a model that is well takes at most, its client's own part included."""
TAKES: Final = 0.02
"""Seconds that a provider takes for an answer."""
MINUTES: Final = LENGTH / 60
"""In a shorter run, all that takes its time is as much shorter."""
BREAKER: Final = {"failures": 5, "least": 20, "pause": f"{MINUTES:.2f}s", "longest_pause": f"{4 * MINUTES:.2f}s"}
BOUND: Final = LENGTH + 60


class Moody:
    """A provider that is well, until the script says otherwise."""

    def __init__(self) -> None:
        self.ill: str | Fault = ""
        """What it does now; nothing: it is well."""
        self.always = True
        """Else three times in ten."""
        self.asked: list[float] = []
        self._chance = Random(1)

    @property
    def fault(self) -> Fault:
        return act(self._answer, "moody")

    async def _answer(self, x: Exchange) -> None:
        self.asked.append(time.monotonic())
        if self.ill and (self.always or self._chance.random() < 0.3):
            await (self.ill if isinstance(self.ill, Fault) else FAULTS[self.ill]).answer(x)
        else:
            await asyncio.sleep(TAKES)
            await x.answer()


Mood = tuple[str, float, str, bool]
"""What it does in words, until when (as a share of the run), the fault, and whether always."""


async def played(first: Moody, script: list[Mood]) -> list[Phase]:
    """Goes through the script; when its phases began and ended."""
    began = start = time.monotonic()
    phases = []
    for does, until, ill, always in script:
        first.ill, first.always = ill, always
        await asyncio.sleep(began + until * LENGTH - time.monotonic())
        phases.append(Phase(does, start, time.monotonic()))
        start = phases[-1].ends
    return phases


async def run(script: list[Mood]) -> tuple[list[Phase], list[Figures], list[Call], Moody]:
    """The phases and the figures of each, the calls, and the first model."""
    first = Moody()
    async with FaultServer(first.fault, record=False) as up, FaultServer(Moody().fault, record=False) as spare:
        it = route(
            "fallback",
            "up/m",
            "spare/m",
            deadline={"first_token": f"{DEADLINE}s", "attempt": f"{DEADLINE}s", "total": "30s"},
        )
        providers = {"spare": {"type": "openai_compatible", "base_url": spare.url}}
        config: dict[str, Any] = {"models": {"it": it}, "providers": providers}
        config |= {"breaker": BREAKER, "retries": {"attempts": 3}}
        async with gateway_at_its_pace(up.url, **config) as gw:
            begins = asyncio.Event()
            clients = asyncio.create_task(load(gw.port, rate=RATE, seconds=LENGTH, begins=begins))
            await begins.wait()
            phases = await played(first, script)
            calls = await clients
    return phases, [figures(phase, calls, "up", first.asked) for phase in phases], calls, first


def check_clients(found: list[Figures], calls: list[Call]) -> None:
    """What holds for the clients whatever happens to the first model."""
    errors = [call.error for call in calls if call.error]
    assert len(errors) <= 0.001 * len(calls), errors[:5]
    for phase in found:
        print(phase.row())
    assert quantile([call.seconds for call in calls], 0.99) <= DEADLINE + ATTEMPT


def check_left_alone(phase: Phase, first: Moody, most: float) -> None:
    """Fails if the first model was asked more often than that, soon after it went down."""
    soon = phase.begins + SOON * MINUTES
    assert sum(soon <= moment < phase.ends for moment in first.asked) <= most


def check_back(calls: list[Call]) -> None:
    """Fails unless the traffic is back at the first model in the end."""
    last = calls[-len(calls) // 10 :]
    assert sum(call.answered_by == "up" for call in last) >= 0.99 * len(last)


def probes(seconds: float) -> float:
    """How many a breaker lets through in so much time, of a run of a minute: after 1 s, 2 s, and then every 4 s."""
    return 3 + seconds / (4 * MINUTES)


OUTAGE: Final[list[Mood]] = [
    ("is well", 0.1, "", True),
    ("fails always", 0.4, "error_500", True),
    ("fails three times in ten", 0.52, "error_500", False),
    ("stalls", 0.66, "mute", True),
    ("is well again", 1.0, "", True),
]
STORM: Final[list[Mood]] = [
    ("is well", 0.2, "", True),
    ("answers 429", 0.7, "rate_429", True),
    ("is well again", 1.0, "", True),
]


@pytest.mark.slow
@aio.within(BOUND)
async def test_an_outage_is_hardly_noticed() -> None:
    phases, found, calls, first = await run(OUTAGE)
    check_clients(found, calls)
    assert found[0].by_the_first >= 0.9 * found[0].requests
    for phase in (phases[1], phases[3]):
        check_left_alone(phase, first, probes(phase.ends - phase.begins))
    check_back(calls)
    if LENGTH == 60:
        documented("real outage", [figure.row() for figure in found], check=False)


@pytest.mark.slow
@aio.within(BOUND)
async def test_a_storm_of_429s_in_one_region_is_hardly_noticed() -> None:
    phases, found, calls, first = await run(STORM)
    check_clients(found, calls)
    check_left_alone(phases[1], first, phases[1].ends - phases[1].begins)  # it says `retry-after: 1`
    check_back(calls)
    if LENGTH == 60:
        documented("real storm", [figure.row() for figure in found], check=False)
