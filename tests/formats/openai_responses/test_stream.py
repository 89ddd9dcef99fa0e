"""Streams: read in any split, written again as they were, and made for other formats' events."""

import json
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._streaming import Stream
from openai.lib.streaming.responses._responses import ResponseStream
from openai.types.responses import Response, ResponseStreamEvent
from tests.formats.openai_responses.speaking import (
    CREATED,
    LIMIT,
    MESSAGE,
    completed,
    events_of,
    frames,
    heard,
    read,
    said,
    text_events,
)
from tests.formats.splits import split

from trunkline.formats.conversation import (
    AnyPart,
    Citation,
    Delta,
    Event,
    Logprob,
    Reasoning,
    Refusal,
    Request,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold, unfold
from trunkline.formats.format import Problem, StreamError
from trunkline.formats.openai_responses import FORMAT

ASKED = Request(format="openai_responses", model="m", stream=True)
CALL = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "c1",
    "name": "f",
    "arguments": '{"x":1}',
    "status": "completed",
}
THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "One."}, {"type": "summary_text", "text": "Two."}],
    "encrypted_content": "gAAAAfinal",
}
RAW = {"id": "rs_2", "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "aha"}]}
SEARCH = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "q"}}


def summary_events(place: int) -> list[dict[str, Any]]:
    at = {"item_id": "rs_1", "output_index": place}
    begun = {**THOUGHT, "summary": [], "encrypted_content": "gAAAAbegun"}
    events: list[dict[str, Any]] = [{"type": "response.output_item.added", "output_index": place, "item": begun}]
    for index, text in enumerate(("One.", "Two.")):
        here = {**at, "summary_index": index}
        part = {"type": "summary_text", "text": text}
        events += [
            {"type": "response.reasoning_summary_part.added", **here, "part": {**part, "text": ""}},
            {"type": "response.reasoning_summary_text.delta", **here, "delta": text[:2], "obfuscation": "a"},
            {"type": "response.reasoning_summary_text.delta", **here, "delta": text[2:]},
            {"type": "response.reasoning_summary_text.done", **here, "text": text},
            {"type": "response.reasoning_summary_part.done", **here, "part": part},
        ]
    return [*events, {"type": "response.output_item.done", "output_index": place, "item": THOUGHT}]


def raw_events(place: int) -> list[dict[str, Any]]:
    at = {"item_id": "rs_2", "output_index": place, "content_index": 0}
    return [
        {"type": "response.output_item.added", "output_index": place, "item": {**RAW, "content": []}},
        {"type": "response.content_part.added", **at, "part": {"type": "reasoning_text", "text": ""}},
        {"type": "response.reasoning_text.delta", **at, "delta": "a"},
        {"type": "response.reasoning_text.delta", **at, "delta": "ha"},
        {"type": "response.reasoning_text.done", **at, "text": "aha"},
        {"type": "response.content_part.done", **at, "part": {"type": "reasoning_text", "text": "aha"}},
        {"type": "response.output_item.done", "output_index": place, "item": RAW},
    ]


def call_events(place: int) -> list[dict[str, Any]]:
    at = {"item_id": "fc_1", "output_index": place}
    begun = {**CALL, "arguments": "", "status": "in_progress"}
    return [
        {"type": "response.output_item.added", "output_index": place, "item": begun},
        {"type": "response.function_call_arguments.delta", **at, "delta": '{"x"'},
        {"type": "response.function_call_arguments.delta", **at, "delta": ":1}"},
        {"type": "response.function_call_arguments.done", **at, "arguments": '{"x":1}'},
        {"type": "response.output_item.done", "output_index": place, "item": CALL},
    ]


SEARCHING: list[dict[str, Any]] = [
    {"type": "response.output_item.added", "output_index": 2, "item": {**SEARCH, "status": "in_progress"}},
    {"type": "response.web_search_call.searching", "output_index": 2, "item_id": "ws_1"},
    {"type": "response.output_item.done", "output_index": 2, "item": SEARCH},
]
WHOLE: list[dict[str, Any]] = [
    CREATED,
    {"type": "response.in_progress", "response": CREATED["response"]},
    {"type": "keepalive"},
    *summary_events(0),
    *raw_events(1),
    *SEARCHING,
    *text_events(3),
    *call_events(4),
    {"type": "response.something.new", "x": {"y": [1.0]}},
    completed(THOUGHT, RAW, SEARCH, MESSAGE, CALL),
]
STREAM = frames(*WHOLE)


def test_a_stream_is_written_again_as_it_was() -> None:
    assert events_of(said(ASKED, heard(STREAM))) == events_of(STREAM)


def test_what_a_stream_amounts_to_is_the_whole_reply() -> None:
    folded = fold(heard(STREAM), "openai_responses")
    whole = FORMAT.read_reply(completed(THOUGHT, RAW, SEARCH, MESSAGE, CALL)["response"], PLAIN)
    assert folded.choices == whole.choices
    assert (folded.id, folded.model, folded.created, folded.usage) == (
        whole.id,
        whole.model,
        whole.created,
        whole.usage,
    )


@given(st.data())
def test_a_stream_is_the_same_however_it_is_cut(data: st.DataObject) -> None:
    reader = FORMAT.reader(PLAIN, LIMIT)
    events = [event for piece in data.draw(split(STREAM)) for event in reader.feed(piece)]
    assert [*events, *reader.close()] == heard(STREAM)
    assert reader.complete()


@pytest.mark.parametrize(
    "data",
    [
        STREAM.replace(b"\n", b"\r\n"),
        b": comment\n\n" + STREAM + b"data: [DONE]\n\n",
        b"\n".join(line for line in STREAM.split(b"\n") if not line.startswith(b"event:")) + b"data: [DONE]\n\n",
        STREAM.replace(b"data: ", b"data:"),
        STREAM[:-2],
    ],
)
def test_other_ways_to_frame_a_stream(data: bytes) -> None:
    assert heard(data) == heard(STREAM)


def test_pieces_come_as_they_come_and_closings_bring_only_what_is_new() -> None:
    events = heard(frames(CREATED, *text_events(), completed(MESSAGE)))
    texts = [delta.piece.text for event in events for delta in event.deltas if isinstance(delta.piece, Text)]
    assert [text for text in texts if text] == ["Hallo", " Welt"]
    assert [event.starts for event in events] == [True] + [False] * 8
    last = events[-1]
    assert last.ends
    assert last.stops[0].reason == "stop"
    assert last.usage is not None


def test_a_stream_without_pieces_is_heard_from_its_closings() -> None:
    done = {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE}
    for data in (
        frames(CREATED, done, completed(MESSAGE)),
        frames(CREATED, completed(MESSAGE)),
        frames(completed(MESSAGE)),
    ):
        folded = fold(heard(data), "openai_responses")
        (part,) = folded.choices[0].parts
        assert isinstance(part, Text)
        assert part.text == "Hallo Welt"
        assert events_of(said(ASKED, heard(data))) == events_of(data)


def test_an_unfinished_item_is_heard_once() -> None:
    cut = {**MESSAGE, "status": "incomplete"}
    end = completed(cut, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    data = frames(CREATED, *text_events()[:3], end)
    folded = fold(heard(data), "openai_responses")
    (part,) = folded.choices[0].parts
    assert isinstance(part, Text)
    assert part.text == "Hallo Welt"
    assert folded.choices[0].stop is not None
    assert folded.choices[0].stop.reason == "length"
    assert events_of(said(ASKED, heard(data))) == events_of(data)


def test_a_changed_text_is_the_same_wherever_it_is_said() -> None:
    events = heard(frames(CREATED, *text_events(), completed(MESSAGE)))
    for event in events:
        for delta in event.deltas:
            if isinstance(delta.piece, Text):
                delta.piece.text = delta.piece.text.replace("Welt", "Mond")
    found = said(ASKED, events)
    assert b"Welt" not in found
    assert found.count(b"Hallo Mond") == 4


def test_citations_come_once() -> None:
    cited = {"type": "url_citation", "url": "https://e.com", "title": "E", "start_index": 0, "end_index": 5}
    item = {**MESSAGE, "content": [{**MESSAGE["content"][0], "annotations": [cited]}]}
    added = {"type": "response.output_text.annotation.added", "output_index": 0, "content_index": 0, "item_id": "msg_1"}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    data = frames(
        CREATED, *text_events()[:4], {**added, "annotation": cited, "annotation_index": 0}, done, completed(item)
    )
    (part,) = fold(heard(data), "openai_responses").choices[0].parts
    assert isinstance(part, Text)
    assert [citation.url for citation in part.citations] == ["https://e.com"]
    assert events_of(said(ASKED, heard(data))) == events_of(data)


def test_half_a_character_does_not_break_a_stream() -> None:
    at = {"output_index": 0, "content_index": 0, "item_id": "msg_1", "sequence_number": 1}
    cut = b'data: {"type":"response.output_text.delta","delta":"\\ud83d",' + json.dumps(at)[1:].encode() + b"\n\n"
    (event,) = heard(cut)
    assert isinstance(event.deltas[0].piece, Text)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"type": "error", "code": "server_error", "message": "Oh", "param": None}, "Oh"),
        ({"type": "error", "error": {"type": "server_error", "message": "Oh"}}, "Oh"),
        (completed(status="failed", error={"code": "server_error", "message": "Oh"}), "Oh"),
        (completed(status="failed"), "The provider could not finish."),
    ],
)
def test_failures_are_seen_in_every_shape(event: dict[str, Any], message: str) -> None:
    data = frames(CREATED, event)
    last = heard(data)[-1]
    assert last.error["message"] == message
    assert events_of(said(ASKED, heard(data))) == events_of(data)


def test_a_failure_without_a_type_is_seen() -> None:
    (event,) = heard(b'data: {"error":{"message":"Oh"}}\n\n')
    assert event.error == {"message": "Oh"}


@pytest.mark.parametrize("data", [b"data: nothing\n\n", b"data: [1]\n\n", b"data: " + b"[" * 100_000 + b"\n\n"])
def test_what_is_no_event_breaks_the_stream(data: bytes) -> None:
    with pytest.raises(StreamError):
        heard(data)


def test_an_event_may_not_be_larger_than_allowed() -> None:
    with pytest.raises(StreamError):
        FORMAT.reader(PLAIN, 100).feed(b"data: " + b"x" * 200)


def test_a_stream_that_breaks_off_is_not_complete() -> None:
    reader = FORMAT.reader(PLAIN, LIMIT)
    reader.feed(frames(CREATED, *text_events()))
    reader.feed(b"data: [DONE]\n\n")
    reader.close()
    assert not reader.complete()


@given(st.lists(st.sampled_from(WHOLE), max_size=12))
def test_events_in_any_order_are_read_and_written_again(events: list[dict[str, Any]]) -> None:
    data = frames(*events)
    assert events_of(said(ASKED, heard(data))) == events_of(data)


# Streams of other formats, for a client of this one


def saying(*pieces: tuple[int, AnyPart | None], ends: tuple[int, ...] = (), reason: Any = "stop") -> list[Event]:
    """Events that bring these pieces of parts."""
    events = [Event(id="a1", model="claude", created=7, starts=True)]
    events += [Event(deltas=[Delta(choice=0, part=number, piece=piece)]) for number, piece in pieces]
    events += [Event(deltas=[Delta(choice=0, part=number, ends=True)]) for number in ends]
    return [*events, Event(stops={0: Stop(reason=reason)}), Event(usage=Usage(input=2, output=3), ends=True)]


def sdk_hears(data: bytes) -> tuple[list[Any], Response | None]:
    """What the official SDK makes of a stream: its events and the final response."""
    request = httpx2.Request("POST", "http://127.0.0.1")
    answer = httpx2.Response(200, content=data, request=request)
    with openai.OpenAI(api_key="sk-test", base_url="http://127.0.0.1") as client:
        kind: Any = ResponseStreamEvent
        raw: Stream[Any] = Stream(cast_to=kind, response=answer, client=client)
        stream = ResponseStream(raw_stream=raw, text_format=openai.omit, input_tools=openai.omit, starting_after=None)
        events = list(stream)
        try:
            return events, stream.get_final_response()
        except RuntimeError:
            return events, None


def test_the_sdk_hears_a_stream_of_another_format() -> None:
    data = said(
        ASKED,
        saying(
            (0, Reasoning(text="h")),
            (0, Reasoning(text="m")),
            (0, Reasoning(signature="s", issuer="anthropic")),
            (1, Text(text="")),
            (1, Text(text="Hallo")),
            (1, Text(text=" Welt")),
            (2, Text(text="!", citations=[Citation(url="https://e.com")])),
            (3, ToolCall(id="c1", name="f")),
            (3, ToolCall(arguments='{"x":')),
            (4, ToolCall(id="c2", name="g")),
            (3, ToolCall(arguments="1}")),
            reason="tool_calls",
        ),
    )
    events, final = sdk_hears(data)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final is not None
    assert (final.id, final.model, final.output_text, final.status) == ("resp_a1", "claude", "Hallo Welt!", "completed")
    assert [item.type for item in final.output] == ["reasoning", "message", "function_call", "function_call"]
    calls = [item for item in final.output if item.type == "function_call"]
    assert [(call.call_id, call.name, call.arguments) for call in calls] == [("c1", "f", '{"x":1}'), ("c2", "g", "{}")]
    assert final.usage is not None
    assert final.usage.total_tokens == 5
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert deltas == ["Hallo", " Welt", "!"]


def test_the_grammar_of_a_written_stream() -> None:
    kinds = [event["type"] for event in events_of(said(ASKED, saying((0, Text(text="x")), (1, Refusal(text="No")))))]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.content_part.added",
        "response.refusal.delta",
        "response.refusal.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


PIECES = st.one_of(
    st.tuples(st.integers(0, 1), st.builds(Text, text=st.text(max_size=3))),
    st.tuples(st.just(2), st.builds(Refusal, text=st.text(max_size=3))),
    st.tuples(
        st.integers(3, 4),
        st.builds(Reasoning, text=st.text(max_size=3), summary=st.lists(st.text(max_size=3), max_size=2)),
    ),
    st.tuples(
        st.integers(5, 7),
        st.builds(
            ToolCall,
            id=st.sampled_from(["", "c1", "c2"]),
            name=st.sampled_from(["", "f"]),
            arguments=st.sampled_from(["", '{"x"', ":1}"]),
            signature=st.sampled_from(["", "sig"]),
            issuer=st.just("google"),
        ),
    ),
)
"""Pieces with the numbers of their parts, each of one kind."""


def check_grammar(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Items open once and close once, pieces add up to wholes. Returns the last response."""
    opened: dict[int, dict[str, Any]] = {}
    closed: dict[int, dict[str, Any]] = {}
    pieces: dict[tuple[Any, ...], str] = {}
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events[2:-1]:
        kind, place = event["type"], event["output_index"]
        if kind == "response.output_item.added":
            assert place == len(opened)
            opened[place] = event["item"]
            continue
        assert place in opened
        assert place not in closed
        if kind == "response.output_item.done":
            closed[place] = event["item"]
            assert (event["item"]["id"], event["item"]["type"]) == (opened[place]["id"], opened[place]["type"])
            continue
        assert event["item_id"] == opened[place]["id"]
        key = (kind.rpartition(".")[0], place, event.get("content_index"), event.get("summary_index"))
        if kind.endswith(".delta"):
            pieces[key] = pieces.get(key, "") + event["delta"]
        elif kind.endswith(("text.done", "refusal.done", "arguments.done")):
            whole = next(event[name] for name in ("text", "refusal", "arguments") if name in event)
            assert whole == pieces.get(key, "")
    assert events[-1]["response"]["output"] == [closed[place] for place in sorted(opened)]
    assert len({item["id"] for item in opened.values()}) == len(opened)
    last: dict[str, Any] = events[-1]["response"]
    return last


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 7), max_size=3))
def test_any_pieces_make_a_whole_stream(pieces: list[tuple[int, AnyPart]], ends: list[int]) -> None:
    events = events_of(said(ASKED, saying(*pieces, ends=tuple(ends))))
    last = check_grammar(events)
    contents = [part for item in last["output"] if item["type"] == "message" for part in item["content"]]
    assert "".join(part.get("text", "") for part in contents) == "".join(
        part.text for _, part in pieces if isinstance(part, Text)
    )
    shown = "".join(event["delta"] for event in events if event["type"] == "response.reasoning_text.delta")
    assert shown == "".join(part.text for _, part in pieces if isinstance(part, Reasoning))


def test_a_stream_and_the_whole_reply_say_the_same() -> None:
    request = read({"input": "x", "tools": [{"type": "custom", "name": "f"}], "reasoning": {"summary": "auto"}})
    parts: list[tuple[int, AnyPart | None]] = [
        (0, Reasoning(text="hm", summary=["a", "b"])),
        (1, Text(text="Hallo")),
        (2, ToolCall(name="f", arguments='{"input":"x"}')),
        (3, ToolCall(name="g", arguments="{}", signature="s", issuer="google")),
    ]
    whole = fold(saying(*parts), "google_generate")
    last = events_of(said(request, list(unfold(whole))))[-1]
    assert last["response"] == json.loads(json.dumps(FORMAT.write_reply(whole, request)))


def test_log_probabilities_are_said_with_their_words() -> None:
    events = [
        Event(deltas=[Delta(choice=0, part=0, piece=Text(text="Ha"), logprobs=[Logprob(token="Ha", logprob=-1)])]),
        Event(deltas=[Delta(choice=0, part=0, logprobs=[Logprob(token="!", logprob=-2)])]),
        Event(ends=True),
    ]
    found = events_of(said(ASKED, events))
    assert [one["token"] for one in found[4]["logprobs"]] == ["Ha"]
    assert [one["token"] for one in found[-1]["response"]["output"][0]["content"][0]["logprobs"]] == ["Ha", "!"]


def test_other_choices_than_the_first_are_not_said() -> None:
    events = [Event(deltas=[Delta(choice=1, part=0, piece=Text(text="other"))]), Event(ends=True)]
    assert b"other" not in said(ASKED, events)


@pytest.mark.parametrize(
    ("reason", "kind"), [("length", "incomplete"), ("filtered", "incomplete"), ("failed", "failed")]
)
def test_how_a_stream_of_another_format_ended(reason: str, kind: str) -> None:
    last = events_of(said(ASKED, saying((0, Text(text="x")), reason=reason)))[-1]
    assert last["type"] == f"response.{kind}"
    item = last["response"]["output"][0]
    assert item["status"] == ("incomplete" if kind == "incomplete" else "completed")


PROBLEM = Problem(status=502, message="The provider broke off.", kind="upstream_error", code="stream_truncated")


@pytest.mark.parametrize("events", [heard(frames(CREATED, *text_events()[:3])), saying((0, Text(text="x")))[:2]])
def test_a_failure_is_raised_by_the_sdk(events: list[Event]) -> None:
    writer = FORMAT.writer(ASKED)
    data = b"".join([writer.feed(event) for event in events]) + writer.fail(PROBLEM)
    numbers = [event["sequence_number"] for event in events_of(data)]
    assert numbers == list(range(len(numbers)))
    with pytest.raises(openai.APIError, match="The provider broke off"):
        sdk_hears(data)


def test_errors_are_raised_by_the_sdk_with_their_message() -> None:
    body = FORMAT.write_error(Problem(status=400, message="No.", kind="invalid_request_error", param="input", code="x"))
    error = {"message": "No.", "type": "invalid_request_error", "param": "input", "code": "x"}
    assert json.loads(body) == {"error": error}
