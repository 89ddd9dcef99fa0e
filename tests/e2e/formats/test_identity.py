"""What a reply says of itself: its id, its model, its time. Where a provider says nothing, the gateway does."""

import time
from typing import Any

import pytest
from tests.compatibility.scenario import Answer, Call
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import MODELS, Upstream, says
from tests.faults import http1
from tests.faults.connection import Exchange

MESSAGES: Any = [{"role": "user", "content": "Hallo"}]
TOOLS: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]


def chat(hall: Hall, model: str, *, stream: bool, **fields: Any) -> tuple[str, str, int, list[str]]:
    """Id, model, time and ids of the calls, which all chunks of a stream must agree on."""
    said: Any = hall.openai.chat.completions.create(model=model, messages=MESSAGES, stream=stream, **fields)
    if not stream:
        calls = said.choices[0].message.tool_calls or []
        return said.id, said.model, said.created, [call.id for call in calls]
    chunks = list(said)
    [(reply_id, name, created)] = {(chunk.id, chunk.model, chunk.created) for chunk in chunks}
    pieces = [call for chunk in chunks if chunk.choices for call in chunk.choices[0].delta.tool_calls or []]
    return reply_id, name, created, [piece.id for piece in pieces if piece.id]


@pytest.mark.parametrize("stream", [False, True])
def test_amazons_replies_have_names_of_ours(hall: Hall, stream: bool) -> None:
    before = int(time.time())
    first, second = [chat(hall, MODELS["bedrock"], stream=stream) for _ in range(2)]
    for reply_id, model, created, _ in (first, second):
        assert reply_id.startswith("chatcmpl-")
        assert model == MODELS["bedrock"].removeprefix("bedrock/")
        assert before <= created <= time.time()
    assert first[0] != second[0]


@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_clients_get_ids_that_differ(hall: Hall, stream: bool) -> None:
    ids = set()
    for _ in range(2):
        if stream:
            with hall.anthropic.messages.stream(model=MODELS["bedrock"], max_tokens=9, messages=MESSAGES) as events:
                ids.add(events.get_final_message().id)
        else:
            ids.add(hall.anthropic.messages.create(model=MODELS["bedrock"], max_tokens=9, messages=MESSAGES).id)
    assert len(ids) == 2
    assert all(reply_id.startswith("msg_") for reply_id in ids)


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_provider_says_of_its_reply_is_kept(hall: Hall, stream: bool) -> None:
    assert chat(hall, MODELS["anthropic"], stream=stream)[:2] == ("msg_1", "m-1")
    assert chat(hall, MODELS["google"], stream=stream)[:2] == ("r21", "m-1")
    said: Any = hall.google.models.generate_content(model=MODELS["anthropic"], contents="Hallo")
    assert (said.response_id, said.model_version) == ("msg_1", "m-1")


async def nameless(upstream: Upstream, x: Exchange) -> None:
    """A call as Google tells it, in a reply without an id."""
    answer = Answer(calls=(Call("weather", {}),))
    media, body = (upstream.speaker.stream if upstream.streams(x.request) else upstream.speaker.whole)(answer)
    body = body.replace(b', "responseId": "r21"', b"")
    await x.send(http1.message(200, body, [("content-type", media)]))


@pytest.mark.parametrize("stream", [False, True])
def test_calls_without_ids_get_ids_that_differ_from_turn_to_turn(hall: Hall, stream: bool) -> None:
    hall.act("google", nameless, nameless, says(Answer(calls=(Call("weather", {}),))))
    made = [chat(hall, MODELS["google"], stream=stream, tools=TOOLS)[3] for _ in range(3)]
    assert all(len(ids) == 1 for ids in made)
    assert len({call_id for [call_id] in made}) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_clients_get_such_ids_as_well(hall: Hall, stream: bool) -> None:
    hall.act("google", nameless, nameless)
    tools: Any = [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}]
    ids: set[str] = set()
    for _ in range(2):
        fields: Any = {"model": MODELS["google"], "max_tokens": 9, "messages": MESSAGES, "tools": tools}
        if stream:
            with hall.anthropic.messages.stream(**fields) as events:
                message = events.get_final_message()
        else:
            message = hall.anthropic.messages.create(**fields)
        ids |= {block.id for block in message.content if block.type == "tool_use"}
    assert len(ids) == 2
