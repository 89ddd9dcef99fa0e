"""Where both sides speak this format: requests and replies pass as bytes, and what must be known of them is seen."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.anthropic_messages.recorded import REPLIES, STREAMS
from tests.formats.anthropic_messages.speaking import LIMIT, NAME, document, sent
from tests.formats.anthropic_messages.test_stream import END, FULL, START, raw
from tests.formats.splits import split
from tests.recorded.exchanges import Exchange

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.document import Document
from trunkline.formats.folding import fold
from trunkline.formats.format import NOTHING, Place, Scanner, ShapeError, StreamError
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import MARK, Sealed, seal


def edited(value: dict[str, Any], dialect: Dialect = PLAIN) -> bytes:
    body = msgspec.json.encode(value)
    found = Document(body, 100)
    return FORMAT.edit(found, FORMAT.look(found.value, Place(), len(body)), "claude", dialect, Losses())


def scanner(dialect: Dialect = PLAIN) -> Scanner:
    return FORMAT.scanner(NOTHING, dialect, LIMIT)


def facts(scan: Scanner) -> tuple[object, ...]:
    return (scan.started, scan.done, scan.finish, scan.usage, scan.error, scan.complete(), scan.estimate())


def test_what_the_journey_must_know_is_seen() -> None:
    asked = FORMAT.look(document(stream=True, max_tokens=50), Place(), 123)
    assert (asked.model, asked.stream, asked.output_cap, asked.size) == ("m", True, 50, 123)
    assert (asked.usage_wanted, asked.choices) == (True, 1)
    value: dict[str, Any] = {"messages": []}
    assert FORMAT.look(value, Place(model="claude", stream=True), 1).model == "claude"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"model": 5}, "model"),
        ({"messages": {}}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"stream": "yes"}, "stream"),
        ({"max_tokens": "x"}, "max_tokens"),
    ],
)
def test_what_trunkline_relies_on_is_checked(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ShapeError) as caught:
        FORMAT.look(document(**fields), Place(), 1)
    assert caught.value.param == path


def test_all_but_the_model_keeps_its_bytes() -> None:
    body = b'{"messages": [ {"role":"user","content":"\\u0041"} ],"model":"m","max_tokens":1e2,"of_tomorrow":[1.50]}'
    found = Document(body, 10)
    asked = FORMAT.look({**found.value, "max_tokens": 100}, Place(), len(body))
    sent_on = FORMAT.edit(found, asked, "claude", PLAIN, Losses())
    assert b'"content":"\\u0041"' in sent_on
    assert b"1e2" in sent_on
    assert b"[1.50]" in sent_on
    assert b'"claude"' in sent_on


def test_reasoning_sealed_for_the_client_does_not_reach_a_provider_that_cannot_read_it() -> None:
    signature = seal(Sealed(issuer="google", signature="c2ln"))
    assert signature.encode().startswith(MARK.encode())
    content = [{"type": "thinking", "thinking": "Hm.", "signature": signature}, {"type": "text", "text": "Yes"}]
    value = document(messages=[{"role": "user", "content": "?"}, {"role": "assistant", "content": content}])
    written = msgspec.json.decode(edited(value, Dialect(issuer="anthropic")))
    assert written["messages"][1]["content"] == [{"type": "text", "text": "Yes"}]
    assert written["model"] == "claude"


def test_a_request_that_is_wrong_otherwise_is_left_for_the_provider_to_judge() -> None:
    value = document(messages=[{"role": "user", "content": [{"type": "?", "data": seal(Sealed(issuer="x"))}]}])
    assert msgspec.json.decode(edited(value)) == {**value, "model": "claude"}


@pytest.mark.shared
@pytest.mark.parametrize("recorded", STREAMS)
def test_a_recorded_stream_passes_and_is_understood(recorded: Exchange) -> None:
    scan, reader = scanner(recorded.dialect), FORMAT.reader(recorded.dialect, LIMIT)
    passed = scan.feed(recorded.stream) + scan.close()
    assert passed == recorded.stream.replace(b"event: data\ndata: [DONE]\n\n", b"")
    events = [*reader.feed(recorded.stream), *reader.close()]
    assert scan.complete() == reader.complete()
    assert scan.started
    assert scan.usage == fold(events, NAME).usage
    assert scan.finish == next(stop.said for event in events for stop in event.stops.values())


@given(st.data(), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(deadline=None, max_examples=20)
def test_every_split_of_a_stream_passes_the_same_bytes_and_tells_the_same(data: st.DataObject, line_end: str) -> None:
    whole = raw(*FULL, line_end=line_end)
    at_once, in_pieces = scanner(), scanner()
    assert at_once.feed(whole) == whole
    assert b"".join([in_pieces.feed(piece) for piece in data.draw(split(whole))]) == whole
    assert facts(in_pieces) == facts(at_once)


def test_a_stream_is_followed() -> None:
    scan = scanner()
    scan.feed(raw(*FULL[:3]))
    assert (scan.started, scan.usage) == (False, Usage(input=8, cached=3, output=1))
    scan.feed(raw(FULL[3]))
    assert scan.started
    scan.feed(raw(*FULL[4:]))
    assert (scan.done, scan.finish, scan.usage) == (True, "end_turn", Usage(input=8, cached=3, output=9))
    assert scan.complete()
    assert scan.estimate() > 0


def test_a_call_is_output_as_soon_as_it_begins() -> None:
    scan = scanner()
    begins = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "f"}}
    scan.feed(raw(START, begins))
    assert scan.started


def test_an_error_event_is_noted_and_not_handed_on() -> None:
    scan = scanner()
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    assert sent(scan.feed(raw(START, error, *END))) == [START]
    assert scan.error == error["error"]
    assert not scan.complete()


def test_a_stream_without_its_last_event_is_whole_only_where_that_is_usual() -> None:
    for dialect, whole in ((PLAIN, False), (Dialect(ending="finish"), True)):
        scan = scanner(dialect)
        scan.feed(raw(START, END[0]))
        assert scan.complete() is whole
    assert sent(scan.terminator) == [END[1]]


def test_comments_pass_and_what_is_not_json_does_not() -> None:
    scan = scanner()
    assert scan.feed(b": keep-alive\n\n") == b": keep-alive\n\n"
    with pytest.raises(StreamError):
        scan.feed(b"event: message_start\ndata: nonsense\n\n")
    with pytest.raises(StreamError):
        scanner().feed(b"x" * (LIMIT + 1))


def test_a_last_event_without_its_blank_line_is_handed_on_if_it_is_whole() -> None:
    whole = raw(START, *END)
    scan = scanner()
    assert sent(scan.feed(whole[:-1]) + scan.close()) == [START, *END]
    assert scan.complete()
    cut = scanner()
    assert sent(cut.feed(whole[:-4]) + cut.close()) == [START, END[0]]
    assert not cut.complete()


@pytest.mark.shared
@pytest.mark.parametrize("recorded", REPLIES)
def test_a_glance_at_a_recorded_reply_sees_what_reading_it_does(recorded: Exchange) -> None:
    for value in recorded.replies:
        seen, read = FORMAT.look_reply(msgspec.json.encode(value)), FORMAT.read_reply(value, PLAIN)
        stop = read.choices[0].stop
        assert (seen.usage, seen.finish, seen.choices) == (read.usage, stop.said if stop else "", 1)
        assert seen.error is None


def test_an_error_where_a_reply_should_be_is_seen() -> None:
    error = {"type": "overloaded_error", "message": "busy"}
    assert FORMAT.look_reply(msgspec.json.encode({"type": "error", "error": error})).error == error


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"choices":[]}'])
def test_what_is_no_reply_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(ValueError, match="the reply"):
        FORMAT.look_reply(body)
