"""Legacy Completions: in front of any provider, and behind its own clients."""

from typing import Any

import pytest
from openai.types import Completion
from tests.formats.openai_chat.chat import DONE, event
from tests.formats.openai_chat.talking import payloads

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Delta,
    Event,
    Image,
    Logprob,
    Message,
    OutputFormat,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    Text,
    Tool,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.folding import fold
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.formats.openai_chat import FORMAT
from trunkline.formats.openai_chat import FORMAT_COMPLETIONS as LEGACY

ASKED = Request(format="openai_completions", model="m")


def read(**fields: Any) -> Request:
    return LEGACY.read_request({"model": "m", **fields}, Place())


def write(request: Request, **flags: Any) -> dict[str, Any]:
    return LEGACY.write_request(request, Dialect(**flags), Losses())


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "Once"},
        {"prompt": ["Once"]},
        {"prompt": ""},
        {"prompt": ["Once", "Twice"]},
        {"prompt": [1, 2]},
        {"prompt": None},
        {},
        {"prompt": "Once", "max_tokens": 16, "logprobs": 0, "echo": False, "suffix": "end", "stop": "a"},
        {"prompt": "Once", "max_tokens": 5, "logprobs": 3, "best_of": 1, "n": 1, "stream": True},
        {"prompt": "Once", "best_of": 3, "temperature": 0.5, "seed": 1, "user": "u", "logit_bias": {"5": 1}},
    ],
)
def test_a_request_comes_back_as_it_was(fields: dict[str, Any]) -> None:
    assert write(read(**fields)) == {"model": "m", **fields}


def test_a_prompt_is_what_the_user_says_and_sixteen_tokens_answer_it() -> None:
    written = FORMAT.write_request(read(prompt="Once"), PLAIN, Losses())
    assert written == {
        "model": "m",
        "messages": [{"role": "user", "content": "Once"}],
        "max_completion_tokens": 16,
    }


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": "a", "suffix": "b"}, "suffix"),
        ({"prompt": "a", "echo": True}, "echo"),
        ({"prompt": "a", "best_of": 3}, "best_of"),
    ],
)
def test_what_only_a_completion_can_is_refused_elsewhere(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(CannotCarry) as caught:
        FORMAT.write_request(read(**fields), PLAIN, Losses())
    assert caught.value.param == param


def test_logprobs_are_asked_for_in_chats_words() -> None:
    written = FORMAT.write_request(read(prompt="a", logprobs=2), PLAIN, Losses())
    assert (written["logprobs"], written["top_logprobs"]) == (True, 2)


@pytest.mark.parametrize("fields", [{"prompt": 5}, {"prompt": "a", "max_tokens": "many"}])
def test_a_wrong_type_is_told(fields: dict[str, Any]) -> None:
    with pytest.raises(ShapeError) as caught:
        read(**fields)
    assert caught.value.param == list(fields)[-1]


def test_words_of_the_user_are_a_prompt() -> None:
    parts = [Text(text="Once "), Text(text="upon")]
    request = Request(format="openai_chat", model="m", messages=[Message(role="user", parts=list(parts))], max_output=9)
    assert write(request) == {"model": "m", "prompt": "Once upon", "max_tokens": 9}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [Message(role="user"), Message(role="assistant")]}, "messages"),
        ({"messages": [Message(role="user", parts=[Image(url="https://a")])]}, "messages"),
        ({"messages": [Message(role="user")], "instructions": Message(role="system")}, "messages"),
        ({"messages": [Message(role="user")], "tools": [Tool(name="f")]}, "tools"),
        ({"messages": [Message(role="user")], "output": OutputFormat(kind="json")}, "response_format"),
    ],
)
def test_a_conversation_is_no_prompt(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(CannotCarry) as caught:
        write(Request(format="openai_chat", model="m", **fields))
    assert caught.value.param == param


# Replies

DOCUMENT = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "m",
    "choices": [{"text": " upon", "index": 0, "logprobs": None, "finish_reason": "length", "stop_reason": None}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def test_a_reply_comes_back_as_it_was() -> None:
    reply = LEGACY.read_reply(DOCUMENT, PLAIN)
    assert reply.choices[0].parts == [Text(text=" upon")]
    assert reply.usage == Usage(input=1, output=2)
    assert LEGACY.write_reply(reply, ASKED) == DOCUMENT


def test_a_message_in_place_of_a_text_is_read() -> None:
    """As Mistral answers where the middle of a text is asked for."""
    said = {"index": 0, "message": {"role": "assistant", "content": "n):"}, "finish_reason": "stop"}
    document = {**DOCUMENT, "choices": [said]}
    reply = LEGACY.read_reply(document, PLAIN)
    assert reply.choices[0].parts == [Text(text="n):")]
    assert LEGACY.write_reply(reply, ASKED) == document


@pytest.mark.parametrize("document", [{}, {"choices": None}, {"choices": [], "error": {}}, {"choices": [5]}])
def test_what_is_no_reply_is_refused(document: dict[str, Any]) -> None:
    if document == {"choices": [], "error": {}}:
        assert LEGACY.read_reply(document, PLAIN).choices == []
        return
    with pytest.raises(ValueError, match="reply"):
        LEGACY.read_reply(document, PLAIN)


def test_an_answer_of_another_format_is_a_text_completion() -> None:
    parts: list[AnyPart] = [Reasoning(text="Hm"), Text(text="a"), Refusal(text="b"), ToolCall(name="f")]
    logprobs = [Logprob(token="a", logprob=-1, top=[Logprob(token="c", logprob=-2)]), Logprob(token="b", logprob=-3)]
    choice = Choice(parts=parts, stop=Stop(reason="tool_calls"), logprobs=logprobs)
    written = LEGACY.write_reply(Reply(format="anthropic_messages", id="x", choices=[choice]), ASKED)
    Completion.model_validate(written)
    assert written["choices"] == [
        {
            "text": "ab",
            "index": 0,
            "logprobs": {
                "tokens": ["a", "b"],
                "token_logprobs": [-1, -3],
                "top_logprobs": [{"c": -2}, {}],
                "text_offset": [0, 1],
            },
            "finish_reason": "stop",
            "reasoning_content": "Hm",
        }
    ]


# Streams


def chunk(**choice: Any) -> bytes:
    said = {"text": "", "index": 0, "logprobs": None, "finish_reason": None, **choice}
    return event({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": [said]})


def test_a_stream_comes_back_as_it_was() -> None:
    raw = chunk(text=" up") + chunk(text="on") + chunk(finish_reason="length") + DONE
    reader, writer = LEGACY.reader(PLAIN, 1 << 20), LEGACY.writer(ASKED)
    events = reader.feed(raw)
    assert fold(events, "openai_completions").choices[0].parts == [Text(text=" upon")]
    assert payloads(b"".join(map(writer.feed, events)) + writer.end()) == payloads(raw)


def test_chunks_of_chat_in_place_of_a_completions_are_read() -> None:
    raw = event({"choices": [{"index": 0, "delta": {"content": "Hi"}}]})
    assert fold(LEGACY.reader(PLAIN, 1 << 20).feed(raw), "openai_completions").choices[0].parts == [Text(text="Hi")]


def test_a_stream_of_another_format_is_one_of_text_completions() -> None:
    writer = LEGACY.writer(ASKED)
    events = [
        Event(id="msg_1", model="c", starts=True),
        Event(deltas=[Delta(choice=0, part=0, piece=Reasoning(text="Hm"))]),
        Event(deltas=[Delta(choice=0, part=1, piece=Text(text="a"), logprobs=[Logprob(token="a", logprob=-1)])]),
        Event(deltas=[Delta(choice=0, part=1, piece=Text(text="b"), logprobs=[Logprob(token="b", logprob=-2)])]),
        Event(stops={0: Stop(reason="stop")}, ends=True),
    ]
    found = payloads(b"".join(map(writer.feed, events)) + writer.end())
    choices = [one["choices"][0] for one in found]
    assert [choice["text"] for choice in choices] == ["", "a", "b", ""]
    assert choices[2]["logprobs"]["text_offset"] == [1]
    assert choices[-1]["finish_reason"] == "stop"
    assert {one["object"] for one in found} == {"text_completion"}


def test_what_sound_says_is_told_as_text() -> None:
    sound = Audio(media_type="audio/wav", data="UklGRg==", transcript="Hi")
    reply = LEGACY.write_reply(Reply(format="openai_chat", id="x", choices=[Choice(parts=[sound])]), ASKED)
    assert reply["choices"][0]["text"] == "Hi"
    writer = LEGACY.writer(ASKED)
    events = [Event(id="x", model="m", starts=True), Event(deltas=[Delta(choice=0, part=0, piece=sound)])]
    assert payloads(b"".join(map(writer.feed, events)))[-1]["choices"][0]["text"] == "Hi"
