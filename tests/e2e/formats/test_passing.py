"""Where client and provider speak the same format nothing is translated: what Trunkline does not know passes, too."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.formats.hall import PRICE, Hall
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import HELLO, MODELS, Upstream
from tests.faults import http1
from tests.faults.connection import CHUNKED, Exchange
from tests.running import Background

NOVELTY: Any = {"deep": [{"er": None, "n": 1e2, "text": "ü"}]}
FIELDS: dict[str, dict[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": [{"type": "smell", "novelty": NOVELTY}]}]},
    "responses": {"input": [{"type": "smell", "novelty": NOVELTY}]},
    "anthropic": {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "smell", "novelty": NOVELTY}]}]},
    "google": {"contents": [{"role": "user", "parts": [{"smell": NOVELTY}]}]},
}
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}


def path(front: str, *, stream: bool) -> str:
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return PATHS.get(front, f"/v1beta/models/{MODELS['google']}:{verb}")


def body(front: str, *, stream: bool) -> bytes:
    """A request that keeps nothing, with white space of its own."""
    named = {"google": {}, "responses": {"model": MODELS["responses"], "stream": stream, "store": False}}
    own = named.get(front, {"model": MODELS[front], "stream": stream})
    return json.dumps({"novelty": NOVELTY, **FIELDS[front], **own}, ensure_ascii=False, indent=1).encode()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("front", FIELDS)
def test_a_request_reaches_the_provider_with_all_its_fields(hall: Hall, front: str, stream: bool) -> None:
    sent = json.loads(body(front, stream=stream))
    assert send(hall.running.port, "POST", path(front, stream=stream), body(front, stream=stream)).status == 200
    got = hall.upstreams[front].requests[-1].json()
    if front != "google":
        sent["model"] = MODELS[front].partition("/")[2]
    if front == "chat" and stream:
        sent["stream_options"] = {"include_usage": True}
    assert got == sent


@pytest.mark.parametrize("front", FIELDS)
def test_a_reply_reaches_the_client_as_it_came(hall: Hall, front: str) -> None:
    upstream = hall.upstreams[front]
    media, whole = upstream.speaker.whole(HELLO)
    odd = json.dumps({**json.loads(whole), "novelty": NOVELTY}, ensure_ascii=False, indent=1).encode()

    async def reply(_: Upstream, x: Exchange) -> None:
        await x.send(http1.message(200, odd, [("content-type", media)]))

    hall.act(front, reply)
    assert send(hall.running.port, "POST", path(front, stream=False), body(front, stream=False)).body == odd


@pytest.mark.parametrize("front", FIELDS)
def test_a_stream_reaches_the_client_as_it_came(hall: Hall, front: str) -> None:
    media, events = hall.upstreams[front].events(HELLO)
    end = b"\r\n\r\n" if front == "google" else b"\n\n"
    odd = b'event: novelty\ndata: {"type":"novelty","deep":[1]}' + end
    if front == "google":
        odd = b'data: {"candidates":[],"novelty":[1],"usageMetadata":{"promptTokenCount":1}}' + end
    if front == "chat":
        odd = b'data: {"object":"chat.completion.chunk","choices":[],"novelty":[1]}' + end
    stream = [*events[:5], odd, *events[5:]]

    async def reply(_: Upstream, x: Exchange) -> None:
        await x.send(http1.head(200, [("content-type", media), CHUNKED]))
        await x.send_chunks(*stream)
        await x.send(http1.LAST_CHUNK)

    hall.act(front, reply)
    got = send(hall.running.port, "POST", path(front, stream=True), body(front, stream=True)).body
    asked_for = b"".join(event for event in stream if not (front == "chat" and b'"choices": [], "usage"' in event))
    assert got == asked_for


@pytest.fixture(scope="module")
def fixed() -> Iterator[Hall]:
    """With headers that the operator has fixed."""
    with Background() as background:
        server = background.enter(Upstream("anthropic"))
        headers = {"anthropic-beta": "fixed-1", "anthropic-version": "2020-01-01", "x-team": "blue"}
        provider = {**server.provider, "price": PRICE, "headers": headers}
        with Hall(background, providers={"anthropic": provider}) as hall:
            hall.upstreams["anthropic"] = server
            yield hall


def test_anthropics_own_headers_pass_and_go_before_the_fixed_ones(fixed: Hall) -> None:
    fixed.anthropic.messages.create(
        model=MODELS["anthropic"],
        max_tokens=9,
        messages=[{"role": "user", "content": "Hallo"}],
        extra_headers={"anthropic-beta": "a-1,b-2", "anthropic-version": "2026-01-01", "x-secret": "no"},
    )
    request = fixed.upstreams["anthropic"].requests[-1]
    assert request.header("anthropic-beta") == "a-1,b-2"
    assert request.header("anthropic-version") == "2026-01-01"
    assert request.header("x-team") == "blue"
    assert request.header("x-secret") is None
    assert request.header("x-api-key") == "sk-upstream"


def test_where_a_request_is_translated_the_fixed_ones_hold(fixed: Hall) -> None:
    fixed.openai.chat.completions.create(
        model=MODELS["anthropic"],
        messages=[{"role": "user", "content": "Hallo"}],
        extra_headers={"anthropic-beta": "a-1", "anthropic-version": "2026-01-01", "traceparent": "00-ab-cd-01"},
    )
    request = fixed.upstreams["anthropic"].requests[-1]
    assert request.header("anthropic-beta") == "fixed-1"
    assert request.header("anthropic-version") == "2020-01-01"
    assert request.header("traceparent") == "00-ab-cd-01"


def test_a_provider_that_is_spoken_to_in_another_format_gets_none_of_them(hall: Hall) -> None:
    hall.anthropic.messages.create(
        model=MODELS["chat"],
        max_tokens=9,
        messages=[{"role": "user", "content": "Hallo"}],
        extra_headers={"anthropic-beta": "a-1"},
    )
    request = hall.upstreams["chat"].requests[-1]
    assert request.header("anthropic-beta") is None
    assert request.header("anthropic-version") is None
