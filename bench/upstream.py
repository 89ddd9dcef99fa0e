"""The upstream that streams: a program that answers every POST as a model provider would, one write per chunk.

It is run as `python -m bench.upstream --port N [--certificate FILE --key FILE]`, ends when its standard input does, and
takes its pace from there: each line is a JSON `Pace`, acknowledged by a line. It speaks the API that the path is of
(`apis.py`). Requests that do not ask for a stream get the fixed reply, so it also stands in for nginx where that is not
installed; where the request has tools, that reply calls one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import ssl
import sys
import threading
from functools import partial
from typing import cast

import httptools
import uvloop

from bench import scripts
from bench.apis import ANTHROPIC, GEMINI, OPENAI, Api, spoken_at
from bench.replies import whole_reply
from bench.scripts import Pace, Script

_WANTS_STREAM = re.compile(rb'"stream":\s*true')
_WANTS_USAGE = re.compile(rb'"include_usage":\s*true')
_HAS_TOOLS = re.compile(rb'"tools":\s*\[')


def _answer(text: str) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
    return head.format(len(text), text).encode()


_ANSWERS = {
    (api, with_tools): _answer(whole_reply(api, with_tools=with_tools))
    for api in (OPENAI, ANTHROPIC, GEMINI)
    for with_tools in (False, True)
}


class Provider:
    """What all connections share: the loop and the streams' scripts, prepared once for each pace."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.pace(Pace())

    def pace(self, pace: Pace) -> None:
        self._openai = {usage: scripts.openai(pace, usage=usage) for usage in (False, True)}
        self._anthropic = scripts.anthropic(pace)
        self._gemini, self._gemini_array = scripts.gemini(pace), scripts.gemini_array(pace)

    def script(self, url: bytes, body: bytes) -> Script | None:
        """The stream that a request asks for; None where it wants a whole reply."""
        api = spoken_at(url)
        if api is GEMINI:
            streams = b":streamGenerateContent" in url
            return (self._gemini if b"alt=sse" in url else self._gemini_array) if streams else None
        if not _WANTS_STREAM.search(body):
            return None
        return self._anthropic if api is ANTHROPIC else self._openai[_WANTS_USAGE.search(body) is not None]

    @staticmethod
    def answer(url: bytes, body: bytes) -> bytes:
        """The whole reply to a request."""
        api: Api = spoken_at(url)
        return _ANSWERS[api, _HAS_TOOLS.search(body) is not None]


class Connection(asyncio.Protocol):
    """One kept-alive connection; one request at a time, as gateways send them."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._url = b""
        self._body: list[bytes] = []
        self._left = 0
        self._paused = self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not registered as such
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._body = b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body = []
        script = self._provider.script(self._url, body)
        if script is None:
            self._transport.write(self._provider.answer(self._url, body))
            return
        self._script = script
        self._left = script.pace.chunks
        self._transport.write(script.head)
        # In the loop's next turn, so that head and first chunk are two small writes: the case that Nagle's algorithm
        # and delayed acknowledgements make 40 ms slow in a gateway that forgot TCP_NODELAY.
        self._provider.loop.call_soon(self._begin)

    def _begin(self) -> None:
        if self._script.opening and not self._transport.is_closing():
            self._transport.write(self._script.opening)
        self._tick()

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
