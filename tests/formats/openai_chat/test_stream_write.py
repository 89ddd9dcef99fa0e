"""Streams of other formats, written as chunks that OpenAI's SDK puts together."""

from typing import Any

import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from tests.formats.openai_chat.talking import payloads, written

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Citation,
    Delta,
    Event,
    Foreign,
    Image,
    Logprob,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.folding import fold, unfold
from trunkline.formats.format import Place, Problem
from trunkline.formats.openai_chat import FORMAT

START = Event(id="msg_1", model="claude", created=5, starts=True)
END = Event(stops={0: Stop(reason="stop", said="end_turn")}, usage=Usage(input=3, output=2), ends=True)


def delta(piece: AnyPart | None, part: int = 0, choice: int = 0, **fields: Any) -> Event:
    return Event(deltas=[Delta(choice=choice, part=part, piece=piece, **fields)])


def chunks(*events: Event, **fields: Any) -> list[dict[str, Any]]:
    """The chunks that say `events`, each of which OpenAI's SDK knows."""
    found = payloads(written([START, *events], **fields))
    for one in found:
        ChatCompletionChunk.model_validate(one)
    return found


def message(*events: Event) -> dict[str, Any]:
    """The message that OpenAI's SDK makes of the stream."""
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for one in chunks(*events, END):
        state.handle_chunk(ChatCompletionChunk.model_validate(one))
    folded: dict[str, Any] = state.get_final_completion().choices[0].message.model_dump()
    return folded


def deltas(*events: Event) -> list[dict[str, Any]]:
    return [choice["delta"] for one in chunks(*events) for choice in one["choices"]]


def test_a_stream_begins_with_who_speaks_and_ends_with_why_it_ends() -> None:
    first, text, last = chunks(delta(Text(text="Hi")), END)
    assert first == {
        "id": "msg_1",
        "object": "chat.completion.chunk",
        "created": 5,
        "model": "claude",
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
        ],
    }
    assert text["choices"][0]["delta"] == {"content": "Hi"}
    assert last["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert written([START, END]).endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("asked", [True, False, None])
def test_usage_is_told_at_the_end_to_those_who_asked(asked: bool | None) -> None:
    last = chunks(delta(Text(text="Hi")), END, stream_usage=asked)[-1]
    assert (last["choices"] == []) is bool(asked)
    assert last.get("usage", {}).get("total_tokens") == (5 if asked else None)


def test_calls_are_put_together_by_the_sdk() -> None:
    calls = message(
        delta(Text(text="Let me see"), 0),
        delta(ToolCall(id="toolu_1", name="f"), 1, begins=True),
        delta(ToolCall(arguments='{"a"'), 1),
        delta(ToolCall(id="", name="g"), 2, begins=True),
        delta(ToolCall(arguments=":1}"), 1),
        delta(None, 2, ends=True),
        delta(ToolCall(id="toolu_3", name="h", arguments="{}"), 3, begins=True, ends=True),
    )["tool_calls"]
    assert [(one["function"]["name"], one["function"]["arguments"]) for one in calls] == [
        ("f", '{"a":1}'),
        ("g", "{}"),
        ("h", "{}"),
    ]
    assert [one["id"] for one in calls][::2] == ["toolu_1", "toolu_3"]
    assert calls[1]["id"].startswith("call_")


def test_an_answer_with_calls_ends_with_them_whatever_was_said() -> None:
    assert chunks(delta(ToolCall(id="a", name="f")), END)[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_reasoning_is_shown_as_it_comes_and_told_whole_once_it_is_signed() -> None:
    found = deltas(
        delta(Reasoning(text="H"), 0),
        delta(Reasoning(text="m"), 0),
        delta(Reasoning(signature="s", issuer="anthropic"), 0),
        delta(Reasoning(text="More"), 1),
        delta(Reasoning(encrypted="e", issuer="openai", id="rs_1"), 2),
    )
    assert [one.get("reasoning_content") for one in found] == [None, "H", "m", None, "\n\nMore", None]
    assert found[3]["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
    ]
    assert found[5]["reasoning_details"][0] == {
        "type": "reasoning.encrypted",
        "data": "e",
        "id": "rs_1",
        "format": "openai-responses-v1",
        "index": 1,
    }


def test_summaries_stand_apart() -> None:
    found = deltas(delta(Reasoning(summary=["A"]), 0), delta(Reasoning(summary=["B"]), 0))
    assert "".join(one.get("reasoning_content", "") for one in found) == "A\n\nB"


def test_what_comes_back_on_the_next_turn_is_what_was_thought() -> None:
    folded: dict[str, Any] = {"role": "assistant", "content": "Hi", "reasoning_content": "", "reasoning_details": []}
    events = [delta(Reasoning(text="Hm"), 0), delta(Reasoning(signature="s", issuer="anthropic"), 0)]
    for one in deltas(*events, delta(Text(text="Hi"), 1)):
        folded["reasoning_content"] += one.get("reasoning_content", "")
        folded["reasoning_details"] += one.get("reasoning_details", [])
    read = FORMAT.read_request({"model": "m", "messages": [folded]}, Place())
    assert read.messages[0].parts == [Reasoning(text="Hm", signature="s", issuer="anthropic"), Text(text="Hi")]


def test_citations_that_come_together_are_all_told() -> None:
    both = Event(deltas=[*delta(Text(citations=[Citation(url="https://a")])).deltas] * 2)
    (found,) = [one["annotations"] for one in deltas(delta(Text(text="ab")), both) if "annotations" in one]
    assert [one["url_citation"]["url"] for one in found] == ["https://a", "https://a"]


def test_everything_else_has_its_place() -> None:
    found = deltas(
        delta(Text(text="ab")),
        delta(Text(citations=[Citation(url="https://a", title="A")])),
        delta(Refusal(text="No"), 1),
        delta(Image(data="AAAA", media_type="image/png"), 2),
        delta(Audio(data="AA", transcript="Hi"), 3),
        delta(ToolCall(id="a", name="f", signature="c2ln", issuer="google"), 4),
        delta(Foreign(format="anthropic_messages", kind="server_tool_use"), 5),
    )
    cited = {"url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
    assert found[2] == {"annotations": [{"type": "url_citation", "url_citation": cited}]}
    assert found[3] == {"refusal": "No"}
    assert found[4]["images"][0]["image_url"]["url"] == "data:image/png;base64,AAAA"
    assert found[5]["audio"]["transcript"] == "Hi"
    assert found[6]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}
    assert found[7:] in ([], [{}])


def test_several_choices_each_begin_with_who_speaks() -> None:
    both = Event(deltas=[Delta(choice=0, part=0, piece=Text(text="a")), Delta(choice=1, part=0, piece=Text(text="b"))])
    second = chunks(both)[1]["choices"]
    assert [choice["delta"] for choice in second] == [{"content": "a"}, {"role": "assistant", "content": "b"}]


def test_logprobs_go_with_the_words() -> None:
    told = chunks(delta(Text(text="a"), logprobs=[Logprob(token="a", logprob=-1)]), delta(None, logprobs=[]))[1]
    assert told["choices"][0]["logprobs"]["content"][0]["token"] == "a"


def test_what_means_nothing_to_a_chat_client_is_no_chunk() -> None:
    call = delta(ToolCall(id="a", name="f", arguments="{}"), 1)
    silent = [delta(Text()), delta(Foreign(format="google_generate")), delta(None, ends=True), delta(ToolCall(), 1)]
    assert deltas(delta(Text(text="Hi")), *silent[:3], call, *silent) == deltas(delta(Text(text="Hi")), call)


def test_a_whole_reply_told_as_a_stream_keeps_its_logprobs() -> None:
    logprobs = [Logprob(token="Hi", logprob=-1)]
    choice = Choice(parts=[Reasoning(text="Hm"), Text(text="Hi")], logprobs=logprobs, stop=Stop(reason="stop"))
    events = list(unfold(Reply(format="google_generate", choices=[choice])))
    assert fold(events, "google_generate").choices[0].logprobs == logprobs
    assert [event.deltas[0].piece for event in events if event.deltas and event.deltas[0].logprobs] == [Text(text="Hi")]


def test_a_whole_reply_can_be_told_as_a_stream() -> None:
    parts: list[AnyPart] = [Reasoning(text="Hm"), Text(text="Hi"), ToolCall(id="a", name="f", arguments="{}")]
    reply = Reply(format="google_generate", id="r", model="g", choices=[Choice(parts=parts, stop=Stop(reason="stop"))])
    found = payloads(written(list(unfold(reply))))
    assert found[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert [key for one in found for choice in one["choices"] for key in choice["delta"]] == [
        "role", "content", "reasoning_content", "content", "tool_calls",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "error", [{"message": "overloaded"}, {"error": {"message": "overloaded"}}, "overloaded", {"code": 5}]
)
def test_a_failure_of_another_formats_provider_is_an_error_event(error: Any) -> None:
    told = payloads(written([START, Event(error=error)]))[-1]["error"]
    assert told["message"] in ("overloaded", "The provider failed.")


def test_a_failure_is_told_in_openais_shape() -> None:
    problem = Problem(status=502, message="No", kind="upstream_error", code="upstream_broken", param="model")
    said = {"error": {"message": "No", "type": "upstream_error", "param": "model", "code": "upstream_broken"}}
    assert payloads(FORMAT.writer(Request(format="openai_chat")).fail(problem)) == [said]
    assert payloads(b"data: " + FORMAT.write_error(problem)) == [said]
