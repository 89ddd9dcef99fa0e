"""What is noted of a stream of chunks while its bytes pass."""

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.openai_chat.chat import (
    COMMENT,
    DONE,
    ERROR,
    ROLE,
    STOP,
    TEXT,
    USAGE,
    USAGE_CHUNK,
    asked,
    chunk,
    event,
)
from tests.formats.splits import split

from trunkline.formats.billing import Details
from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Asked, Scanner, StreamError
from trunkline.formats.openai_chat import FORMAT, FORMAT_COMPLETIONS

LIMIT = 1 << 20
Ending = Literal["done", "finish"]


def scanner(request: Asked | None = None, ending: Ending = "done", limit: int = LIMIT) -> Scanner:
    return FORMAT.scanner(request or asked(), Dialect(ending=ending), limit)


def facts(scan: Scanner) -> dict[str, Any]:
    names = ("started", "done", "finish", "finished", "usage", "error", "events", "bytes")
    return {name: getattr(scan, name) for name in names} | {"whole": scan.complete(), "estimate": scan.estimate()}


events = st.lists(
    st.one_of(
        st.sampled_from([ROLE, TEXT, STOP, COMMENT, USAGE_CHUNK, DONE, ERROR, b"event: ping\n\n", b"\n"]),
        st.text(max_size=10).map(lambda text: chunk({"content": text})),
        st.text(max_size=10).map(lambda text: chunk({"reasoning_content": text}, usage=USAGE)),
        st.integers(0, 2).map(lambda index: chunk({}, "length", index=index)),
        st.text(max_size=10).map(lambda text: chunk({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})),
    ),
    max_size=8,
)


@given(st.data(), events, st.booleans(), st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None, max_examples=150)
def test_every_split_of_a_stream_passes_the_same_bytes_and_tells_the_same(
    data: st.DataObject, parts: list[bytes], usage_wanted: bool, line_end: str
) -> None:
    raw = b"".join(parts).replace(b"\n", line_end.encode())
    request = asked(stream_options={"include_usage": usage_wanted})
    at_once, in_pieces = scanner(request), scanner(request)
    whole = at_once.feed(raw)
    assert b"".join([in_pieces.feed(piece) for piece in data.draw(split(raw))]) == whole
    assert facts(in_pieces) == facts(at_once)


@given(st.lists(st.sampled_from([ROLE, TEXT, STOP, COMMENT]), max_size=6))
def test_a_stream_without_usage_and_errors_passes_untouched(parts: list[bytes]) -> None:
    scan = scanner()
    assert [scan.feed(part) for part in parts] == parts


@pytest.mark.parametrize("wanted", [False, True])
def test_usage_is_noted_and_passes_only_if_it_was_asked_for(wanted: bool) -> None:
    scan = scanner(asked(stream_options={"include_usage": wanted}))
    passed = [scan.feed(part) for part in (TEXT, STOP, USAGE_CHUNK, DONE)]
    assert passed == [TEXT, STOP, USAGE_CHUNK if wanted else b"", DONE]
    assert scan.usage == Usage(input=12, output=9)


def test_usage_beside_a_choice_passes_with_it() -> None:
    both = chunk({"content": "Hi"}, usage=USAGE)
    scan = scanner()
    assert scan.feed(both) == both
    assert scan.usage == Usage(input=12, output=9)


def test_a_chunk_without_choices_that_tells_something_else_passes() -> None:
    filtered = chunk(prompt_filter_results=[{"prompt_index": 0}])  # Azure begins with one
    scan = scanner()
    assert scan.feed(filtered) == filtered
    assert not scan.started


@pytest.mark.parametrize(
    "output",
    [
        {"content": "Hi"},
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm"},
        {"refusal": "No"},
        {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "f", "arguments": ""}}]},
        {"function_call": {"name": "f"}},
        {"audio": {"id": "audio_1"}},
        {"role": "assistant", "content": "Hi"},
        {"something_new": True},
    ],
)
def test_a_stream_starts_with_its_first_output_of_any_kind(output: dict[str, Any]) -> None:
    scan = scanner()
    scan.feed(COMMENT + ROLE + chunk({"content": None, "tool_calls": [], "reasoning_details": []}))
    assert not scan.started
    scan.feed(chunk(output))
    assert scan.started


def test_a_finish_reason_is_output_enough() -> None:
    scan = scanner()
    scan.feed(ROLE + STOP)
    assert scan.started
    assert scan.finish == "stop"


def test_a_legacy_completion_starts_with_its_first_text() -> None:
    scan = scanner(asked(FORMAT_COMPLETIONS))
    scan.feed(event({"choices": [{"index": 0, "text": "", "finish_reason": None}]}))
    assert not scan.started
    scan.feed(event({"choices": [{"index": 0, "text": "Hi", "finish_reason": None}]}))
    assert scan.started


def test_an_error_ends_what_passes() -> None:
    scan = scanner()
    assert scan.feed(TEXT + ERROR + TEXT + COMMENT + DONE) == TEXT
    assert scan.error == {"message": "overloaded", "type": "server_error", "param": None, "code": None}
    assert not scan.complete()


@pytest.mark.parametrize(
    "failed",
    [
        event({"object": "error", "message": "The engine is dead", "code": 400}),
        b"event: error\n" + event({"message": "The engine is dead", "code": 400}),
    ],
)
def test_an_error_without_an_envelope_ends_what_passes(failed: bytes) -> None:
    scan = scanner()
    assert scan.feed(TEXT + failed + DONE) == TEXT
    assert isinstance(scan.error, dict)
    assert scan.error["message"] == "The engine is dead"


def test_a_chunk_of_something_else_passes() -> None:
    other = event({"response": "", "usage": USAGE})
    scan = scanner(asked(stream_options={"include_usage": True}))
    assert scan.feed(TEXT + other + DONE) == TEXT + other + DONE
    assert scan.error is None


@pytest.mark.parametrize("empty", ["", {}, None, []])
def test_an_empty_error_is_none(empty: Any) -> None:
    harmless = chunk({"content": "Hi"}, error=empty)
    scan = scanner()
    assert scan.feed(harmless) == harmless
    assert scan.error is None


def test_nothing_passes_behind_done() -> None:
    scan = scanner()
    assert scan.feed(TEXT + DONE + TEXT + ERROR) == TEXT + DONE
    assert scan.complete()
    assert scan.error is None


def test_a_stream_is_whole_with_done_or_where_none_is_sent_with_every_choice_finished() -> None:
    two = asked(n=2)
    first, second = chunk(finish="stop", index=0), chunk(finish="length", index=1)
    strict, loose = scanner(two), scanner(two, ending="finish")
    for scan in (strict, loose):
        scan.feed(TEXT + first)
        assert not scan.complete()
        scan.feed(second)
    assert loose.complete()
    assert not strict.complete()
    strict.feed(DONE)
    assert strict.complete()


@pytest.mark.parametrize("number", [0, -3])
def test_a_nonsensical_number_of_choices_does_not_make_a_stream_whole(number: int) -> None:
    assert not scanner(asked(n=number), ending="finish").complete()


@pytest.mark.parametrize("lacking", [0, 1])
def test_a_last_event_without_its_blank_line_passes_if_it_is_whole(lacking: int) -> None:
    scan = scanner()
    assert scan.feed(TEXT + DONE[: -2 + lacking]) == TEXT
    assert scan.close().rstrip() == b"data: [DONE]"
    assert scan.done


@pytest.mark.parametrize(
    "rest", [b"", b"data: {", STOP[:-8], b"data: [DON", b": comm", b"data: 5", b"data: " + b"[" * 5000]
)
def test_a_last_event_that_is_cut_does_not_pass(rest: bytes) -> None:
    scan = scanner()
    scan.feed(TEXT + rest)
    assert scan.close() == b""
    assert not scan.complete()


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(
    "payload", [b"<html>", b"5", b"[]", b'{"choices": [', b'"\xff"', b"[" * 100_000, b'{"error": ' + b"[" * 100_000]
)
def test_what_is_no_chunk_is_told_as_such(payload: bytes, started: bool) -> None:
    scan = scanner()
    if started:
        scan.feed(TEXT)
    with pytest.raises(StreamError, match="not a JSON chunk"):
        scan.feed(b"data: " + payload + b"\n\n")


def test_an_event_larger_than_the_limit_is_told() -> None:
    with pytest.raises(StreamError, match="larger than 1000 bytes"):
        scanner(limit=1000).feed(b"data: " + b"x" * 2000)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [None, {"index": 0, "delta": {"content": "Hi"}}]},
        {"choices": [{"index": None, "delta": {"content": "Hi"}, "finish_reason": 7}]},
        {"choices": [{"delta": "Hi"}], "usage": "none"},
        {"choices": [{"index": 0, "delta": {"content": "Hi"}}], "usage": {"prompt_tokens_details": [1]}},
        {"choices": {"0": "Hi"}},
        {"choices": [{"index": 0, "delta": {"content": "Hi"}, "half": "\ud83d"}]},
    ],
)
def test_a_frame_that_is_not_as_usual_passes(odd: dict[str, Any], started: bool) -> None:
    """Somebody may send it one day, and the client may know what it means."""
    scan = scanner()
    if started:
        scan.feed(TEXT)
    assert scan.feed(event(odd)) == event(odd)
    scan.feed(STOP)
    assert scan.finish == "stop"


@pytest.mark.parametrize("text", [b'"\\ud83d"', b"1e999", b'"\xf0\x9f"'])
def test_output_that_cannot_be_read_is_output(text: bytes) -> None:
    strange = b'data: {"choices": [{"index": 0, "delta": {"content": %b}}]}\n\n' % text
    scan = scanner()
    assert scan.feed(strange) == strange
    assert scan.started


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (
            {"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 8}},
            Usage(input=20, cached=8, output=9),
        ),
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}, Usage(output=9, reasoning=4)),
        ({"prompt_tokens": None, "completion_tokens": None, "prompt_tokens_details": None}, Usage()),
        ({"prompt_tokens": -5, "completion_tokens": -1}, Usage(details=Details(impossible=True))),
        ({"prompt_tokens": 12.0, "completion_tokens": "9"}, Usage(input=12, output=9)),
        ({"prompt_tokens": 1, "a_new_detail": {"x": 1}}, Usage(input=1)),
    ],
)
def test_usage_is_read_as_providers_write_it(usage: dict[str, Any], read: Usage) -> None:
    scan = scanner()
    scan.feed(TEXT + chunk(usage=usage))
    assert scan.usage == read


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=30))
def test_the_estimate_is_a_token_a_chunk_or_more_where_chunks_are_long(texts: list[str]) -> None:
    scan = scanner()
    for text in texts:
        scan.feed(chunk({"content": text}))
    assert len(texts) <= scan.estimate() <= max(len(texts), sum(len(json.dumps(text)) for text in texts))


def test_a_long_text_in_one_chunk_is_not_taken_for_one_token() -> None:
    scan = scanner()
    scan.feed(chunk({"content": "word " * 1000}))
    assert 700 <= scan.estimate() <= 1500
