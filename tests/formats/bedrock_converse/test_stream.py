"""Streams: read in every split alike, written back as they were, others' written so that botocore reads the same."""

from typing import Any

import msgspec
import pytest
from botocore.exceptions import EventStreamError
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.bedrock_converse.published import faults_of_event, stream_as_botocore
from tests.formats.bedrock_converse.recorded import CONVERSE_STREAMS, stream_bytes, stream_events
from tests.formats.splits import split

from trunkline.formats.bedrock_converse import FORMAT
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Citation,
    Delta,
    Event,
    Image,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.eventstream import Header, Splitter, read_frame, write_frame
from trunkline.formats.folding import fold, unfold
from trunkline.formats.format import Problem, StreamError
from trunkline.formats.sealed import unseal

ASKED = Request(format="bedrock_converse", model="m", stream=True)
LIMIT = 1024 * 1024


def frame(kind: str, payload: dict[str, Any], of: str = "event") -> bytes:
    headers = Header(f":{of}-type", kind), Header(":content-type", "application/json"), Header(":message-type", of)
    return write_frame(headers, msgspec.json.encode(payload))


START = frame("messageStart", {"role": "assistant", "p": "abc"})
TEXT = frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Grüße"}, "p": "ab"})
BLOCK_STOP = frame("contentBlockStop", {"contentBlockIndex": 0})
STOP = frame("messageStop", {"stopReason": "end_turn"})
USAGE = {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}
METADATA = frame("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}})
SEARCH = {"toolUseId": "a", "name": "search", "type": "server_tool_use"}
MORE = "additionalModelResponseFields"
WHOLE = START + TEXT + BLOCK_STOP + STOP + METADATA


def read(data: bytes) -> list[Event]:
    return FORMAT.reader(PLAIN, LIMIT).feed(data)


def written(events: list[Event]) -> bytes:
    writer = FORMAT.writer(ASKED)
    return b"".join([writer.feed(event) for event in events]) + writer.end()


def events_of(data: bytes) -> list[tuple[str, Any]]:
    """Kinds and payloads of a stream."""
    frames = [read_frame(raw) for raw in Splitter().feed(data)]
    return [(one.text(":event-type"), msgspec.json.decode(one.payload)) for one in frames]


@pytest.mark.shared
@pytest.mark.parametrize("name", CONVERSE_STREAMS)
def test_a_recorded_stream_is_written_back_as_it_came(name: str) -> None:
    stream = stream_bytes(name)
    reader = FORMAT.reader(PLAIN, LIMIT)
    events = reader.feed(stream)
    assert reader.complete()
    assert events_of(written(events)) == [
        (event["headers"][":event-type"], event["payload"]) for event in stream_events(name)
    ]
    pieces = FORMAT.reader(PLAIN, LIMIT)
    assert [event for start in range(0, len(stream), 7) for event in pieces.feed(stream[start : start + 7])] == events


@given(st.data())
def test_every_split_gives_the_same_events(data: st.DataObject) -> None:
    reader = FORMAT.reader(PLAIN, LIMIT)
    assert [event for piece in data.draw(split(WHOLE)) for event in reader.feed(piece)] == read(WHOLE)
    assert reader.complete()


@pytest.mark.parametrize(
    "payloads",
    [
        [("somethingNew", {"x": 1})],
        [("somethingNew", {})],
        [("contentBlockDelta", {"delta": {"text": "no index"}})],
        [
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"unheard": 1}}),
            ("contentBlockStop", {"contentBlockIndex": 0}),
        ],
        [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "a", "more": 1}})],
        [("contentBlockDelta", {"contentBlockIndex": 7, "delta": {"text": "a"}})],
        [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"redactedContent": "aGk="}}})],
        [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": ""}}})],
        [("contentBlockStart", {"contentBlockIndex": 0, "start": {"image": {"format": "png"}}})],
        [("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"image": {"source": {"bytes": "aGk="}}}})],
        [
            ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": SEARCH}}),
            ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}),
            ("contentBlockStop", {"contentBlockIndex": 1}),
            ("contentBlockStart", {"contentBlockIndex": 2, "start": {"toolResult": {"toolUseId": "a"}}}),
            ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolResult": [{"text": "x"}]}}),
        ],
        [("messageStop", {"stopReason": "brand_new", "additionalModelResponseFields": {"stop_sequence": "|"}})],
        [("messageStop", {"stopReason": "x", MORE: {"delta": {"stop_sequence": "|"}}})],
        [("messageStop", {"stopReason": "x", MORE: {"delta": {"stop_sequence": "|", "y": 1}, "z": 2}})],
        [("messageStop", {"stopReason": "x", MORE: {"delta": {"stop_sequence": None}}})],
        [
            ("contentBlockStart", {"contentBlockIndex": 0, "start": {}}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "a"}}),
        ],
        [("metadata", {"metrics": {"latencyMs": 1}, "serviceTier": {"type": "flex"}})],
    ],
)
def test_odd_events_are_written_back_too(payloads: list[tuple[str, dict[str, Any]]]) -> None:
    stream = b"".join(frame(*event) for event in payloads)
    assert events_of(written(read(stream))) == payloads


def test_a_call_without_arguments_ends_with_an_empty_object() -> None:
    start = {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}
    nothing = {"contentBlockIndex": 0, "delta": {"toolUse": {"input": ""}}}
    stream = START + frame("contentBlockStart", start) + frame("contentBlockDelta", nothing) + BLOCK_STOP + STOP
    assert fold(read(stream), "bedrock_converse").choices[0].parts == [ToolCall(id="a", name="f", arguments="{}")]
    assert events_of(written(read(stream))) == events_of(stream)


def test_a_start_that_names_no_kind_begins_a_block_of_words() -> None:
    begun = frame("contentBlockStart", {"contentBlockIndex": 0, "start": {}})
    assert fold(read(START + begun + TEXT + STOP), "bedrock_converse").choices[0].parts == [Text(text="Grüße")]


def test_the_sequence_that_was_met_is_told_in_a_stream_as_claude_tells_it() -> None:
    said = {"stopReason": "stop_sequence", "additionalModelResponseFields": {"delta": {"stop_sequence": "|"}}}
    stop = read(START + frame("messageStop", said))[-1].stops[0]
    assert (stop.reason, stop.sequence) == ("stop_sequence", "|")


def test_two_kinds_under_one_index_are_two_parts() -> None:
    thought = {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}
    reply = fold(read(START + frame("contentBlockDelta", thought) + TEXT + STOP), "bedrock_converse")
    assert reply.choices[0].parts == [Reasoning(text="hm"), Text(text="Grüße")]


def test_what_a_stream_amounts_to() -> None:
    reply = fold(read(WHOLE), "bedrock_converse")
    assert reply.choices == [Choice(parts=[Text(text="Grüße")], stop=Stop(reason="stop", said="end_turn"))]
    assert (reply.usage, reply.reported) == (Usage(input=3, output=5), USAGE)


@pytest.mark.parametrize(
    ("stream", "complete"),
    [
        (WHOLE, True),
        (START + TEXT + BLOCK_STOP + STOP, True),  # the usage is not a part of the answer
        (START + TEXT + BLOCK_STOP + STOP + METADATA[:20], False),
        (START + TEXT + BLOCK_STOP + METADATA + STOP, True),
        (START + TEXT + BLOCK_STOP + METADATA, False),
        (START + TEXT + BLOCK_STOP, False),
        (b"", False),
    ],
)
def test_when_a_stream_is_whole(stream: bytes, complete: bool) -> None:
    reader = FORMAT.reader(PLAIN, LIMIT)
    reader.feed(stream)
    assert reader.close() == []
    assert reader.complete() is complete


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (
            frame("throttlingException", {"message": "Too many tokens"}, "exception"),
            {"message": "Too many tokens", "type": "throttlingException"},
        ),
        (
            write_frame(
                (Header(":message-type", "exception"), Header(":exception-type", "internalServerException")), b"?"
            ),
            {"message": "?", "type": "internalServerException"},
        ),
        (
            write_frame(
                (Header(":message-type", "error"), Header(":error-code", "Gone"), Header(":error-message", "No")), b""
            ),
            {"message": "No", "type": "Gone"},
        ),
    ],
)
def test_a_failure_in_the_middle_is_an_error(raw: bytes, error: dict[str, str]) -> None:
    assert read(START + raw)[-1].error == error


@pytest.mark.parametrize("raw", [b"data: {}\n\n" * 2, START[:-1] + b"?", frame("metadata", {})[:-20] + b"x" * 20])
def test_what_is_no_stream_is_refused(raw: bytes) -> None:
    with pytest.raises(StreamError):
        read(raw)


@pytest.mark.parametrize("payload", [b"no json", b"[]", b"\xff"])
def test_a_frame_that_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(StreamError, match="frame of the stream"):
        read(write_frame((Header(":event-type", "messageStop"),), payload))


def test_a_frame_may_not_be_larger_than_the_limit() -> None:
    with pytest.raises(StreamError, match="larger than 100 bytes"):
        FORMAT.reader(PLAIN, 100).feed(frame("messageStart", {"p": "x" * 100}))


# Streams of other formats


def shown(*deltas: Delta, stop: Stop | None = None, usage: Usage | None = None) -> list[dict[str, Any]]:
    """What botocore reads of a stream of another format; every event must be what the description says."""
    events = [Event(id="chatcmpl-1", starts=True), *(Event(id="chatcmpl-1", deltas=[delta]) for delta in deltas)]
    if stop is not None:
        events.append(Event(stops={0: stop}))
    if usage is not None:
        events.append(Event(usage=usage))
    stream = written(events)
    for kind, payload in events_of(stream):
        assert faults_of_event(kind, payload) == []
    return list(stream_as_botocore(stream))


def piece(number: int, said: AnyPart, *, ends: bool = False) -> Delta:
    return Delta(choice=0, part=number, piece=said, ends=ends)


def test_words_and_calls_are_blocks_that_begin_and_end_and_the_usage_comes_last() -> None:
    seen = shown(
        piece(0, Text(text="Hal")),
        piece(0, Text(text="lo")),
        piece(0, Text(text="")),
        piece(1, ToolCall(id="call_1", name="f")),
        piece(1, ToolCall(arguments='{"a"')),
        piece(2, ToolCall(name="g", arguments="")),
        piece(1, ToolCall(arguments=":1}")),  # two calls at a time
        stop=Stop(reason="stop"),
        usage=Usage(input=5, output=6),
    )
    minted = seen[6]["contentBlockStart"]["start"]["toolUse"]["toolUseId"]
    assert minted.startswith("call_")
    assert seen == [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "Hal"}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": "lo"}, "contentBlockIndex": 0}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": "call_1", "name": "f"}}, "contentBlockIndex": 1}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": '{"a"'}}, "contentBlockIndex": 1}},
        {"contentBlockStart": {"start": {"toolUse": {"toolUseId": minted, "name": "g"}}, "contentBlockIndex": 2}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": ":1}"}}, "contentBlockIndex": 1}},
        {"contentBlockStop": {"contentBlockIndex": 1}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": "{}"}}, "contentBlockIndex": 2}},
        {"contentBlockStop": {"contentBlockIndex": 2}},
        {"messageStop": {"stopReason": "tool_use"}},
        {
            "metadata": {
                "usage": {"inputTokens": 5, "outputTokens": 6, "totalTokens": 11},
                "metrics": {"latencyMs": 0},
            }
        },
    ]


def test_a_call_waits_for_its_name() -> None:
    seen = shown(piece(0, ToolCall(id="a", arguments='{"x"')), piece(0, ToolCall(name="f", arguments=":1}"), ends=True))
    assert seen[1] == {
        "contentBlockStart": {"start": {"toolUse": {"toolUseId": "a", "name": "f"}}, "contentBlockIndex": 0}
    }
    assert seen[2]["contentBlockDelta"]["delta"] == {"toolUse": {"input": '{"x":1}'}}
    assert seen[3] == {"contentBlockStop": {"contentBlockIndex": 0}}


def test_a_stream_that_ends_without_a_word_is_still_one() -> None:
    kinds = [next(iter(event)) for event in shown()]
    assert kinds == ["messageStart", "messageStop", "metadata"]


def test_the_end_is_written_once() -> None:
    writer = FORMAT.writer(ASKED)
    assert writer.feed(Event(deltas=[piece(0, Text(text="x"))], stops={0: Stop(reason="stop")}))
    assert writer.feed(Event(stops={0: Stop(reason="length")}, ends=True)) == b""
    assert writer.end()
    assert writer.end() == b""


def test_other_answers_than_the_first_are_left_out() -> None:
    assert len(shown(Delta(choice=1, part=0, piece=Text(text="second")))) == 3


def test_reasoning_keeps_its_proof() -> None:
    seen = shown(
        piece(0, Reasoning(text="hm")),
        piece(0, Reasoning(signature="sig", issuer="anthropic")),
        piece(1, Reasoning(summary=["One"])),
        piece(1, Reasoning(summary=["Two"])),
        piece(1, Reasoning(encrypted="gA", issuer="openai")),
        piece(1, Reasoning(encrypted="AA", issuer="openai"), ends=True),
        piece(2, Reasoning(encrypted="x", issuer="xai"), ends=True),
        piece(3, ToolCall(name="f", id="a", arguments="{}", signature="c2ln", issuer="google"), ends=True),
    )
    deltas = [event["contentBlockDelta"] for event in seen if "contentBlockDelta" in event]
    said = [(delta["contentBlockIndex"], delta["delta"].get("reasoningContent")) for delta in deltas]
    assert said[:4] == [(0, {"text": "hm"}), (0, {"signature": "sig"}), (1, {"text": "One"}), (1, {"text": "\n\nTwo"})]
    sealed = unseal(said[4][1]["signature"])
    assert sealed is not None
    assert (said[4][0], sealed.issuer, sealed.encrypted) == (1, "openai", "gAAA")
    hidden = [unseal(value["redactedContent"].decode()) for _, value in said[5:7]]
    assert [(one.issuer, one.encrypted, one.signature) for one in hidden if one is not None] == [
        ("xai", "x", ""),
        ("google", "", "c2ln"),
    ]
    assert [delta["contentBlockIndex"] for delta in deltas[5:]] == [2, 3, 4]


def test_citations_refusals_sounds_and_pictures() -> None:
    seen = shown(
        piece(0, Text(text="Ruby", citations=[Citation(url="https://a", title="A")])),
        piece(1, Refusal(text="No.")),
        piece(2, Audio(transcript="la", data="aGk=")),
        piece(3, Image(data="aGk=", media_type="image/png")),
        piece(4, Image(url="https://a/b.png")),
    )
    deltas = [event["contentBlockDelta"]["delta"] for event in seen if "contentBlockDelta" in event]
    assert deltas == [
        {"text": "Ruby"},
        {"citation": {"title": "A", "location": {"web": {"url": "https://a"}}}},
        {"text": "No."},
        {"text": "la"},
        {"image": {"source": {"bytes": b"hi"}}},
        {"text": "https://a/b.png"},
    ]


def test_a_whole_reply_unfolded_is_a_stream() -> None:
    parts: list[AnyPart] = [Reasoning(text="hm"), Text(text="Hi"), ToolCall(id="a", name="f", arguments='{"b":1}')]
    reply = Reply(format="openai_chat", choices=[Choice(parts=parts, stop=Stop(reason="tool_calls"))])
    folded = fold(read(written(list(unfold(reply)))), "bedrock_converse")
    assert folded.choices[0].parts == parts
    assert folded.choices[0].stop == Stop(reason="tool_calls", said="tool_use")


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (429, "throttlingException"),
        (500, "internalServerException"),
        (502, "serviceUnavailableException"),
        (400, "validationException"),
        (404, "validationException"),
        (424, "modelStreamErrorException"),
    ],
)
def test_botocore_raises_what_failed_in_the_middle(status: int, name: str) -> None:
    failure = FORMAT.writer(ASKED).fail(Problem(status=status, message="It went wrong.", kind="server_error"))
    with pytest.raises(EventStreamError, match="It went wrong") as raised:
        list(stream_as_botocore(START + failure))
    assert raised.value.response["Error"]["Code"] == name
