"""The fault upstream: an OpenAI-compatible provider on a raw socket that misbehaves exactly as it is told.

    async with FaultServer() as upstream:
        upstream.play("error_500", "normal")       # the next two requests, in order of arrival
        …                                          # the gateway calls upstream.url
        end = await upstream.closed(upstream.connections[0], within=0.1)

Which fault a request meets: the next that was `play`ed; else the one named by its `x-fault` header; else by its `model`
(what follows the last slash: `fault/mute`); else the upstream's own, `FaultServer("tls_expired")`, or `normal`.
"""

import asyncio
import collections
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests import aio
from tests.faults import certificates, http1
from tests.faults.certificates import Certificate
from tests.faults.connection import Connection, End, Exchange, Request
from tests.faults.fault import Fault
from tests.faults.table import FAULTS
from tests.faults.wire import BUFFER, Wire


class FaultServer:
    """An upstream on a free port of 127.0.0.1, for the length of an `async with`.

    `connections` and `requests` hold all that was seen, in order; with `record=False`, for long runs, only `counts`
    (requests by fault) is kept. `witness` is called with each request once its fault is chosen. A script that fails, or
    a request that is not HTTP, fails the block at its end.
    `certificate` puts any fault behind TLS; `receive_buffer` bytes make an upstream that takes little before it blocks.
    """

    def __init__(
        self,
        fault: str | Fault = "normal",
        *,
        certificate: Certificate | None = None,
        record: bool = True,
        witness: Callable[[Request], None] | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        self.fault = FAULTS[fault] if isinstance(fault, str) else fault
        self.certificate = certificate or self.fault.certificate
        self.connections: list[Connection] = []
        self.requests: list[Request] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self.port = 0
        self._record = record
        self._witness = witness
        self._receive_buffer = receive_buffer
        self._bell = aio.Bell()
        self._released = asyncio.Event()
        self._played: collections.deque[Fault] = collections.deque()
        self._problems: list[Exception] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._accepted = 0
        self._socket: socket.socket

    @property
    def url(self) -> str:
        """The base URL for a provider."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        self._bind()
        if self.fault.listens:
            self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()
        if self._problems and error is None:
            raise ExceptionGroup("the fault server saw what must not be", self._problems)

    def play(self, *names: str) -> None:
        """The next requests meet these faults, one each."""
        self._played.extend(self._by_request(name) for name in names)

    def release(self) -> None:
        """Lets those go on that hold their answer until the test says so."""
        self._released.set()
        self._bell.ring()

    async def down(self) -> None:
        """Goes away as a process that is killed; its port refuses until `up()`."""
        await self._stop()
        self._bind()

    async def up(self) -> None:
        """Comes back on the same port."""
        self._listen()

    async def connection(self, number: int = 0, *, within: float = 5.0) -> Connection:
        """The connection with that number (from 0), as soon as there is one."""
        arrived = self._bell.until(lambda: len(self.connections) > number)
        await aio.expect(arrived, within=within, otherwise=lambda: f"no connection {number}: {self.connections}")
        return self.connections[number]

    async def request(self, number: int = 0, *, whole: bool = True, within: float = 5.0) -> Request:
        """The request with that number (from 0), as soon as all of it, or just its head, has arrived."""

        def ready() -> bool:
            return len(self.requests) > number and (self.requests[number].complete or not whole)

        await aio.expect(
            self._bell.until(ready), within=within, otherwise=lambda: f"no request {number}: {self.connections}"
        )
        return self.requests[number]

    async def closed(self, connection: Connection, *, within: float) -> End:
        """How and when the gateway ended that connection; fails if it does not end within so many seconds from now."""
        ended = self._bell.until(lambda: connection.ended is not None)
        await aio.expect(ended, within=within, otherwise=lambda: f"not closed: {connection}")
        assert connection.ended is not None
        return connection.ended

    def _bind(self) -> None:
        """Takes the port. Until `_listen` it refuses, and nobody else can get it."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)  # what it accepts inherits it
        if self._receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]

    def _listen(self) -> None:
        self._socket.listen(1024)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    async def _stop(self) -> None:
        """Gives up the port and every connection; nothing runs any more when it returns."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    def _accept(self) -> None:
        """Takes one connection; called while any are waiting."""
        connection = Connection(self._accepted, Wire(self._socket.accept()[0]), self._bell, record=self._record)
        self._accepted += 1
        if self._record:
            self.connections.append(connection)
        task = asyncio.create_task(self._serve(connection))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(lambda _: connection.wire.close())  # for one that was cancelled before it began
        self._bell.ring()

    async def _serve(self, connection: Connection) -> None:
        """All of one connection, to the peer's end."""
        try:
            if self.fault.accept is not None:
                connection.start_reading()
                await self.fault.accept(connection)
            elif await self._prepare(connection):
                while not connection.closing and await self._exchange(connection):
                    pass
            await connection.read_to_end()
        except (ConnectionError, asyncio.IncompleteReadError):  # the peer has gone in the middle of something
            connection.note_end("reset")
        except Exception as problem:
            problem.add_note(f"on {connection}")
            self._problems.append(problem)
        finally:
            await connection.drop()

    async def _prepare(self, connection: Connection) -> bool:
        """Shakes hands where there is TLS; whether there will be requests."""
        ready = True
        if self.certificate is not None:
            ready = await connection.start_tls(certificates.server_context(self.certificate))
        connection.start_reading()
        return ready

    async def _exchange(self, connection: Connection) -> bool:
        """Reads one request and answers it; whether there can be another."""
        head = await http1.read_head(connection.reader)
        if head is None:
            return False
        request = Request(head, connection)
        if self._record:
            connection.requests.append(request)
            self.requests.append(request)
        self._bell.ring()
        body = http1.Body(connection.reader, http1.length_of(head.headers) or 0)
        exchange = Exchange(request, body, self._bell, self._released)
        fault = await self._read_until_chosen(exchange)
        request.fault = fault.name
        self.counts[fault.name] += 1
        if self._witness is not None:
            self._witness(request)
        if not fault.early:
            await exchange.read_rest()
        await fault.answer(exchange)
        if not connection.closing:
            await exchange.read_rest()
        return request.header("connection") != "close"

    async def _read_until_chosen(self, exchange: Exchange) -> Fault:
        """The fault for this request, having read no more of its body than was needed to know."""
        if self._played:
            return self._played.popleft()
        request = exchange.request
        if name := request.header("x-fault"):
            return self._by_request(name)
        while request.model is None and await exchange.read_part():
            pass
        name = (request.model or "").rpartition("/")[2]
        return self._by_request(name) if name in FAULTS else self.fault

    def _by_request(self, name: str) -> Fault:
        fault = FAULTS[name]
        assert fault.by_request, f"{name} is not for a single request: use FaultServer({name!r})"
        return fault
