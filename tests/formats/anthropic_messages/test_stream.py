"""Streams of this format: read in every arrangement of bytes, and written back as they were."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.anthropic_messages.recorded import STREAMS
from tests.formats.anthropic_messages.speaking import (
    CLIENT,
    LIMIT,
    NAME,
    sent,
)
from tests.formats.splits import split
from tests.recorded.exchanges import Exchange

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.conversation import (
    Event,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.folding import fold
from trunkline.formats.format import StreamError

START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 1, "service_tier": "standard"},
    },
}
END: list[dict[str, Any]] = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 9},
    },
    {"type": "message_stop"},
]


def raw(*values: dict[str, Any], line_end: str = "\n") -> bytes:
    lines = [f"event: {value.get('type')}\ndata: {msgspec.json.encode(value).decode()}\n\n" for value in values]
    return "".join(lines).replace("\n", line_end).encode()


def block(index: int, begin: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begin},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text(words: str) -> dict[str, Any]:
    return {"type": "text_delta", "text": words}


FULL: list[dict[str, Any]] = [
    START,
    {"type": "ping"},
    *block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Hm", "estimated_tokens": 5},
        {"type": "thinking_delta", "thinking": "."},
        {"type": "signature_delta", "signature": "c2ln"},
    ),
    *block(1, {"type": "redacted_thinking", "data": "ZW5j"}),
    *block(
        2,
        {"type": "text", "text": "", "citations": []},
        text("Grüße, "),
        text("🌍"),
        {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "x", "document_index": 0}},
    ),
    *block(
        3,
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query":'},
        {"type": "input_json_delta", "partial_json": ' "x"}'},
    ),
    *block(4, {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result"}]}),
    *block(
        5,
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, "caller": {"type": "direct"}},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"a": '},
        {"type": "input_json_delta", "partial_json": "1}"},
    ),
    *block(6, {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}}),
    *block(7, {"type": "compaction", "content": None}, {"type": "compaction_delta", "content": "All."}),
    {"type": "of_tomorrow", "x": 1},
    *END,
]


def read(data: bytes, dialect: Dialect = PLAIN) -> list[Event]:
    reader = FORMAT.reader(dialect, LIMIT)
    return [*reader.feed(data), *reader.close()]


def there_and_back(data: bytes) -> list[dict[str, Any]]:
    writer = FORMAT.writer(CLIENT)
    return sent(b"".join([*map(writer.feed, read(data)), writer.end()]))


@pytest.mark.shared
@pytest.mark.parametrize("recorded", STREAMS)
def test_a_recorded_stream_comes_back_as_it_was(recorded: Exchange) -> None:
    data = recorded.stream.replace(b"event: data\ndata: [DONE]\n\n", b"")  # OpenRouter's, and not of this format
    assert there_and_back(recorded.stream) == sent(data)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_all_that_the_api_sends_comes_back_as_it_was(line_end: str) -> None:
    assert there_and_back(raw(*FULL, line_end=line_end)) == FULL


@pytest.mark.parametrize(
    "events",
    [
        [{**START, "message": {"id": "x", "content": [], "provider": "p"}}, *END],
        [START, *block(0, {"type": "thinking", "thinking": ""}), *END],
        [START, *block(3, {"type": "text", "text": "begun"}, text(" and ended")), *END],
        [START, *block(0, {"type": "tool_use", "id": "a", "name": "f", "input": {"whole": 1}}), *END],
        [START, *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": None}, {"type": "?"}), *END],
        [START, {**END[0], "context_management": {"a": 1}}, END[1]],
        [START, {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 2, "input_tokens": None}}, END[1]],
        [START, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop", "x": 1}],
        [START, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "request_id": "r"}],
        [START, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}],
        [
            {
                "type": "message_start",
                "message": {
                    **START["message"],
                    "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}}],
                    "stop_reason": "tool_use",
                },
            },
            END[1],
            START,
            *block(0, {"type": "text", "text": ""}, text("again")),
            *END,
        ],
    ],
)
def test_odd_streams_come_back_as_they_were(events: list[dict[str, Any]]) -> None:
    assert there_and_back(raw(*events))[: len(events)] == events


@given(st.data(), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(deadline=None, max_examples=25)
def test_every_split_of_a_stream_is_read_as_the_same_events(data: st.DataObject, line_end: str) -> None:
    whole = raw(*FULL, line_end=line_end)
    reader = FORMAT.reader(PLAIN, LIMIT)
    events = [event for part in data.draw(split(whole)) for event in reader.feed(part)]
    assert events + reader.close() == read(whole)
    assert reader.complete()


def test_a_streams_events_amount_to_the_whole_reply() -> None:
    reply = fold(read(raw(*FULL)), NAME)
    message = FORMAT.write_reply(reply, CLIENT)
    assert [one["type"] for one in message["content"]] == [
        "thinking",
        "redacted_thinking",
        "text",
        "server_tool_use",
        "web_search_tool_result",
        "tool_use",
        "tool_use",
        "compaction",
    ]
    assert message["content"][0] == {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    assert message["content"][2]["citations"] == [{"type": "char_location", "cited_text": "x", "document_index": 0}]
    assert message["content"][3]["input"] == {"query": "x"}
    assert (message["content"][5]["input"], message["content"][5]["caller"]) == ({"a": 1}, {"type": "direct"})
    assert message["content"][6]["input"] == {}
    assert message["content"][7]["content"] == "All."
    assert message["stop_reason"] == "end_turn"
    assert message["usage"] == {
        "input_tokens": 5,
        "cache_read_input_tokens": 3,
        "output_tokens": 9,
        "service_tier": "standard",
    }
    assert reply.usage == Usage(input=8, cached=3, output=9)


def test_a_call_without_arguments_is_told_to_have_none() -> None:
    events = read(raw(START, *block(0, {"type": "tool_use", "id": "a", "name": "f", "input": {}}), *END))
    pieces = [delta.piece for event in events for delta in event.deltas]
    assert pieces == [ToolCall(id="a", name="f"), ToolCall(arguments="{}")]


def test_an_error_in_the_middle_is_seen() -> None:
    failed = read(raw(START, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}))[-1]
    assert failed.error == {"type": "overloaded_error", "message": "busy"}
    assert read(b'data: {"error":{"message":"busy"}}\n\n')[-1].error == {"message": "busy"}


def test_a_stream_is_whole_at_its_end_only() -> None:
    for count in range(len(FULL)):
        reader = FORMAT.reader(PLAIN, LIMIT)
        reader.feed(raw(*FULL[:count]))
        assert not reader.complete()
    reader = FORMAT.reader(Dialect(ending="finish"), LIMIT)
    reader.feed(raw(*FULL[:-1]))
    assert reader.complete()


def test_a_last_event_without_its_blank_line_counts_if_it_is_whole() -> None:
    whole = raw(START, *END)
    assert read(whole[:-1]) == read(whole)
    assert read(whole[:-4])[-1].kind == "message_delta"


@pytest.mark.parametrize(
    "data",
    [
        b"data: nonsense\n\n",
        b"data: [1]\n\n",
        b'data: {"type":"message_start"}\n\n',
        b'data: {"type":"content_block_delta","index":0}\n\n',
        b'data: {"type":"content_block_stop","index":"a"}\n\n',
        b"data: " + b"[" * 5000 + b"\n\n",
        b"data: " + b"x" * LIMIT,
    ],
)
def test_a_stream_that_is_not_of_this_format_is_refused(data: bytes) -> None:
    with pytest.raises(StreamError):
        FORMAT.reader(PLAIN, LIMIT).feed(data)


def test_half_a_character_is_replaced() -> None:
    half = b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\\ud83d"}}\n\n'
    assert read(half)[0].deltas[0].piece == Text(text="a\ufffd")
