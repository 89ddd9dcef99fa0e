"""Takes down what a client says and what it is told, where a policy of the request log may want it.

A configuration without such policies has requests travel as `journey.travel` has them, and nothing here is run. With
one, a request goes the same way, but what it is answered passes by `Heard`, which keeps the pieces: no byte is copied,
nothing waits, and what cannot be kept is dropped and counted.
"""

import asyncio
import time

from trunkline.formats.document import Document
from trunkline.gateway.delivery import Delivery
from trunkline.gateway.errors import GatewayError
from trunkline.gateway.fronts import Front
from trunkline.gateway.identity import ANYBODY
from trunkline.gateway.journey import travel
from trunkline.gateway.log_rules import Keeping
from trunkline.gateway.state import Journey
from trunkline.gateway.transcripts import Room, Transcript
from trunkline.kept.transcript import Facts, Said

_GONE, _ENDING, _BUG = (499, "client_gone"), (503, "shutting_down"), (500, "internal_error")


class HeardDocument(Document):
    """A request's body, with the bytes as they came."""

    __slots__ = ("came",)

    def __init__(self, body: bytes, depth: int) -> None:
        super().__init__(body, depth)
        self.came = body


async def travel_heard(journey: Journey, front: Front) -> None:
    """See `journey.travel`; and keep what was said if a policy wants it."""
    heard = journey.delivery = Heard(journey)
    ended = _BUG
    message = ""
    try:
        await travel(journey, front)
        ended = (200, "")
    except GatewayError as error:
        ended, message = (error.status, error.code or error.kind), error.message
        raise
    except asyncio.CancelledError:
        ended = _GONE if journey.request.gone else _ENDING
        raise
    finally:
        heard.over(*ended, message)


class Heard(Delivery):
    """Answers one request, and keeps what it says."""

    __slots__ = ("_came", "_ended", "_journey", "_keeping", "_known", "_pieces", "_room", "_streamed")

    def __init__(self, journey: Journey) -> None:
        super().__init__(journey.request, journey.gateway, journey.delivery.request_id)
        self._journey: Journey | None = journey
        self._known = False
        """Whether it is known if the request is kept."""
        self._keeping: Keeping | None = None
        self._came = b""
        self._pieces: list[bytes] = []
        self._room: Room = journey.gateway.transcripts.room()
        self._streamed = False
        self._ended = False

    # delivery.Delivery

    def begin(self, head: bytes) -> None:
        self._listen()
        self._streamed = True
        super().begin(head)

    def write(self, data: bytes, now: float) -> None:
        Delivery.write(self, data, now)  # for every chunk: half the time of `super()`
        if self._keeping is not None:
            self._take(data)

    def end(self) -> None:
        self._ended = True
        super().end()

    def whole(self, head: bytes, body: bytes) -> None:
        self._listen()
        super().whole(head, body)
        if self._keeping is not None:
            self._take(body)
        self._ended = True

    def streamed(self, head: bytes, body: bytes) -> None:
        self._listen()
        self._streamed = True
        super().streamed(head, body)
        if self._keeping is not None:
            self._take(body)
        self._ended = True

    # what is kept

    def _listen(self) -> None:
        """Who asks for what is known: is it kept? Asked before the answer begins, while the request is still there."""
        journey = self._journey
        if self._known or journey is None:
            return
        self._known = True
        rules, known = journey.snapshot.log_rules, vars(journey)
        document = known.get("document")  # some requests are refused before there is one, or a policy of their route
        if rules is None or journey.caller is ANYBODY or not isinstance(document, HeardDocument):
            return
        of_route = journey.policy.logs if "policy" in known else ()
        self._keeping = rules.keeping(journey.id, journey.caller.logs, of_route)
        if self._keeping is not None and self._room.take(len(document.came)):
            self._came = document.came

    def _take(self, data: bytes) -> None:
        if self._room.take(len(data)):
            self._pieces.append(data)
        else:
            self._came, self._pieces = b"", []

    def over(self, status: int, error: str, message: str) -> None:
        """The request is over: hand on what is kept."""
        self._listen()
        journey, self._journey = self._journey, None
        if journey is None or self._keeping is None:
            return
        said = self._said(journey, message)
        transcript = Transcript(
            _facts(journey, status, error), said, self._pieces, self._keeping, journey.front, self._room
        )
        journey.gateway.transcripts.add(transcript)

    def _said(self, journey: Journey, message: str) -> Said:
        return Said(
            path=journey.request.target.partition(b"?")[0].decode("latin-1"),
            format=journey.front.format.name,
            tags=journey.tags,
            label=journey.label,
            attempts=journey.attempts,
            message=message,
            input=self._came,
            output=b"",
            streamed=self._streamed,
            whole=self._ended,
        )


def _facts(journey: Journey, status: int, error: str) -> Facts:
    caller, target, asked = journey.caller, journey.target, journey.asked
    return Facts(
        id=journey.id,
        at=int(time.time()),
        org=caller.org,
        team=caller.team,
        user=caller.user,
        key=caller.key,
        model=asked.model,
        provider=target.provider if target is not None else "",
        served=target.model if target is not None else "",
        status=status,
        stream=asked.stream,
        error=error,
    )
