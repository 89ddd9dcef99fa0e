"""One end of a TCP connection on a bare socket, so that a test decides about every byte, close and reset.

asyncio's transports are of no use here: they read ahead (a slow reader would not be slow), gather writes (single bytes
would not travel alone) and end a TLS connection politely (a cut would not be a cut).
"""

import asyncio
import contextlib
import errno
import socket
import ssl
import struct
from typing import Literal

READ_SIZE = 65536

BUFFER = 128 * 1024
"""Bytes asked for the buffer of a socket whose share of what is sent must be known. The kernel doubles them, and no
longer lets the buffer grow as it otherwise does: up to `tcp_wmem` and `tcp_rmem`, which are tens of megabytes on some
machines.
"""

Ending = Literal["fin", "reset", "here"]
"""How a connection ended: the peer closed it, the peer reset it, or this side dropped it."""


class Wire:
    """A connected socket, plain until `start_tls`. `sent` counts the bytes the kernel has taken.

    `goodbye` is whether the peer has ended TLS in good order (close_notify).
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0
        self.goodbye = False
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[None]] = set()
        self._sending = asyncio.Lock()
        self._progress = asyncio.Event()
        self._tls: ssl.SSLObject | None = None
        self._tls_over = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    async def start_tls(self, context: ssl.SSLContext, *, name: str | None = None) -> None:
        """Shakes hands, as the client of host `name`, or as the server where there is none; raises `ssl.SSLError`."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=name is None, server_hostname=name)
        self._tls = tls
        shaken = False
        while not shaken:
            try:
                tls.do_handshake()
                shaken = True
            except ssl.SSLWantReadError:
                await self._flush()
                self._feed(await self._receive_raw(READ_SIZE))
            except ssl.SSLError:
                self._tls_over = True
                with contextlib.suppress(OSError):  # the peer may be gone before it is told why
                    await self._flush()
                raise
        await self._flush()

    async def send(self, data: bytes) -> None:
        """Hands all of `data` to the kernel, in one write where it takes it."""
        if self._tls is None:
            await self._send_raw(data)
            return
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._tls.write(rest) :]
            except ssl.SSLEOFError:
                raise BrokenPipeError("the peer has ended TLS") from None
        await self._flush()

    async def receive(self, size: int = READ_SIZE) -> bytes:
        """Up to `size` bytes that came, or none at the peer's end; raises `ConnectionError` after a reset."""
        while self._tls is not None and not self._tls_over:
            try:
                if data := self._tls.read(size):
                    return data
                self.goodbye = self._tls_over = True
            except ssl.SSLWantReadError:
                await self._flush()
                self._feed(await self._receive_raw(READ_SIZE))
            except ssl.SSLError as error:
                if not isinstance(error, ssl.SSLEOFError) and error.reason != "UNEXPECTED_EOF_WHILE_READING":
                    raise
                return b""  # ended without a goodbye, whichever way this release of Python says so
        if self._tls is None:
            return await self._receive_raw(size)
        while await self._receive_raw(READ_SIZE):  # without TLS only the end of the TCP connection is of interest
            pass
        return b""

    async def stuck(self, quiet: float = 0.2) -> int:
        """Waits until a send has made no progress for `quiet` seconds: the peer takes no more. Gives `sent`."""
        while True:
            self._progress.clear()
            try:
                async with asyncio.timeout(quiet):
                    await self._progress.wait()
            except TimeoutError:
                if self._sending.locked():
                    return self.sent

    async def end(self, *, polite: bool = True) -> None:
        """Sends FIN and goes on reading; under TLS a goodbye goes first, unless not `polite`: then it is a cut."""
        if self._tls is not None and polite:
            self._tls_over = True
            with contextlib.suppress(ssl.SSLError):  # it would rather wait for the peer's goodbye
                self._tls.unwrap()
            await self._flush()
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # reset by the peer: there is nothing left to end
                raise

    def reset(self) -> None:
        """Drops the connection with RST: what is still on its way is lost."""
        if self._sock.fileno() != -1:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Closes the socket; whoever still reads or writes here gets `ConnectionAbortedError`."""
        if self._sock.fileno() == -1:
            return
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(ConnectionAbortedError("closed on this side"))

    def ended(self) -> bool:
        """Whether an end or a reset of the peer is the next thing to be read. Takes no byte."""
        try:
            return not self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    def _feed(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._send_raw(self._outgoing.read())

    async def _receive_raw(self, size: int) -> bytes:
        while True:
            try:
                return self._sock.recv(size)
            except BlockingIOError:
                await self._ready(writing=False)

    async def _send_raw(self, data: bytes) -> None:
        async with self._sending:
            rest = memoryview(data)
            while rest:
                try:
                    taken = self._sock.send(rest)
                except BlockingIOError:
                    await self._ready(writing=True)
                    continue
                self.sent += taken
                self._progress.set()
                rest = rest[taken:]

    async def _ready(self, *, writing: bool) -> None:
        """Waits until the socket can be written or read, or is closed here.

        By file number, not by socket: uvloop puts off closing a socket object that it still watches.
        """
        number = self._sock.fileno()
        waiter = self._loop.create_future()
        watch = self._loop.add_writer if writing else self._loop.add_reader
        unwatch = self._loop.remove_writer if writing else self._loop.remove_reader
        watch(number, _wake, waiter)
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
            if self._sock.fileno() != -1:
                unwatch(number)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
