"""The event stream grammar, in every split of the bytes, against a reading of the standard that is slow and obvious."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.splits import split

from trunkline.formats.sse import EventTooLarge, Splitter, data_of

LINE_ENDS = ("\n", "\r\n", "\r")

text = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
field = st.one_of(
    text.map(lambda value: f"data: {value}"),
    text.map(lambda value: f"data:{value}"),
    text.map(lambda value: f": {value}"),
    text.map(lambda value: f"event: {value}"),
    st.sampled_from(["data", "data:", ":", "id: 7", "retry: 10", "dataset: no", " data: no", "\ufeffdata: no"]),
)


@dataclass(frozen=True)
class Stream:
    """The bytes of a stream, and the data of its events as the standard dispatches them (`None`: no data at all)."""

    raw: bytes
    data: list[str | None]


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    end = draw(st.sampled_from(LINE_ENDS))
    events = draw(st.lists(st.lists(field, min_size=1, max_size=4), max_size=6))
    raw = "".join(end.join([*lines, "", ""]) for lines in events).encode()
    return Stream(raw, [dispatched(lines) for lines in events])


def dispatched(lines: list[str]) -> str | None:
    """The data buffer after these lines (HTML standard, "Interpreting an event stream")."""
    values = []
    for line in lines:
        name, _, value = line.partition(":")
        if name == "data":
            values.append(re.sub("^ ", "", value))
    return "\n".join(values) if values else None


def data_text(event: bytes) -> str | None:
    found = data_of(event)
    return None if found is None else found.decode()


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_every_split_of_a_stream_gives_the_same_events(data: st.DataObject) -> None:
    stream = data.draw(streams())
    splitter = Splitter()
    events = [event for piece in data.draw(split(stream.raw)) for event in splitter.feed(piece)]
    assert b"".join(events) == stream.raw
    assert splitter.rest() == b""
    assert list(map(data_text, events)) == stream.data


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_what_is_not_whole_yet_is_kept_back(data: st.DataObject) -> None:
    stream = data.draw(streams())
    cut = stream.raw[: data.draw(st.integers(0, len(stream.raw)))]
    splitter = Splitter()
    events = [event for piece in data.draw(split(cut)) for event in splitter.feed(piece)]
    assert b"".join(events) + splitter.rest() == cut
    assert list(map(data_text, events)) == stream.data[: len(events)]


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_lines_of_one_stream_may_end_differently(data: st.DataObject) -> None:
    """LF and CRLF may change from line to line, as where a proxy adds its own comments."""
    events = data.draw(st.lists(st.lists(field, min_size=1, max_size=4), max_size=6))
    raw = b""
    for lines in events:
        for line in [*lines, ""]:
            raw += line.encode() + data.draw(st.sampled_from([b"\n", b"\r\n"]))
    splitter = Splitter()
    found = [event for piece in data.draw(split(raw)) for event in splitter.feed(piece)]
    assert b"".join(found) == raw
    assert list(map(data_text, found)) == list(map(dispatched, events))


def test_an_event_that_grows_without_end_is_refused() -> None:
    splitter = Splitter(limit=1000)
    assert splitter.feed(b"data: " + b"x" * 900) == []
    with pytest.raises(EventTooLarge, match="larger than 1000 bytes"):
        splitter.feed(b"x" * 200)


def test_many_whole_events_in_one_read_are_no_large_event() -> None:
    event = b"data: " + b"x" * 100 + b"\n\n"
    assert Splitter(limit=200).feed(event * 50) == [event] * 50


def test_a_large_event_in_small_reads_costs_linear_time() -> None:
    """Each read is searched once: a quadratic search of these 8 MB would take minutes."""
    splitter = Splitter()
    for _ in range(8192):
        assert splitter.feed(b"x" * 1024) == []
    assert len(splitter.feed(b"\n\n")[0]) == 8 * 1024 * 1024 + 2


def test_events_of_a_read_may_be_named() -> None:
    read = b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n: nothing\n\n\nevent: c\ndata: 3\ndata: 4\n\n"
    assert [data_of(event) for event in Splitter().feed(read)] == [b"1", b"2", None, b"3\n4"]


def test_blank_lines_at_the_end_of_a_read_belong_to_the_next_event() -> None:
    splitter = Splitter()
    assert splitter.feed(b"data: 1\n\ndata: 2\n\n\n") == [b"data: 1\n\n", b"data: 2\n\n"]
    assert splitter.feed(b"data: 3\n\n") == [b"\ndata: 3\n\n"]
