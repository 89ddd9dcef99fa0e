"""A tunnel through a forward proxy: CONNECT (RFC 9110, section 9.3.6)."""

import asyncio
import re
from base64 import b64encode
from typing import cast

from trunkline.transport.exchange import Fault

MAX_HEAD = 64 * 1024
"""Bytes of a proxy's answer."""

_GRANTED = re.compile(rb"HTTP/1\.[01] 2[0-9][0-9](?: [^\r\n]*)?\r\n")


async def open_tunnel(proxy: tuple[str, int], host: str, port: int, login: str) -> asyncio.Transport:
    """A transport to `host`:`port`, paused, whose protocol is to be replaced. Raises `Fault`.

    `login` is `name:password` for the proxy, or empty.
    """
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    shown = f"Proxy-Authorization: Basic {b64encode(login.encode()).decode()}\r\n" if login else ""
    asked = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{shown}\r\n".encode()
    loop = asyncio.get_running_loop()
    try:
        transport, tunnel = await loop.create_connection(lambda: _Tunnel(loop, asked), *proxy)
    except OSError as error:
        raise Fault("proxy", f"proxy {proxy[0]}:{proxy[1]}: {error.strerror or error}") from None
    try:
        trouble = await tunnel.answered
    except asyncio.CancelledError:
        transport.abort()
        raise
    if trouble:
        transport.abort()
        raise Fault("proxy", f"proxy {proxy[0]}:{proxy[1]} {trouble}")
    return transport


class _Tunnel(asyncio.Protocol):
    """Asks for a tunnel and reads the answer; `answered` is what was wrong with it, or empty."""

    def __init__(self, loop: asyncio.AbstractEventLoop, asked: bytes) -> None:
        self.answered: asyncio.Future[str] = loop.create_future()
        self._asked = asked
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            if len(head) > MAX_HEAD:
                self._conclude(f"sent an answer larger than {MAX_HEAD} bytes")
        elif not _GRANTED.match(head + b"\r\n"):
            self._conclude(f"refused to CONNECT: {head[:80]!r}")
        elif rest:
            self._conclude("sent something unasked through the tunnel")
        else:
            self._conclude("")

    def connection_lost(self, exc: Exception | None) -> None:
        self._conclude(f"closed the connection: {exc or 'without an answer'}")

    def _conclude(self, trouble: str) -> None:
        if not self.answered.done():
            self.answered.set_result(trouble)
            if not self._transport.is_closing():
                self._transport.pause_reading()
