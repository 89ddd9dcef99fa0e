"""The upstream that streams: a program that answers every POST as a model provider would, one write per chunk.

It is run as `python -m bench.upstream --port N [--certificate FILE --key FILE]`, ends when its standard input does, and
takes its pace from there: each line is a JSON `Pace`, acknowledged by a line. Requests without `"stream":true` get the
fixed chat completion, so it also stands in for nginx where that is not installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import sys
import threading
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

import httptools
import uvloop

from bench.payload import REPLY

_WANTS_STREAM = re.compile(rb'"stream":\s*true')
_WANTS_USAGE = re.compile(rb'"include_usage":\s*true')
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_JSON_REPLY = (
    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(REPLY)}\r\n\r\n{REPLY}".encode()
)


@dataclass(frozen=True)
class Pace:
    """How streams come: how many chunks, seconds between them (0: as fast as they are taken), what they say.

    With `stamp`, the content of each chunk is the monotonic clock in nanoseconds at the moment of writing, which any
    process on the same machine can compare with its own.
    """

    chunks: int = 250
    interval: float = 0.02
    stamp: bool = False

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def _event(choices: list[dict[str, object]], **more: object) -> bytes:
    chunk = {
        "id": "chatcmpl-Bench0123456789abcdefghijklmn",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": "gpt-4o-2024-08-06",
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
        "choices": choices,
    }
    return b"data: " + json.dumps({**chunk, **more}, separators=(",", ":")).encode() + b"\n\n"


def _delta(delta: dict[str, str], finish: str | None = None) -> list[dict[str, object]]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Script:
    """The bytes of a stream under one pace, prepared once."""

    def __init__(self, pace: Pace, *, usage: bool) -> None:
        null: dict[str, object] = {"usage": None} if usage else {}
        self.pace = pace
        self._event = _event(_delta({"content": "@"}), obfuscation="aB3dE5fG", **null)
        self._plain = _chunk(self._event.replace(b"@", b" token"))
        counts = {"prompt_tokens": 186, "completion_tokens": pace.chunks, "total_tokens": 186 + pace.chunks}
        ending = _chunk(_event(_delta({}, "stop"), **null))
        if usage:
            ending += _chunk(_event([], usage=counts))
        self.ending = ending + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"

    def next(self) -> bytes:
        if self.pace.stamp:
            return _chunk(self._event.replace(b"@", b"%d" % time.monotonic_ns()))
        return self._plain


class Provider:
    """What all connections share: the loop and the streams' scripts, by whether the request asked for usage."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.pace(Pace())

    def pace(self, pace: Pace) -> None:
        self.scripts = {usage: Script(pace, usage=usage) for usage in (False, True)}


class Connection(asyncio.Protocol):
    """One kept-alive connection; one request at a time, as gateways send them."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._body: list[bytes] = []
        self._left = 0
        self._paused = self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not registered as such
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = []

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body = []
        if not _WANTS_STREAM.search(body):
            self._transport.write(_JSON_REPLY)
            return
        self._script = self._provider.scripts[_WANTS_USAGE.search(body) is not None]
        self._left = self._script.pace.chunks
        self._transport.write(_STREAM_HEAD)
        # In the loop's next turn, so that head and first chunk are two small writes: the case that Nagle's algorithm
        # and delayed acknowledgements make 40 ms slow in a gateway that forgot TCP_NODELAY.
        self._provider.loop.call_soon(self._tick)

    def _tick(self) -> None:
        if self._transport.is_closing():
            return
        if self._paused:
            self._waiting = True
            return
        if self._left == 0:
            self._transport.write(self._script.ending)
            return
        self._left -= 1
        self._transport.write(self._script.next())
        interval = self._script.pace.interval
        if interval:
            self._provider.loop.call_later(interval, self._tick)
        else:
            self._provider.loop.call_soon(self._tick)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        if self._waiting:
            self._waiting = False
            self._tick()


def _obey(provider: Provider, stop: asyncio.Event) -> None:
    """Take paces from standard input until it ends (a thread: a pipe has no other portable way)."""
    for line in sys.stdin.buffer:
        provider.loop.call_soon_threadsafe(provider.pace, Pace(**json.loads(line)))
        provider.loop.call_soon_threadsafe(partial(print, "paced", flush=True))
    provider.loop.call_soon_threadsafe(stop.set)


async def _serve(port: int, context: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    provider, stop = Provider(loop), asyncio.Event()
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", port, backlog=4096, ssl=context)
    threading.Thread(target=_obey, args=(provider, stop), daemon=True).start()
    await stop.wait()
    server.close()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.upstream")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    uvloop.run(_serve(options.port, context))


if __name__ == "__main__":
    main()
