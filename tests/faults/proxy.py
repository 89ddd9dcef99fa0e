"""A forward proxy that is asked to CONNECT, and answers what the test says."""

import asyncio
import socket
from types import TracebackType
from typing import Self

from tests import aio
from tests.faults import http1
from tests.faults.client import RawClient
from tests.faults.wire import Wire

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy:
    """On a free port of 127.0.0.1, for the length of an `async with`; `requests` holds the heads that were seen.

    Every CONNECT gets `answer`; one that says 200 is followed by a tunnel, an empty one by silence.
    """

    def __init__(self, answer: bytes = ESTABLISHED) -> None:
        self.answer = answer
        self.port = 0
        self.requests: list[http1.Head] = []
        self._bell = aio.Bell()
        self._socket = socket.socket()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def request(self) -> None:
        """Returns once there was a request."""
        await self._bell.until(lambda: self.requests != [])

    async def __aenter__(self) -> Self:
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.port = self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    def _accept(self) -> None:
        wire = Wire(self._socket.accept()[0])
        task = asyncio.create_task(self._serve(wire))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(lambda _: wire.close())

    async def _serve(self, wire: Wire) -> None:
        head = await http1.read_head(RawClient(wire))
        assert head is not None
        self.requests.append(head)
        self._bell.ring()
        await wire.send(self.answer)
        if self.answer == ESTABLISHED:
            await self._tunnel(wire, head.line.split(" ")[1])
        elif self.answer:
            await wire.end()
        await _until_end(wire)

    async def _tunnel(self, near: Wire, target: str) -> None:
        host, _, port = target.rpartition(":")
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        far = Wire(sock)
        try:
            await asyncio.gather(_pass_on(near, far), _pass_on(far, near))
        finally:
            far.close()


async def _pass_on(source: Wire, sink: Wire) -> None:
    """Hands on what comes from `source`, and how it ends."""
    try:
        while data := await source.receive():
            await sink.send(data)
        await sink.end()
    except ConnectionError:
        source.reset()
        sink.reset()


async def _until_end(wire: Wire) -> None:
    try:
        while await wire.receive():
            pass
    except ConnectionError:
        pass
