"""One client socket: requests in order, their limits, and how it ends.

llhttp judges the syntax (and refuses what smuggling is made of: two lengths, a length beside `Transfer-Encoding`,
folded lines, bare CR or LF, NUL); this file keeps the limits it does not: size and time of the head and of the body. A
client that is refused is told, in the shape the application chose, and the connection ends without reading the rest.
"""

import asyncio
from collections import deque
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, cast

import httptools
import msgspec

from trunkline.transport.absence import Absence
from trunkline.transport.offers import has_body, parser_behind
from trunkline.transport.request import Refusal, Request, too_large
from trunkline.transport.strand import Strand

if TYPE_CHECKING:
    from trunkline.transport.server import Server

WRITE_BUFFER = 64 * 1024
"""Bytes not yet taken by a client above which its producer is paused."""
PIPELINE = 64
"""Requests that may wait on one connection before its socket is no longer read."""
LINGER_BYTES = 1 << 20
LINGER_SECONDS = 2.0
"""After a refusal, how much more of the request is read and thrown away so that the client gets to see the answer."""
SLOWEST_BODY = 16 * 1024
"""Bytes a second below which a body is too slow, once its base time is over."""
ONCE = frozenset({b"host", b"content-type", b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key"})
"""Fields of which a second one would leave open which of the two was meant."""

SPECIAL = frozenset({b"upgrade", b"transfer-encoding", b"expect"})
"""Fields that ask for something that may not be had here."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one connection: sizes in bytes, times in seconds."""

    head: int = 64 * 1024
    body: int = 32 * 1024 * 1024
    head_time: float = 10.0
    body_time: float = 60.0
    idle_time: float = 75.0
    write_stall: float = 300.0
    requests: int = 100_000
    connections: int = 10_000


class Connection(asyncio.Protocol):
    """One client socket."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.loop = server.loop
        self.lost = False
        self.peer = ""
        self.due = inf
        self.looked_at = inf
        self._limits = server.limits
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set by connection_made, before any use
        self._incoming: Request | None = None  # the request being read
        self._headers: dict[bytes, bytes] = {}  # its fields
        self._current: Request | None = None  # the request being answered
        self._waiting: deque[Request] = deque()  # whole or not, in the order they came
        self._strand: Strand | None = None
        self._starting = False
        self._repeated = 0  # bytes of fields that were sent more than once
        self._head_at_most = 0  # bytes that the head being read may have
        self._absence: Absence | None = None  # made when the socket is first not read
        self._fruitless = 0  # bytes read since a head or a part of a body was whole
        self._offered = False  # the head being read offers HTTP/2, and a body follows
        self._taken = 0
        self._since = 0.0  # when the part now being read began
        self._patience = server.limits.head_time  # how long the next head may take to begin
        self._closing = False  # no further request is read
        self._over = False  # no further request is answered
        self._linger = -1  # bytes still read and thrown away after a refusal; -1 before one
        self._unread = -1  # size of the write buffer when the client stopped reading; -1 while it reads

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else "local"
        self.server.connections.add(self)
        if len(self.server.connections) > self._limits.connections:
            self.server.turned_away += 1
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._since = monotonic()
        self._rearm()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self._over = True
        del self._parser  # it holds this connection: nothing is left for the cycle collector
        self.server.deadlines.drop(self)
        if self._absence is not None:
            self._absence.rest()
        self._waiting.clear()
        if self._strand is not None:
            self._strand.cancel()
        self.server.forget(self)

    def data_received(self, data: bytes) -> None:
        if self._linger >= 0:
            self._linger -= len(data)
            if self._linger < 0:
                self._transport.abort()
            return
        if self._closing and self._incoming is None:
            return  # behind the last request that is answered
        incoming, taken = self._incoming, self._taken
        size = incoming.size if incoming is not None else 0
        self._head_at_most = self._fruitless + len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, Refusal):
                self._refuse(cause)
            elif isinstance(error, httptools.HttpParserCallbackError):
                raise  # a bug of ours, for the log; the loop drops the connection
            elif not self._closing or self._incoming is not None:
                self._refuse(Refusal(400, "invalid_http", f"This is not a valid HTTP/1.1 request: {error}."))
        else:
            if incoming is None or incoming is not self._incoming or taken != self._taken or size != incoming.size:
                begun = self._incoming is not None and not self._incoming.method  # a head, somewhere in this read
                self._fruitless = min(len(data), self._limits.head) if begun else 0
            else:  # a head in pieces, a long trailer, or the like, of which the parser tells nothing yet
                self._fruitless += len(data)
                if self._fruitless > 2 * self._limits.head:  # twice, for what is counted when it is whole lacks spaces
                    self._refuse(_head_too_large(self._limits.head))
        if self._current is None and self._waiting:
            self._serve_next()
        self._rearm()

    def _parse(self, data: bytes) -> None:
        """Feed the parser, which stops behind a head that offers another protocol: see `offers`."""
        while data:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._parser = parser_behind(self, self._incoming.headers if self._incoming is not None else None)
                data = data[upgrade.args[0] :]
            else:
                return

    def eof_received(self) -> bool:
        return False  # a client that will send no more is taken to have left: the transport closes

    def pause_writing(self) -> None:
        self._unread = self._transport.get_write_buffer_size()
        self.server.deadlines.set(self, monotonic() + self._limits.write_stall)
        if self._current is not None and self._current.producer is not None:
            self._current.producer.pause()

    def resume_writing(self) -> None:
        self._unread = -1
        self._rearm()
        if self._current is None:
            self._serve_next()
        elif self._current.producer is not None:
            self._current.producer.resume()

    # httptools callbacks

    def on_message_begin(self) -> None:
        self._incoming = request = Request(self)
        self._headers = request.headers
        self._since = monotonic()
        self._repeated = 0

    def on_url(self, url: bytes) -> None:
        request = self._incoming
        assert request is not None
        request.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self._headers
        if name in headers:
            value = self._joined(name, headers[name], value)
        headers[name] = value

    def _joined(self, name: bytes, first: bytes, second: bytes) -> bytes:
        """The value of a field that was sent twice (RFC 9110, 5.3)."""
        if self._incoming is None or self._incoming.method:
            return second  # a trailer, which nobody reads
        self._repeated += len(second)
        if self._repeated > self._limits.head:
            raise _head_too_large(self._limits.head)
        if name in ONCE:
            raise Refusal(400, "invalid_http", f"The header {name.decode('latin-1')} was sent twice.")
        return first + b", " + second

    def on_headers_complete(self) -> None:
        request = self._incoming
        assert request is not None
        parser, headers, limits = self._parser, self._headers, self._limits
        if self._head_at_most > limits.head and _size_of(request) > limits.head:
            raise _head_too_large(limits.head)
        request.keep_alive = parser.should_keep_alive()
        request.old = parser.get_http_version() == "1.0"
        if parser.should_upgrade() or b"host" not in headers or not SPECIAL.isdisjoint(headers):
            self._judge(request, headers)
        request.method = parser.get_method()
        self._headers = {}  # what comes now are trailers, which nobody reads
        self._since = monotonic()
        self._taken += 1
        if self._taken >= limits.requests:
            request.keep_alive = False
        waiting = self._waiting
        waiting.append(request)
        if len(waiting) > PIPELINE:
            self._transport.pause_reading()
            self._absence = self._absence or Absence(self._transport, self.server.deadlines)
            self._absence.watch(monotonic())
        if int(headers.get(b"content-length", b"0")) > limits.body:
            raise too_large(limits.body)  # its body is not waited for

    def on_body(self, data: bytes) -> None:
        request = self._incoming
        assert request is not None
        request.feed(data, self._limits.body)

    def on_message_complete(self) -> None:
        request = self._incoming
        assert request is not None
        if self._offered:
            self._offered = False
            return  # only its head is: its body follows
        self._incoming = None
        if not request.keep_alive:
            self._closing = True
        request.complete()

    def _judge(self, request: Request, headers: dict[bytes, bytes]) -> None:
        """Refuse a whole head that asks for what is not to be had here."""
        if b"host" not in headers and not request.old:
            raise Refusal(400, "invalid_http", "HTTP/1.1 asks for a Host header.")
        if self._parser.should_upgrade():
            if headers.get(b"upgrade", b"").lower() != b"h2c":
                raise Refusal(400, "upgrade_not_supported", "Upgrade is not supported: speak plain HTTP/1.1.")
            self._offered = has_body(headers)
        if b"transfer-encoding" in headers and headers[b"transfer-encoding"].lower() != b"chunked":
            raise Refusal(501, "invalid_http", "The only transfer coding understood is chunked.")
        if b"expect" in headers and not request.old:
            if headers[b"expect"].lower() != b"100-continue":
                raise Refusal(417, "invalid_http", "The only expectation understood is 100-continue.")
            request.expects = True

    # the life of a request

    def _reading_head(self) -> bool:
        return self._incoming is None or not self._incoming.method

    def _serve_next(self) -> None:
        """Answer what waits, until an answer takes its time. Not by recursion: a client may pipeline any number."""
        if self._starting:
            return
        self._starting = True
        waiting = self._waiting
        while waiting and self._current is None and self._unread < 0 and not self._over:
            self._current = request = waiting.popleft()
            if len(waiting) == PIPELINE:
                self._transport.resume_reading()
                cast("Absence", self._absence).rest()
            if request.method:
                self.server.in_flight += 1
                strand = Strand(self.server.application.handle(request), self.loop, self._served)
                if self._current is request:
                    self._strand = strand
            elif request.refusal is not None:
                self._answer_refusal(request, request.refusal)
        self._starting = False

    def _served(self) -> None:
        """The answer is out, or its handler gave up: go on with the next request, or end the connection."""
        server, request = self.server, self._current
        assert request is not None
        server.in_flight -= 1
        request.producer = None
        self._current = self._strand = None
        if self.lost:
            return
        if request.ended and self.keeps_alive(request):
            if self._waiting:
                self._serve_next()
            else:
                self._since = now = monotonic()
                self._patience = patience = self._limits.idle_time
                if self._unread < 0:
                    server.deadlines.set(self, now + patience)
        elif not request.ended:
            self._over = True
            self._transport.abort()
        elif not request.arrived:
            self._linger_on()  # answered early: what is still coming is not worth reading
        else:
            self._close()

    def keeps_alive(self, request: Request) -> bool:
        """Whether the connection outlives this request."""
        return request.keep_alive and request.arrived and not self.server.draining

    def _refuse(self, refusal: Refusal) -> None:
        """Take nothing more from this client. It is told in its turn, behind the requests before."""
        request = self._incoming
        self._closing = True
        self._incoming = None
        if request is None or not request.method:
            request = request or Request(self)
            request.method = b""
            self._waiting.append(request)
        request.keep_alive = False
        request.refuse(refusal)

    def _answer_refusal(self, request: Request, refusal: Refusal) -> None:
        head, body = self.server.application.refusal(request.target, refusal)
        request.respond(refusal.status, head, body)
        self._current = None
        self._linger_on()

    def _close(self) -> None:
        """End the connection as soon as the client has taken what is written, which must not take it for ever."""
        self._over = True
        self._transport.close()
        self._since = monotonic()
        self._rearm()

    def _linger_on(self) -> None:
        """The answer is written and the client may still be sending: close in a way that lets it read the answer."""
        self._over = True
        self._linger = LINGER_BYTES
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._since = monotonic()
        self._rearm()

    # time

    def _rearm(self) -> None:
        """What is waited for now, and until when."""
        limits = self._limits
        incoming = self._incoming
        if incoming is None and self._current is not None and self._unread < 0 and not self._over:
            self.due = inf  # the usual case: the request is whole, and its answer takes its time
            return
        if self._linger >= 0:
            due = self._since + LINGER_SECONDS
        elif self._unread >= 0:
            return  # since `pause_writing`, and whatever else the client does
        elif self._over:
            due = self._since + limits.write_stall
        elif incoming is not None and incoming.method and (self._current is None or incoming is self._current):
            due = self._since + limits.body_time + incoming.size / SLOWEST_BODY
        elif self._current is not None or self._waiting:
            due = inf
        elif incoming is not None:
            due = self._since + limits.head_time
        else:
            due = self._since + self._patience
        self.server.deadlines.set(self, due)

    def expire(self, now: float) -> None:
        """The client was too slow, idle for too long, or does not read."""
        if self._linger >= 0:
            self._transport.abort()
        elif self._unread >= 0:
            left = self._transport.get_write_buffer_size()
            if left == self._unread:
                self._transport.abort()
            else:
                self._unread = left
                self.server.deadlines.set(self, now + self._limits.write_stall)
        elif self._over:
            self._transport.abort()
        elif self._incoming is None:
            self._close()
        else:
            what = "body" if self._incoming.method else "headers"
            self._refuse(Refusal(408, "request_timeout", f"The request's {what} came too slowly."))
            if self._current is None:
                self._serve_next()

    # what a request does with its connection

    def write(self, data: bytes) -> None:
        if not self.lost:
            self._transport.write(data)

    def write_pieces(self, pieces: list[bytes]) -> None:
        if not self.lost:
            self._transport.writelines(pieces)

    def abort(self) -> None:
        self._transport.abort()

    def cancel(self) -> None:
        """End what is being answered: its handler is cancelled, and may still say so to the client."""
        self._closing = True
        if self._strand is not None:
            self._strand.cancel()
        self._transport.close()

    def close_if_idle(self) -> None:
        """Close a connection nobody is using, for the server is draining."""
        if self._current is None and not self._waiting and not self._over:
            self._close()


def _size_of(request: Request) -> int:
    """Bytes of a whole head, nearly: of its target and its fields."""
    headers = request.headers
    return len(request.target) + sum(map(len, headers)) + sum(map(len, headers.values())) + 4 * len(headers)


def _head_too_large(limit: int) -> Refusal:
    return Refusal(
        431, "headers_too_large", f"The request line and headers are larger than the limit of {limit} bytes."
    )
