"""A raw HTTP/1.1 client for the server side: it sends any bytes in any pieces, reads its answers strictly and exactly
as slowly as the test takes them, and leaves whenever and however it likes."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests import aio
from tests.faults import http1
from tests.faults.wire import BUFFER, READ_SIZE, Ending, Wire

T = TypeVar("T")

WITHIN = 5.0
"""Seconds that a client waits for what it reads before it fails the test."""


@dataclass
class Response:
    """A response as it came. `complete`: its body ended as its framing says; `informational`: the 1xx before it."""

    head: http1.Head
    informational: list[http1.Head]
    body: bytearray = field(default_factory=bytearray)
    trailers: http1.Headers = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    complete: bool = False
    to_end: bool = False
    """The body had no length of its own: the end of the connection was its end."""

    @property
    def status(self) -> int:
        return _status(self.head)

    def header(self, name: str) -> str | None:
        """A header's value; `None` where it is missing."""
        return http1.value(self.head.headers, name)

    def json(self) -> Any:
        return json.loads(self.body)

    def data(self) -> list[str]:
        """The data of each server-sent event of the body; comments are left out."""
        events = self.body.decode().replace("\r\n", "\n").split("\n\n")
        assert events[-1] == "", f"the stream ends within an event: {events[-1]!r}"
        lines = ([line for line in event.split("\n") if line.startswith("data:")] for event in events)
        return ["\n".join(line[5:].removeprefix(" ") for line in data) for data in lines if data]


def request(
    method: str = "POST",
    target: str = "/v1/chat/completions",
    *,
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (),
    host: str = "127.0.0.1",
) -> bytes:
    """A request's bytes, with host, JSON content type and length; headers that are given again stand beside those."""
    fields = [("host", host), *headers]
    if method == "POST":
        fields += [("content-type", "application/json"), ("content-length", str(len(body)))]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chat_body(model: str, *, stream: bool = False, **fields: Any) -> bytes:
    """The JSON of a small chat completion request."""
    asked = {"model": model, "messages": [{"role": "user", "content": "Hallo"}], "stream": stream}
    return json.dumps(asked | fields).encode()


def chat_request(model: str, *, stream: bool = False, key: str | None = None, **fields: Any) -> bytes:
    """A small chat completion request, whole."""
    authorization = [("authorization", f"Bearer {key}")] if key else []
    return request(body=chat_body(model, stream=stream, **fields), headers=authorization)


@contextlib.asynccontextmanager
async def connect(
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    name: str = "127.0.0.1",
    receive_buffer: int | None = None,
    within: float = WITHIN,
) -> AsyncIterator["RawClient"]:
    """A connection to a port of 127.0.0.1, closed at the end of the block if the test has not left before.

    `name` is whom TLS expects; `receive_buffer` bytes (the kernel doubles them) make a client that can take little. A
    read that waits for more than `within` seconds fails the test.
    """
    sock = socket.socket()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        wire = Wire(sock)
        if tls is not None:
            await wire.start_tls(tls, name=name)
    except BaseException:
        sock.close()
        raise
    try:
        yield RawClient(wire, within)
    finally:
        wire.close()


class RawClient:
    """Made by `connect`. Nothing is read from the socket before the test asks; `leftover` was read but not yet used."""

    def __init__(self, wire: Wire, within: float = WITHIN) -> None:
        self.wire = wire
        self.within = within
        self.leftover = b""
        self._response: Response | None = None
        self._body: http1.Body | None = None
        self._events_seen = 0

    async def send(self, *writes: bytes) -> None:
        """Writes each piece on its own, at once."""
        for number, data in enumerate(writes):
            if number:
                await aio.turn()
            await self.wire.send(data)

    async def send_slowly(self, data: bytes, size: int = 1) -> None:
        """Writes `size` bytes at a time."""
        await self.send(*(data[at : at + size] for at in range(0, len(data), size)))

    async def take(self, count: int = 1) -> bytes:
        """Exactly `count` raw bytes, and not one more leaves the kernel: between two calls this client is stalled."""
        taken, self.leftover = self.leftover[:count], self.leftover[count:]
        while len(taken) < count:
            data = await self._bounded(self.wire.receive(count - len(taken)), f"{count} bytes")
            if not data:
                raise asyncio.IncompleteReadError(taken, count)
            taken += data
        return taken

    async def response(self, *, to: str = "POST") -> Response:
        """The next response, read to its end, or as far as the server sent it: then it is not `complete`."""
        response = await self.response_head(to=to)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionResetError):
            while await self.part():
                pass
        return response

    async def response_head(self, *, to: str = "POST") -> Response:
        """The next response to a request with the method `to`; its body is read by `part` or `event`."""
        informational = []
        while True:
            head = await self._bounded(http1.read_head(self), "a response")
            if head is None:
                raise ConnectionResetError("the server closed the connection without a response")
            status = _status(head)
            if status >= 200 or status == 101:
                break
            informational.append(head)
        no_body = to == "HEAD" or status in (101, 204, 304)
        length = 0 if no_body else http1.length_of(head.headers)
        self._response = Response(head, informational, complete=length == 0, to_end=length is None)
        self._body = http1.Body(self, length)
        self._events_seen = 0
        return self._response

    async def part(self) -> bytes:
        """The body's next bytes, de-chunked; none after the last."""
        assert self._response is not None
        assert self._body is not None
        data = await self._bounded(self._body.part(), "more of the body")
        self._response.body += data
        self._response.complete = self._body.done
        self._response.trailers, self._response.chunks = self._body.trailers, self._body.chunks
        return data

    async def event(self) -> bytes:
        """The next server-sent event or comment of the body, with its empty line; nothing after the last."""
        assert self._response is not None
        while True:
            end = self._response.body.find(b"\n\n", self._events_seen)
            if end >= 0:
                start, self._events_seen = self._events_seen, end + 2
                return bytes(self._response.body[start : end + 2])
            if not await self.part():
                return b""

    async def half_close(self) -> None:
        """Sends FIN, and goes on reading."""
        await self.wire.end(polite=False)

    def leave(self) -> None:
        """Closes the connection: FIN, or RST where the server's bytes lie unread, as for any program that exits."""
        self.wire.close()

    def reset(self) -> None:
        """Drops the connection with RST."""
        self.wire.reset()

    def is_open(self) -> bool:
        """Whether the server has not ended the connection, as far as one can tell now."""
        return not self.wire.ended()

    async def closed(self, *, within: float | None = None) -> Ending:
        """How the server ended the connection; fails if it does not. Bytes before the end go to `leftover`."""

        async def read_to_end() -> Ending:
            try:
                while data := await self.wire.receive():
                    self.leftover += data
            except ConnectionResetError:
                return "reset"
            return "fin"

        bound = self.within if within is None else within
        return await aio.expect(read_to_end(), within=bound, otherwise=lambda: "the server keeps the connection open")

    async def readuntil(self, separator: bytes = b"\r\n") -> bytes:
        """As `asyncio.StreamReader.readuntil`."""
        searched = 0
        while (at := self.leftover.find(separator, searched)) < 0:
            searched = max(0, len(self.leftover) - len(separator) + 1)
            data = await self.wire.receive(READ_SIZE)
            if not data:
                raise asyncio.IncompleteReadError(self.leftover, None)
            self.leftover += data
        end = at + len(separator)
        found, self.leftover = self.leftover[:end], self.leftover[end:]
        return found

    async def readexactly(self, n: int) -> bytes:
        """As `asyncio.StreamReader.readexactly`."""
        while len(self.leftover) < n:
            data = await self.wire.receive(READ_SIZE)
            if not data:
                raise asyncio.IncompleteReadError(self.leftover, n)
            self.leftover += data
        found, self.leftover = self.leftover[:n], self.leftover[n:]
        return found

    async def read(self, n: int = READ_SIZE) -> bytes:
        """As `asyncio.StreamReader.read`."""
        if not self.leftover:
            return await self.wire.receive(n)
        found, self.leftover = self.leftover[:n], self.leftover[n:]
        return found

    async def _bounded(self, what: Awaitable[T], name: str) -> T:
        return await aio.expect(what, within=self.within, otherwise=lambda: f"the server did not send {name}")


def _status(head: http1.Head) -> int:
    version, _, rest = head.line.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or not rest[:3].isdigit() or rest[3:4] not in ("", " "):
        raise http1.MalformedError(f"bad status line: {head.line!r}")
    return int(rest[:3])
