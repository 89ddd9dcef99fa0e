"""HTTP/1.1 as a server: the listeners, the connections they bring, and the order in which a server goes away."""

import asyncio
import ssl
from email.utils import formatdate
from typing import Protocol

from trunkline.transport.connection import Connection, Limits
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.request import Refusal, Request

LAST_WORDS = 0.5
"""Seconds that clients have, at the end, to read what they are told."""


class Application(Protocol):
    """What the server calls."""

    async def handle(self, request: "Request") -> None:
        """Answer `request`. Cancelled when the client goes away."""

    def refusal(self, path: bytes, refusal: Refusal) -> tuple[bytes, bytes]:
        """Header block and body of the answer to a request that never became one."""


class Server:
    """Listening sockets, the connections they brought, and the order in which a server goes away."""

    def __init__(self, application: Application, limits: Limits, deadlines: Deadlines) -> None:
        self.application = application
        self.limits = limits
        self.deadlines = deadlines
        self.loop = asyncio.get_running_loop()
        self.connections: set[Connection] = set()
        self.in_flight = 0
        """Requests being answered."""
        self.turned_away = 0
        """Connections dropped because there were too many."""
        self.draining = False
        self.date = b""
        self._listeners: list[asyncio.Server] = []
        self._empty: asyncio.Future[None] | None = None
        self._clock = self.loop.call_soon(self._tell_time)

    async def listen(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, shared: bool = False
    ) -> tuple[str, int]:
        """Accept on `host`:`port` (0: any free one); the address it became. `shared`: other processes listen there
        too.
        """
        listener = await self.loop.create_server(
            lambda: Connection(self),
            host,
            port,
            ssl=tls,
            backlog=4096,
            reuse_port=shared or None,
            ssl_handshake_timeout=self.limits.head_time if tls else None,
        )
        self._listeners.append(listener)
        name = listener.sockets[0].getsockname()
        return name[0], name[1]

    def _tell_time(self) -> None:
        self.date = formatdate(usegmt=True).encode()
        self._clock = self.loop.call_later(1.0, self._tell_time)

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if self._empty is not None and not self.connections and not self._empty.done():
            self._empty.set_result(None)

    def stop_accepting(self) -> None:
        """Close the listeners and the idle connections; answers from now on end their connection."""
        self.draining = True
        for listener in self._listeners:
            listener.close()
        for connection in list(self.connections):
            connection.close_if_idle()

    async def drained(self, timeout: float) -> bool:
        """Wait until every connection has ended; False if some were still there after `timeout` seconds."""
        if self.connections:
            self._empty = self.loop.create_future()
            await asyncio.wait([self._empty], timeout=timeout)
        return not self.connections

    async def close(self) -> None:
        """End everything now. Handlers still running are cancelled; a client that does not read is dropped."""
        self.stop_accepting()
        self._clock.cancel()
        for connection in list(self.connections):
            connection.cancel()
        if not await self.drained(LAST_WORDS):
            for connection in list(self.connections):
                connection.abort()
            await self.drained(LAST_WORDS)
