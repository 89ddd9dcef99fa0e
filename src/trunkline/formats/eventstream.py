"""AWS's binary event stream (`application/vnd.amazon.eventstream`): cut a stream into frames, read and write one.

A frame is: its length and the length of its headers (4 bytes each, big-endian), a CRC32 of these eight bytes, the
headers, the payload, a CRC32 of all before it. A header is a name (a byte of length), a byte of type and a value.
Source: https://smithy.io/2.0/aws/amazon-eventstream.html and the botocore implementation.
"""

import struct
import uuid
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

import msgspec

MEDIA_TYPE = b"application/vnd.amazon.eventstream"
LEAST = 16
"""Bytes of a frame without headers and payload."""
PRELUDE = 12
MOST_OF_HEADERS = 128 * 1024
"""Bytes, by the specification."""
MOST_OF_A_FRAME = 24 * 1024 * 1024 + MOST_OF_HEADERS + LEAST
"""Bytes, by the specification: 24 MB of payload."""
_KEPT_HEADERS = 256
"""Bytes up to which a block of headers is remembered: a stream repeats the same few."""

_prelude = struct.Struct("!III").unpack_from
_number = struct.Struct("!I").unpack_from
_FIXED = {2: struct.Struct("!b"), 3: struct.Struct("!h"), 4: struct.Struct("!i"), 5: struct.Struct("!q")}
TRUE, FALSE, BYTES, STRING, TIMESTAMP, UUID = 0, 1, 6, 7, 8, 9
"""Types of headers that are no plain numbers. A timestamp is in milliseconds of Unix time."""

HeaderValue: TypeAlias = bool | int | bytes | str | uuid.UUID


class FrameError(ValueError):
    """The bytes are no event stream: a checksum is wrong, or a length is impossible."""


class Header(msgspec.Struct, frozen=True, gc=False):
    """One header, with the type it has on the wire."""

    name: str
    value: HeaderValue
    type: int = STRING


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message of a stream."""

    headers: tuple[Header, ...]
    payload: bytes

    def text(self, name: str) -> str:
        """The string value of a header; empty where there is none."""
        return next((header.value for header in self.headers if header.name == name and type(header.value) is str), "")


class Splitter:
    """Gives back whole frames, checked, as they came, and holds what is not whole yet."""

    __slots__ = ("_limit", "_needed", "_rest")

    def __init__(self, limit: int = MOST_OF_A_FRAME) -> None:
        """`limit`: most bytes of one frame."""
        self._limit = min(limit, MOST_OF_A_FRAME)
        self._rest = bytearray()
        self._needed = PRELUDE  # bytes in `_rest` from which on there is something to do

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes. Raises `FrameError`, at the earliest byte that shows the fault."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return []
            data = bytes(self._rest)
        frames: list[bytes] = []
        start, end = 0, len(data)
        self._needed = PRELUDE
        while end - start >= PRELUDE:
            length = self._length(data, start)
            if end - start < length:
                self._needed = length
                break
            frame = data[start : start + length]
            if zlib.crc32(memoryview(frame)[:-4]) != _number(frame, length - 4)[0]:
                raise FrameError("a frame of the event stream has a wrong checksum")
            frames.append(frame)
            start += length
        self._rest = bytearray(data[start:])
        return frames

    def _length(self, data: bytes, start: int) -> int:
        length: int
        length, headers, checksum = _prelude(data, start)
        if zlib.crc32(memoryview(data)[start : start + 8]) != checksum:
            raise FrameError("a frame of the event stream begins with a wrong checksum")
        if headers > min(MOST_OF_HEADERS, length - LEAST):
            raise FrameError(f"a frame of the event stream has {headers} bytes of headers in {length} bytes")
        if length > self._limit:
            raise FrameError(f"a frame of the event stream is larger than {self._limit} bytes")
        return length

    def pending(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._rest)


def read_frame(frame: bytes) -> Frame:
    """Read what `Splitter` gave. Raises `FrameError` for headers that cannot be read."""
    end = PRELUDE + _number(frame, 4)[0]
    return Frame(_headers(frame[PRELUDE:end]), frame[end:-4])


def write_frame(headers: Iterable[Header], payload: bytes) -> bytes:
    """The bytes of a frame."""
    block = b"".join(map(_write_header, headers))
    lengths = struct.pack("!II", len(block) + len(payload) + LEAST, len(block))
    checked = b"%b%b%b%b" % (lengths, zlib.crc32(lengths).to_bytes(4, "big"), block, payload)
    return checked + zlib.crc32(checked).to_bytes(4, "big")


def _headers(block: bytes) -> tuple[Header, ...]:
    return _seen_before(block) if len(block) <= _KEPT_HEADERS else _read_headers(block)


def _read_headers(block: bytes) -> tuple[Header, ...]:
    headers: list[Header] = []
    place, end = 0, len(block)
    try:
        while place < end:
            name_end = place + 1 + block[place]
            name, kind = block[place + 1 : name_end].decode(), block[name_end]
            value, place = _read_value(block, name_end + 1, kind)
            headers.append(Header(name, value, kind))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise FrameError(f"the headers of a frame of the event stream cannot be read: {error}") from None
    if place != end:
        raise FrameError("the headers of a frame of the event stream end too early")
    return tuple(headers)


_seen_before = lru_cache(maxsize=64)(_read_headers)


def _read_value(block: bytes, place: int, kind: int) -> tuple[HeaderValue, int]:
    if kind in (TRUE, FALSE):
        return kind == TRUE, place
    if kind in (BYTES, STRING):
        start = place + 2
        end = start + int.from_bytes(block[place:start], "big")
        value = block[start:end]
        return (value.decode() if kind == STRING else value), end
    if kind == UUID:
        if place + 16 > len(block):
            raise FrameError("the headers of a frame of the event stream end too early")
        return uuid.UUID(bytes=block[place : place + 16]), place + 16
    number = _FIXED.get(5 if kind == TIMESTAMP else kind)
    if number is None:
        raise FrameError(f"a header of the event stream has the unknown type {kind}")
    return number.unpack_from(block, place)[0], place + number.size


def _write_header(header: Header) -> bytes:
    name = header.name.encode()
    return b"%c%b%c%b" % (len(name), name, header.type, _write_value(header))


def _write_value(header: Header) -> bytes:
    value = header.value
    match value:
        case bool():
            return b""
        case int():
            return _FIXED[5 if header.type == TIMESTAMP else header.type].pack(value)
        case uuid.UUID():
            return value.bytes
        case str():
            value = value.encode()
    return len(value).to_bytes(2, "big") + value
