"""Passing through: bytes go on as they came, and what the journey must know is noted."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.bedrock_converse.recorded import (
    CONVERSE_STREAMS,
    REPLIES,
    REQUESTS,
    reply_body,
    request_body,
    stream_bytes,
)
from tests.formats.bedrock_converse.test_stream import BLOCK_STOP, METADATA, START, STOP, TEXT, WHOLE, frame
from tests.formats.splits import split

from trunkline.formats.bedrock_converse import FORMAT
from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import PLAIN
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Place, Scanner, ShapeError, StreamError
from trunkline.formats.losses import Losses

MESSAGES = [{"role": "user", "content": [{"text": "Hallo"}]}]


def asked(**fields: Any) -> Asked:
    return FORMAT.look({"messages": MESSAGES, **fields}, Place(model="m", stream=True), 100)


def scanner(limit: int = 1024 * 1024) -> Scanner:
    return FORMAT.scanner(asked(), PLAIN, limit)


def test_what_is_noted_of_a_request() -> None:
    seen = asked(inferenceConfig={"maxTokens": 50})
    assert (seen.model, seen.stream, seen.output_cap, seen.usage_wanted, seen.size) == ("m", True, 50, True, 100)
    assert asked().output_cap is None
    assert FORMAT.look({"promptVariables": {"a": {"text": "b"}}}, Place(model="m"), 1).model == "m"


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "x"}]}, "messages[0].content"),
        ({"messages": [], "inferenceConfig": []}, "inferenceConfig"),
        ({"messages": [], "inferenceConfig": {"maxTokens": "5"}}, "inferenceConfig.maxTokens"),
    ],
)
def test_what_the_journey_relies_on_is_checked(document: dict[str, Any], param: str) -> None:
    with pytest.raises(ShapeError) as raised:
        FORMAT.look(document, Place(model="m"), 1)
    assert raised.value.param == param


@pytest.mark.shared
@pytest.mark.parametrize("name", REQUESTS)
def test_recorded_requests_pass_as_they_are(name: str) -> None:
    document = request_body(name)
    body = json.dumps(document).encode()
    seen = FORMAT.look(document, Place(model="m"), len(body))
    assert json.loads(FORMAT.edit(Document(body, 128), seen, "other", PLAIN, Losses())) == document


@pytest.mark.shared
@pytest.mark.parametrize("name", REPLIES)
def test_a_glance_at_a_reply_sees_what_reading_it_does(name: str) -> None:
    document = reply_body(name)
    facts, reply = FORMAT.look_reply(json.dumps(document).encode()), FORMAT.read_reply(document, PLAIN)
    stop = reply.choices[0].stop
    assert stop is not None
    assert (facts.usage, facts.finish, facts.choices, facts.error) == (reply.usage, stop.said, 1, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"output": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_reply_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="the reply"):
        FORMAT.look_reply(body)


@pytest.mark.shared
@pytest.mark.parametrize("name", CONVERSE_STREAMS)
def test_recorded_streams_pass_byte_by_byte(name: str) -> None:
    stream = stream_bytes(name)
    seen = scanner()
    passed = b"".join(seen.feed(stream[start : start + 11]) for start in range(0, len(stream), 11))
    assert passed + seen.close() == stream
    assert seen.started
    assert seen.done
    assert seen.complete()
    reader = FORMAT.reader(PLAIN, 1024 * 1024)
    assert seen.usage == next(event.usage for event in reader.feed(stream) if event.usage is not None)
    assert seen.usage is not None
    assert 1 <= seen.estimate() <= 3 * seen.usage.output


@given(st.data())
def test_whole_frames_pass_in_every_split(data: st.DataObject) -> None:
    seen = scanner()
    passed = [seen.feed(piece) for piece in data.draw(split(WHOLE))]
    assert b"".join(passed) == WHOLE
    assert (seen.finish, seen.usage) == ("end_turn", Usage(input=3, output=5))


def test_when_the_answer_has_begun() -> None:
    seen = scanner()
    started = [seen.feed(START) and seen.started, seen.feed(TEXT) and seen.started]
    assert started == [False, True]
    assert not seen.complete()


def test_a_stream_is_whole_without_its_usage_but_not_with_half_of_it() -> None:
    seen = scanner()
    seen.feed(START + TEXT + BLOCK_STOP + STOP)
    assert seen.complete()
    assert seen.usage is None
    assert seen.terminator == b""
    seen.feed(METADATA[:30])
    assert not seen.complete()


def test_the_usage_may_come_before_the_stop() -> None:
    seen = scanner()
    stream = START + TEXT + BLOCK_STOP + METADATA + STOP
    assert seen.feed(stream) == stream
    assert (seen.done, seen.finish, seen.usage) == (True, "end_turn", Usage(input=3, output=5))


def test_a_failure_is_noted_and_not_handed_on() -> None:
    seen = scanner()
    failure = frame("throttlingException", {"message": "Too many tokens"}, "exception")
    assert seen.feed(START + TEXT + failure + TEXT) == START + TEXT
    assert seen.error == {"message": "Too many tokens", "type": "throttlingException"}
    assert seen.feed(STOP) == b""
    assert not seen.complete()


def test_unknown_events_pass() -> None:
    unknown = frame("somethingNew", {"x": 1})
    assert scanner().feed(START + unknown) == START + unknown


@pytest.mark.parametrize("raw", [b"data: {}\n\n" * 2, frame("metadata", {"x": 1})[:-1] + b"?"])
def test_what_is_no_stream_is_refused(raw: bytes) -> None:
    with pytest.raises(StreamError):
        scanner().feed(raw)


def test_frames_are_bounded() -> None:
    with pytest.raises(StreamError, match="larger than"):
        scanner(50).feed(TEXT)
