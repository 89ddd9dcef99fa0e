"""What the fault upstream knows of one connection, and what a fault's script does with one request on it."""

import asyncio
import json
import re
import ssl
from dataclasses import dataclass, field
from typing import Any

from tests import aio
from tests.faults import http1, replies
from tests.faults.wire import Ending, Wire

EVENT_STREAM = ("content-type", "text/event-stream; charset=utf-8")
CHUNKED = ("transfer-encoding", "chunked")
BUFFER_LIMIT = 1 << 28

MODEL = re.compile(rb'"model"\s*:\s*"([^"]*)"')
STREAM = re.compile(rb'"stream"\s*:\s*true')
INCLUDE_USAGE = re.compile(rb'"include_usage"\s*:\s*true')


@dataclass
class Request:
    """A request as it reached the upstream; `body` grows as it is read, `complete` says whether it all came."""

    head: http1.Head
    connection: "Connection"
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False
    fault: str = ""

    @property
    def method(self) -> str:
        return self.head.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.head.line.split(" ")[1]

    def header(self, name: str) -> str | None:
        """A header's value; `None` where it is missing."""
        return http1.value(self.head.headers, name)

    @property
    def model(self) -> str | None:
        """The model it asks for, as soon as that much of the body has come."""
        found = MODEL.search(self.body)
        return found[1].decode() if found else None

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class End:
    """How a connection ended, and when by the loop's clock (seconds)."""

    how: Ending
    at: float


class Connection:
    """One accepted connection: all bytes `received` (decrypted), its `requests`, and how the peer `ended` it.

    Everything the peer sends is read as it comes, unless `reading` is cleared, so that its end is seen at once.
    `tls_error` says why there was no handshake.
    """

    def __init__(self, number: int, wire: Wire, bell: aio.Bell, *, record: bool) -> None:
        self.number = number
        self.wire = wire
        self.received = bytearray()
        self.received_count = 0
        self.requests: list[Request] = []
        self.ended: End | None = None
        self.closing = False
        self.tls_error: ssl.SSLError | None = None
        self.reading = asyncio.Event()
        self.reading.set()
        self.reader = asyncio.StreamReader(limit=BUFFER_LIMIT)
        self._bell = bell
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._pump: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        lines = [f"{request.head.line} → {request.fault}" for request in self.requests]
        state = self.ended.how if self.ended else "open"
        return f"<connection {self.number}, {state}, {self.received_count} bytes received, requests: {lines}>"

    async def start_tls(self, context: ssl.SSLContext) -> bool:
        """Whether the handshake succeeded."""
        try:
            await self.wire.start_tls(context)
        except ssl.SSLError as refusal:
            self.tls_error = refusal
            return False
        except ConnectionError:
            self.note_end("reset")
            raise
        return True

    def start_reading(self) -> None:
        self._pump = asyncio.create_task(self._read_all())

    async def read_to_end(self) -> None:
        """Returns when the peer has ended the connection."""
        assert self._pump is not None
        await self._pump

    async def first_bytes(self) -> None:
        """Returns when the peer has sent anything, or has ended the connection."""
        await self._bell.until(lambda: self.ended is not None or self.received_count > 0)

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.note_end("here")
        self.wire.reset()

    async def drop(self) -> None:
        """Closes what is left, and returns when nothing of it runs any more."""
        self.note_end("here")
        self.wire.close()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    async def _read_all(self) -> None:
        try:
            while await self.reading.wait() and (data := await self.wire.receive()):
                self.reader.feed_data(data)
                self.received_count += len(data)
                if self._record:
                    self.received += data
                self._bell.ring()
            self.note_end("fin")
        except OSError:
            self.note_end("reset")
        finally:
            self.reader.feed_eof()

    def note_end(self, how: Ending) -> None:
        """Remembers how the connection ended; the first to tell is right."""
        if self.ended is None:
            self.ended = End(how, self._loop.time())
            self._bell.ring()


class Exchange:
    """A request and the means to answer it well or badly."""

    def __init__(self, request: Request, body: http1.Body, bell: aio.Bell, released: asyncio.Event) -> None:
        self.request = request
        self.connection = request.connection
        self._body = body
        self._end_of_request: int | None = None
        self._bell = bell
        self._released = released

    @property
    def model(self) -> str:
        return self.request.model or "unknown"

    @property
    def streams(self) -> bool:
        """Whether a stream was asked for; looked up in as much of the body as there is, for early answers."""
        return STREAM.search(self.request.body) is not None

    @property
    def chat(self) -> bytes:
        """The body of a good reply to this request."""
        return replies.chat(self.model)

    @property
    def events(self) -> list[bytes]:
        """The events of a good stream for this request: one for the role, one a piece, the finish, usage, `[DONE]`."""
        return replies.chat_events(self.model, usage=INCLUDE_USAGE.search(self.request.body) is not None)

    async def send(self, *writes: bytes) -> None:
        """Writes each piece on its own; a peer in this loop can read one before the next."""
        for number, data in enumerate(writes):
            if number:
                await aio.turn()
            await self.connection.wire.send(data)

    async def dribble(self, data: bytes) -> None:
        """Writes byte by byte."""
        await self.send(*(data[at : at + 1] for at in range(len(data))))

    async def start_stream(self) -> None:
        """The head of a chunked event stream."""
        await self.send(http1.head(200, [EVENT_STREAM, CHUNKED]))

    async def send_chunks(self, *parts: bytes) -> None:
        """Writes each part as one chunk."""
        await self.send(*map(http1.chunk, parts))

    async def answer(self, headers: http1.Headers | None = None) -> None:
        """A good answer of the kind that was asked for."""
        headers = headers or []
        if self.streams:
            await self.send(http1.head(200, [*headers, EVENT_STREAM, CHUNKED]))
            await self.send_chunks(*self.events)
            await self.send(http1.LAST_CHUNK)
        else:
            await self.send(http1.message(200, self.chat, headers))

    async def read_part(self) -> bool:
        """Reads a further part of the request's body; whether there was one."""
        part = await self._body.part()
        self.request.body += part
        if self._body.done and not self.request.complete:
            self.request.complete = True
            self._end_of_request = self.connection.received_count
            self._bell.ring()
        return bool(part)

    async def read_rest(self) -> None:
        """Reads what is left of the request."""
        while await self.read_part():
            pass

    async def close(self) -> None:
        """Ends the connection in good order; what the peer still sends is read until it closes too."""
        self.connection.closing = True
        await self.connection.wire.end()

    async def cut(self) -> None:
        """Ends the connection in mid-sentence: under TLS, too, without a goodbye."""
        self.connection.closing = True
        await self.connection.wire.end(polite=False)

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.connection.closing = True
        self.connection.reset()

    async def next_request(self) -> None:
        """Returns when the first bytes of a further request have come, or the peer has ended the connection."""
        end = self._end_of_request
        assert end is not None, "this request has not been read to its end"
        await self._bell.until(lambda: self.connection.ended is not None or self.connection.received_count > end)

    async def peer_ends(self) -> None:
        """Stays silent until the peer has ended the connection."""
        await self._bell.until(lambda: self.connection.ended is not None)

    async def hold(self) -> None:
        """Stays silent until the test calls `FaultServer.release()`, or the peer has ended the connection."""
        await self._bell.until(lambda: self._released.is_set() or self.connection.ended is not None)
