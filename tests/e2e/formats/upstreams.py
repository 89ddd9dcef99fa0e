"""Upstreams of every format that answer as the test has told them, on raw sockets: well, badly, half, or not at all.

    upstream.play(says(HELLO), refuses(429, "Slow down."), breaks_off(HELLO, after=3))

What they say is written by hand in `tests/compatibility`, from each provider's documentation.
"""

import collections
import json
import struct
from collections.abc import Awaitable, Callable, Iterable
from types import ModuleType
from typing import Any

from tests.compatibility import (
    upstream_anthropic,
    upstream_bedrock,
    upstream_google,
    upstream_openai_chat,
    upstream_openai_responses,
)
from tests.compatibility.scenario import Answer
from tests.faults import http1
from tests.faults.connection import CHUNKED, Exchange, Request
from tests.faults.fault import Fault
from tests.faults.server import FaultServer

SPEAKERS: dict[str, ModuleType] = {
    "chat": upstream_openai_chat,
    "responses": upstream_openai_responses,
    "anthropic": upstream_anthropic,
    "google": upstream_google,
    "bedrock": upstream_bedrock,
}
"""By the name of the provider in the configuration."""
MODELS = {
    "chat": "chat/gpt-5.1",
    "responses": "responses/gpt-5.1",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "google": "google/gemini-2.5-flash",
    "bedrock": "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
}
"""What a client asks each of them for."""
HELLO = Answer("Grüße aus 世界 🌍, gut gemacht.", input=21, output=13, cached=5)

Act = Callable[["Upstream", Exchange], Awaitable[None]]
"""How one request is answered."""


class Upstream(FaultServer):
    """A provider of one format. Each request meets the next of its acts; without one, it says `HELLO`."""

    def __init__(self, name: str) -> None:
        super().__init__(Fault("told", "Does what the test told it.", None, None, answer=self._act))
        self.name = name
        self.speaker = SPEAKERS[name]
        self._acts: collections.deque[Act] = collections.deque()

    @property
    def provider(self) -> dict[str, Any]:
        """Its entry in the configuration."""
        base = self.url.removesuffix("/v1") + self.speaker.base
        return {**self.speaker.provider, "base_url": base, "allow_private": True}

    def act(self, *acts: Act) -> None:
        """The next requests are answered so, one each; what was left of earlier ones is forgotten."""
        self._acts = collections.deque(acts)

    def streams(self, request: Request) -> bool:
        """Whether a stream was asked for."""
        if self.name in ("google", "bedrock"):
            return "streamGenerateContent" in request.target or "converse-stream" in request.target
        return bool(request.json().get("stream"))

    def events(self, answer: Answer) -> tuple[str, list[bytes]]:
        """Media type and events of a stream that says `answer`."""
        media, body = self.speaker.stream(answer)
        if self.name == "bedrock":
            return media, list(bedrock_frames(body))
        end = b"\r\n\r\n" if self.name == "google" else b"\n\n"
        return media, [event + end for event in body.split(end) if event]

    async def _act(self, exchange: Exchange) -> None:
        act = self._acts.popleft() if self._acts else says(HELLO)
        await act(self, exchange)


def bedrock_frames(body: bytes) -> Iterable[bytes]:
    """The events of one of Amazon's streams."""
    at = 0
    while at < len(body):
        [length] = struct.unpack_from(">I", body, at)
        yield body[at : at + length]
        at += length


# Acts


def says(answer: Answer) -> Act:
    """A good answer of the kind that was asked for."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        if upstream.streams(x.request):
            media, events = upstream.events(answer)
            await _start(x, media)
            await x.send_chunks(*events)
            await x.send(http1.LAST_CHUNK)
        else:
            media, body = upstream.speaker.whole(answer)
            await x.send(http1.message(200, body, [("content-type", media)]))

    return act


def replies(status: int, body: bytes | dict[str, Any], *headers: tuple[str, str]) -> Act:
    """These bytes, whatever was asked for."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()

    async def act(_: Upstream, x: Exchange) -> None:
        await x.send(http1.message(status, data, headers))

    return act


def refuses(status: int, message: str) -> Act:
    """An error in the provider's own shape."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        await x.send(http1.message(status, upstream.speaker.error(status, message)))

    return act


def streams(*pieces: bytes, end: bool = True, media: str = "text/event-stream") -> Act:
    """A stream of these pieces; without its last chunk where it does not `end`."""

    async def act(_: Upstream, x: Exchange) -> None:
        await _start(x, media)
        await x.send_chunks(*pieces)
        if end:
            await x.send(http1.LAST_CHUNK)
        else:
            await x.cut()

    return act


def breaks_off(answer: Answer, *, after: int, politely: bool = False) -> Act:
    """The first events of a stream; then the connection is cut, or the body ends in good order."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        media, events = upstream.events(answer)
        assert after < len(events)
        await _start(x, media)
        await x.send_chunks(*events[:after])
        if politely:
            await x.send(http1.LAST_CHUNK)
        else:
            await x.cut()

    return act


def stalls(answer: Answer, *, after: int) -> Act:
    """The first events of a stream, then nothing until the gateway leaves, or the test calls `release`: the rest."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        media, events = upstream.events(answer)
        await _start(x, media)
        await x.send_chunks(*events[:after])
        await x.hold()
        if x.connection.ended is None:
            await x.send_chunks(*events[after:])
            await x.send(http1.LAST_CHUNK)

    return act


def in_pieces(answer: Answer, size: int) -> Act:
    """A whole stream, cut without regard to events and characters."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        media, events = upstream.events(answer)
        body = b"".join(events)
        await _start(x, media)
        await x.send_chunks(*(body[at : at + size] for at in range(0, len(body), size)))
        await x.send(http1.LAST_CHUNK)

    return act


async def mute(_: Upstream, x: Exchange) -> None:
    """Nothing."""
    await x.peer_ends()


async def whole_only(upstream: Upstream, x: Exchange) -> None:
    """`HELLO` as a whole, though a stream was asked for."""
    media, body = upstream.speaker.whole(HELLO)
    await x.send(http1.message(200, body, [("content-type", media)]))


async def _start(x: Exchange, media: str) -> None:
    await x.send(http1.head(200, [("content-type", media), CHUNKED]))
