"""What a request wishes of the order, laid over what the route's strategy gives."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

from trunkline.routing.plan import Removed, Step
from trunkline.routing.planning import Planning
from trunkline.routing.scores import SCORES, By
from trunkline.routing.strategies import Node
from trunkline.routing.wishes import Sort

_BY: Final[Mapping[Sort, By]] = {"price": "price", "latency": "latency", "throughput": "throughput"}


def as_wished(steps: list[Step], planning: Planning) -> list[Step]:
    """`steps` in the order that the request wishes, without those that it does not want."""
    wishes = planning.request.wishes
    if wishes.sort:
        steps = _sorted(steps, planning, _BY[wishes.sort])
    if wishes.order:
        places = {name: place for place, name in reversed(list(enumerate(wishes.order)))}
        ranks = [_rank(step, places, len(wishes.order)) for step in steps]
        if planning.told is not None:
            _tell(planning, steps, ranks, len(wishes.order))
        in_order = [steps[place] for place in sorted(range(len(steps)), key=ranks.__getitem__)]
        if wishes.allow_fallbacks:
            return in_order
        return in_order[: sum(rank < len(wishes.order) for rank in ranks)] or _only_routers(in_order, planning)
    return steps if wishes.allow_fallbacks or wishes.only else steps[:1]


def _only_routers(steps: Sequence[Step], planning: Planning) -> list[Step]:
    """Nobody here is in the order that the request insists on, but a router may know those who are."""
    kept = [step for step in steps if all(candidate.served.is_router for candidate in step.candidates)]
    planning.removed += [
        Removed(candidate.name, "wish", "it is not among the providers in `provider.order`")
        for step in steps
        if step not in kept
        for candidate in step.candidates
    ]
    return kept


def _sorted(steps: list[Step], planning: Planning, by: By) -> list[Step]:
    score = SCORES[by]
    values = [score.of(planning, step.candidates[0]) for step in steps]
    if planning.told is not None:
        for step, value in zip(steps, values, strict=True):
            planning.tell(step.first, value, score.unknown if value is None else score.told(value))
    places = sorted(range(len(steps)), key=lambda place: inf if (value := values[place]) is None else value)
    return [steps[place] for place in places]


def _tell(planning: Planning, steps: Sequence[Step], ranks: Sequence[int], listed: int) -> None:
    for step, rank in zip(steps, ranks, strict=True):
        why = f"number {rank + 1} in `provider.order`" if rank < listed else "not in `provider.order`"
        planning.tell(step.first, None, why)


def _rank(step: Step, places: Mapping[str, int], last: int) -> int:
    """The place of the best of a step's candidates; `last` if none is there."""
    best = last
    for candidate in step.candidates:
        best = min(best, places.get(candidate.target.provider, last), places.get(candidate.name, last))
    return best


class AsWished:
    """One of the models that a request names, in the order that it wishes within each."""

    fixed = None

    __slots__ = ("_node", "label")

    def __init__(self, node: Node) -> None:
        self.label = node.label
        self._node = node

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        return as_wished(self._node.order(planning), planning)
