"""From a request and what is known of the models to a plan of whom to ask; and what the client is told where there is
nobody.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import monotonic

import msgspec

from trunkline.formats.format import ShapeError
from trunkline.gateway.errors import (
    AllUnwell,
    CannotExpress,
    ContextExceeded,
    GatewayError,
    InvalidRequest,
    ModelNotFound,
    NoCandidate,
    PermissionDenied,
    UpstreamAuth,
    UpstreamQuota,
    UpstreamRateLimited,
)
from trunkline.gateway.state import Journey
from trunkline.ledger.prices import Price
from trunkline.routing.bounds import ANYBODY, Asker
from trunkline.routing.owned import AnyHealth
from trunkline.routing.plan import Considered, Explanation, Plan, Refusal, Removed, Target
from trunkline.routing.planner import Policy, plan
from trunkline.routing.planning import Conditions
from trunkline.routing.policies import NameRefused
from trunkline.routing.reading import structured
from trunkline.routing.request import Request
from trunkline.routing.wishes import FIELDS, NONE, Wishes, read_wishes, refuse_beyond, wished, with_metadata

MOST_EXPLAINED = 16
"""Candidates that the header `x-trunkline-explain` tells of: the head of an answer has its bounds."""


def choose(journey: Journey) -> None:
    """Find what the name stands for that the request asks, and what it wishes of its route.

    Raises `ModelNotFound`, `PermissionDenied` or `InvalidRequest`.
    """
    caller, document = journey.caller, journey.document
    journey.asker = caller.asker
    if caller.owned is not None:
        journey.use_own_keys(caller.owned)
    wishes = _wishes(journey) if wished(document.value, journey.request.headers) else NONE
    if "metadata" in document.value:
        wishes = with_metadata(wishes, document.value, journey.asker, journey.snapshot.config.metadata_tags)
    if caller.tags or wishes.tags:
        journey.tags = msgspec.json.encode({**wishes.tags, **caller.tags}).decode()
    journey.policy, journey.wishes = _named(journey, journey.asked.model, wishes, journey.asker)


def _named(journey: Journey, name: str, wishes: Wishes, asker: Asker) -> tuple[Policy, Wishes]:
    try:
        return journey.snapshot.policies.choose(name, wishes, asker)
    except NameRefused as error:
        if error.unknown:
            raise ModelNotFound(str(error), param=error.param) from None
        raise PermissionDenied(str(error)) from None


def _wishes(journey: Journey) -> Wishes:
    """What the request asks of its route. The fields that say so are none of the provider's business unless it is a
    router itself, so they are kept aside.
    """
    document = journey.document
    try:
        wishes = read_wishes(document.value, journey.request.headers)
        refuse_beyond(wishes, journey.asker)
    except ShapeError as error:
        raise InvalidRequest(str(error), param=error.param, code=error.code) from None
    for_routers = {name: document.value[name] for name in FIELDS if name in document.value}
    if for_routers:
        journey.for_routers = for_routers
        document.change(dict.fromkeys(for_routers))
    return wishes


async def make_plan(journey: Journey) -> Plan:
    """What to do for the request. Raises why there is nobody to ask."""
    return await _plan(journey, journey.policy, journey.wishes, journey.asker)


async def plan_instead(journey: Journey, name: str) -> Plan:
    """What to do for the request with the model `name` of the configuration in place of the one it asked for: what its
    route says of a failure. Raises why there is nobody to ask.
    """
    document = journey.document
    if not document.value:  # it was let go of
        document.value = msgspec.json.decode(document.write())
    try:
        policy, _ = _named(journey, name, NONE, ANYBODY)
        if not (journey.guarding.names if journey.guarding is not None else frozenset()).issuperset(policy.guards):
            raise NoCandidate(f"The policies of {name!r} were not applied to this request.")
        return await _plan(journey, policy, NONE, journey.asker)
    finally:
        document.seal()


async def _plan(journey: Journey, policy: Policy, wishes: Wishes, asker: Asker) -> Plan:
    await _learn_prices(journey, policy)
    asked, difficulty = journey.asked, journey.snapshot.learnt.difficulty
    score = await difficulty.score(journey.document.value) if policy.scored and difficulty is not None else None
    request = Request(
        journey.document.value,
        journey.request.headers,
        asked.model,
        asked.size,
        stream=asked.stream,
        cap=asked.output_cap,
        wall=time.time(),
        asker=asker,
        wishes=wishes,
        difficulty=score,
    )
    conditions = Conditions(journey.health, _prices(journey), monotonic(), random.random, difficulty)
    if wishes.timeout is not None:
        journey.latest = journey.arrived + wishes.timeout
    made = plan(policy, request, conditions, explain=wishes.explain)
    if made.explanation is not None:
        journey.explained = explained(made.explanation)
    if made.refusal is not None:
        raise _nobody(made.refusal, made.removed, journey.health)
    journey.wants_json = _may_be_invalid(made) and structured(journey.document.value) is not None
    return made


def _may_be_invalid(made: Plan) -> bool:
    """Whether broken JSON leads anywhere."""
    return any("invalid" in candidate.terms.on_failure for step in made.steps for candidate in step.candidates)


def _prices(journey: Journey) -> Callable[[Target], Price | None]:
    latest = journey.snapshot.catalogue.latest
    return lambda target: latest(target.provider, target.model)


async def _learn_prices(journey: Journey, policy: Policy) -> None:
    """Look up the prices that nobody has looked up lately, before a candidate is ranked or kept out by its own."""
    catalogue, now = journey.snapshot.catalogue, monotonic()
    targets = (candidate.target for candidate in policy.candidates)
    unknown = [target for target in targets if not catalogue.known(target.provider, target.model, now)[0]]
    if unknown:
        await asyncio.to_thread(_look_up, journey, unknown, now)


def _look_up(journey: Journey, targets: Sequence[Target], now: float) -> None:
    at = datetime.now(UTC)
    for target in targets:
        source = journey.snapshot.deployments[target.provider].facts.catalogue
        journey.snapshot.catalogue.look_up(target.provider, source, target.model, now, at)


def _nobody(refusal: Refusal, removed: Sequence[Removed], health: AnyHealth) -> GatewayError:
    """Why nobody can be asked, as the client is told."""
    if refusal.status == 503:
        benched = {health.why_benched(each.name, monotonic()) for each in removed}
        if benched == {"auth"} or benched == {"quota"}:
            kind = UpstreamAuth if benched == {"auth"} else UpstreamQuota
            return kind(f"{refusal.message} Tell its operator.")
        error = UpstreamRateLimited(refusal.message) if all(e.pauses for e in removed) else AllUnwell(refusal.message)
        error.retry_after = refusal.retry_after
        return error
    filters = {each.by for each in removed}
    if filters == {"context"}:
        return ContextExceeded(refusal.message)
    if filters and filters <= {"context", "capability"}:
        return CannotExpress(refusal.message)
    return NoCandidate(refusal.message)


# x-trunkline-explain


def explained(explanation: Explanation) -> bytes:
    """An explanation as the value of a header: JSON in ASCII."""
    shown = explanation.candidates[:MOST_EXPLAINED]
    value = {"candidates": list(map(_told, shown)), "decisions": explanation.decisions}
    return json.dumps(value, separators=(",", ":")).encode()  # unlike msgspec's, with every other character escaped


def _told(candidate: Considered) -> dict[str, object]:
    """What is to be told of one, without what is as usual."""
    removed_by = {verdict.filter: verdict.why for verdict in candidate.verdicts if not verdict.passes}
    told = {
        "name": candidate.name,
        "place": candidate.place,
        "kind": candidate.kind if candidate.kind != "single" else "",
        "removed_by": removed_by,
        "score": candidate.score,
        "cost": candidate.cost,
        "why": candidate.why,
    }
    return {name: value for name, value in told.items() if value not in (None, "", {})}
