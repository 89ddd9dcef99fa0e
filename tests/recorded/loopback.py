"""A server on 127.0.0.1 that answers every request with the bytes it was last given: for reading them with an SDK."""

import asyncio
from types import TracebackType
from typing import Self, cast

HEAD_END = b"\r\n\r\n"


class Loopback:
    """Serves for the length of an `async with`, over connections that are kept."""

    def __init__(self) -> None:
        self.status = 200
        self.media_type = "application/json"
        self.body = b""
        self._server: asyncio.Server
        self._transports: set[asyncio.Transport] = set()

    @property
    def url(self) -> str:
        """The server's root, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, self._transports), "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for transport in list(self._transports):
            transport.abort()

    def answer(self) -> bytes:
        """The reply, head included."""
        head = (
            f"HTTP/1.1 {self.status} OK\r\ncontent-type: {self.media_type}\r\n"
            f"content-length: {len(self.body)}\r\nconnection: keep-alive\r\n\r\n"
        )
        return head.encode() + self.body


class _Connection(asyncio.Protocol):
    """Reads requests with a content-length, one after the other, and pays no heed to what they say."""

    def __init__(self, owner: Loopback, transports: set[asyncio.Transport]) -> None:
        self._owner, self._transports = owner, transports
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class
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
