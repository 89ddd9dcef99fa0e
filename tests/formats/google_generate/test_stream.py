"""Streams: what is read of Google's, and what is written to a Google client."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.google_generate.speaking import (
    LIMIT,
    chunk,
    delta,
    events_of,
    payloads,
    stopped,
    stream,
    told,
)
from tests.formats.splits import split

from trunkline.formats.conversation import (
    Audio,
    Citation,
    Delta,
    Event,
    Reasoning,
    Reply,
    Request,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold, unfold
from trunkline.formats.format import Problem, StreamError
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.google_generate.signatures import DUMMY, opened

USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}
ARRAY = Request(format="google_generate", spelling={"stream": "array"})


def piece(path: str, goes_on: bool = False, **value: Any) -> dict[str, Any]:
    """A piece of arguments."""
    return {"jsonPath": path, **value, **({"willContinue": True} if goes_on else {})}


def growing(*pieces: dict[str, Any], goes_on: bool = True, **fields: Any) -> dict[str, Any]:
    """A function call that comes in pieces."""
    made: dict[str, Any] = {"functionCall": {**fields, **({"partialArgs": list(pieces)} if pieces else {})}}
    if goes_on:
        made["functionCall"]["willContinue"] = True
    return made


STREAMS: dict[str, list[dict[str, Any]]] = {
    "words": [
        chunk({"text": "Hel"}, usageMetadata={"trafficType": "ON_DEMAND"}, modelVersion="m", responseId="r1"),
        chunk({"text": "lo"}, createTime="2026-05-04T20:01:02.264968Z"),
        chunk({"text": ""}, finish="STOP", usageMetadata=USAGE),
    ],
    "thoughts": [
        chunk({"text": "h", "thought": True}),
        chunk({"text": "m", "thought": True}),
        chunk({"text": "So"}),
        chunk({"text": ".", "thoughtSignature": "c2ln"}, {"text": "", "thoughtSignature": "c2ln"}, finish="STOP"),
    ],
    "calls": [
        chunk({"functionCall": {"name": "a", "args": {"x": 1}}, "thoughtSignature": "c2ln"}),
        chunk({"functionCall": {"name": "b"}}, {"text": "so"}, finish="STOP"),
    ],
    "a call in pieces": [
        chunk(growing(name="a")),
        chunk(growing(piece("$.who.names[0]", True, stringValue="An"))),
        chunk(growing(piece("$.who.names[0]", stringValue="n"), piece("$.who['the age']", numberValue=7.0))),
        chunk(growing(piece("$.ok", boolValue=True), piece("$.no", nullValue="NULL_VALUE"))),
        chunk({"functionCall": {}}),
        chunk(growing(name="b")),
        chunk(growing(piece("$.x", stringValue="y"), goes_on=False), finish="STOP"),
    ],
    "two candidates": [
        {"candidates": [{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}, "index": 1}]},
        {"candidates": [{"finishReason": "STOP"}, {"finishReason": "MAX_TOKENS", "index": 1}]},
    ],
    "a blocked prompt": [{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}],
    "a prompt that is blocked late": [chunk({"text": "a"}), {"promptFeedback": {"blockReason": "SAFETY"}}],
    "no content": [chunk({"text": "a"}), {"candidates": [{"finishReason": "SAFETY", "index": 0}], "newThing": 1}],
    "a reason said twice": [chunk({"text": "a"}, finish="STOP"), chunk({"text": ""}, finish="STOP")],
    "odd things": [chunk({"newThing": {}}, {"text": "a", "x": None}), {"candidates": None}, chunk(finish="STOP")],
}


@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_comes_back_as_it_was(name: str, array: bool) -> None:
    data = json.dumps(STREAMS[name]).encode() if array else stream(*STREAMS[name])
    assert told(events_of(data), ARRAY if array else None) == STREAMS[name]


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_however_it_is_cut_the_same_is_read(data: st.DataObject) -> None:
    whole = b"".join(stream(*chunks) for chunks in STREAMS.values())
    reader, events = FORMAT.reader(PLAIN, LIMIT), []
    for one in data.draw(split(whole)):
        events += reader.feed(one)
    assert events == events_of(whole)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_an_array_is_the_same_however_it_is_cut(data: st.DataObject) -> None:
    chunks = [chunk({"text": 'a "quoted" \\ {brace] é'}), chunk({"text": "b"}, finish="STOP")]
    whole = json.dumps(chunks, indent=1).replace("\n", "\r\n").encode() + b"\n"
    reader, events = FORMAT.reader(PLAIN, LIMIT), []
    for one in data.draw(split(whole)):
        events += reader.feed(one)
    assert reader.complete()
    assert told(events, ARRAY) == chunks


@pytest.mark.parametrize("ending", ["\n\n", "\r\n\r\n", "\r\r"])
def test_events_may_end_in_any_way_and_the_last_in_none(ending: str) -> None:
    data = stream(*STREAMS["words"]).replace(b"\r\n\r\n", ending.encode()).rstrip(b"\r\n")
    reader = FORMAT.reader(PLAIN, LIMIT)
    events = [*reader.feed(data), *reader.close()]
    assert fold(events, "google_generate").choices[0].parts == [Text(text="Hello")]
    assert reader.complete()


def test_a_stream_is_whole_when_every_candidate_has_ended() -> None:
    for name, chunks in STREAMS.items():
        reader = FORMAT.reader(PLAIN, LIMIT)
        for number, one in enumerate(chunks, 1):
            assert not reader.complete() or name == "a reason said twice"
            reader.feed(stream(one))
            assert reader.complete() or number < len(chunks)


def test_a_prompt_that_is_blocked_behind_the_first_words_ends_the_answer() -> None:
    events = events_of(stream(*STREAMS["a prompt that is blocked late"]))
    stop = events[-1].stops[0]
    assert (stop.reason, stop.said) == ("filtered", "blocked: SAFETY")
    ended = events_of(stream(chunk({"text": "a"}, finish="STOP"), {"promptFeedback": {"blockReason": "SAFETY"}}))
    assert ended[-1].stops == {}


def test_an_array_is_not_whole_without_its_bracket() -> None:
    data = json.dumps(STREAMS["words"]).encode()
    reader = FORMAT.reader(PLAIN, LIMIT)
    reader.feed(data[:-1])
    assert not reader.complete()
    assert reader.feed(data[-1:])[-1].ends
    assert reader.complete()


def test_pieces_of_text_and_of_thought_are_one_part_each() -> None:
    reply = fold(events_of(stream(*STREAMS["thoughts"])), "google_generate")
    assert [(type(part), getattr(part, "text", "")) for part in reply.choices[0].parts] == [
        (Reasoning, "hm"),
        (Text, "So"),
        (Reasoning, ""),  # the signature of what follows
        (Text, "."),
        (Reasoning, ""),
    ]


def test_arguments_in_pieces_are_put_together() -> None:
    reply = fold(events_of(stream(*STREAMS["a call in pieces"])), "google_generate")
    calls = [part for part in reply.choices[0].parts if isinstance(part, ToolCall)]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("a", {"who": {"names": ["Ann"], "the age": 7}, "ok": True, "no": None}),
        ("b", {"x": "y"}),
    ]
    stop = reply.choices[0].stop
    assert stop is not None
    assert stop.reason == "tool_calls"


def test_a_call_that_is_never_said_to_be_whole_ends_with_its_candidate() -> None:
    events = events_of(stream(chunk(growing(piece("$.x", stringValue="y"), name="a")), chunk(finish="STOP")))
    call = fold(events, "google_generate").choices[0].parts[0]
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"x":"y"}'


def test_usage_is_cumulative_and_the_last_counts() -> None:
    reply = fold(events_of(stream(*STREAMS["words"])), "google_generate")
    assert reply.usage == Usage(input=5, output=2)
    assert (reply.id, reply.model, reply.created) == ("r1", "m", 1777924862)


def test_citations_come_with_the_text_they_are_about() -> None:
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://a.b", "title": "t"}}],
        "groundingSupports": [{"segment": {"endIndex": 6, "text": "Grüß"}, "groundingChunkIndices": [0]}],
    }
    last = chunk({"text": "e"}, finish="STOP")
    last["candidates"][0]["groundingMetadata"] = metadata
    chunks = [chunk({"text": "Grüß"}), last]
    events = events_of(stream(*chunks))
    part = fold(events, "google_generate").choices[0].parts[0]
    assert isinstance(part, Text)
    assert [(one.url, one.start, one.end) for one in part.citations] == [("https://a.b", 0, 4)]
    assert told(events) == chunks


def test_an_error_in_the_middle_is_seen() -> None:
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    for data in (stream(error), json.dumps([error]).encode(), json.dumps(error).encode()):
        assert [event.error for event in events_of(data) if event.error] == [error["error"]]


@pytest.mark.parametrize("data", [b"data: {\r\n\r\n", b"data: []\r\n\r\n", b"data: \xff\r\n\r\n"])
def test_what_is_no_event_breaks_the_stream(data: bytes) -> None:
    with pytest.raises(StreamError):
        FORMAT.reader(PLAIN, LIMIT).feed(data)


def test_half_a_character_is_replaced_and_comments_are_passed_over() -> None:
    events = events_of(b': ping\r\n\r\ndata: {"candidates": [{"content": {"parts": [{"text": "a\\ud83d"}]}}]}\r\n\r\n')
    assert told(events)[0]["candidates"][0]["content"]["parts"] == [{"text": "a?"}]


def test_an_event_may_be_too_large() -> None:
    for begin in (b'data: {"a', b'[{"a'):
        with pytest.raises(StreamError):
            FORMAT.reader(PLAIN, 100).feed(begin * 200)


# Of other formats


def candidates(events: list[Event]) -> list[dict[str, Any]]:
    """The only candidate of each event that a client gets."""
    return [one["candidates"][0] for one in told(events)]


def test_text_is_told_at_once_and_the_end_with_the_usage() -> None:
    events = [
        delta(Text(text="Hel")),
        delta(Text(text="lo")),
        stopped(Stop(reason="stop", said="stop")),
        Event(usage=Usage(input=3, output=2)),
    ]
    assert told(events) == [
        {"candidates": [{"content": {"parts": [{"text": "Hel"}], "role": "model"}, "index": 0}]} | NAMED,
        {"candidates": [{"content": {"parts": [{"text": "lo"}], "role": "model"}, "index": 0}]} | NAMED,
        {
            "candidates": [{"content": {"parts": [{"text": ""}], "role": "model"}, "index": 0, "finishReason": "STOP"}],
            **NAMED,
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
        },
    ]


NAMED = {"modelVersion": "other", "responseId": "r1"}


def test_a_call_is_told_when_its_arguments_are_whole() -> None:
    events = [
        delta(ToolCall(id="c1", name="a"), part=0),
        delta(ToolCall(arguments='{"x":'), part=0),
        delta(ToolCall(arguments="1}"), part=0),
        delta(ToolCall(id="c2", name="b"), part=1),
        delta(ToolCall(arguments=""), part=1),
        stopped(Stop(reason="tool_calls")),
    ]
    assert [candidate["content"]["parts"] for candidate in candidates(events)] == [
        [{"functionCall": {"id": "c1", "name": "a", "args": {"x": 1}}, "thoughtSignature": DUMMY}],
        [{"functionCall": {"id": "c2", "name": "b", "args": {}}}],
    ]


def test_a_call_that_ends_is_told_at_once() -> None:
    events = [delta(ToolCall(id="c1", name="a")), delta(ToolCall(arguments="{}"), ends=True)]
    writer = FORMAT.writer(Request(format="google_generate"))
    assert [bool(writer.feed(event)) for event in events] == [False, True]


def test_calls_that_come_interleaved_are_told_whole() -> None:
    events = [
        delta(ToolCall(id="c1", name="a", arguments='{"x":'), part=0),
        delta(ToolCall(id="c2", name="b", arguments='{"y":'), part=1),
        delta(ToolCall(arguments="1}"), part=0),
        delta(ToolCall(arguments="2}"), part=1),
    ]
    parts = [part["functionCall"]["args"] for one in candidates(events) for part in one["content"]["parts"]]
    assert parts == [{"x": 1}, {"y": 2}]


def test_a_call_that_was_cut_is_told_at_the_end() -> None:
    events = [delta(ToolCall(id="c1", name="a", arguments='{"x":')), stopped(Stop(reason="length"))]
    (candidate,) = candidates(events)
    assert candidate["finishReason"] == "MAX_TOKENS"
    assert candidate["content"]["parts"][0]["functionCall"]["args"] == {"arguments": '{"x":'}


def test_thoughts_are_told_at_once_and_their_signature_when_it_is_whole() -> None:
    events = [
        delta(Reasoning(text="h")),
        delta(Reasoning(text="m")),
        delta(Reasoning(signature="one", issuer="anthropic")),
        delta(Reasoning(signature="two"), ends=True),
        delta(Text(text="So"), part=1),
    ]
    parts = [part for one in candidates(events) for part in one["content"]["parts"]]
    assert parts[:2] == [{"text": "h", "thought": True}, {"text": "m", "thought": True}]
    sealed = opened(parts[2]["thoughtSignature"])
    assert sealed is not None
    assert (sealed.issuer, sealed.signature) == ("anthropic", "onetwo")
    assert parts[3] == {"text": "So"}


def test_sounds_are_put_together_and_their_words_come_with_them() -> None:
    events = [
        delta(Audio(media_type="audio/wav", transcript="Hi ", data="aGk=")),
        delta(Audio(transcript="there"), ends=True),
    ]
    parts = [part for one in candidates(events) for part in one["content"]["parts"]]
    assert parts[:2] == [{"text": "Hi there"}, {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}}]


def test_citations_are_told_at_the_end_counted_over_all_the_text() -> None:
    events = [
        delta(Text(text="Grüße. ")),
        delta(Text(text="Ja."), part=1),
        delta(Text(citations=[Citation(url="https://a.b", start=0, end=2)]), part=1),
    ]
    support = candidates(events)[-1]["groundingMetadata"]["groundingSupports"][0]
    assert support["segment"] == {"startIndex": 9, "endIndex": 11, "text": "Ja"}


def test_several_choices_have_their_own_candidates() -> None:
    both = Event(deltas=[Delta(choice=index, part=0, piece=Text(text=str(index))) for index in (0, 1)])
    ends = Event(stops={index: Stop(reason="stop") for index in (0, 1)})
    first, last = told([both, ends])
    assert [(one["index"], one["content"]["parts"]) for one in first["candidates"]] == [
        (0, [{"text": "0"}]),
        (1, [{"text": "1"}]),
    ]
    assert [one["finishReason"] for one in last["candidates"]] == ["STOP", "STOP"]


def test_a_whole_reply_can_be_told_as_a_stream() -> None:
    reply = Reply(format="openai_chat", id="r1", model="other")
    events = list(unfold(reply))
    assert told(events) == [
        {"candidates": [{"content": {"parts": [{"text": ""}], "role": "model"}, "index": 0}], **NAMED}
    ]


def test_an_array_is_written_element_by_element() -> None:
    writer = FORMAT.writer(ARRAY)
    out = [writer.feed(delta(Text(text=word))) for word in ("a", "b")] + [writer.end()]
    assert [one[:2] for one in out] == [b"[{", b",\r", b",\r"]
    assert len(payloads(b"".join(out))) == 3
    assert FORMAT.writer(ARRAY).end() == b"[]"


@pytest.mark.parametrize("request_", [Request(format="google_generate"), ARRAY])
def test_a_failure_is_the_last_event(request_: Request) -> None:
    writer = FORMAT.writer(request_)
    problem = Problem(status=503, message="gone", kind="upstream_error", code="stream_truncated")
    last = payloads(writer.feed(delta(Text(text="a"))) + writer.fail(problem))[-1]
    assert next(iter(last)) == "error"  # Google's SDK looks at the beginning
    assert (last["error"]["code"], last["error"]["status"]) == (503, "UNAVAILABLE")
