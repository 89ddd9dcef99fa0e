"""The stage `cache` of a journey, and what the requests of a process share at it.

kept under the request's Idempotency-Key?  ──►  tell it
kept for whoever may have the same answer? ──►  tell it
kept for the same question in other words? ──►  tell it
is somebody asking that just now?          ──►  follow
else                                       ──►  ask, be followed, keep the answer
"""

from typing import Final

from trunkline.cache.request import Canonical, canonical
from trunkline.cache.usual import canonical_of_chat
from trunkline.formats.format import ShapeError
from trunkline.gateway.answers import Answers
from trunkline.gateway.asking import Asking
from trunkline.gateway.flight import Ask, CallName, Flight
from trunkline.gateway.semantics import Semantics
from trunkline.gateway.state import Journey
from trunkline.gateway.verbatim import Verbatim

REMEMBERED: Final = 10_000
"""Bodies whose canonical form is remembered."""
LONGEST_REMEMBERED: Final = 2000
"""Characters of a question, where the form has one, up to which it is."""


class Caching:
    """What the requests of a process share: kept answers, and calls under way by the keys they go by."""

    def __init__(self, answers: Answers, semantics: Semantics) -> None:
        self.answers = answers
        self.semantics = semantics
        self.verbatim = Verbatim(answers.memory)
        self.flights: dict[CallName, Flight] = {}
        self._canonical: dict[bytes, Canonical | None] = {}

    def canonical(self, journey: Journey, seen: bytes) -> Canonical | None:
        """What the request asks, as it is to be sent; None where it cannot be read in full. `seen` is the digest of
        that and its place.
        """
        rules = journey.snapshot.cache
        framed = rules is not None and rules.semantic
        seen += b"framed" if framed else b""
        if seen in self._canonical:
            return self._canonical[seen]
        found = _usual(journey) if not framed else None
        if found is None:
            found = _canonical(journey, framed=framed)
        if found is not None and len(found.turn) > LONGEST_REMEMBERED:
            return found
        if len(self._canonical) >= REMEMBERED:
            self._canonical.clear()
        self._canonical[seen] = found
        return found

    def forget(self) -> None:
        """Forget all that this process keeps of what was said: somebody's was erased, and nothing here tells whose it
        is.
        """
        self.answers.memory.clear()
        self.verbatim.clear()
        self.semantics.clear()
        self._canonical.clear()

    async def close(self) -> None:
        """End the calls that nobody follows, and write what is to be kept."""
        for flight in list(self.flights.values()):
            flight.cut()
        await self.answers.close()
        await self.semantics.close()


def _usual(journey: Journey) -> Canonical | None:
    """What the request asks, where that is seen without reading it in full."""
    if journey.front.format.name != "openai_chat" or journey.for_routers:
        return None
    return canonical_of_chat(journey.document.value)


def _canonical(journey: Journey, *, framed: bool) -> Canonical | None:
    front, value = journey.front, {**journey.document.value, **journey.for_routers}
    value.pop("session_id", None)
    try:
        return canonical(front.format.read_request(value, front.place), framed=framed)
    except ShapeError:
        return None


def wanted(journey: Journey) -> bool:
    """Whether the stage has anything to do for a request."""
    return journey.snapshot.cache is not None or b"idempotency-key" in journey.request.headers


async def answer(journey: Journey, ask: Ask) -> None:
    """Answer the request; `ask` has a model answer. Raises `GatewayError`."""
    asking = Asking(journey)
    if asking.name is None and asking.key is None:
        journey.body = b""
        if asking.rule is not None or journey.request.headers.get(b"idempotency-key"):
            asking.tells("bypass")
        await ask(journey)
        return
    if not await asking.known() and not await asking.known_by_sense(ask):
        while not await asking.follow(ask):
            pass  # what it followed was refused for limits that are not its own
