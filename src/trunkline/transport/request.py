"""One request of a client, and the means to answer it."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from trunkline.transport.strand import Signal

if TYPE_CHECKING:
    from trunkline.transport.connection import Connection

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}
STATUS_LINES = {code: b"HTTP/1.1 %d %b\r\n" % (code, _PHRASES.get(code, b"")) for code in range(100, 1000)}
"""Of every status: providers answer with some that nobody has registered (498, 499, 529)."""
LARGE = 64 * 1024
"""Bytes of an answer from which on it is not copied to stand behind its head."""


class Refusal(Exception):
    """The request cannot be taken. `status` and `code` are for the answer; the connection ends with it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Producer(Protocol):
    """What feeds a streamed answer, told when the client is slower than it is."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Request:
    """One request and the means to answer it: `respond` once, or `start`, `write`…, `end`."""

    method = b""
    target = b""
    old = False
    """The client speaks HTTP/1.0."""
    keep_alive = True
    started = False
    """The head of the answer is out."""
    ended = False
    size = 0
    """Bytes of the body so far."""
    expects = False
    """The client waits for `100 Continue` before it sends the body."""
    refusal: Refusal | None = None
    """Why no more of this request is read."""
    producer: Producer | None = None
    arrived = False
    """The whole body is here."""
    _waiter: Signal[None] | None = None

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._body: list[bytes] = []
        self.headers: dict[bytes, bytes] = {}

    @property
    def peer(self) -> str:
        """Address of the socket's other end."""
        return self._connection.peer

    @property
    def gone(self) -> bool:
        """The client has left."""
        return self._connection.lost

    async def body(self) -> bytes:
        """The whole body; asks for it if the client waits to be asked. Raises `Refusal` (400, 408, 413)."""
        if not self.arrived:
            if self.refusal is not None:
                raise self.refusal
            if self.expects:
                self.expects = False
                self._connection.write(CONTINUE)
            self._waiter = Signal()
            await self._waiter
        return self.take()

    def take(self) -> bytes:
        """The whole body, once it has `arrived`."""
        chunks = self._body
        self._body = []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def respond(self, status: int, head: bytes, body: bytes = b"") -> None:
        """The whole answer. `head` is a block of header lines, each ended by CRLF."""
        self.started = self.ended = True
        connection = self._connection
        closing = b"connection: close\r\n"
        if connection.keeps_alive(self):
            closing = b"connection: keep-alive\r\n" if self.old else b""
        lines = b"%b%b%bdate: %b\r\ncontent-length: %d\r\n\r\n" % (
            STATUS_LINES[status],
            head,
            closing,
            connection.server.date,
            len(body),
        )
        if self.method == b"HEAD":
            connection.write(lines)
        elif len(body) > LARGE:
            connection.write_pieces([lines, body])
        else:
            connection.write(lines + body)

    def start(self, status: int, head: bytes) -> None:
        """Begin an answer of unknown length."""
        self.started = True
        if self.old:
            self.keep_alive = False
        closing = b"" if self._connection.keeps_alive(self) else b"connection: close\r\n"
        framing = b"" if self.old else b"transfer-encoding: chunked\r\n"
        date = self._connection.server.date
        self._connection.write(b"%b%b%b%bdate: %b\r\n\r\n" % (STATUS_LINES[status], head, closing, framing, date))

    def write(self, data: bytes) -> None:
        """A piece of a started answer; empty pieces are dropped, for they would end it."""
        if data:
            self._connection.write(data if self.old else b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """The started answer is whole."""
        self.ended = True
        if not self.old:
            self._connection.write(b"0\r\n\r\n")

    def abort(self) -> None:
        """Drop the connection: the client must see that the answer is not whole."""
        self.ended = True
        self._connection.abort()

    # Called by the connection as the request comes in.

    def feed(self, data: bytes, limit: int) -> None:
        self.size += len(data)
        if self.size > limit:
            raise too_large(limit)
        self._body.append(data)

    def complete(self) -> None:
        self.arrived = True
        if self._waiter is not None:
            self._waiter.set(None)

    def refuse(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self._body.clear()
        if self._waiter is not None:
            self._waiter.fail(refusal)


def too_large(limit: int) -> Refusal:
    return Refusal(413, "request_too_large", f"The request body is larger than the limit of {limit} bytes.")
