"""Simulated replies are OpenAI's: the SDK's own types read them strictly, and a stream folds into the whole reply."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel
from tests.providers.simulation import Heard, ask, body, fold

from trunkline.providers.simulated.answers import TOKEN

TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": parameters}}
    for name, parameters in {
        "now": {"type": "object"},
        "weather": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "book": {
            "type": "object",
            "properties": {"days": {"type": "array", "items": {"type": "number"}, "minItems": 2}, "é": {"const": "ü"}},
            "required": ["days", "é"],
        },
    }.items()
]
FORMAT = {"type": "json_schema", "json_schema": {"name": "book", "schema": TOOLS[2]["function"]["parameters"]}}  # type: ignore[index]

requests = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["echo", "chat", "tools", "json", "empty"]),
        "messages": st.text(max_size=40).map(lambda said: [{"role": "user", "content": said}]),
    },
    optional={
        "n": st.integers(1, 4),
        "max_tokens": st.integers(1, 12),
        "stop": st.text(max_size=2) | st.lists(st.text(max_size=2), min_size=1, max_size=4),
        "seed": st.integers(-5, 5),
        "tools": st.lists(st.sampled_from(TOOLS), min_size=1, max_size=3, unique_by=lambda tool: json.dumps(tool)),
        "response_format": st.just(FORMAT),
    },
)
legacy_requests = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["echo", "chat", "json", "empty", "tools"]),
        "prompt": st.text(max_size=40) | st.lists(st.text(max_size=10), min_size=1, max_size=3),
    },
    optional={
        "n": st.integers(1, 4),
        "max_tokens": st.integers(0, 12),
        "stop": st.text(max_size=2),
        "echo": st.booleans(),
    },
)


def read(model: type[BaseModel], data: bytes) -> BaseModel:
    """`data` read by one of the SDK's types, which must know every field in it."""
    value = model.model_validate_json(data, strict=True)
    assert json.loads(value.model_dump_json(exclude_unset=True)) == json.loads(data)
    assert not unknown(value), f"fields the SDK does not know: {unknown(value)}"
    return value


def unknown(value: object) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in unknown(item)]
    if not isinstance(value, BaseModel):
        return []
    inner = [name for item in vars(value).values() for name in unknown(item)]
    return [*(value.model_extra or {}), *inner]


def streamed(asked: dict[str, Any], path: str) -> Heard:
    return ask({**asked, "stream": True, "stream_options": {"include_usage": True}}, path=path)


@settings(deadline=None)
@given(requests)
def test_a_stream_folds_into_the_whole_reply(asked: dict[str, Any]) -> None:
    path = "/v1/chat/completions"
    whole, stream = ask(asked, path=path), streamed(asked, path)
    read(ChatCompletion, whole.body)
    chunks = stream.chunks()
    for event in stream.events()[:-1]:
        read(ChatCompletionChunk, event)
    assert stream.events()[-1] == b"[DONE]"
    assert chunks[-1]["choices"] == []
    assert all(chunk["usage"] is None for chunk in chunks[:-1])

    expected = whole.json()
    assert chunks[-1]["usage"] == expected.pop("usage")
    expected["object"] = "chat.completion.chunk"
    for choice in expected["choices"]:
        assert choice.pop("logprobs") is None
        assert choice["message"].pop("annotations") == []
    assert fold(chunks) == expected


@settings(deadline=None)
@given(legacy_requests)
def test_a_legacy_stream_folds_into_the_whole_reply(asked: dict[str, Any]) -> None:
    path = "/v1/completions"
    whole, stream = ask(asked, path=path), streamed(asked, path)
    read(Completion, whole.body)
    chunks = stream.chunks()
    expected = whole.json()
    assert chunks[-1]["usage"] == expected.pop("usage")
    for choice in expected["choices"]:
        assert choice.pop("logprobs") is None
    assert fold(chunks) == expected


def test_a_legacy_chunk_is_a_completion() -> None:
    heard = streamed({"model": "echo", "prompt": "hello"}, "/completions")
    for event in heard.events()[:-1]:
        # the SDK's type has no chunk of its own and wants a finish reason, which OpenAI sends as null until the end
        read(Completion, event.replace(b'"finish_reason":null', b'"finish_reason":"stop"'))


def test_chunks_come_as_openai_sends_them() -> None:
    heard = ask(body("echo", "012345", stream=True))
    assert heard.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    frame = {name: value for name, value in heard.chunks()[0].items() if name != "choices"}
    assert frame == {
        "id": frame["id"],
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "echo",
        "system_fingerprint": "fp_simulated",
    }
    assert frame["id"].startswith("chatcmpl-")
    assert heard.chunks() == [
        {**frame, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in (
            ({"role": "assistant", "content": "", "refusal": None}, None),
            ({"content": "0123"}, None),
            ({"content": "45"}, None),
            ({}, "stop"),
        )
    ]


def test_the_choices_of_a_stream_come_side_by_side() -> None:
    heard = ask(body("echo", "0123456789", stream=True, n=2))
    assert [chunk["choices"][0]["index"] for chunk in heard.chunks()] == [0, 1, 0, 1, 0, 1, 0, 0, 1, 1]


def test_usage_comes_only_if_asked_for() -> None:
    heard = ask(body("echo", stream=True, stream_options={"include_usage": False}))
    assert all("usage" not in chunk for chunk in heard.chunks())


def test_a_tool_call_begins_with_its_id_and_goes_on_with_its_index() -> None:
    heard = ask(body("tools", tools=[TOOLS[1]], stream=True))
    deltas = [chunk["choices"][0]["delta"] for chunk in heard.chunks()]
    assert deltas[0] == {"role": "assistant", "content": None, "refusal": None}
    opening = deltas[1]["tool_calls"][0]
    assert opening["id"].startswith("call_")
    assert opening == {
        "index": 0,
        "id": opening["id"],
        "type": "function",
        "function": {"name": "weather", "arguments": ""},
    }
    pieces = [delta["tool_calls"][0] for delta in deltas[2:-1]]
    assert all(len(piece["function"]["arguments"]) <= TOKEN for piece in pieces)
    assert json.loads("".join(piece["function"]["arguments"] for piece in pieces)) == {"city": "text"}


@pytest.mark.parametrize("model", ["long", "slow", "no-usage"])
def test_the_other_answering_models_have_the_shape_too(model: str) -> None:
    read(ChatCompletion, ask(body(model)).body)
    for event in ask(body(model, stream=True)).events()[:-1]:
        read(ChatCompletionChunk, event)


def test_ids_differ_between_requests_and_repeat_with_the_seed() -> None:
    first, again, other = (ask(body(), chance=chance) for chance in (1, 1, 2))
    assert first.body == again.body
    assert first.json()["id"] != other.json()["id"]
    assert first.headers[b"x-request-id"] != other.headers[b"x-request-id"]
