"""Recorded streams, cut at every event: another model goes on, and the client's answer has no gap and nothing twice."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.e2e.formats.going_on import WAYS, goes_on
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import MODELS, bedrock_frames, streams
from tests.recorded.exchanges import Exchange, exchange
from tests.recorded.recordings import DEFAULT, folder, missing
from tests.running import Background

from trunkline.formats.conversation import Text
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.registry import FORMATS

RECORDINGS = {
    "azure/0382929b6d4ac3b2": "chat",
    "cerebras/8f2d4869a2a2473b": "chat",
    "cerebras/a59ef3d9cfe7acae": "chat",
    "anthropic/03a85da4a61bd58a": "messages",
    "anthropic/04fc9898a7137b5e": "messages",
    "anthropic/3c57b55a3d98b355": "messages",
    "azure/2184fb15c5f591bc": "messages",
    "gemini/ad8fcb69fd1db307": "generate_content_stream",
    "bedrock/426f6dbbb15b68a3": "converse_stream",
    "bedrock/49653dcb1700f406": "converse_stream",
}
UPSTREAMS = {
    "openai_chat": "chat",
    "openai_responses": "responses",
    "anthropic_messages": "anthropic",
    "google_generate": "google",
    "bedrock_converse": "bedrock",
}
SECONDS = {"chat": "anthropic"}
"""Who goes on; for all others it is `chat`."""
PATHS = {
    "chat": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "responses": "/v1/responses",
    "google": "/v1beta/models/%s:streamGenerateContent?alt=sse",
}
LIMIT = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    models = {
        name: {"route": "fallback", "of": [MODELS[name], MODELS[SECONDS.get(name, "chat")]]}
        for name in UPSTREAMS.values()
    }
    with Background() as background, Hall(background, models=models, on_truncated="resume") as hall:
        yield hall


def parameters() -> list[Any]:
    if not folder().exists():
        return [missing()]
    here = {
        name: api for name, api in RECORDINGS.items() if folder() == DEFAULT or (folder() / f"{name}.json").exists()
    }
    if not here:
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=f"none of these is in {folder()}"))]
    return [pytest.param(exchange(name, api), id=name) for name, api in here.items()]


@pytest.mark.shared
@pytest.mark.parametrize("recorded", parameters())
def test_a_recorded_stream_that_is_cut_goes_on(hall: Hall, recorded: Exchange) -> None:
    first = UPSTREAMS[recorded.format]
    events, answer = pieces(recorded), text_of(recorded)
    media = "application/vnd.amazon.eventstream" if first == "bedrock" else "text/event-stream"
    told = itertools.cycle(PATHS)
    for after, way in itertools.product(range(len(events)), WAYS):
        client = next(told)
        hall.act(first, streams(*events[:after], end=bool(after % 2), media=media))
        hall.act(SECONDS.get(first, "chat"), goes_on(answer, way))
        got = ask(hall, client, first)
        assert HEARD[client](got) == answer, (after, way, client, got)


def pieces(recorded: Exchange) -> list[bytes]:
    """The events of a stream as they came."""
    if recorded.format == "bedrock_converse":
        return list(bedrock_frames(recorded.stream))
    return [event for event in re.split(rb"(?<=\n\n)|(?<=\r\n\r\n)", recorded.stream) if event.strip()]


def text_of(recorded: Exchange) -> str:
    spoken = FORMATS[recorded.format]
    reader = spoken.reader(PLAIN, LIMIT)
    reply = fold([*reader.feed(recorded.stream), *reader.close()], spoken.name)
    return "".join(part.text for part in reply.choices[0].parts if isinstance(part, Text))


def ask(hall: Hall, client: str, model: str) -> list[dict[str, Any]]:
    """The events that a client gets."""
    said = [{"role": "user", "content": "Hallo"}]
    body: dict[str, Any] = {"model": model, "stream": True}
    match client:
        case "chat":
            body["messages"] = said
        case "anthropic":
            body |= {"messages": said, "max_tokens": 1000}
        case "responses":
            body["input"] = "Hallo"
        case _:
            body = {"contents": [{"role": "user", "parts": [{"text": "Hallo"}]}]}
    path = PATHS[client] % model if client == "google" else PATHS[client]
    answer = send(hall.running.port, "POST", path, body)
    assert answer.status == 200, answer.body
    lines = answer.body.decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


# The words of a whole stream, and that it is whole


def _chat(events: list[dict[str, Any]]) -> str:
    choices = [choice for event in events for choice in event.get("choices", ())]
    assert [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def _anthropic(events: list[dict[str, Any]]) -> str:
    assert events[-1] == {"type": "message_stop"}
    begun = [event["index"] for event in events if event["type"] == "content_block_start"]
    ended = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert begun == ended == list(range(len(begun)))
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def _responses(events: list[dict[str, Any]]) -> str:
    assert events[-1]["type"] in ("response.completed", "response.incomplete")
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    said = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    messages = [item for item in events[-1]["response"]["output"] if item["type"] == "message"]
    assert said == "".join(part["text"] for item in messages for part in item["content"])
    return said


def _google(events: list[dict[str, Any]]) -> str:
    assert events[-1]["candidates"][0]["finishReason"]
    parts = [part for event in events for part in event["candidates"][0]["content"].get("parts", ())]
    return "".join(part.get("text", "") for part in parts if not part.get("thought"))


HEARD: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "chat": _chat,
    "anthropic": _anthropic,
    "responses": _responses,
    "google": _google,
}
