"""Our own load generator, for what wrk cannot do: a constant rate, large bodies one by one, and no wrk at all.

Raw sockets and epoll in one thread. An event loop with timers of a millisecond would send in bursts; `select` with a
timeout in microseconds on the epoll descriptor wakes for each request that is due.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.errors import Failed
from bench.http1 import Reply, Target
from bench.stats import Latency, latency

CONNECT_SECONDS = 10.0
GRACE_SECONDS = 2.0  # how long answers are waited for after the last request was due
_READ_BYTES = 65536


@dataclass(frozen=True)
class Load:
    """What a load came to. `failed` counts answers other than 200, broken connections, and requests never answered."""

    requests: int
    seconds: float
    failed: int
    latency: Latency
    late_p99_ms: float = 0.0
    """How late requests were sent, 99th percentile: our own delay. Constant rate only; it is within the latency."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def connect(target: Target) -> socket.socket:
    """A plain connection without Nagle's algorithm, blocking."""
    link = socket.create_connection((target.host, target.port), timeout=CONNECT_SECONDS)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


class Link:
    """One connection of a load, with the reply it is waiting for and when that was due to be asked for."""

    __slots__ = ("due", "reply", "sock")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.reply = Reply()
        self.due = 0.0

    def ask(self, request: bytes, due: float) -> None:
        """Send a request of which the latency counts from `due`."""
        self.reply = Reply()
        self.due = due
        with suppress(ConnectionError):  # told by the next `receive`
            self.sock.sendall(request)  # a few kB into an empty buffer: never blocks

    def receive(self) -> bool | None:
        """Read what came: whether that completes the reply, or None if the connection is gone."""
        try:
            data = self.sock.recv(_READ_BYTES)
        except OSError:
            return None
        return self.reply.feed(data) if data else None


class Links:
    """The connections of a load under one epoll; a broken one is replaced."""

    def __init__(self, target: Target, count: int) -> None:
        self._target = target
        self._epoll = select.epoll()
        self._links: dict[int, Link] = {}
        self.idle = deque(self._open() for _ in range(count))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for link in self._links.values():
            link.sock.close()
        self._epoll.close()

    def wait(self, seconds: float) -> list[Link]:
        """The connections with something to read, waiting for at most so long, to the microsecond."""
        if seconds > 0:
            select.select([self._epoll], (), (), seconds)
        return [self._links[fd] for fd, _ in self._epoll.poll(0)]

    def replace(self, link: Link) -> Link:
        """A new connection in the place of one that is done for."""
        del self._links[link.sock.fileno()]
        link.sock.close()
        return self._open()

    def _open(self) -> Link:
        link = Link(connect(self._target))
        self._links[link.sock.fileno()] = link
        self._epoll.register(link.sock, select.EPOLLIN)
        return link


def constant_rate(target: Target, request: bytes, *, rate: float, seconds: float, connections: int) -> Load:
    """Send `rate` requests a second whatever becomes of them (open loop).

    A latency counts from the moment its request was due, so a gateway that stalls is charged for every request that
    had to wait meanwhile ("coordinated omission" is avoided).
    """
    total, step = max(1, int(rate * seconds)), 1 / rate
    taken: list[float] = []
    late: list[float] = []
    sent = finished = 0
    with _undisturbed(), Links(target, connections) as links:
        idle = links.idle
        begin = time.perf_counter() + 0.01
        deadline = begin + seconds + GRACE_SECONDS
        while finished < total and (now := time.perf_counter()) < deadline:
            while idle and sent < total and (due := begin + sent * step) <= now:
                idle.popleft().ask(request, due)
                sent += 1
                late.append(now - due)
                now = time.perf_counter()
            upcoming = begin + sent * step if idle and sent < total else deadline
            for link in links.wait(upcoming - now):
                complete = link.receive()
                if complete is False:
                    continue
                if link.due:
                    finished += 1
                    if complete and link.reply.status == 200:
                        taken.append(time.perf_counter() - link.due)
                    link.due = 0.0
                else:  # closed by the gateway while nothing was asked
                    idle.remove(link)
                idle.append(link if complete else links.replace(link))
    return _load(taken, seconds, total - len(taken), late)


def closed_loop(target: Target, request: bytes, *, seconds: float, connections: int, reconnect: bool = False) -> Load:
    """Each connection asks again as soon as it has its answer, as wrk does; `reconnect` uses one per request."""
    taken: list[float] = []
    failed = 0
    with _undisturbed(), Links(target, connections) as links:
        begin = time.perf_counter()
        end = begin + seconds
        for link in links.idle:
            link.ask(request, time.perf_counter())
        while (now := time.perf_counter()) < end:
            for link in links.wait(end - now):
                complete = link.receive()
                if complete is False:
                    continue
                now = time.perf_counter()
                if complete and link.reply.status == 200:
                    taken.append(now - link.due)
                else:
                    failed += 1
                following = link if complete and not reconnect else links.replace(link)
                following.ask(request, now)
    return _load(taken, seconds, failed, [])


def one_by_one(target: Target, request: bytes, *, seconds: float, limit: int) -> Load:
    """One blocking connection, one request after the other; for bodies that do not fit into a socket's buffer."""
    taken: list[float] = []
    with _undisturbed(), connect(target) as link:
        begin = time.perf_counter()
        while len(taken) < limit and (asked := time.perf_counter()) < begin + seconds:
            reply = Reply()
            link.sendall(request)
            while not reply.feed(data := link.recv(_READ_BYTES)):
                if not data:
                    raise Failed("closed the connection in the middle of a reply")
            if reply.status != 200:
                raise Failed(f"answered {reply.status}")
            taken.append(time.perf_counter() - asked)
        return _load(taken, time.perf_counter() - begin, 0, [])


def _load(taken: list[float], seconds: float, failed: int, late: list[float]) -> Load:
    if not taken:
        raise Failed(f"no request was answered in {seconds:.0f} s, {failed} failed")
    late_p99 = latency(late).p99 if late else 0.0
    return Load(len(taken), seconds, failed, latency(taken), late_p99)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without garbage collection, and woken when asked rather than up to 50 µs later (Linux's timer slack)."""
    slack = Path("/proc/self/timerslack_ns")
    before = slack.read_text() if slack.exists() else ""
    gc.disable()
    if before:
        slack.write_text("1000")
    try:
        yield
    finally:
        if before:
            slack.write_text(before)
        gc.enable()
