"""By what candidates are ranked: less is better. None: not known."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from trunkline.routing.bounds import dollars
from trunkline.routing.plan import Candidate
from trunkline.routing.planning import Planning

By = Literal["price", "latency", "throughput", "busy"]


class Score(msgspec.Struct, frozen=True):
    """One way to rank."""

    of: Callable[[Planning, Candidate], float | None]
    told: Callable[[float], str]
    """A score in words."""
    unknown: str
    """What to say where there is none."""


def _price(planning: Planning, candidate: Candidate) -> float | None:
    return planning.cost(candidate)


def _latency(planning: Planning, candidate: Candidate) -> float | None:
    known = planning.conditions.health.of(candidate.name)
    return known.first_output if known is not None else None


def _throughput(planning: Planning, candidate: Candidate) -> float | None:
    known = planning.conditions.health.of(candidate.name)
    speed = known.speed.value if known is not None else None
    return None if speed is None else -speed


def _busy(planning: Planning, candidate: Candidate) -> float | None:
    known = planning.conditions.health.of(candidate.name)
    return known.in_flight if known is not None else 0


SCORES: Final[Mapping[By, Score]] = {
    "price": Score(_price, lambda nano: f"about {dollars(int(nano))} USD for this request", "no price is known"),
    "latency": Score(_latency, lambda seconds: f"first output after {seconds:.3g} s lately", "not measured yet"),
    "throughput": Score(_throughput, lambda negative: f"{-negative:.3g} tokens a second lately", "not measured yet"),
    "busy": Score(_busy, lambda count: f"{count:.0f} requests are under way there", ""),
}
