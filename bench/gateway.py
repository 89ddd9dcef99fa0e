"""A peer that runs: started on its core, ready, shown to answer rightly, and ended."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.backends import Upstream
from bench.errors import Failed
from bench.http1 import Target
from bench.payload import chat_body, tool_body
from bench.peers import Peer, Place, Setup
from bench.process import Process
from bench.readiness import open_connection, wait_for_answer, wait_for_file
from bench.replies import ANSWER, ARGUMENTS
from bench.tools import TOOL
from bench.venue import Venue, free_port

READY_SECONDS = 90.0
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Gateway:
    """A running peer and how to call it."""

    name: str
    process: Process
    target: Target
    model: str
    ready_seconds: float
    in_process: Sequence[str] = ()
    """See `Launch`."""

    def unary(self, size: int = 0) -> bytes:
        """The bytes of a request for a whole reply, its body padded to `size` bytes."""
        return self.target.request(chat_body(self.model, size=size))

    def streamed(self, size: int = 0) -> bytes:
        """The bytes of a request for a streamed reply."""
        return self.target.request(chat_body(self.model, stream=True, size=size))


@contextmanager
def running(
    peer: Peer, upstream: Upstream, venue: Venue, *, front_tls: bool = False, setup: Setup = ""
) -> Iterator[Gateway]:
    """Start the peer in front of `upstream`, wait until it is ready, end it on leaving."""
    folder = venue.folder(peer.name)
    place = Place(folder, free_port(), upstream, venue.certificate if front_tls else None, setup)
    launch = peer.launch(place)
    ca = venue.certificate.authority if front_tls else None
    origin = f"{'https' if ca else 'http'}://127.0.0.1:{place.port}"
    with Process(launch.argv, core=venue.gateway_core, log=folder / "log", env=launch.env, cwd=folder) as process:
        if launch.address_file:
            origin = wait_for_file(launch.address_file, process, READY_SECONDS)
        address = urlsplit(origin)
        assert address.hostname
        assert address.port
        origin = f"{address.scheme}://{address.netloc}"
        seconds = wait_for_answer(f"{origin}{launch.ready}", process, READY_SECONDS, ca=ca, expect=launch.ready_status)
        target = Target(address.hostname, address.port, launch.chat, launch.headers, ca)
        yield Gateway(peer.name, process, target, launch.model, seconds, launch.in_process)


def expect_reply(gateway: Gateway) -> None:
    """Ask once; raises `Failed` unless the upstream's answer comes back."""
    status, body = _ask(gateway, chat_body(gateway.model))
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise Failed(f"answered {status}: {body[:200]!r}") from error
    if content != ANSWER:
        raise Failed(f"answered {status} with another content")


def expect_tool_call(gateway: Gateway) -> None:
    """Ask once with a tool; raises `Failed` unless the upstream's call of it comes back, however the reply ends."""
    status, body = _ask(gateway, tool_body(gateway.model))
    try:
        function = json.loads(body)["choices"][0]["message"]["tool_calls"][0]["function"]
        called = (function["name"], json.loads(function["arguments"]))
    except (ValueError, LookupError, TypeError) as error:
        raise Failed(f"answered {status}, without a tool call: {body[:200]!r}") from error
    if called != (TOOL, ARGUMENTS):
        raise Failed(f"answered {status} with another tool call")


def expect_stream(gateway: Gateway, chunks: int) -> None:
    """Stream once; raises `Failed` unless every chunk with content and the end come back.

    The terminator alone may be missing: a peer that translates does not make one.
    """
    status, body = _ask(gateway, chat_body(gateway.model, stream=True))
    events = [line[5:].strip() for line in body.splitlines() if line.startswith(b"data:")]
    choices = [choice for event in events if event != b"[DONE]" for choice in json.loads(event)["choices"]]
    if status != 200 or not any(choice.get("finish_reason") for choice in choices):
        raise Failed(f"streamed {status}, {len(events)} events, without an end: {body[:200]!r}")
    seen = sum(bool(choice["delta"].get("content")) for choice in choices)
    if seen != chunks:
        raise Failed(f"streamed {seen} of {chunks} chunks")


def _ask(gateway: Gateway, body: bytes) -> tuple[int, bytes]:
    target = gateway.target
    connection = open_connection(target.url, ANSWER_SECONDS, target.ca)
    try:
        connection.request("POST", target.path, body, {"Content-Type": "application/json", **dict(target.headers)})
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"did not answer a first request: {error or type(error).__name__}") from error
    finally:
        connection.close()
