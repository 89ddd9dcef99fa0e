"""The client's end of a request: when its answer begins, and what goes out while nothing comes.

The head of the answer is committed with the first real output or the first keep-alive. Up to then a failure is told
by a status; after it, by the last event of the stream.
"""

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from trunkline.formats.conversation import Request as Neutral
from trunkline.formats.format import Problem
from trunkline.gateway.errors import GatewayError, UpstreamRefused
from trunkline.gateway.fronts import CHAT, Front
from trunkline.transport.request import Request

if TYPE_CHECKING:
    from trunkline.gateway.app import Gateway
    from trunkline.gateway.likeness import Copy

STREAM_HEAD = b"content-type: %b\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"
EVENTS = b"text/event-stream; charset=utf-8"
JSON = b"application/json"
JSON_HEAD = b"content-type: application/json\r\n"


class Delivery:
    """Answers one request, in whole or as a stream."""

    __slots__ = (
        "_front",
        "_gateway",
        "_interval",
        "_request",
        "copy",
        "due",
        "failing",
        "head",
        "looked_at",
        "request_id",
    )

    def __init__(self, request: Request, gateway: "Gateway", request_id: str) -> None:
        self._request = request
        self.request_id = request_id
        self._gateway = gateway
        self._interval = 0.0
        self.due = inf
        self.looked_at = inf
        self.head = b"x-request-id: %b\r\n" % request_id.encode()
        """Header lines of every answer to this request."""
        self.failing: Callable[[Problem], bytes] | None = None
        """How the stream that has begun tells that it failed, where that depends on what it has said so far."""
        self.copy: Copy | None = None
        """Takes what the client is sent of the answer, where it is to be compared."""
        self._front = CHAT

    def speak(self, front: Front) -> None:
        """What the client speaks."""
        self._front = front

    def expect_stream(self, interval: float, now: float) -> None:
        """The answer will be a stream: keep the client's connection alive while nothing comes."""
        self._interval = interval
        self._gateway.deadlines.set(self, now + interval)

    def begin(self, head: bytes) -> None:
        """Commit to a stream."""
        if not self._request.started:
            front = self._front
            media = JSON if front.place.array else EVENTS
            self._request.start(200, STREAM_HEAD % media + self.head + head)

    def write(self, data: bytes, now: float) -> None:
        """A piece of the stream."""
        self.due = now + self._interval
        self._request.write(data)
        if self.copy is not None:
            self.copy.add(data)

    def end(self) -> None:
        """The stream is whole."""
        self.due = inf
        self._request.end()

    def whole(self, head: bytes, body: bytes) -> None:
        """The whole answer at once."""
        self._request.respond(200, JSON_HEAD + self.head + head, body)
        if self.copy is not None:
            self.copy.add(body)

    def streamed(self, head: bytes, body: bytes) -> None:
        """A whole stream at once."""
        self.due = inf
        request = self._request
        if request.started:  # a keep-alive was first
            request.write(body)
            request.end()
            return
        media = JSON if self._front.place.array else EVENTS
        request.respond(200, STREAM_HEAD % media + self.head + head, body)

    def fail(self, error: GatewayError, head: bytes) -> None:
        """Tell the client that there is no answer, or no more of it."""
        self.due = inf
        request = self._request
        if request.ended:
            return
        front = self._front
        problem = Problem(error.status, error.message, error.kind, error.param, error.code, self.request_id)
        if request.started:
            request.write((self.failing or _failing(front))(problem))
            request.end()
            return
        if isinstance(error, UpstreamRefused):
            media, body = error.content_type, error.body
        else:
            media, body = JSON, front.format.write_error(problem)
        request.respond(error.status, b"content-type: %b\r\n%b%b" % (media, self.head, head), front.told(body))

    def close(self) -> None:
        """The request is over: no more keep-alives."""
        if self._interval:
            self._gateway.deadlines.drop(self)

    def expire(self, now: float) -> None:
        """Nothing has come for a while."""
        if self._request.ended or self._request.gone:
            return
        self.begin(b"")
        self._gateway.metrics.event("keepalives")
        self._request.write(self._front.keep_alive)
        self._gateway.deadlines.set(self, now + self._interval)


def _failing(front: Front) -> Callable[[Problem], bytes]:
    """How a stream tells that it failed which has said nothing yet."""
    spelling = {"stream": "array"} if front.place.array else {}
    return front.format.writer(Neutral(format=front.format.name, stream=True, spelling=spelling)).fail
