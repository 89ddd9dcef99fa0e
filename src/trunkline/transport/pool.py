"""Where lines to one origin come from: a stack of idle ones, and the way to open more."""

import asyncio
import socket
import ssl
from collections import deque
from time import monotonic
from typing import cast

import msgspec

from trunkline.transport.addresses import is_public
from trunkline.transport.client import Line
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Fault
from trunkline.transport.tunnel import open_tunnel

LONGEST_IDLE = 60.0
SHORTEST_IDLE = 1.0
"""Seconds an idle line is kept. Between the two it is learnt: a line the other side closed while idle tells its
patience.
"""
JUST_NOW = 0.01
"""Seconds for which a line need not be looked at again: the event loop itself has just seen it open."""
RESOLVED_FOR = 30.0
"""Seconds for which a resolved address is used again."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is, and what may be trusted about it."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    allow_private: bool = False
    """Whether the host may resolve to a loopback, private or link-local address."""
    proxy: tuple[str, int] | None = None
    """A proxy that is asked to CONNECT."""
    proxy_login: str = ""
    """`name:password`, where the proxy asks for them."""
    max_idle: int = 512


class Pool:
    """Lines to one origin. The last used is the first taken, so that what is not needed grows old and is closed."""

    def __init__(self, origin: Origin, deadlines: Deadlines) -> None:
        self.origin = origin
        self.deadlines = deadlines
        self.loop = asyncio.get_running_loop()
        self.lines: set[Line] = set()
        self.idle: deque[Line] = deque()
        self.opened = 0
        """Lines opened so far."""
        self._patience = LONGEST_IDLE
        self._addresses: list[str] = []
        self._resolved_at = float("-inf")
        self._closed = False

    def ready(self) -> Line | None:
        while self.idle:
            line = self.idle.pop()
            if not line.lost and (monotonic() - line.idle_since < JUST_NOW or not line.closed_by_peer()):
                return line
            line.abort()
        return None

    def put(self, line: Line) -> None:
        """Keep a line that could carry another call."""
        if self._closed or len(self.idle) >= self.origin.max_idle:
            line.abort()
            return
        line.idle_since = monotonic()
        self.idle.append(line)
        self.deadlines.set(line, line.idle_since + self._patience)

    def forget(self, line: Line, *, by_peer: bool = False) -> None:
        """A line is lost. One that the other side closed while it was idle shows how long that side waits."""
        self.lines.discard(line)
        if line in self.idle:
            self.idle.remove(line)
            if by_peer:
                age = monotonic() - line.idle_since
                self._patience = max(SHORTEST_IDLE, min(self._patience, age * 0.8))

    async def close(self) -> None:
        self._closed = True
        for line in list(self.idle):
            line.abort()

    # opening

    async def open(self, timeout: float) -> Line:
        opening = self.loop.create_task(self._open(timeout))
        try:
            line = await opening
        except asyncio.CancelledError:
            opening.add_done_callback(_abandon)  # it may have its line already
            raise
        if line.lost:
            raise Fault("refused", f"{self.origin.host} closed the connection at once")
        return line

    async def _open(self, timeout: float) -> Line:
        try:
            async with asyncio.timeout(timeout):
                line = await self._connect()
        except TimeoutError:
            raise Fault("connect_timeout", f"{self.origin.host} did not answer within {timeout:g} s") from None
        if not line.lost:
            self.lines.add(line)
        self.opened += 1
        return line

    async def _connect(self) -> Line:
        origin = self.origin
        if origin.proxy is not None:
            return await self._connect_through(origin.proxy)
        fault = Fault("dns", f"{origin.host} has no address")
        for address in await self._resolve():
            try:
                _, line = await self.loop.create_connection(
                    lambda: Line(self),
                    address,
                    origin.port,
                    ssl=origin.tls,
                    server_hostname=origin.host if origin.tls else None,
                )
            except (OSError, ssl.CertificateError) as error:
                fault = _connect_fault(origin.host, error)
            else:
                return line
        raise fault

    async def _resolve(self) -> list[str]:
        """Addresses of the host, all of them allowed. What was checked is what is connected to."""
        if monotonic() - self._resolved_at < RESOLVED_FOR:
            return self._addresses
        origin = self.origin
        try:
            found = await self.loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # the latter for what can be no name, such as `a..b`
            reason = error.strerror if isinstance(error, OSError) else None
            raise Fault("dns", f"{origin.host} cannot be resolved: {reason or error}") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not origin.allow_private:
            for address in addresses:
                if not is_public(address):
                    raise Fault("blocked", f"{origin.host} is the private address {address}; allow_private is not set")
        self._addresses = addresses
        self._resolved_at = monotonic()
        return addresses

    async def _connect_through(self, proxy: tuple[str, int]) -> Line:
        """Through a tunnel. The proxy resolves the name, so the address check is its own business."""
        origin = self.origin
        transport = await open_tunnel(proxy, origin.host, origin.port, origin.proxy_login)
        line = Line(self)
        if origin.tls is None:
            transport.set_protocol(line)
            line.connection_made(transport)
            transport.resume_reading()
            return line
        try:
            secure = await self.loop.start_tls(transport, line, origin.tls, server_hostname=origin.host)
        except (OSError, ssl.CertificateError) as error:
            transport.abort()
            raise _connect_fault(origin.host, error) from None
        line.connection_made(cast("asyncio.Transport", secure))
        return line


def _abandon(opening: asyncio.Task[Line]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().abort()


def _connect_fault(host: str, error: OSError | ssl.CertificateError) -> Fault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fault("tls", f"{host}: its certificate is not accepted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return Fault("tls", f"{host}: TLS failed: {error.reason or error}")
    return Fault("refused", f"{host}: {error.strerror or error}")
