"""A provider that says again what it said when it was recorded, over a raw socket and in awkward pieces.

    async with Replay(recordings) as upstream:
        …                                        # a client calls upstream.url with `baggage: recording=<name>`
        upstream.received[name]                  # the JSON it sent, and below which path

The name travels as W3C Baggage, which gateways hand on. Where a recorded stream has no usage and the client asks for
it, a usage chunk is added in the place where OpenAI sends it.
"""

import asyncio
import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests import aio
from tests.faults import http1
from tests.recorded.recordings import EVENT_STREAM, Recording

BAGGAGE = "recording="
CUTS = 24
"""Places at which a reply is cut at random into chunks, and again into writes."""
DONE = re.compile(rb"data: ?\[DONE\]\s*\Z")
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class Received(NamedTuple):
    """A request as it came."""

    target: str
    headers: http1.Headers
    body: Any


class Replay:
    """An upstream on a free port of 127.0.0.1, for the length of an `async with`.

    `received` holds what came, by recording, the last of each. `seed` decides where replies are cut.
    """

    def __init__(self, recordings: Iterable[Recording], *, seed: int = 0) -> None:
        self.received: dict[str, Received] = {}
        self._recordings = {recording.name: recording for recording in recordings}
        self._seed = seed
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    @property
    def url(self) -> str:
        """The base URL for a provider."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (head := await http1.read_head(reader)) is not None:
                await self._exchange(head, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test; asyncio's streams cannot take a handler that ends as cancelled
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _exchange(self, head: http1.Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = http1.Body(reader, http1.length_of(head.headers) or 0)
        data = b""
        while part := await body.part():
            data += part
        recording = self._recordings[(http1.value(head.headers, "baggage") or "").removeprefix(BAGGAGE)]
        asked = json.loads(data)
        self.received[recording.name] = Received(head.line.split(" ")[1], head.headers, asked)
        for number, piece in enumerate(self._pieces(recording, asked)):
            if number:
                await aio.turn()
            if writer.is_closing():
                raise ConnectionResetError("the client has heard enough")
            writer.write(piece)
        await writer.drain()

    def _pieces(self, recording: Recording, asked: dict[str, Any]) -> Iterator[bytes]:
        """The reply, head and framing included, cut where it was recorded to be, or at random."""
        dice = random.Random(f"{self._seed} {recording.name}")
        body = recording.body
        if (asked.get("stream_options") or {}).get("include_usage"):
            body = with_usage(body)
        lengths = recording.network_chunk_lengths
        chunks = list(_cut(body, lengths) if lengths else _cut_anywhere(body, dice))
        headers = list(recording.headers.items())
        if recording.headers["content-type"].startswith(EVENT_STREAM) or lengths:
            headers.append(("transfer-encoding", "chunked"))
            body = b"".join(http1.chunk(data) for data in chunks) + http1.LAST_CHUNK
        else:
            headers.append(("content-length", str(len(body))))
        return _cut_anywhere(http1.head(recording.status, headers) + body, dice)


def with_usage(body: bytes) -> bytes:
    """A stream with a usage chunk before its `[DONE]`, unless it has one, or does not end well."""
    done = DONE.search(body)
    if done is None or re.search(rb'"usage": ?\{', body):
        return body
    first = json.loads(body[body.index(b"{") :].splitlines()[0])
    chunk = {**first, "choices": [], "usage": USAGE}
    return body[: done.start()] + b"data: " + json.dumps(chunk).encode() + b"\n\n" + body[done.start() :]


def _cut_anywhere(data: bytes, dice: random.Random) -> Iterator[bytes]:
    places = sorted(dice.sample(range(len(data)), min(CUTS, len(data))))
    return _cut(data, [end - start for start, end in itertools.pairwise([0, *places])])


def _cut(data: bytes, lengths: Iterable[int]) -> Iterator[bytes]:
    """`data` in parts of these lengths, then the rest; none of them empty."""
    start = 0
    for length in lengths:
        if data[start : start + length]:
            yield data[start : start + length]
        start += length
    if data[start:]:
        yield data[start:]
