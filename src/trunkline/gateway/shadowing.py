"""Shadows: a share of the requests is sent to another model as well, to judge it by its answers before it is used.

A shadow begins when the request itself is on its way, has deadlines of its own, and its answer goes nowhere. Only so
many are under way; where there are too many, or the gateway has enough to do, a request goes without. It is recorded as
an attempt at the request, with a number above `NUMBERS` and the tag `trunkline.shadow`, and with nobody's key: it is
the operator's, and no caller's limit or budget pays for it. Of the answers only figures are kept.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from trunkline.embedding import Busy
from trunkline.gateway.attempt import Attempt
from trunkline.gateway.attempts import NOT_PICKY
from trunkline.gateway.errors import CannotExpress, GatewayError
from trunkline.gateway.likeness import Copy, compare
from trunkline.gateway.state import Journey
from trunkline.gateway.unseen import unseen
from trunkline.ledger.record import UNPRICED
from trunkline.routing.plan import Candidate, Plan
from trunkline.transport.strand import Signal, Strand

if TYPE_CHECKING:
    from trunkline.gateway.app import Gateway

NUMBERS: Final = 1000
"""Attempts at a request with a number above it are shadows."""
TAG: Final = "trunkline.shadow"
"""Its value is the name of the route."""
MOST: Final = 32
"""Shadows that are under way at a time."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""The same, in bytes of their requests."""
BUSY: Final = 0.5
"""The share of `server.in_flight` above which no shadow begins."""
TOKENS: Final = 256
"""Of each answer, for its vector."""


class First(msgspec.Struct, frozen=True):
    """The answer that the client got."""

    copy: Copy
    name: str
    """`provider/model`."""
    seconds: float
    first: float | None
    """Seconds to the first output."""
    cost: int


class Shadow:
    """One request, sent to one other model."""

    def __init__(self, journey: Journey, candidate: Candidate, route: str) -> None:
        """`journey` is the shadow's own."""
        self.journey = journey
        self.candidate = candidate
        self.size = journey.asked.size
        self.first: Signal[First] = Signal()
        self._route = route

    async def run(self) -> str:
        """Send it, wait for both answers, and tell. Returns what came of it, as the metric `shadows` has it."""
        journey = self.journey
        journey.arrived = monotonic()
        error = ""
        try:
            await Attempt(journey, self.candidate, NOT_PICKY).run()
        except CannotExpress:
            return "unfit"
        except GatewayError as failure:
            error = failure.code or failure.kind
        seconds = monotonic() - journey.arrived
        first = await self.first
        alike, meaning = (None, None) if error else await self._compared(first.copy)
        if not error:
            times, costs = (first.seconds, seconds), (first.cost, journey.cost)
            journey.gateway.metrics.shadow(self._route, self.candidate.name, alike, times, costs)
        journey.gateway.report(
            "shadow.compared",
            request=journey.id,
            route=self._route,
            first=first.name,
            shadow=self.candidate.name,
            error=error,
            similarity=_rounded(alike),
            meaning=_rounded(meaning),
            first_ms=_milliseconds(first.seconds),
            shadow_ms=_milliseconds(seconds),
            first_output_ms=_milliseconds(first.first),
            shadow_output_ms=_milliseconds(journey.first),
            first_cost_nanodollars=_known(first.cost),
            shadow_cost_nanodollars=_known(journey.cost),
        )
        return "failed" if error else "compared"

    async def _compared(self, first: Copy) -> tuple[float | None, float | None]:
        """How like the answers are by their wording, and by their vectors where there is an embedder. None: that cannot
        be told.
        """
        journey, own = self.journey, self.journey.delivery.copy
        assert own is not None  # it had an answer
        texts = await asyncio.to_thread(compare, first, own, journey.front.format, stream=journey.asked.stream)
        if texts is None:
            return None, None
        one, other, alike = texts
        embedding = journey.snapshot.learnt.embedding
        if embedding is None or not one or not other:
            return alike, None
        try:
            here, there = await embedding.embed([one, other], TOKENS)
        except Busy:
            return alike, None
        return alike, float(here @ there)


class Beside:
    """The shadows of one request."""

    __slots__ = ("_began", "_begun", "_journey", "_owner", "_shadows")

    def __init__(self, owner: "Shadows", journey: Journey, plan: Plan) -> None:
        self._owner = owner
        self._journey: Journey | None = journey
        self._began = monotonic()
        self._begun = False
        self._shadows = [
            Shadow(unseen(journey, {TAG: plan.route}, NUMBERS + place), candidate, plan.route)
            for place, candidate in enumerate(plan.shadows)
        ]

    def begin(self) -> None:
        """The request is on its way: its shadows begin when the event loop has done what is to be done for it."""
        if not self._begun:
            self._begun = True
            self._owner.loop.call_soon(self._start)

    def _start(self) -> None:
        for shadow in self._shadows:
            if self._journey is not None or shadow.first.done:
                self._owner.start(shadow)

    def over(self, ended: float, *, well: bool) -> None:
        """The request was over at `ended`; `well`: it was answered."""
        journey, self._journey = self._journey, None
        if journey is None:
            return
        copy, target = journey.delivery.copy, journey.target
        if not well or copy is None or target is None:
            self._owner.give_up(self._shadows)
            return
        before = self._began - journey.arrived
        waited = journey.first - before if journey.first is not None else None
        first = First(copy, str(target), ended - self._began, waited, journey.cost)
        for shadow in self._shadows:
            shadow.first.set(first)


class Shadows:
    """All shadows of this process."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self.loop = gateway.loop
        self._bytes = 0
        self._under_way: dict[Shadow, Strand | None] = {}

    def beside(self, journey: Journey, plan: Plan) -> None:
        """Let the shadows of `plan` begin once the request is on its way."""
        if self._has_room(journey.asked.size) and self._is_idle(journey):
            journey.delivery.copy = Copy()
            journey.beside = Beside(self, journey, plan)
        else:
            self._gateway.metrics.event("shadows", "busy")

    def _has_room(self, size: int) -> bool:
        return len(self._under_way) < MOST and self._bytes + size <= MOST_BYTES

    def _is_idle(self, journey: Journey) -> bool:
        gateway = self._gateway
        return gateway.ready and gateway.server.in_flight <= journey.snapshot.in_flight * BUSY

    def start(self, shadow: Shadow) -> None:
        """Send it, unless others have begun meanwhile."""
        if not self._has_room(shadow.size):
            self._gateway.metrics.event("shadows", "busy")
            return
        self._under_way[shadow] = None
        self._bytes += shadow.size
        strand = Strand(self._run(shadow), self.loop)
        if shadow in self._under_way:
            self._under_way[shadow] = strand

    async def _run(self, shadow: Shadow) -> None:
        result = "unanswered"
        try:
            result = await shadow.run()
        finally:
            del self._under_way[shadow]
            self._bytes -= shadow.size
            self._gateway.metrics.event("shadows", result)

    def give_up(self, shadows: Sequence[Shadow]) -> None:
        """There is nothing to compare these with: no more is to be paid for them."""
        for shadow in shadows:
            strand = self._under_way.get(shadow)
            if strand is not None:
                strand.cancel()

    def close(self) -> None:
        """End all at once; each is recorded as cancelled."""
        self.give_up(list(self._under_way))


def _rounded(value: float | None) -> float | None:
    return round(value, 3) if value is not None else None


def _milliseconds(seconds: float | None) -> float | None:
    return round(seconds * 1000, 3) if seconds is not None else None


def _known(cost: int) -> int | None:
    return cost if cost != UNPRICED else None
