"""AWS's binary event stream: frames found in any split of the bytes, faults seen, recordings written back exactly."""

import struct
import uuid
import zlib
from itertools import pairwise

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.bedrock_converse.recorded import STREAMS, stream_bytes, stream_events
from tests.formats.splits import split

from trunkline.formats import eventstream
from trunkline.formats.eventstream import Frame, FrameError, Header, Splitter, read_frame, write_frame

EVERY_KIND = (
    Header(":event-type", "contentBlockDelta", eventstream.STRING),
    Header("yes", True, eventstream.TRUE),
    Header("no", False, eventstream.FALSE),
    Header("byte", -5, 2),
    Header("short", -300, 3),
    Header("int", 70_000, 4),
    Header("long", -(2**40), 5),
    Header("bytes", b"\x00\xff", eventstream.BYTES),
    Header("when", 1_763_000_000_123, eventstream.TIMESTAMP),
    Header("id", uuid.UUID("12345678-1234-5678-1234-567812345678"), eventstream.UUID),
)


def header(kind: int) -> st.SearchStrategy[Header]:
    values: dict[int, st.SearchStrategy[eventstream.HeaderValue]] = {
        eventstream.TRUE: st.just(True),
        eventstream.FALSE: st.just(False),
        2: st.integers(-(2**7), 2**7 - 1),
        3: st.integers(-(2**15), 2**15 - 1),
        4: st.integers(-(2**31), 2**31 - 1),
        5: st.integers(-(2**63), 2**63 - 1),
        eventstream.BYTES: st.binary(max_size=40),
        eventstream.STRING: st.text(max_size=20),
        eventstream.TIMESTAMP: st.integers(0, 2**62),
        eventstream.UUID: st.uuids(),
    }
    return st.builds(Header, st.text(min_size=1, max_size=12), values[kind], st.just(kind))


frames = st.builds(Frame, st.lists(st.integers(0, 9).flatmap(header), max_size=5).map(tuple), st.binary(max_size=200))


def written(frame: Frame) -> bytes:
    return write_frame(frame.headers, frame.payload)


@given(st.lists(frames, max_size=5), st.data())
def test_frames_are_found_in_every_split_of_the_bytes(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(written, sent))
    splitter = Splitter()
    found = [frame for piece in data.draw(split(stream)) for frame in splitter.feed(piece)]
    assert [read_frame(frame) for frame in found] == sent
    assert b"".join(found) == stream
    assert splitter.pending() == 0


@given(st.binary(max_size=200))
def test_botocore_reads_what_is_written(payload: bytes) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(write_frame(EVERY_KIND, payload))
    (event,) = list(buffer)
    assert event.payload == payload
    expected = {item.name: item.value.bytes if isinstance(item.value, uuid.UUID) else item.value for item in EVERY_KIND}
    assert event.headers == expected


@given(frames, st.data())
def test_one_wrong_bit_is_an_error_or_still_waits(frame: Frame, data: st.DataObject) -> None:
    good = bytearray(written(frame))
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FrameError):
        Splitter().feed(bytes(good))


def test_a_wrong_beginning_is_seen_before_the_frame_is_whole() -> None:
    start = bytearray(write_frame(EVERY_KIND, b"x" * 100)[:12])
    start[3] ^= 1
    with pytest.raises(FrameError, match="begins with a wrong checksum"):
        Splitter().feed(bytes(start))


def beginning(length: int, headers: int) -> bytes:
    lengths = struct.pack("!II", length, headers)
    return lengths + zlib.crc32(lengths).to_bytes(4, "big")


def test_lengths_are_bounded() -> None:
    with pytest.raises(FrameError, match="larger than 1000 bytes"):
        Splitter(1000).feed(beginning(1001, 0))
    with pytest.raises(FrameError, match="larger than"):
        Splitter(2**40).feed(beginning(eventstream.MOST_OF_A_FRAME + 1, 0))
    for length, headers in [(15, 0), (100, 85), (10**6, eventstream.MOST_OF_HEADERS + 1)]:
        with pytest.raises(FrameError, match="bytes of headers"):
            Splitter().feed(beginning(length, headers))


def test_a_frame_that_is_cut_stays_pending() -> None:
    splitter = Splitter()
    whole = write_frame((), b"first")
    assert splitter.feed(whole + whole[:-1]) == [whole]
    assert splitter.pending() == len(whole) - 1
    assert splitter.feed(whole[-1:]) == [whole]
    assert splitter.pending() == 0


@pytest.mark.parametrize(
    "block",
    [
        b"\x05ab",  # the name is cut
        b"\x01a\x07\x00\x05ab",  # the value is cut
        b"\x01a\x04\x00",  # the number is cut
        b"\x01a\x09\x00",  # the uuid is cut
        b"\x01a\x0a",  # no such type
        b"\x01\xff\x00",  # no UTF-8
    ],
)
def test_headers_that_cannot_be_read_are_an_error(block: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(beginning(16 + len(block), len(block)) + block + b"1234")


def test_a_header_is_found_by_its_name() -> None:
    frame = Frame(EVERY_KIND, b"")
    assert frame.text(":event-type") == "contentBlockDelta"
    assert frame.text("yes") == frame.text("nowhere") == ""


def test_a_large_frame_in_many_reads_takes_no_more_than_linear_time() -> None:
    whole = write_frame((), bytes(4 * 1024 * 1024))
    splitter, steps = Splitter(), range(0, len(whole) + 256, 256)
    assert [frame for start, end in pairwise(steps) for frame in splitter.feed(whole[start:end])] == [whole]


@pytest.mark.shared
@pytest.mark.parametrize("name", STREAMS)
def test_a_recorded_stream_is_read_and_written_back_byte_by_byte(name: str) -> None:
    stream = stream_bytes(name)
    read = [read_frame(frame) for frame in Splitter().feed(stream)]
    assert [{item.name: item.value for item in frame.headers} for frame in read] == [
        event["headers"] for event in stream_events(name)
    ]
    assert b"".join(map(written, read)) == stream
