"""Streams of chunks, read from all the servers that speak the format, and written back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.openai_chat.chat import COMMENT, DONE, ERROR, ROLE, STOP, TEXT, USAGE, USAGE_CHUNK, chunk, event
from tests.formats.openai_chat.talking import events_of, payloads, written
from tests.formats.splits import split

from trunkline.formats.conversation import (
    Audio,
    Citation,
    Event,
    Image,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.folding import fold
from trunkline.formats.format import Place, StreamError
from trunkline.formats.openai_chat import FORMAT


def parts(*data: bytes) -> list[Any]:
    """The parts that a stream amounts to, which must be written back as it was."""
    events = events_of(*data)
    assert payloads(written(events, stream_usage=True)) == payloads(b"".join(data))
    choices = fold(events, "openai_chat").choices
    return choices[0].parts if choices else []


def calls(*entries: Any) -> list[ToolCall]:
    """The calls that deltas with these `tool_calls` make."""
    return [part for part in parts(*(chunk({"tool_calls": entry}) for entry in entries)) if isinstance(part, ToolCall)]


def piece(index: int | None = 0, arguments: str | None = None, **fields: Any) -> dict[str, Any]:
    function = {name: fields.pop(name) for name in ("name",) if name in fields}
    said = {"arguments": arguments} if arguments is not None else {}
    place = {"index": index} if index is not None else {}
    return {**place, "function": function | said, **fields}


def test_a_stream_is_read_from_its_first_chunk_to_its_end() -> None:
    events = events_of(ROLE, TEXT, STOP, USAGE_CHUNK, DONE)
    assert [one.starts for one in events] == [True, False, False, False, False]
    assert [one.ends for one in events] == [False, False, False, False, True]
    assert events[2].stops[0].reason == "stop"
    reply = fold(events, "openai_chat")
    assert (reply.id, reply.usage) == ("chatcmpl-1", Usage(input=12, output=9))
    assert reply.choices[0].parts == [Text(text="Grüße 🌍")]


_chunks = st.lists(
    st.one_of(
        st.sampled_from([ROLE, TEXT, STOP, COMMENT, USAGE_CHUNK, DONE, b"event: ping\n\n", b"\n"]),
        st.text(max_size=10).map(lambda text: chunk({"content": text, "role": "assistant"})),
        st.text(max_size=10).map(lambda text: chunk({"reasoning": text, "reasoning_content": text}, usage=USAGE)),
        st.integers(0, 2).map(lambda index: chunk({"content": "a"}, "length", index=index)),
        st.text(max_size=10).map(lambda text: chunk({"tool_calls": [piece(0, text)]})),
        st.lists(st.sampled_from(["\ud83c", "\udf0d", "a", "🌍"]), max_size=3).map(
            lambda texts: chunk({"content": "".join(texts)})
        ),
    ),
    max_size=8,
)


@given(st.data(), _chunks, st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None, max_examples=150)
def test_every_split_of_a_stream_tells_the_same(data: st.DataObject, pieces: list[bytes], line_end: str) -> None:
    raw = b"".join(pieces).replace(b"\n", line_end.encode())
    assert events_of(*data.draw(split(raw))) == events_of(raw)


@given(_chunks)
@settings(deadline=None, max_examples=100)
def test_reading_agrees_with_looking(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    events = events_of(raw)
    asked = FORMAT.look({"model": "m", "messages": [], "stream": True}, Place(), 10)
    scanner = FORMAT.scanner(asked, PLAIN, 1 << 20)
    scanner.feed(raw)
    usage = [one.usage for one in events if one.usage is not None]
    assert scanner.usage == (usage[-1] if usage else None)
    assert scanner.finish == next((stop.said for one in events for stop in one.stops.values()), "")
    assert scanner.done == any(one.ends for one in events)


def test_reasoning_before_the_answer_is_a_part_of_its_own() -> None:
    assert parts(ROLE, chunk({"reasoning_content": "Hm", "content": None}), chunk({"content": "Hi"}), STOP) == [
        Reasoning(text="Hm"),
        Text(text="Hi"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning": "Hm"},
        {"reasoning": "Hm", "reasoning_content": "Hm"},
        {"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]},
        {"reasoning_content": "Hm", "reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "closed": False}]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm", "signature": ""}]}]},
    ],
)
def test_reasoning_is_read_once_wherever_it_stands(said: dict[str, Any]) -> None:
    assert [part.text for part in parts(chunk(said), chunk(said))] == ["HmHm"]


def test_a_signature_belongs_to_the_reasoning_of_its_index() -> None:
    style = {"type": "reasoning.text", "format": "anthropic-claude-v1"}
    first, second, signed = (
        chunk({"reasoning_details": [{**style, **entry}]})
        for entry in ({"text": "A", "index": 0}, {"text": "B", "index": 1}, {"signature": "s", "index": 0})
    )
    one, two = parts(first, second, signed)
    assert (one.text, one.signature, one.issuer) == ("A", "s", "anthropic")
    assert (two.text, two.signature) == ("B", "")


def test_arguments_are_put_together_by_index() -> None:
    one, two = calls(
        [piece(0, "", id="call_1", type="function", name="f")],
        [piece(1, "", id="call_2", type="function", name="g")],
        [piece(0, '{"a"'), piece(1, "{")],
        [piece(0, ":1}"), piece(1, "}")],
    )
    assert (one.id, one.name, one.arguments) == ("call_1", "f", '{"a":1}')
    assert (two.id, two.name, two.arguments) == ("call_2", "g", "{}")


def test_empty_ids_and_names_do_not_overwrite() -> None:
    (call,) = calls(
        [piece(0, "{", id="call_1", name="f")], [piece(0, "}", id="", name="")], [piece(0, None, name=None)]
    )
    assert (call.id, call.name, call.arguments) == ("call_1", "f", "{}")


def test_the_same_id_again_goes_on_with_the_call() -> None:
    (call,) = calls([piece(0, "{", id="call_1", name="f")], [piece(0, "}", id="call_1", name="f")])
    assert call.arguments == "{}"


def test_a_new_id_at_a_known_index_is_a_new_call() -> None:
    found = calls([piece(0, "{}", id="call_1", name="f")], [piece(0, "{}", id="call_2", name="g")], [piece(0, " ")])
    assert [(call.id, call.arguments) for call in found] == [("call_1", "{}"), ("call_2", "{} ")]


def test_calls_without_an_index_are_told_apart_by_their_names() -> None:
    found = calls([piece(None, "{", name="f")], [piece(None, "}")], [piece(None, "{}", name="g")])
    assert [(call.name, call.arguments) for call in found] == [("f", "{}"), ("g", "{}")]
    assert len({call.id for call in found}) == 2


def test_calls_without_an_index_go_on_in_the_order_in_which_they_began() -> None:
    begun = [piece(None, "", name="f", id="call_1"), piece(None, "", name="g", id="call_2")]
    found = calls(begun, [piece(None, '{"a":1}'), piece(None, '{"b":2}')])
    assert [(call.name, call.arguments) for call in found] == [("f", '{"a":1}'), ("g", '{"b":2}')]


def test_arguments_may_be_an_object_and_calls_no_list() -> None:
    whole = {"index": 0, "id": "0", "function": {"name": "f", "arguments": {"a": 1}}}
    found = parts(chunk({"tool_calls": whole}))
    assert (found[0].name, found[0].arguments) == ("f", '{"a":1}')


def test_a_call_in_the_old_words_is_one() -> None:
    (call,) = parts(
        chunk({"function_call": {"name": "f", "arguments": ""}}), chunk({"function_call": {"arguments": "{}"}})
    )
    assert (call.name, call.arguments) == ("f", "{}")


def test_what_is_not_in_most_chunks_is_read() -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "https://a", "start_index": 0, "end_index": 1}}
    found = parts(
        chunk({"content": "a", "annotations": [cited]}),
        chunk({"refusal": "No"}),
        chunk({"audio": {"id": "audio_1", "data": "AA"}}),
        chunk({"audio": {"data": "AA", "expires_at": 5}}),
        chunk({"images": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}),
    )
    assert found[0].citations == [Citation(url="https://a", start=0, end=1)]
    assert found[1] == Refusal(text="No")
    assert isinstance(found[2], Audio)
    assert (found[2].id, found[2].data) == ("audio_1", "AAAA")
    assert isinstance(found[3], Image)


def test_logprobs_are_read_beside_the_text() -> None:
    said: dict[str, Any] = {
        "content": [{"token": "a", "logprob": -1, "bytes": None, "top_logprobs": []}],
        "refusal": None,
    }
    choice = {"index": 0, "delta": {"content": "a"}, "logprobs": said}
    events = events_of(event({"choices": [choice]}), event({"choices": [{**choice, "delta": {}}]}))
    assert payloads(written(events)) == [{"choices": [choice]}, {"choices": [{**choice, "delta": {}}]}]
    logprobs = fold(events, "openai_chat").choices[0].logprobs
    assert [one.token for one in logprobs or []] == ["a", "a"]


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [], "model": "", "prompt_filter_results": [{}]},
        {"choices": None, "usage": None},
        {"choices": [None, {"index": 0, "delta": None}]},
        {"choices": [{"delta": {"content": 5, "tool_calls": "x", "reasoning_details": [5], "images": [5]}}]},
        {"choices": [{"delta": {"content": "a", "reasoning_details": [{"type": ["reasoning.text"]}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [5, {"index": 0}]}, "finish_reason": 7}]},
        {"choices": [{"index": 0, "message": {"content": "Hi"}, "delta": {"content": "Hi"}}], "object": "x.done"},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "", "logprobs": {"content": []}}], "usage": "none"},
        {"x_groq": {"usage": None}, "choices": []},
        {"something": "else"},
    ],
)
def test_an_odd_chunk_is_no_error_and_comes_back(odd: dict[str, Any]) -> None:
    assert payloads(written(events_of(event(odd)), stream_usage=True)) == [odd]


def test_usage_beside_groqs_own_fields_counts() -> None:
    told = event({"choices": [], "x_groq": {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}})
    events = events_of(told)
    assert events[0].usage == Usage(input=3, output=1)
    assert payloads(written(events)) == payloads(told)


def test_usage_that_was_not_asked_for_is_not_for_the_client() -> None:
    events = events_of(TEXT, STOP, USAGE_CHUNK, DONE)
    assert payloads(written(events)) == payloads(TEXT + STOP)
    assert payloads(written(events, stream_usage=True)) == payloads(TEXT + STOP + USAGE_CHUNK)


def test_an_error_is_told_with_its_value() -> None:
    events = events_of(TEXT, b"event: error\n" + ERROR)
    assert events[1].error["message"] == "overloaded"
    assert events[1].kind == "error"
    assert written(events).count(b"event: error") == 1


@pytest.mark.parametrize(
    "failed",
    [
        event({"object": "error", "message": "The engine is dead", "type": "BadRequestError", "code": 400}),
        b"event: error\n" + event({"message": "The engine is dead", "code": 400}),
        event({"choices": None, "base_resp": {"status_code": 400, "status_msg": "The engine is dead"}}),
    ],
)
def test_an_error_may_come_without_an_envelope(failed: bytes) -> None:
    (error,) = [one.error for one in events_of(TEXT, failed, DONE) if one.error is not None]
    assert (error["message"], error["code"]) == ("The engine is dead", 400)


def test_sources_that_come_with_every_chunk_are_cited_once() -> None:
    found = parts(
        chunk({"role": "assistant"}, citations=["https://a"]),
        chunk({"content": "a"}, citations=["https://a"]),
        chunk({"content": "b"}, citations=["https://a", "https://b"]),
    )
    assert [citation.url for citation in found[0].citations] == ["https://a", "https://b"]


def test_a_text_beside_a_delta_says_the_same_again() -> None:
    said = {"index": 0, "text": "Hi", "delta": {"content": "Hi"}, "finish_reason": None}
    assert parts(event({"choices": [said]}))[0].text == "Hi"


@pytest.mark.parametrize("empty", [b"data:\n\n", b"data: \n\n", b"event: ping\ndata:\n\n"])
def test_an_event_without_data_is_none(empty: bytes) -> None:
    assert events_of(empty, TEXT, empty) == events_of(TEXT)


@pytest.mark.parametrize(
    ("ending", "stops", "done", "whole"),
    [
        ("done", 1, False, False),
        ("done", 1, True, True),
        ("finish", 2, False, True),
        ("finish", 1, False, False),
        ("finish", 0, False, False),
    ],
)
def test_a_stream_is_whole_by_its_end_or_where_none_is_sent_by_every_choices(
    ending: Any, stops: int, done: bool, whole: bool
) -> None:
    reader = FORMAT.reader(Dialect(ending=ending), 1 << 20)
    reader.feed(chunk({"content": "a"}) + chunk({"content": "b"}, index=1))
    for index in range(stops):
        reader.feed(chunk({}, "stop", index=index))
    if done:
        reader.feed(DONE)
    assert reader.complete() is whole


@pytest.mark.parametrize(
    ("rest", "number"),
    [
        (DONE[:-2], 1),
        (b"data: [DONE] ", 1),
        (STOP[:-1], 1),
        (STOP[:-9], 0),
        (b": commen", 0),
        (b"data: [5", 0),
        (b"", 0),
    ],
)
def test_a_last_event_without_its_blank_line_counts_if_it_is_whole(rest: bytes, number: int) -> None:
    assert len(events_of(TEXT, rest)) == 1 + number


@pytest.mark.parametrize("payload", [b"<html>", b"5", b"[]", b'{"choices": [', b'"\xff"', b"[" * 100_000])
def test_what_is_no_chunk_is_told_as_such(payload: bytes) -> None:
    with pytest.raises(StreamError, match="not a JSON chunk"):
        events_of(b"data: " + payload + b"\n\n")


def test_a_character_cut_in_two_is_put_together() -> None:
    halves = [b'"a\\ud83c"', b'"\\udf0db"']
    cut = [b'data: {"choices":[{"index":0,"delta":{"content":%b}}]}\n\n' % half for half in halves]
    reply = fold(events_of(*cut), "openai_chat")
    assert reply.choices[0].parts == [Text(text="a🌍b")]


def test_half_a_character_alone_is_replaced() -> None:
    cut = b'data: {"choices":[{"index":0,"delta":{"content":"\\udf0d","x\\ud83c":["\\ud83c"]}}]}\n\n'
    events = events_of(cut)
    assert fold(events, "openai_chat").choices[0].parts == [Text(text="\ufffd")]
    assert b"\\ud83c" not in written(events)


def test_a_changed_word_changes_nothing_else() -> None:
    events = events_of(ROLE, TEXT, STOP)
    delta = events[1].deltas[0]
    assert isinstance(delta.piece, Text)
    delta.piece.text = "****"
    assert payloads(written(events)) == payloads(ROLE + chunk({"content": "****"}) + STOP)


@pytest.mark.parametrize(
    "said",
    [
        {"tool_calls": [piece(0, "{", id="call_1", name="f", type="function")]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "secret", "index": 0}]},
        {"content": [{"type": "text", "text": "secret"}]},
        {"images": [{"type": "image_url", "image_url": {"url": "https://secret"}}]},
        {"content": "secret"},
    ],
)
def test_what_is_taken_out_of_an_event_is_not_written(said: dict[str, Any]) -> None:
    events = events_of(chunk(said))
    events[0].deltas.clear()
    assert b"secret" not in written(events)
    assert b"call_1" not in written(events)


def test_an_event_without_anything_to_say_is_empty() -> None:
    assert FORMAT.writer(Request(format="openai_chat")).feed(Event()) == b""


def test_googles_signature_beside_the_words_is_reasoning() -> None:
    google = {"google": {"thought_signature": "c2ln", "thought": True}}
    signed = parts(chunk({"content": "Hi"}), chunk({"role": "assistant", "extra_content": google}, "stop"))
    assert signed == [Text(text="Hi"), Reasoning(signature="c2ln", issuer="google")]
    assert parts(chunk({"content": "Hi", "extra_content": {"google": {"thought": True}}})) == [Text(text="Hi")]
