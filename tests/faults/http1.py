"""HTTP/1.1 messages (RFC 9112), written freely and read strictly: the writers here can build what no server should
send, the readers here refuse what no peer should have sent."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

CRLF = b"\r\n"
LAST_CHUNK = b"0\r\n\r\n"
READ_SIZE = 65536

REASONS = {
    100: "Continue",
    101: "Switching Protocols",
    103: "Early Hints",
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    307: "Temporary Redirect",
}

_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;.*)?")

Headers = list[tuple[str, str]]


class MalformedError(AssertionError):
    """The peer broke the grammar or the framing of HTTP/1.1."""


class Source(Protocol):
    """Where a message is read from: `asyncio.StreamReader`, or the client's own socket."""

    async def readuntil(self, separator: bytes = ...) -> bytes: ...
    async def readexactly(self, n: int) -> bytes: ...
    async def read(self, n: int = ...) -> bytes: ...


def head(status: int, headers: Iterable[tuple[str, str]] = (), *, version: str = "HTTP/1.1") -> bytes:
    """A response's status line and headers, with the empty line."""
    lines = [f"{version} {status} {REASONS.get(status, 'Status')}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def message(status: int, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A whole response with a length; JSON unless `headers` has another content type."""
    headers = list(headers)
    if all(name != "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return head(status, [*headers, ("content-length", str(len(body)))]) + body


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def values(headers: Headers, name: str) -> list[str]:
    """All values of a header, in their order."""
    return [value for key, value in headers if key.lower() == name]


def value(headers: Headers, name: str) -> str | None:
    """A header's value; `None` where it is missing. Fails if it was sent more than once."""
    found = values(headers, name)
    assert len(found) < 2, f"{name} was sent {len(found)} times"
    return found[0] if found else None


@dataclass
class Head:
    """A message's first line and headers, and the bytes they were read from."""

    line: str
    headers: Headers
    raw: bytes


async def read_head(source: Source) -> Head | None:
    """The next message's head; `None` when the peer ended before it, `IncompleteReadError` when within it."""
    try:
        raw = await source.readuntil(CRLF + CRLF)
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return None
    line, *fields = raw[:-4].decode("latin-1").split("\r\n")
    if re.search(r"[\r\n\x00]", line) or not line:
        raise MalformedError(f"bad first line: {line!r}")
    return Head(line, [_field(text) for text in fields], raw)


def _field(text: str) -> tuple[str, str]:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise MalformedError(f"bad header line: {text!r}")
    return match[1], match[2]


def length_of(headers: Headers) -> int | None:
    """The body's length; -1 when it is chunked, `None` when neither is said (RFC 9112, section 6.3)."""
    lengths, codings = values(headers, "content-length"), values(headers, "transfer-encoding")
    if codings:
        if lengths or [coding.lower() for coding in codings] != ["chunked"]:
            raise MalformedError(f"transfer-encoding {codings} with content-length {lengths}")
        return -1
    if not lengths:
        return None
    if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,18}", lengths[0]):
        raise MalformedError(f"content-length {lengths}")
    return int(lengths[0])


class Body:
    """Takes a body off `source` part by part: of a known length, chunked (-1), or up to the end (`None`)."""

    def __init__(self, source: Source, length: int | None) -> None:
        self.done = length == 0
        self.trailers: Headers = []
        self.chunks: list[int] = []
        self._source = source
        self._chunked = length == -1
        self._to_end = length is None
        self._left = 0 if self._chunked or length is None else length

    async def part(self) -> bytes:
        """The next bytes, as many as are there, none after the last; raises `IncompleteReadError` if cut short."""
        if self.done or (self._chunked and not self._left and not await self._next_chunk()):
            return b""
        data = await self._source.read(READ_SIZE if self._to_end else min(self._left, READ_SIZE))
        if self._to_end:
            self.done = not data
            return data
        if not data:
            raise asyncio.IncompleteReadError(b"", self._left)
        self._left -= len(data)
        if not self._left:
            await self._finish_part()
        return data

    async def _finish_part(self) -> None:
        if not self._chunked:
            self.done = True
        elif (end := await self._source.readexactly(2)) != CRLF:
            raise MalformedError(f"chunk followed by {end!r}")

    async def _next_chunk(self) -> bool:
        line = (await self._source.readuntil(CRLF))[:-2]
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise MalformedError(f"bad chunk size: {line!r}")
        self._left = int(match[1], 16)
        if self._left:
            self.chunks.append(self._left)
            return True
        while trailer := (await self._source.readuntil(CRLF))[:-2]:
            self.trailers.append(_field(trailer.decode("latin-1")))
        self.done = True
        return False
