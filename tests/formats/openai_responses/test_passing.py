"""Passing through: bytes go on as they came, and what the journey must know is noted."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.openai_responses.speaking import CREATED, LIMIT, MESSAGE, USAGE, completed, frames, text_events
from tests.formats.openai_responses.test_stream import STREAM
from tests.formats.splits import split

from trunkline.formats.billing import Details
from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Place, Scanner, ShapeError, StreamError
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses import FORMAT
from trunkline.formats.sealed import Sealed, seal

READ = Usage(input=9, cached=4, output=3, reasoning=1)
SEARCHED = Usage(9, 4, 0, 3, 1, Details(units=(("web_search", 1),)))


def asked(**fields: Any) -> Asked:
    return FORMAT.look({"model": "m", "input": "Hi", **fields}, Place(), 100)


def scanner(limit: int = LIMIT) -> Scanner:
    return FORMAT.scanner(asked(stream=True), PLAIN, limit)


def test_what_is_noted_of_a_request() -> None:
    seen = asked(stream=True, max_output_tokens=50)
    assert (seen.model, seen.stream, seen.output_cap, seen.choices, seen.size) == ("m", True, 50, 1, 100)
    assert seen.usage_wanted
    assert asked().output_cap is None


@pytest.mark.parametrize(
    ("document", "param", "code"),
    [
        ({"input": "x"}, "model", "missing_required_parameter"),
        ({"model": 5}, "model", "invalid_type"),
        ({"model": "m", "input": 5}, "input", "invalid_type"),
        ({"model": "m", "stream": "yes"}, "stream", "invalid_type"),
        ({"model": "m", "max_output_tokens": "5"}, "max_output_tokens", "invalid_type"),
        ({"model": "m", "tools": {}}, "tools", "invalid_type"),
    ],
)
def test_what_the_journey_relies_on_is_checked(document: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(ShapeError) as raised:
        FORMAT.look(document, Place(), 1)
    assert (raised.value.param, raised.value.code) == (param, code)


def test_only_the_model_changes() -> None:
    body = b'{"model": "mine", "input": [ {"role":"user", "content":"x"} ], "new": 1.50}'
    sent = FORMAT.edit(Document(body, 50), asked(), "theirs", PLAIN, Losses())
    assert sent == b'{"model":"theirs","input":[ {"role":"user", "content":"x"} ],"new":1.50}'


def test_reasoning_that_was_sealed_for_another_family_is_taken_out() -> None:
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal(Sealed("anthropic", "sig"))}
    ours = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": seal(Sealed("xai", "", "opaque"))}
    other = {"role": "user", "content": "x"}
    body = json.dumps({"model": "m", "input": [sealed, other, ours]}).encode()
    sent = json.loads(FORMAT.edit(Document(body, 50), asked(), "m", Dialect(issuer="xai"), Losses()))
    assert sent["input"] == [other, ours | {"encrypted_content": "opaque"}]
    sent = json.loads(FORMAT.edit(Document(body, 50), asked(), "m", Dialect(issuer="openai"), Losses()))
    assert sent["input"] == [other]


def test_a_stream_passes_and_is_noted() -> None:
    seen = scanner()
    assert seen.feed(STREAM) + seen.close() == STREAM
    assert (seen.started, seen.done, seen.finish, seen.usage) == (True, True, "completed", SEARCHED)
    assert seen.complete()
    assert seen.terminator == b""


@given(st.data())
def test_a_stream_passes_however_it_is_cut(data: st.DataObject) -> None:
    seen = scanner()
    stream = STREAM + b": bye\n\ndata: [DONE]\n\n"
    assert b"".join([seen.feed(piece) for piece in data.draw(split(stream))]) + seen.close() == stream
    assert (seen.done, seen.usage) == (True, SEARCHED)


def test_a_stream_begins_with_its_first_output() -> None:
    seen = scanner()
    started = []
    for event in (CREATED, *text_events()):
        seen.feed(frames(event))
        started.append(seen.started)
    assert started == [False, False, False, True, True, True, True, True]


def test_a_stream_that_breaks_off_is_not_complete() -> None:
    seen = scanner()
    seen.feed(frames(CREATED, *text_events()))
    assert seen.close() == b""
    assert not seen.complete()
    assert seen.estimate() >= 2


def test_tokens_are_estimated_by_deltas_and_their_length() -> None:
    seen = scanner()
    at = {"output_index": 0, "content_index": 0, "item_id": "m"}
    for delta in ("x", "x" * 6000):
        seen.feed(frames({"type": "response.output_text.delta", **at, "delta": delta}))
    assert 900 < seen.estimate() < 1100


def test_what_is_left_without_its_blank_line_passes_if_it_is_whole() -> None:
    seen = scanner()
    assert seen.feed(STREAM[:-2]) + seen.close() == STREAM
    assert seen.complete()
    seen = scanner()
    seen.feed(STREAM[:-9])
    assert seen.close() == b""


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"type": "error", "code": "c", "message": "Oh", "param": None}, "Oh"),
        ({"type": "error", "error": {"message": "Oh"}}, "Oh"),
        (completed(status="failed", error={"code": "server_error", "message": "Oh"}), "Oh"),
    ],
)
def test_an_error_stops_the_stream_and_is_not_handed_on(event: dict[str, Any], message: str) -> None:
    seen = scanner()
    before = frames(CREATED)
    assert seen.feed(before + frames(event) + frames(*text_events())) == before
    assert seen.error["message"] == message  # type: ignore[index]  # an object
    assert not seen.complete()


def test_why_a_stream_is_incomplete_is_its_finish() -> None:
    seen = scanner()
    seen.feed(frames(completed(status="incomplete", incomplete_details={"reason": "max_output_tokens"})))
    assert (seen.finish, seen.done) == ("max_output_tokens", True)


def test_odd_events_pass() -> None:
    seen = scanner()
    odd = b'data: {"type":5}\n\ndata: {"type":"response.output_text.delta","delta":"\\ud83d"}\n\n: x\n\nid: 3\n\n'
    assert seen.feed(odd) == odd


@pytest.mark.parametrize("data", [b"data: x\n\n", b"data: [1]\n\n"])
def test_what_is_no_event_breaks_the_stream(data: bytes) -> None:
    with pytest.raises(StreamError):
        scanner().feed(data)
    with pytest.raises(StreamError):
        scanner(limit=10).feed(b"data: " + b"x" * 50)


@pytest.mark.parametrize(
    ("value", "finish", "usage"),
    [
        (completed(MESSAGE)["response"], "completed", READ),
        (
            completed(status="incomplete", incomplete_details={"reason": "content_filter"})["response"],
            "content_filter",
            READ,
        ),
        ({"output": []}, "", None),
        ({"output": [], "status": "queued", "usage": "none"}, "queued", None),
    ],
)
def test_a_glance_at_a_whole_reply(value: dict[str, Any], finish: str, usage: Usage | None) -> None:
    facts = FORMAT.look_reply(json.dumps(value).encode())
    assert (facts.finish, facts.usage, facts.choices, facts.error) == (finish, usage, 1, None)


def test_a_glance_sees_errors_and_odd_texts() -> None:
    failed = {"output": [], "status": "failed", "error": {"message": "Oh"}, "usage": USAGE}
    assert FORMAT.look_reply(json.dumps(failed).encode()).error == {"message": "Oh"}
    assert FORMAT.look_reply(b'{"output":[{"text":"\\ud83d"}],"status":"completed"}').finish == "completed"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"choices":[]}', b"<html>", b"[" * 100_000])
def test_what_is_no_response_is_seen(body: bytes) -> None:
    with pytest.raises(ValueError):
        FORMAT.look_reply(body)
