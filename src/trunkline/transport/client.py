"""HTTP/1.1 as a client: one `Line` per upstream socket, one call at a time on it.

What comes is handed to a `Receiver` as it comes, once per read; nothing here waits or makes a task. A line is used
again only if nothing about it is in doubt: the reply was whole, its end was announced, both sides want to go on,
everything of the request was sent and nothing came behind the reply.
"""

import asyncio
import select
import zlib
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, cast

import httptools

from trunkline.transport.exchange import Call, Fault, FaultKind, Receiver, Times

if TYPE_CHECKING:
    from trunkline.transport.pool import Pool

MAX_HEAD = 128 * 1024
"""Bytes of reply headers, 1xx replies included, above which the reply is not HTTP we want."""
LARGE = 64 * 1024
"""Bytes of a body from which on it is not copied to stand behind its head."""
INFLATED = 16 * 1024 * 1024
"""Bytes that one read may inflate to where a reply is compressed."""


class Line(asyncio.Protocol):
    """One connection to an upstream, idle in its pool or carrying one call."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._loop = pool.loop
        self.due = inf
        self.looked_at = inf
        self.idle_since = 0.0
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set by connection_made, before any use
        self._parser = httptools.HttpResponseParser(self)
        self._poll = select.poll()
        self._receiver: Receiver | None = None
        self._times = Times()
        self._total = inf  # time at which the call must be over
        self._flowing = False  # the first output has come
        self._paused = False
        self.lost = False
        """Closed, or about to be: of no use any more."""
        # of the reply being read
        self._status = 0
        self._headers: dict[bytes, bytes] = {}
        self._head_size = 0
        self._head_done = False
        self._head_told = False
        self._body: list[bytes] = []
        self._whole = False
        self._tail = False  # something came behind the whole reply
        self._reusable = False
        self._inflate: zlib._Decompress | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        socket = transport.get_extra_info("socket")
        self._poll.register(socket.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)

    def data_received(self, data: bytes) -> None:
        if self._receiver is None:
            self._drop()  # an idle line must be silent
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("invalid", "upstream switched protocols though it was not asked to")
            return
        except httptools.HttpParserError as error:
            if not self._whole:
                self._break_off(error)
                return
            self._tail = True
        if self._head_told:
            self._hand_on(self._receiver)
            return
        self._head_size += len(data)
        if self._head_size > MAX_HEAD and not (self._head_done and self._head_is_small()):
            self._fail("invalid", f"reply headers larger than {MAX_HEAD} bytes")
        elif self._head_done:
            self._hand_on(self._receiver)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self.lost:
            return  # our own doing
        self._pool.forget(self, by_peer=True)
        self._let_go()
        if self._receiver is None:
            return
        if not self._head_done:
            sort: FaultKind = "reset" if exc is not None else "closed"
            self._fail(sort, f"connection lost before a reply: {exc or 'closed'}")
        elif exc is None and self._delimited_by_close():
            self._whole = True
            self._hand_on(self._receiver)
        else:
            self._fail("incomplete", f"the reply broke off: {exc or 'connection closed'}")

    def pause_writing(self) -> None:
        pass  # a request is one write; what the kernel does not take yet waits in the transport

    def resume_writing(self) -> None:
        pass

    # httptools callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head_done:  # else it is a trailer, or of something behind the reply
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._whole:
            self._tail = True
        elif status >= 200:
            self._head_done = True
            self._status = status
            if b"content-encoding" in self._headers:
                self._begin_inflating(self._headers[b"content-encoding"])

    def on_body(self, data: bytes) -> None:
        if not self._whole:
            self._body.append(data)

    def on_message_complete(self) -> None:
        if self._head_done:
            self._whole = True
            self._reusable = self._parser.should_keep_alive()
        else:
            self._headers.clear()  # a 1xx: the reply proper follows

    def on_message_begin(self) -> None:
        if self._whole:
            self._tail = True

    # Exchange

    def send(self, call: Call, receiver: Receiver, times: Times) -> None:
        self._receiver = receiver
        self._times = times
        self._flowing = self._paused = self._head_done = self._head_told = self._whole = self._tail = False
        self._head_size = 0
        self._headers = {}
        self._inflate = None
        now = monotonic()
        self._total = total = now + times.total
        first = now + times.first_token
        self._pool.deadlines.set(self, min(total, first))
        body = call.body
        if len(body) > LARGE:
            self._transport.writelines([call.head, body])
        else:
            self._transport.write(call.head + body)

    def flowing(self) -> None:
        self._flowing = True
        self._restart_gap()

    def pause(self) -> None:
        if not self._paused and not self.lost and self._receiver is not None:
            self._paused = True
            self._transport.pause_reading()
            self._pool.deadlines.set(self, self._total)

    def resume(self) -> None:
        if self._paused and not self.lost:
            self._paused = False
            self._transport.resume_reading()
            self._restart_gap()

    def abort(self) -> None:
        self._receiver = None
        self._drop()

    # the reply

    def _hand_on(self, receiver: Receiver) -> None:
        """Give the receiver what the last read brought. It may abort this line in return."""
        if not self._head_told:
            self._head_told = True
            receiver.head(self._status, self._headers)
        pieces = self._body
        if pieces and self._receiver is receiver:
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self._body = []
            if self._inflate is not None:
                inflated = self._inflated(self._inflate, data)
                if inflated is None:
                    return
                data = inflated
            if self._flowing and not self._paused:
                due, total = monotonic() + self._times.gap, self._total
                self.due = min(total, due)  # only ever later, so the wheel need not be told
            receiver.data(data)
        if self._whole and self._receiver is receiver:
            self._finish(receiver)

    def _head_is_small(self) -> bool:
        """Whether it was a body, behind the head in one read, that made it so many bytes."""
        headers = self._headers
        return sum(map(len, headers)) + sum(map(len, headers.values())) + 4 * len(headers) <= MAX_HEAD

    def _break_off(self, error: httptools.HttpParserError) -> None:
        """What came is not HTTP. The part before it counts, as if it had come in a read of its own."""
        if self._head_done and self._receiver is not None:
            self._hand_on(self._receiver)
        cause = error.__context__
        if isinstance(cause, Fault):
            self._fail(cause.kind, cause.detail)
        else:
            self._fail("invalid", f"not valid HTTP/1.1: {error}")

    def _finish(self, receiver: Receiver) -> None:
        self._receiver = None
        self.due = inf
        again = not (self.lost or self._tail or self._paused) and self._reusable
        if again and self._transport.get_write_buffer_size() == 0:
            self._pool.put(self)
        else:
            self._drop()
        receiver.end()

    def _fail(self, kind: FaultKind, detail: str) -> None:
        receiver = self._receiver
        self._receiver = None
        self._drop()
        if receiver is not None:
            receiver.fail(Fault(kind, detail))

    def _drop(self) -> None:
        if not self.lost:
            self._pool.forget(self)
            self._let_go()
            self._transport.abort()

    def _let_go(self) -> None:
        self.lost = True
        self._pool.deadlines.drop(self)
        del self._parser  # it holds this line: nothing is left for the cycle collector

    def _delimited_by_close(self) -> bool:
        return b"content-length" not in self._headers and b"transfer-encoding" not in self._headers

    def _begin_inflating(self, coding: bytes) -> None:
        coding = coding.strip().lower()
        if coding in (b"gzip", b"x-gzip", b"deflate"):
            self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib, by what it is
        elif coding != b"identity":
            raise Fault("invalid", f"content-encoding {coding.decode('latin-1')!r} was not asked for")

    def _inflated(self, inflate: "zlib._Decompress", data: bytes) -> bytes | None:
        try:
            out = inflate.decompress(data, INFLATED)
        except zlib.error as error:
            self._fail("invalid", f"broken compression: {error}")
            return None
        if inflate.unconsumed_tail:
            self._fail("too_large", f"one read of the reply inflates to more than {INFLATED} bytes")
            return None
        return out

    # time

    def _restart_gap(self) -> None:
        if self._receiver is None or self._paused:
            return
        if self._flowing:
            due = monotonic() + self._times.gap
            self._pool.deadlines.set(self, min(self._total, due))
        # before the first output its own deadline stands, however much else has come

    def expire(self, now: float) -> None:
        if self._receiver is None:
            self._drop()  # idle for longer than the pool keeps lines
        elif now >= self._total:
            self._fail("total_timeout", f"not finished within {self._times.total_at_first or self._times.total:g} s")
        elif self._flowing:
            self._fail("gap_timeout", f"silent for {self._times.gap:g} s")
        else:
            self._fail("first_token_timeout", f"no output within {self._times.first_token:g} s")

    def closed_by_peer(self) -> bool:
        """Whether an idle line is no longer good: it was closed, or something came unasked. One system call."""
        return self.lost or bool(self._poll.poll(0))
