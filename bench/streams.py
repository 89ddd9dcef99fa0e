"""Many streams at once, and single streams looked at closely."""

from __future__ import annotations

import re
import select
import socket
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bench.errors import Failed
from bench.http1 import CHUNKS_END, Target
from bench.load import connect

_READ_BYTES = 65536
_EVENT = b"data:"
_STAMP = re.compile(rb'"content":\s*"(\d+)"')


class _Stream:
    __slots__ = ("sock", "started", "tail")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.tail = b""
        self.started = False


class Streams:
    """A number of streams kept going: one that ends is asked for again on its connection.

    Events are counted without being parsed, so that this side stays cheap beside the gateway.
    """

    def __init__(self, target: Target, request: bytes) -> None:
        self._target, self._request = target, request
        self._epoll = select.epoll()
        self._streams: dict[int, _Stream] = {}
        self.started = self.events = self.completed = self.failed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams.values():
            stream.sock.close()
        self._epoll.close()

    def ramp(self, count: int, *, over: float, limit: float) -> None:
        """Open `count` streams evenly `over` so many seconds, then wait until all have begun, within the limit."""
        begin = time.perf_counter()
        for number in range(count):
            self.follow(begin + over * number / count - time.perf_counter())
            if time.perf_counter() > begin + limit:
                break
            try:
                self._open()
            except OSError as error:  # a full backlog, a body not taken in time
                raise Failed(f"stream {number + 1} of {count} could not be opened: {error}") from error
        while self.started < count and (left := begin + limit - time.perf_counter()) > 0:
            self.follow(min(left, 0.05))

    def follow(self, seconds: float) -> float:
        """Read all streams for so long; the seconds that it took."""
        begin = now = time.perf_counter()
        while (left := begin + seconds - now) > 0:
            for fd, _ in self._epoll.poll(left):
                self._read(self._streams[fd])
            now = time.perf_counter()
        return now - begin

    def _open(self) -> None:
        sock = connect(self._target)
        sock.sendall(self._request)  # blocking: a large body goes as fast as the gateway takes it
        sock.setblocking(False)
        self._streams[sock.fileno()] = _Stream(sock)
        self._epoll.register(sock, select.EPOLLIN)

    def _read(self, stream: _Stream) -> None:
        try:
            data = stream.sock.recv(_READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._drop(stream)
            return
        events = data.count(_EVENT)
        self.events += events
        if events and not stream.started:
            stream.started = True
            self.started += 1
        stream.tail = data[-7:] if len(data) >= 7 else (stream.tail + data)[-7:]
        if stream.tail == CHUNKS_END:
            self.completed += 1
            stream.sock.sendall(self._request)

    def _drop(self, stream: _Stream) -> None:
        self.failed += 1
        del self._streams[stream.sock.fileno()]
        stream.sock.close()


@dataclass(frozen=True)
class Delays:
    """Seconds from asking to the first content, and from a chunk's being written upstream to its being read here."""

    first: list[float]
    chunks: list[float]


def watch(target: Target, request: bytes, *, streams: int, seconds: float) -> Delays:
    """Ask for one stamped stream after the other on one connection, and time each chunk.

    One kept-alive connection on purpose: a kernel acknowledges the first packets of a connection at once, and the 40 ms
    step of a gateway without TCP_NODELAY only shows later.
    """
    delays = Delays([], [])
    deadline = time.perf_counter() + seconds
    with connect(target) as link:
        while len(delays.first) < streams and time.perf_counter() < deadline:
            _watch_one(link, request, delays)
    return delays


def _watch_one(link: socket.socket, request: bytes, delays: Delays) -> None:
    asked = time.monotonic_ns()
    link.sendall(request)
    rest = tail = b""
    first = True
    while tail != CHUNKS_END:
        data = link.recv(_READ_BYTES)
        now = time.monotonic_ns()
        if not data:
            raise Failed("closed the connection in the middle of a stream")
        tail = (tail + data)[-len(CHUNKS_END) :]
        rest += data
        end = 0
        for found in _STAMP.finditer(rest):
            delays.chunks.append((now - int(found[1])) / 1e9)
            end = found.end()
            if first:
                delays.first.append((now - asked) / 1e9)
                first = False
        rest = rest[end:]
    if first:
        raise Failed("a stream ended without any content")
