"""The official OpenAI SDK against a real gateway: everything that goes well."""

import asyncio
import contextlib
import json
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionToolParam
from pydantic import BaseModel
from tests.e2e.house import House, alone
from tests.faults import http1, replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.server import FaultServer

TEXT = 'Grüße aus 世界 🌍\n\t"quoted" \\ and \u2028 more'


def tool(name: str, **properties: Any) -> ChatCompletionToolParam:
    parameters: dict[str, object] = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


WEATHER = tool("weather", city={"type": "string"})
TIME = tool("time", zone={"enum": ["UTC", "CET"]})


def user(text: str = TEXT) -> Any:
    return [{"role": "user", "content": text}]


def test_a_reply(house: House) -> None:
    with house.client() as client:
        reply = client.chat.completions.create(model="simulated/echo", messages=user())
    assert reply.choices[0].message.content == TEXT
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_with_usage_only_if_it_was_asked_for(house: House, usage: bool) -> None:
    with house.client() as client:
        options: Any = {"include_usage": True} if usage else openai.NOT_GIVEN
        stream = client.chat.completions.create(
            model="openai/normal", messages=user(), stream=True, stream_options=options
        )
        *chunks, last = stream
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == replies.TEXT
    assert (last.choices == []) == usage
    assert (last.usage is not None) == usage


def test_a_stream_is_handed_on_while_it_comes(house: House) -> None:
    """The provider stops after three pieces of text, which the client has before the provider says anything more."""
    with house.client() as client:
        stream = client.chat.completions.create(model="openai/stall_mid_stream", messages=user(), stream=True)
        pieces = [next(stream).choices[0].delta.content for _ in range(4)]
        assert pieces == ["", *replies.PIECES[:3]]
        stream.close()


async def test_many_at_once_async(house: House) -> None:
    async with house.async_client() as client:

        async def whole(text: str) -> str | None:
            reply = await client.chat.completions.create(model="simulated/echo", messages=user(text))
            return reply.choices[0].message.content

        async def streamed(text: str) -> str:
            stream = await client.chat.completions.create(model="simulated/echo", messages=user(text), stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

        texts = [f"{number} {TEXT}" for number in range(40)]
        assert await asyncio.gather(*map(whole, texts), *map(streamed, texts)) == texts + texts


def test_a_conversation_with_tools(house: House) -> None:
    messages = user("What is the weather?")
    with house.client() as client:
        first = client.chat.completions.create(model="simulated/tools", messages=messages, tools=[WEATHER])
        assert first.choices[0].finish_reason == "tool_calls"
        [call] = first.choices[0].message.tool_calls or []
        assert call.type == "function"
        assert call.function.name == "weather"
        assert set(json.loads(call.function.arguments)) == {"city"}
        messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
        second = client.chat.completions.create(model="simulated/tools", messages=messages, tools=[WEATHER])
    assert second.choices[0].finish_reason == "stop"
    assert second.choices[0].message.content


@pytest.mark.parametrize("parallel", [True, False])
def test_tools_called_side_by_side_whole_and_streamed(house: House, parallel: bool) -> None:
    asked: dict[str, Any] = {
        "model": "simulated/tools",
        "messages": user("Weather and time?"),
        "tools": [WEATHER, TIME],
        "parallel_tool_calls": parallel,
    }
    with house.client() as client:
        whole = client.chat.completions.create(**asked)
        with client.chat.completions.stream(**asked) as stream:
            streamed = stream.get_final_completion()
    for reply in (whole, streamed):
        calls = reply.choices[0].message.tool_calls or []
        assert [call.function.name for call in calls] == (["weather", "time"] if parallel else ["weather"])
        assert len({call.id for call in calls}) == len(calls)
        assert all(json.loads(call.function.arguments) for call in calls)


class Recipe(BaseModel):
    """What a structured answer is to be."""

    title: str
    minutes: int
    steps: list[str]


def test_structured_output_is_parsed(house: House) -> None:
    with house.client() as client:
        reply = client.chat.completions.parse(model="simulated/json", messages=user(), response_format=Recipe)
        with client.chat.completions.stream(model="simulated/json", messages=user(), response_format=Recipe) as stream:
            kinds = {event.type for event in stream}
            streamed = stream.get_final_completion()
    assert isinstance(reply.choices[0].message.parsed, Recipe)
    assert isinstance(streamed.choices[0].message.parsed, Recipe)
    assert {"chunk", "content.delta", "content.done"} <= kinds


@pytest.mark.parametrize("stream", [False, True])
def test_several_choices(house: House, stream: bool) -> None:
    with house.client() as client:
        asked: dict[str, Any] = {"model": "simulated/echo", "messages": user("Hallo Welt"), "n": 3}
        if stream:
            texts = ["", "", ""]
            for chunk in client.chat.completions.create(**asked, stream=True):
                for choice in chunk.choices:
                    texts[choice.index] += choice.delta.content or ""
        else:
            texts = [choice.message.content or "" for choice in client.chat.completions.create(**asked).choices]
    assert texts == ["Hallo Welt"] * 3


def test_legacy_completions(house: House) -> None:
    with house.client() as client:
        whole = client.completions.create(model="simulated/echo", prompt="Hallo Welt")
        streamed = client.completions.create(model="simulated/echo", prompt=["Hallo Welt"], stream=True)
        assert whole.choices[0].text == "Hallo Welt"
        assert "".join(chunk.choices[0].text for chunk in streamed) == "Hallo Welt"


def test_models_are_listed_and_found_by_name(house: House) -> None:
    with house.client() as client:
        names = [model.id for model in client.models.list()]
        assert "house" in names
        assert "simulated/chat" in names
        for name in ("house", "simulated/chat", "openai/gpt-4o"):
            assert client.models.retrieve(name).id == name
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("nobody/knows")


def test_unknown_fields_and_headers_do_no_harm(house: House) -> None:
    with house.client() as client:
        client.chat.completions.create(
            model="house",
            messages=user(),
            extra_body={"a_new_field": {"deep": [1.0, 10**30]}},
            extra_headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x-other": "1"},
            extra_query={"api-version": "1"},
        )
    request = house.upstream.requests[-1]
    assert request.json()["a_new_field"] == {"deep": [1.0, 10**30]}
    assert request.header("traceparent") == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert request.header("x-other") is None
    assert request.header("authorization") == "Bearer sk-upstream"


@pytest.mark.parametrize("stream", [False, True])
def test_headers_say_where_the_answer_comes_from(house: House, stream: bool) -> None:
    with house.client() as client:
        raw = client.chat.completions.with_raw_response.create(
            model="house", messages=user(), stream=stream, extra_headers={"x-request-id": "my-own-id"}
        )
        raw.parse()
    headers = raw.headers
    assert headers["x-request-id"] == "my-own-id"
    assert headers["x-trunkline-provider"] == "openai"
    assert headers["x-trunkline-model"] == "normal"
    assert headers["x-trunkline-attempts"] == "1"
    assert 0 <= float(headers["x-trunkline-overhead-ms"]) < 10_000
    assert "upstream;dur=" in headers["server-timing"]
    usage = replies.USAGE
    cost = usage["prompt_tokens"] * 2e-6 + usage["completion_tokens"] * 8e-6
    assert headers.get("x-trunkline-cost") == (None if stream else f"{cost:.9f}")


def test_a_request_id_is_minted_where_none_is_given(house: House) -> None:
    with house.client() as client:
        first = client.chat.completions.create(model="house", messages=user())
        second = client.chat.completions.create(model="house", messages=user())
    assert first._request_id
    assert first._request_id != second._request_id
    rows = house.background.run(house.running.rows())
    assert {first._request_id, second._request_id} <= {row.request for row in rows}


def test_a_large_request_and_a_large_reply(house: House) -> None:
    large = TEXT * 50_000
    with house.client() as client:
        reply = client.chat.completions.create(model="simulated/echo", messages=user(large[:60_000]))
        client.chat.completions.create(model="house", messages=user(large))
    assert house.upstream.requests[-1].json()["messages"][0]["content"] == large
    assert reply.choices[0].message.content == large[:60_000]


def test_connections_are_used_again_whatever_the_answer(house: House) -> None:
    before = len(house.running.process.server.connections)
    with house.client() as client:
        for model in ("house", "nobody/knows", "openai/caller_400", "openai/error_500", "house"):
            with contextlib.suppress(openai.APIStatusError):
                client.chat.completions.create(model=model, messages=user())
        assert len(house.running.process.server.connections) == before + 1


LOGPROB = {"token": "Hi", "logprob": -0.31725305, "bytes": [72, 105], "top_logprobs": []}


async def with_logprobs(x: Exchange) -> None:
    """Answers with a token's probability."""
    message = {"role": "assistant", "content": "Hi"}
    logprobs = {"content": [LOGPROB], "refusal": None}
    envelope = {"id": "chatcmpl-1", "created": 1790000000, "model": x.model}
    if x.streams:
        choice = {"index": 0, "delta": message, "logprobs": logprobs, "finish_reason": "stop"}
        chunk = replies.event({**envelope, "object": "chat.completion.chunk", "choices": [choice]})
        await x.start_stream()
        await x.send_chunks(chunk, replies.DONE)
        await x.send(http1.LAST_CHUNK)
    else:
        choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}
        await x.send(http1.message(200, replies.encode({**envelope, "object": "chat.completion", "choices": [choice]})))


async def test_logprobs_come_through() -> None:
    upstream = FaultServer(Fault("logprobs", with_logprobs.__doc__ or "", None, None, answer=with_logprobs))
    async with alone(upstream) as it:
        asked: Any = {"model": "openai/any", "messages": user(), "logprobs": True, "top_logprobs": 0}
        whole = await it.client.chat.completions.create(**asked)
        stream = await it.client.chat.completions.create(**asked, stream=True)
        [chunk] = [chunk async for chunk in stream]
    for choice in (whole.choices[0], chunk.choices[0]):
        assert choice.logprobs is not None
        [token] = choice.logprobs.content or []
        assert token.model_dump() == LOGPROB
