"""Counting tokens before they are sent: by the provider, where it counts in the client's format, else by estimate."""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.anthropic_messages import COUNT_PATH, read_count, write_count
from trunkline.formats.document import Document, DocumentError
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.google_generate import counting as google
from trunkline.gateway.credentials import LoginRefused
from trunkline.gateway.deployments import ImpossibleModel
from trunkline.gateway.errors import InvalidRequest, UpstreamRefused
from trunkline.gateway.fronts import GOOGLE, MESSAGES, RESPONSES, Front
from trunkline.gateway.journey import make_room
from trunkline.gateway.planning import choose
from trunkline.gateway.state import Journey
from trunkline.providers.base import read_refusal, usual_verdict
from trunkline.providers.tokens import estimate, weigh
from trunkline.routing.plan import Target
from trunkline.transport.asking import ask
from trunkline.transport.exchange import Fault, Times

ESTIMATED = b"x-trunkline-estimated: true\r\n"
WITHIN = Times(connect=5.0, first_token=20.0, gap=20.0, total=20.0)
WRONG = (400, 413, 422)
"""Statuses by which a provider finds a request wrong, rather than the way to it."""
WRAPPED = "generateContentRequest"
"""Where Google's API takes a whole request to be counted, in place of its contents."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Counter(msgspec.Struct, frozen=True):
    """How one format counts."""

    front: Front
    path: Callable[[str], str]
    """Below a provider's base URL, for a model."""
    write: Callable[[int], dict[str, Any]]
    """The reply."""
    read: Callable[[dict[str, Any]], int]
    """The number in a provider's. Raises `ValueError`."""
    names_model: bool
    """The model stands in the document."""


ANTHROPIC = Counter(MESSAGES, lambda _: COUNT_PATH, write_count, read_count, names_model=True)
RESPONSES_INPUT = Counter(
    RESPONSES,
    lambda _: "/responses/input_tokens",
    lambda tokens: {"object": "response.input_tokens", "input_tokens": tokens},
    read_count,
    names_model=True,
)
GEMINI = Counter(GOOGLE, google.count_path, google.write_count, google.read_count, names_model=False)


async def count(journey: Journey, counter: Counter, place: Place) -> None:
    """Answer with the number of tokens. Nothing is generated, so nothing is recorded in the ledger."""
    journey.speak(Front(counter.front.format, place))
    journey.caller = await journey.gateway.keys.identify(journey.request, journey.gateway.client)
    make_room(journey)
    body = await journey.request.body()
    try:
        document = Document(body, journey.snapshot.depth)
        counted = _counted(document)
        journey.asked = counter.front.format.look(counted, place, len(body))
    except DocumentError as error:
        raise InvalidRequest(str(error), code="invalid_json") from None
    except ShapeError as error:
        raise InvalidRequest(str(error), param=error.param, code=error.code) from None
    journey.document = document
    choose(journey)
    target = journey.policy.candidates[0].target
    guarded = journey.snapshot.guards.names(journey.caller.guards, journey.policy.guards)
    told = None if guarded else await _by_provider(journey, counter, document, target)
    head = journey.gateway.target_head(target)
    if told is not None:
        journey.delivery.whole(head, told)
        return
    model = await journey.snapshot.deployments[target.provider].about(target.model)
    tokens = estimate(weigh(counted), model.tokenizer)
    journey.delivery.whole(head + ESTIMATED, msgspec.json.encode(counter.write(tokens)))


def _counted(document: Document) -> dict[str, Any]:
    """The request that is to be counted: the document, or what it wraps."""
    wrapped = document.value.get(WRAPPED)
    return wrapped if isinstance(wrapped, dict) else document.value


async def _by_provider(journey: Journey, counter: Counter, document: Document, target: Target) -> bytes | None:
    """The provider's own count; None where it does not count in this format, or cannot now. Raises `UpstreamRefused`
    where it finds the request wrong.
    """
    deployment = journey.snapshot.deployments[target.provider]
    door = deployment.way(counter.front, target.model).door
    key = journey.key_for(deployment)
    if door.format is not counter.front.format or not door.facts.counts_tokens or key is None:
        return None
    if counter.names_model:
        document.set("model", target.model)
    elif WRAPPED in document.value:
        document.set(WRAPPED, {**_counted(document), "model": f"models/{target.model}"})
    try:
        if key.stale:
            await key.renew()
        call = door.post(counter.path(target.model), key, journey.passed_on(door.format), document.write())
        answer = await ask(door.upstream, call, WITHIN)
    except (Fault, LoginRefused, ImpossibleModel) as trouble:
        journey.note(f"counting: {trouble}")
        return None
    if answer.status == 200 and _is_count(answer.body, counter):
        return answer.body
    refused = read_refusal(answer.status, answer.body, answer.headers)
    verdict = door.facts.judge(refused) or usual_verdict(refused)
    if answer.status in WRONG and verdict == "caller":
        media = answer.headers.get(b"content-type", b"application/json")
        raise UpstreamRefused(answer.status, answer.body, media, refused.message)
    journey.note(f"counting: {target} answered {answer.status}")
    return None


def _is_count(body: bytes, counter: Counter) -> bool:
    try:
        counter.read(_decode(body))
    except ValueError:
        return False
    return True
