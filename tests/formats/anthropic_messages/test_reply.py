"""Whole replies: a provider's message, and what a client of this format is given."""

from typing import Any

import msgspec
import pytest
from tests.formats.anthropic_messages.recorded import REPLIES
from tests.formats.anthropic_messages.speaking import CLIENT, NAME, client
from tests.recorded.exchanges import Exchange

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Citation,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Reply,
    Stop,
    StopReason,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.sealed import unseal


def message(*content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 7},
        **fields,
    }


def there_and_back(value: dict[str, Any], dialect: Dialect = PLAIN) -> Any:
    return msgspec.json.decode(msgspec.json.encode(FORMAT.write_reply(FORMAT.read_reply(value, dialect), CLIENT)))


def answer(*parts: AnyPart, stop: StopReason | None = "stop", **fields: Any) -> dict[str, Any]:
    """What a client sees of another format's reply."""
    choice = Choice(parts=list(parts), stop=None if stop is None else Stop(reason=stop, said="word"))
    reply = Reply(format="openai_chat", id="chatcmpl-1", model="gpt", choices=[choice], **fields)
    return FORMAT.write_reply(reply, CLIENT)


@pytest.mark.shared
@pytest.mark.parametrize("recorded", REPLIES)
def test_a_recorded_reply_comes_back_as_it_was(recorded: Exchange) -> None:
    for value in recorded.replies:
        assert there_and_back(value) == value


@pytest.mark.parametrize(
    "value",
    [
        message({"type": "text", "text": "x", "citations": None}, stop_details=None, container={"id": "c"}),
        message(stop_reason=None),
        message(stop_reason="stop_sequence", stop_sequence="END"),
        message(stop_reason="refusal", stop_details={"type": "refusal", "category": "bio", "explanation": "No."}),
        message(stop_reason="of_tomorrow"),
        message({"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}}),
        message({"type": "tool_use", "id": "a", "name": "f"}),
        message({"type": "tool_use", "id": "a", "name": "f", "input": '{"a": 1}'}),
        message({"type": "tool_use", "id": None, "name": "f", "input": None}),
        message({"type": "text", "text": None}, {"type": "of_tomorrow", "x": 1}),
        message({"type": "thinking", "thinking": "Hm."}, {"type": "thinking", "thinking": "", "signature": "c2ln"}),
        message(usage={"input_tokens": 1, "output_tokens": 2, "server_tool_use": None, "cost": 0.1}),
        message(usage=None),
        {"content": [], "model": "ollama"},
    ],
)
def test_odd_replies_come_back_as_they_were(value: dict[str, Any]) -> None:
    assert there_and_back(value) == value
    assert there_and_back(value, Dialect(issuer="deepseek")) == value


def test_a_reply_is_read_into_the_neutral_one() -> None:
    value = message(
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
        stop_reason="tool_use",
        usage={
            "input_tokens": 5,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 20,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3},
            "service_tier": "standard",
        },
    )
    reply = FORMAT.read_reply(value, Dialect(issuer="anthropic"))
    choice = reply.choices[0]
    assert choice.parts == [
        Reasoning(text="Hm.", signature="c2ln", issuer="anthropic"),
        Text(text="Hi"),
        ToolCall(id="a", name="f", arguments="{}"),
    ]
    assert choice.stop is not None
    assert (choice.stop.reason, choice.stop.said) == ("tool_calls", "tool_use")
    assert reply.usage == Usage(input=35, cached=10, cache_write=20, output=7, reasoning=3)
    assert (reply.id, reply.model, reply.service_tier) == ("msg_1", "claude", "standard")


def test_usage_that_was_changed_is_computed() -> None:
    reply = FORMAT.read_reply(message(), PLAIN)
    reply.usage = Usage(input=9, cached=4, output=1)
    assert FORMAT.write_reply(reply, CLIENT)["usage"] == {
        "input_tokens": 5,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4,
        "output_tokens": 1,
    }


@pytest.mark.parametrize("value", [{}, {"type": "error", "error": {"message": "busy"}}, {"content": "x"}])
def test_what_is_no_message_is_not_read(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no message"):
        FORMAT.read_reply(value, PLAIN)


# For a client of this format


def test_a_client_is_given_a_message_that_its_sdk_reads() -> None:
    value = answer(
        Reasoning(text="Hm.", summary=["First."]),
        Text(text="So it is.", citations=[Citation(url="https://x.test", title="X", cited="so")]),
        ToolCall(id="call_1", name="f", arguments='{"a":1}'),
        usage=Usage(input=30, cached=10, cache_write=5, output=7, reasoning=3),
    )
    with client(msgspec.json.encode(value), "application/json") as sdk:
        heard = sdk.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}])
    thinking, text, call = heard.content
    assert thinking.type == "thinking"
    assert thinking.thinking == "Hm.\n\nFirst."
    assert text.type == "text"
    assert text.citations is not None
    assert text.citations[0].cited_text == "so"
    assert call.type == "tool_use"
    assert (call.id, call.name, call.input) == ("call_1", "f", {"a": 1})
    assert (heard.stop_reason, heard.id, heard.model) == ("tool_use", "chatcmpl-1", "gpt")
    usage = heard.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (15, 10, 5)
    assert usage.output_tokens_details is not None
    assert (usage.output_tokens, usage.output_tokens_details.thinking_tokens) == (7, 3)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("stop", "end_turn"),
        ("stop_sequence", "stop_sequence"),
        ("length", "max_tokens"),
        ("context", "model_context_window_exceeded"),
        ("filtered", "refusal"),
        ("refused", "refusal"),
        ("paused", "pause_turn"),
        ("failed", "refusal"),
        (None, None),
    ],
)
def test_why_it_stopped_is_said_in_this_formats_words(reason: StopReason | None, said: str | None) -> None:
    assert answer(Text(text="x"), stop=reason)["stop_reason"] == said


def test_calls_are_told_by_the_calls_not_by_the_reason() -> None:
    call = ToolCall(id="a", name="f", arguments="{}")
    assert answer(call, stop="stop")["stop_reason"] == "tool_use"
    assert answer(call, stop="length")["stop_reason"] == "max_tokens"


def test_a_reply_that_failed_says_so() -> None:
    assert answer(stop="failed")["stop_details"]["explanation"] == "The provider could not finish its answer (word)."


def test_what_others_sign_or_encrypt_is_sealed_and_comes_back() -> None:
    call = ToolCall(id="a", name="f", arguments="{}", signature="Z29v", issuer="google")
    content = answer(
        Reasoning(text="Hm.", signature="c2ln", issuer="google"), Reasoning(encrypted="ZW5j", issuer="openai"), call
    )["content"]
    assert [block["type"] for block in content] == ["thinking", "redacted_thinking", "thinking", "tool_use"]
    signed, opaque, before = (
        unseal(content[0]["signature"]),
        unseal(content[1]["data"]),
        unseal(content[2]["signature"]),
    )
    assert (signed.issuer, signed.signature) == ("google", "c2ln")  # type: ignore[union-attr]
    assert (opaque.issuer, opaque.encrypted) == ("openai", "ZW5j")  # type: ignore[union-attr]
    assert (before.issuer, before.signature) == ("google", "Z29v")  # type: ignore[union-attr]
    own = answer(Reasoning(text="Hm.", signature="c2ln", issuer="anthropic"))["content"]
    assert own == [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", {}),
        ("null", {}),
        ('{"a": 1', {"arguments": '{"a": 1'}),
        ("[1]", {"arguments": "[1]"}),
        ('{"a":1}', {"a": 1}),
    ],
)
def test_arguments_that_are_no_object_are_given_whole(arguments: str, said: dict[str, Any]) -> None:
    assert answer(ToolCall(id="a", name="f", arguments=arguments))["content"][0]["input"] == said


def test_a_call_without_an_id_gets_one_and_always_the_same() -> None:
    call = ToolCall(name="f", arguments="{}")
    first, second = answer(call, call)["content"]
    assert first["id"] != second["id"]
    assert answer(call, call)["content"][0]["id"] == first["id"]


def test_what_replies_have_no_block_for_is_said_in_words_or_stands_beside_them() -> None:
    value = answer(
        Refusal(text="I will not."),
        Image(data="QUJD", media_type="image/png"),
        Audio(data="QUJD", transcript="La la"),
        Foreign(format="openai_chat", kind="x", value={}),
        Text(text=""),
    )
    assert [block["text"] for block in value["content"]] == ["I will not.", "La la"]
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
    assert value["attachments"] == [picture]


def test_a_reply_with_nothing_in_it_is_a_message_all_the_same() -> None:
    value = FORMAT.write_reply(Reply(format="openai_chat"), CLIENT)
    assert (value["content"], value["model"], value["stop_reason"]) == ([], "asked-model", None)
    assert value["usage"]["input_tokens"] == 0
    assert NAME == "anthropic_messages"
