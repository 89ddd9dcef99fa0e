"""Counting tokens before they are sent: by the provider, where it counts in the client's format, else by estimate."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.anthropic_messages import COUNT_PATH, write_count
from trunkline.formats.document import Document, DocumentError
from trunkline.formats.format import Place
from trunkline.formats.google_generate import counting as google
from trunkline.gateway.errors import InvalidRequest, UpstreamError
from trunkline.gateway.fronts import GOOGLE, MESSAGES, RESPONSES, Front
from trunkline.gateway.identity import allow_model
from trunkline.gateway.journey import plan
from trunkline.gateway.state import Journey
from trunkline.providers.models import model_at
from trunkline.providers.tokens import estimate, weigh
from trunkline.routing.plan import Target
from trunkline.transport.asking import ask
from trunkline.transport.exchange import Fault, Times

ESTIMATED = b"x-trunkline-estimated: true\r\n"
WITHIN = Times(connect=5.0, first_token=20.0, gap=20.0, total=20.0)
_decode = msgspec.json.Decoder().decode


class Counter(msgspec.Struct, frozen=True):
    """How one format counts."""

    front: Front
    path: Callable[[str], str]
    """Below a provider's base URL, for a model."""
    write: Callable[[int], dict[str, Any]]
    """The reply."""
    names_model: bool
    """The model stands in the document."""


ANTHROPIC = Counter(MESSAGES, lambda _: COUNT_PATH, write_count, names_model=True)
RESPONSES_INPUT = Counter(
    RESPONSES,
    lambda _: "/responses/input_tokens",
    lambda tokens: {"object": "response.input_tokens", "input_tokens": tokens},
    names_model=True,
)
GEMINI = Counter(GOOGLE, google.count_path, google.write_count, names_model=False)


async def count(journey: Journey, counter: Counter, place: Place) -> None:
    """Answer with the number of tokens. Nothing is generated, so nothing is recorded in the ledger."""
    journey.speak(Front(counter.front.format, place))
    journey.caller = await journey.gateway.keys.identify(journey.request.method, journey.request.headers)
    body = await journey.request.body()
    try:
        document = Document(body, journey.snapshot.depth)
    except DocumentError as error:
        raise InvalidRequest(str(error), code="invalid_json") from None
    asked = place.model if not counter.names_model else document.value.get("model")
    if not isinstance(asked, str) or not asked:
        raise InvalidRequest("Missing required parameter: 'model'.", param="model", code="missing_required_parameter")
    allow_model(journey.caller, asked)
    target = plan(journey, asked).targets[0]
    counted = await _by_provider(journey, counter, document, target)
    if counted is not None:
        journey.delivery.whole(journey.gateway.target_head(target), counted)
        return
    facts = journey.snapshot.deployments[target.provider].facts
    model = await asyncio.to_thread(model_at, facts, target.model)
    tokens = estimate(weigh(document.value), model.maker)
    journey.delivery.whole(journey.gateway.target_head(target) + ESTIMATED, msgspec.json.encode(counter.write(tokens)))


async def _by_provider(journey: Journey, counter: Counter, document: Document, target: Target) -> bytes | None:
    """The provider's own count; None where it does not count in this format, or cannot now."""
    deployment = journey.snapshot.deployments[target.provider]
    door = deployment.door(counter.front, target.model)
    key = deployment.key(journey.arrived)
    if door.format is not counter.front.format or not door.facts.counts_tokens or key is None:
        return None
    if counter.names_model:
        document.set("model", target.model)
    passed = journey.passed_on(door.format)
    try:
        await key.renew()
        call = door.post(counter.path(target.model), key, passed, document.write())
        answer = await ask(door.upstream, call, WITHIN)
    except (Fault, UpstreamError) as trouble:
        journey.note(f"counting: {trouble}")
        return None
    return answer.body if answer.status == 200 else None
