"""The long conversation, and the steps that are timed in process."""

from __future__ import annotations

import json

import pytest
from bench.apis import TRANSLATED, Api
from bench.conversation import SIZE, conversation_body
from bench.payload import chat_body, tool_body
from bench.replies import whole_reply
from bench.translation import PAIRS, Pair, conversation_times, reply_steps, request_steps, stream_steps

from trunkline.formats.losses import Losses


def test_the_conversation_has_its_size_and_every_call_its_result() -> None:
    body = conversation_body("gpt-4.1")
    assert len(body) == SIZE
    request = json.loads(body)
    assert len(request["tools"]) == 20
    names = {tool["function"]["name"] for tool in request["tools"]}
    calls = [call for message in request["messages"] for call in message.get("tool_calls", [])]
    assert {call["function"]["name"] for call in calls} <= names
    results = [message["tool_call_id"] for message in request["messages"] if message["role"] == "tool"]
    assert [call["id"] for call in calls] == results
    assert len(results) > 50


@pytest.mark.parametrize("api", TRANSLATED, ids=lambda api: api.name)
@pytest.mark.parametrize("body", [chat_body, tool_body, conversation_body])
def test_nothing_that_is_sent_is_lost_in_translation(api: Api, body: object) -> None:
    assert callable(body)
    pair = Pair.of("openai_chat", api, body(api.model))
    document = pair.document()
    bridge = pair.bridge(pair.read(document))
    losses = Losses()
    written = bridge.body(document, pair.asked(document), api.model, losses)
    assert losses.dropped == []
    assert len(written) > 0.8 * len(pair.body)


@pytest.mark.parametrize(("front", "api"), PAIRS, ids=[f"{front}-{api.name}" for front, api in PAIRS])
def test_every_step_of_every_pair_can_be_taken_again_and_again(front: str, api: Api) -> None:
    pair = Pair.of(front, api, tool_body(api.model))
    reply = whole_reply(api, with_tools=True).encode()
    requests, replies, streams = request_steps(pair), reply_steps(pair, reply), stream_steps(pair)
    for call in (*requests.values(), *replies.values(), *streams.values()):
        call()
        call()
    assert requests["whole"]() == requests["whole"]()


def test_the_times_of_a_conversation_are_told_by_steps() -> None:
    times = conversation_times(TRANSLATED[0])
    assert set(times) == {"document", "look", "read_request", "write_request", "encode", "whole"}
    assert 0 < times["read_request"] < times["whole"] < 1000
