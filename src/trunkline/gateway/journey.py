"""The journey of a request, top to bottom.

Each stage returns, or raises one error of the tree in `gateway/errors`. Nothing else happens to a request between
its arrival and its answer; what is recorded of it afterwards is in `gateway/app.py`.
"""

from contextlib import suppress

import msgspec

from trunkline.formats.document import Document, DocumentError
from trunkline.formats.format import ShapeError
from trunkline.gateway import attempts, caching
from trunkline.gateway.bounding import only_texts
from trunkline.gateway.errors import CannotExpress, InvalidRequest, LedgerUnavailable, Overloaded
from trunkline.gateway.following import Following
from trunkline.gateway.fronts import RESPONSES, Front, takes_whole_calls
from trunkline.gateway.guarding import guard, guarding_of
from trunkline.gateway.planning import choose, make_plan
from trunkline.gateway.state import Journey
from trunkline.limits.admission import shed
from trunkline.routing.plan import Plan
from trunkline.routing.planner import at_once


async def travel(journey: Journey, front: Front) -> None:
    """Take one request from its key to its answer."""
    gateway, snapshot, request = journey.gateway, journey.snapshot, journey.request
    journey.speak(front)
    journey.counted = True

    # 1. identify: who asks
    keys, address_of = gateway.keys, gateway.client
    journey.caller = keys.known(request, address_of) or await keys.identify(request, address_of)

    # 2. admit: may another request begin now
    if shed(gateway.server.in_flight, snapshot.in_flight) or gateway.ledger.full:
        _turn_away(journey)

    #    read: the body is wanted only of those who may come in
    body = request.take() if request.arrived else await request.body()
    if caching.wanted(journey):
        journey.body = body
        again = gateway.caching.verbatim.find(journey, body, gateway.caching.answers.now())
        if again is not None:  # the same as a moment ago, from the same caller: it need not be read
            await gateway.limiting.admit(journey)
            again.give(journey)
            return
    journey.document = _read(journey, body)
    choose(journey)

    #    and now that it is known what is asked: do the caller's limits allow it
    if gateway.limiting.admits:
        await gateway.limiting.admit(journey)

    # 3. guard: what may be said, with all that was said before
    if snapshot.guards or journey.caller.guards:
        journey.guarding = guarding_of(journey)
    if front is RESPONSES:
        await _follow(journey)
    if journey.guarding is not None:
        await guard(journey, journey.guarding)

    # 4. cache: is the answer known already, or on its way
    if journey.body:
        await caching.answer(journey, _ask)
    else:
        await _ask(journey)


async def _ask(journey: Journey) -> None:
    """Have a model answer."""
    # 5. plan: who could, in which order
    plan = at_once(journey.policy, journey.wishes, journey.asker, journey.health) or await make_plan(journey)
    if journey.following is not None:
        plan = journey.following.narrowed(plan)
    _understand(journey, plan)
    if plan.shadows:
        journey.gateway.shadows.beside(journey, plan)

    # 6. attempts: until one has answered; each settles for itself, whatever becomes of it (7)
    if journey.asked.stream:
        journey.delivery.expect_stream(journey.snapshot.keep_alive, journey.arrived)
    await attempts.run(journey, plan)


def _turn_away(journey: Journey) -> None:
    """More is under way than may be, or waits to be recorded."""
    make_room(journey)
    journey.gateway.metrics.event("shed_requests", "ledger")
    raise LedgerUnavailable("This gateway cannot record requests now, so it takes none. Tell its operator.")


def make_room(journey: Journey) -> None:
    """Raises `Overloaded` where more is under way than may be."""
    gateway = journey.gateway
    if shed(gateway.server.in_flight, journey.snapshot.in_flight):
        gateway.metrics.event("shed_requests", "in_flight")
        raise Overloaded(f"More than {journey.snapshot.in_flight} requests are in flight here. Try again in a moment.")


def _read(journey: Journey, body: bytes) -> Document:
    try:
        document = journey.snapshot.document(body, journey.snapshot.depth)
        journey.asked = journey.front.format.look(document.value, journey.front.place, len(body))
    except DocumentError as error:
        raise InvalidRequest(str(error), code="invalid_json") from None
    except ShapeError as error:
        raise InvalidRequest(str(error), param=error.param, code=error.code) from None
    return document


async def _follow(journey: Journey) -> None:
    """Put in front what was said before, where the request goes on from a response that is kept here."""
    document = journey.document
    if document.value.get("background") is True:
        raise CannotExpress(
            "Nothing runs in the background here: ask for a stream, or wait for the answer.", param="background"
        )
    previous = document.value.get("previous_response_id")
    if previous is not None and not isinstance(previous, str):
        name = "previous_response_id"
        raise InvalidRequest(f"Invalid type for '{name}': expected str.", param=name, code="invalid_type")
    here = journey.guarding is not None and journey.guarding.keeps_conversation
    memory, key = journey.gateway.remembered, journey.caller.key
    following = journey.following = Following(memory, key, document.value, here=here)
    targets = [candidate.target for candidate in journey.policy.candidates]
    keepers = [target for target in targets if journey.bridges(target) is not None]
    items = await following.whole_input(keepers, document.value)
    if items is not None:
        document.change({"input": items, "previous_response_id": None})
        journey.neutral = None
        journey.asked.size = len(document.write())


def _understand(journey: Journey, plan: Plan) -> None:
    """Read the request in full if the first target speaks another format than the client; then let go of what was
    decoded.

    What passes through is only looked at: a provider's new feature works the day it ships.
    """
    front, asked = journey.front, journey.asked
    if asked.stream and front.format.name == "openai_chat" and takes_whole_calls(journey.request.headers):
        journey.speak(Front(front.format, msgspec.structs.replace(front.place, whole_calls=True)))
    if journey.gateway.limiting.bounds and journey.guarding is None:  # whoever is guarded may be sent other texts
        journey.only_texts = only_texts(journey.document.value)
    passes = journey.way(plan.steps[0].first.target).passing is not None
    if not passes:
        with suppress(CannotExpress):  # it is told when the target's turn comes: another may take the request as it is
            journey.in_full()
    journey.document.seal(sent=passes)
