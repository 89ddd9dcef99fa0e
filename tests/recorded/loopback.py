"""A server on 127.0.0.1 that answers every request with the bytes it was last given: for reading them with an SDK."""

import asyncio
import threading
from types import TracebackType
from typing import Self, cast

HEAD_END = b"\r\n\r\n"
BOUND = 20.0
"""Seconds that starting or stopping may take."""


class Loopback:
    """Serves for the length of a `with`, from a thread of its own, over connections that are kept."""

    def __init__(self) -> None:
        self.media_type = "application/json"
        self.body = b""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loopback")
        self._transports: set[asyncio.Transport] = set()
        self._server: asyncio.Server

    @property
    def url(self) -> str:
        """The server's root, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(BOUND)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(BOUND)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(BOUND)
        self._loop.close()

    def answer(self) -> bytes:
        """The reply, head included."""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {self.media_type}\r\ncontent-length: {len(self.body)}\r\n\r\n"
        return head.encode() + self.body

    async def _serve(self) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Connection(self, self._transports), "127.0.0.1", 0)

    async def _stop(self) -> None:
        self._server.close()
        for transport in list(self._transports):
            transport.abort()
        await asyncio.sleep(0)  # the transports close in the loop's next turn


class _Connection(asyncio.Protocol):
    """Reads requests with a content-length, one after the other, and pays no heed to what they say."""

    def __init__(self, owner: Loopback, transports: set[asyncio.Transport]) -> None:
        self._owner, self._transports = owner, transports
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transports.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(HEAD_END)
        if found and len(rest) >= _length(head):
            self._received = b""
            self._transport.write(self._owner.answer())


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
