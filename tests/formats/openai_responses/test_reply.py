"""Whole replies, read and written."""

from typing import Any

import pytest
from openai.types.responses import Response
from tests.formats.openai_responses.speaking import MESSAGE, USAGE, completed, read, read_items

from trunkline.formats.billing import Details
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Citation,
    Foreign,
    Image,
    Logprob,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    StopReason,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.openai_responses import FORMAT

CALL = {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "c1", "name": "f", "arguments": "{}"}
ASKED = Request(format="openai_responses", model="m")


def response(*output: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = completed(*output, **more)["response"]
    return found


def read_reply(*output: dict[str, Any], **more: Any) -> Reply:
    return FORMAT.read_reply(response(*output, **more), PLAIN)


def answered(*parts: AnyPart, reason: StopReason = "stop", request: Request = ASKED, **more: Any) -> dict[str, Any]:
    """What a client of this format gets of a reply in another."""
    choice = Choice(parts=list(parts), stop=Stop(reason=reason, said="x"), **more)
    reply = Reply(format="anthropic_messages", id="a1", model="claude", created=7, choices=[choice])
    reply.usage = Usage(input=9, cached=4, output=3, reasoning=1)
    return FORMAT.write_reply(reply, request)


ODD_OUTPUTS: list[dict[str, Any]] = [
    {"id": "rs_1", "type": "reasoning", "summary": [], "content": [], "encrypted_content": "x"},
    {"id": "rs_2", "type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}, {"type": "new"}]},
    {"type": "message", "role": "assistant", "content": []},
    {
        "type": "message",
        "role": "assistant",
        "id": "m",
        "content": [{"type": "refusal", "refusal": "No"}, {"type": "new"}],
    },
    MESSAGE | {"content": [*MESSAGE["content"], {"type": "output_text", "text": ""}]},
    CALL | {"arguments": ""},
    CALL | {"arguments": None, "caller": {"type": "direct"}},
    CALL | {"arguments": '{"x":', "status": "incomplete"},
    {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "aGk=", "output_format": "webp"},
    {"id": "ig_2", "type": "image_generation_call", "status": "failed", "result": None},
    {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search"}},
    {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "text", "status": "completed"},
    {"type": "something_new", "x": 1},
]


@pytest.mark.parametrize("item", ODD_OUTPUTS)
def test_every_item_is_written_back_as_it_was(item: dict[str, Any]) -> None:
    value = response(MESSAGE, item, CALL, error=None, new={"a": [None]})
    assert FORMAT.write_reply(FORMAT.read_reply(value, PLAIN), ASKED) == value


@pytest.mark.parametrize(
    "more",
    [
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        {"status": "incomplete", "incomplete_details": {"reason": "content_filter", "more": 1}},
        {"status": "incomplete", "incomplete_details": None},
        {"status": "failed", "error": {"code": "server_error", "message": "Oh"}},
        {"status": "queued"},
        {"status": "new_status"},
        {"usage": None, "created_at": 5.5, "id": "", "service_tier": None},
        {"usage": {"input_tokens": 1, "output_tokens": 2, "cost": 0.5}},
    ],
)
def test_every_frame_is_written_back_as_it_was(more: dict[str, Any]) -> None:
    value = response(MESSAGE) | more
    assert FORMAT.write_reply(FORMAT.read_reply(value, PLAIN), ASKED) == value


def test_what_a_reply_says() -> None:
    thought = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    reply = read_reply(thought, MESSAGE, CALL, service_tier="flex")
    assert (reply.id, reply.model, reply.created, reply.service_tier) == ("resp_1", "m", 5, "flex")
    assert reply.usage == Usage(input=9, cached=4, output=3, reasoning=1)
    (choice,) = reply.choices
    first, second, third = choice.parts
    assert isinstance(first, Reasoning)
    assert first.summary == ["hm"]
    assert isinstance(second, Text)
    assert second.text == "Hallo Welt"
    assert isinstance(third, ToolCall)
    assert (third.id, third.name, third.arguments) == ("c1", "f", "{}")
    assert choice.stop is not None
    assert (choice.stop.reason, choice.stop.said) == ("tool_calls", "completed")


def test_log_probabilities_belong_to_the_choice() -> None:
    tokens = [{"token": "Ha", "logprob": -0.5, "bytes": [72, 97], "top_logprobs": [{"token": "Ho", "logprob": -1}]}]
    part = MESSAGE["content"][0] | {"logprobs": tokens}
    value = response(MESSAGE | {"content": [part, part]})
    reply = FORMAT.read_reply(value, PLAIN)
    assert reply.choices[0].logprobs is not None
    assert [(one.token, one.top[0].token) for one in reply.choices[0].logprobs] == [("Ha", "Ho"), ("Ha", "Ho")]
    assert FORMAT.write_reply(reply, ASKED) == value


def test_usage_without_its_reasoning_is_seen_by_its_total() -> None:
    usage = {
        "input_tokens": 5,
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 14,
    }
    assert read_reply(usage=usage).usage == Usage(input=5, output=9, reasoning=7)
    assert read_reply(usage={"input_tokens": None, "output_tokens": -3}).usage == Usage(
        details=Details(impossible=True)
    )


def test_reasoning_carries_its_providers_family() -> None:
    thought = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "opaque"}
    part = FORMAT.read_reply(response(thought), Dialect(issuer="xai")).choices[0].parts[0]
    assert isinstance(part, Reasoning)
    assert (part.encrypted, part.issuer) == ("opaque", "xai")


@pytest.mark.parametrize("value", [{}, {"output": None}, {"output": ["x"]}, {"choices": []}])
def test_what_is_no_response_is_not_read(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        FORMAT.read_reply(value, PLAIN)


def test_the_sdk_hears_a_reply_of_another_format() -> None:
    value = answered(
        Reasoning(text="hm", signature="s", issuer="anthropic"),
        Text(text="Hallo "),
        Text(text="Welt", citations=[Citation(url="https://e.com", title="E")]),
        ToolCall(id="c1", name="f", arguments='{"x":1}'),
        ToolCall(name="g"),
        reason="tool_calls",
    )
    heard = Response.model_validate(value)
    assert heard.id == "resp_a1"
    assert (heard.output_text, heard.status, heard.model) == ("Hallo Welt", "completed", "claude")
    assert [item.type for item in heard.output] == ["reasoning", "message", "function_call", "function_call"]
    assert heard.usage is not None
    assert heard.usage.input_tokens_details.cached_tokens == 4
    assert heard.usage.total_tokens == 12
    last = heard.output[3]
    assert last.type == "function_call"
    assert last.call_id.startswith("call_")
    assert last.arguments == "{}"


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        ("stop", "completed", None),
        ("paused", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("context", "incomplete", "max_output_tokens"),
        ("filtered", "incomplete", "content_filter"),
        ("refused", "incomplete", "content_filter"),
        ("failed", "failed", None),
    ],
)
def test_how_replies_of_other_formats_ended(reason: StopReason, status: str, why: str | None) -> None:
    value = answered(Text(text="x"), reason=reason)
    assert value["status"] == status
    assert value["incomplete_details"] == ({"reason": why} if why else None)
    assert (value["error"] is not None) == (status == "failed")
    Response.model_validate(value)


def test_the_request_is_repeated() -> None:
    request = read(
        {
            "input": "x",
            "instructions": "Be brief.",
            "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "patch"}, {"type": "web_search"}],
            "tool_choice": {"type": "function", "name": "f"},
            "temperature": 0.5,
            "text": {"verbosity": "low"},
            "reasoning": {"effort": "low"},
            "metadata": {"a": "b"},
            "truncation": "auto",
            "user": "u",
        }
    )
    value = answered(Text(text="x"), request=request)
    assert value["tools"] == [
        {"type": "function", "name": "f", "description": None, "parameters": None, "strict": True},
        {"type": "custom", "name": "patch"},
    ]
    assert value["tool_choice"] == {"type": "function", "name": "f"}
    assert value["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert value["reasoning"] == {"effort": "low", "summary": None}
    assert (value["instructions"], value["temperature"], value["truncation"], value["user"]) == (
        "Be brief.",
        0.5,
        "auto",
        "u",
    )
    Response.model_validate(value)


def test_calls_of_custom_tools_turn_back() -> None:
    request = read({"input": "x", "tools": [{"type": "custom", "name": "patch"}]})
    value = answered(ToolCall(id="c1", name="patch", arguments='{"input":"*** x"}'), request=request)
    assert value["output"][0]["type"] == "custom_tool_call"
    assert value["output"][0]["input"] == "*** x"
    broken = answered(ToolCall(id="c1", name="patch", arguments='{"input":"*'), request=request)
    assert broken["output"][0]["input"] == '{"input":"*'


def test_sounds_are_heard_as_their_words_and_pictures_as_a_tools_result() -> None:
    value = answered(
        Audio(data="aGk=", transcript="Hallo"), Image(data="aGk=", media_type="image/webp"), Refusal(text="No")
    )
    words, picture, refusal = value["output"]
    assert words["content"][0]["text"] == "Hallo"
    assert (picture["type"], picture["result"], picture["output_format"]) == ("image_generation_call", "aGk=", "webp")
    assert refusal["content"] == [{"type": "refusal", "refusal": "No"}]
    Response.model_validate(value)


def test_what_only_another_format_knows_is_left_out() -> None:
    value = answered(Foreign(format="anthropic_messages", kind="server_tool_use", value={"type": "x"}), Text(text="x"))
    assert [item["type"] for item in value["output"]] == ["message"]


def test_log_probabilities_of_chat() -> None:
    value = answered(Text(text="Ha"), logprobs=[Logprob(token="Ha", logprob=-1, top=[Logprob(token="Ho", logprob=-2)])])
    assert value["output"][0]["content"][0]["logprobs"] == [
        {
            "token": "Ha",
            "logprob": -1,
            "bytes": [72, 97],
            "top_logprobs": [{"token": "Ho", "logprob": -2, "bytes": [72, 111]}],
        }
    ]


@pytest.mark.parametrize("summary", [None, "auto"])
def test_signed_reasoning_comes_back_with_the_next_turn(summary: str | None) -> None:
    request = read({"input": "x", "reasoning": {"summary": summary}})
    value = answered(
        Reasoning(text="hm", signature="sig", issuer="anthropic"),
        Reasoning(encrypted="hidden", issuer="anthropic"),
        ToolCall(id="c1", name="f", signature="thought", issuer="google"),
        request=request,
    )
    assert bool(value["output"][0]["summary"]) == (summary is not None)
    following = read_items({"role": "user", "content": "x"}, *value["output"])
    parts = [part for message in following.messages[1:] for part in message.parts]
    assert isinstance(parts[0], Reasoning)
    assert (parts[0].text, parts[0].signature, parts[0].issuer) == ("hm", "sig", "anthropic")
    assert isinstance(parts[1], Reasoning)
    assert (parts[1].encrypted, parts[1].issuer) == ("hidden", "anthropic")
    assert isinstance(parts[2], Reasoning)
    assert (parts[2].signature, parts[2].issuer) == ("thought", "google")
    assert isinstance(parts[3], ToolCall)


def test_usage_is_written_as_it_was_reported() -> None:
    reply = read_reply(MESSAGE)
    assert FORMAT.write_reply(reply, ASKED)["usage"] is reply.reported
    reply.usage = Usage(input=1, output=1)
    assert FORMAT.write_reply(reply, ASKED)["usage"] == USAGE | {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    }
