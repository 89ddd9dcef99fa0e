"""What is served where on the data plane: path → method → what answers.

Most paths are looked up as they are; those with a name in them are matched one after the other.
"""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from trunkline.formats.format import Place
from trunkline.gateway import kept_responses, listing
from trunkline.gateway.counting import ANTHROPIC, GEMINI, RESPONSES_INPUT, Counter, count
from trunkline.gateway.fronts import CHAT, COMPLETIONS, GOOGLE, MESSAGES, NOWHERE, RESPONSES, Front, wants_array, whose
from trunkline.gateway.state import Journey

_ABSOLUTE = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
NOBODY_NAMED = "google"
"""The publisher in Vertex AI's paths where the application has named none."""

Endpoint = Callable[[Journey], Awaitable[None]]
Methods = dict[bytes, Endpoint]


def _answers(front: Front) -> Methods:
    return {b"POST": lambda journey: journey.snapshot.travel(journey, front)}


def _counts(counter: Counter, place: Place = NOWHERE) -> Methods:
    return {b"POST": lambda journey: count(journey, counter, place)}


async def _models(journey: Journey) -> None:
    await _enter(journey, whose(journey.request.headers))
    journey.delivery.whole(b"", listing.models(journey.snapshot, journey.caller, journey.front))


async def _google_models(journey: Journey) -> None:
    await _enter(journey, GOOGLE)
    journey.delivery.whole(b"", listing.models(journey.snapshot, journey.caller, GOOGLE))


async def _enter(journey: Journey, front: Front) -> None:
    journey.speak(front)
    journey.caller = await journey.gateway.keys.identify(journey.request, journey.gateway.client)


async def _live(journey: Journey) -> None:
    journey.delivery.whole(b"", b'{"status":"live"}')


async def _ready(journey: Journey) -> None:
    reasons = journey.gateway.unready()
    if reasons:
        journey.request.respond(503, b"content-type: application/json\r\n", listing.unready(reasons))
    else:
        journey.delivery.whole(b"", b'{"status":"ready"}')


ENDPOINTS: dict[bytes, Methods] = {
    b"/v1/chat/completions": _answers(CHAT),
    b"/v1/completions": _answers(COMPLETIONS),
    b"/v1/responses": _answers(RESPONSES),
    b"/v1/responses/input_tokens": _counts(RESPONSES_INPUT),
    b"/v1/messages": _answers(MESSAGES),
    b"/v1/messages/count_tokens": _counts(ANTHROPIC),
    b"/v1/models": {b"GET": _models},
    b"/v1beta/models": {b"GET": _google_models},
    b"/health/live": {b"GET": _live},
    b"/health/ready": {b"GET": _ready},
}

_AS_IT_IS = {
    **ENDPOINTS,
    **{
        before + path.removeprefix(b"/v1"): methods
        for path, methods in ENDPOINTS.items()
        if path.startswith(b"/v1/")
        for before in (b"", b"/openai", b"/openai/v1")
    },
    b"/v1alpha/models": ENDPOINTS[b"/v1beta/models"],
}
"""With and without `/v1`, and below Azure's `/openai`; and Google's other version."""


def _deployment(model: str, kind: str) -> Methods:
    front = CHAT if kind == "chat/completions" else COMPLETIONS
    return _answers(Front(front.format, Place(model=unquote(model))))


def _generate(publisher: str | None, model: str, verb: str, query: str) -> Methods:
    name = _published(publisher, unquote(model))
    if verb == "countTokens":
        return {b"POST": lambda journey: count(journey, GEMINI, Place(model=name(journey)))}
    stream = verb == "streamGenerateContent"
    array = wants_array(verb, query)

    def answer(journey: Journey) -> Awaitable[None]:
        place = Place(model=name(journey), stream=stream, array=array)
        return journey.snapshot.travel(journey, Front(GOOGLE.format, place))

    return {b"POST": answer}


def _published(publisher: str | None, model: str) -> Callable[[Journey], str]:
    """The name of the model that a path of Vertex AI means: its SDK makes of `a/b` the model `b` of a publisher `a`."""
    if publisher is None:
        return lambda _: model
    whole = f"{publisher}/{model}"
    if publisher != NOBODY_NAMED:
        return lambda _: whole
    return lambda journey: model if journey.snapshot.policies.resolve(model) is not None else whole


def _google_model(name: str) -> Methods:
    return _shown(unquote(name), lambda _: GOOGLE)


def _model(name: str) -> Methods:
    return _shown(unquote(name), whose)


def _shown(name: str, speaks: Callable[[dict[bytes, bytes]], Front]) -> Methods:
    async def show(journey: Journey) -> None:
        await _enter(journey, speaks(journey.request.headers))
        journey.delivery.whole(b"", listing.model(journey.snapshot, journey.caller, journey.front, name))

    return {b"GET": show}


def _response(name: str, rest: str | None) -> Methods:
    known = unquote(name)
    if rest == "/input_items":
        return {b"GET": lambda journey: kept_responses.input_items(journey, known)}
    if rest == "/cancel":
        return {b"POST": lambda journey: kept_responses.cancel(journey, known)}
    return {
        b"GET": lambda journey: kept_responses.get(journey, known),
        b"DELETE": lambda journey: kept_responses.delete(journey, known),
    }


_GOOGLE = r"/v1(?:beta1?|alpha)?/(?:(?:projects/[^/]+/locations/[^/]+/)?publishers/([^/]+)/)?models/"
PATTERNS: dict[str, tuple[re.Pattern[str], Callable[..., Methods]]] = {
    "/openai/deployments/{model}/…": (
        re.compile(r"/openai/deployments/(.+?)/(chat/completions|completions)"),
        lambda model, kind, _: _deployment(model, kind),
    ),
    "/v1beta/models/{model}:…": (
        re.compile(_GOOGLE + r"(.+):(generateContent|streamGenerateContent|countTokens)"),
        _generate,
    ),
    "/v1beta/models/{model}": (re.compile(r"/v1(?:beta|alpha)/models/(.+)"), lambda name, _: _google_model(name)),
    "/v1/responses/{id}": (
        re.compile(r"(?:/openai)?(?:/v1)?/responses/([^/]+)(/cancel|/input_items)?"),
        lambda name, rest, _: _response(name, rest),
    ),
    "/v1/models/{id}": (re.compile(r"(?:/openai)?(?:/v1)?/models/(.+)"), lambda name, _: _model(name)),
}
"""Paths with a name in them, in the order in which they are tried: what they are called, and what serves them."""


def origin_form(target: bytes) -> bytes | None:
    """The path and query of a target in absolute form, as is sent to proxies and must be understood by every server
    (RFC 9112, 3.2.2); None where it is in another.
    """
    found = _ABSOLUTE.match(target)
    if found is None:
        return None
    path = target[found.end() :]
    return path if path.startswith(b"/") else b"/" + path


def find(target: bytes) -> Methods | None:
    """What is served at a request's target; None if nothing is."""
    methods = _AS_IT_IS.get(target)
    if methods is not None:
        return methods
    raw, _, query = target.partition(b"?")
    methods = _AS_IT_IS.get(raw)
    if methods is not None:
        return methods
    path = raw.decode("latin-1")
    for pattern, serve in PATTERNS.values():
        found = pattern.fullmatch(path)
        if found is not None:
            return serve(*found.groups(), query.decode("latin-1"))
    return None
