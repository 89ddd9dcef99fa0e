"""A stream for a client of this format."""

from typing import Any

import msgspec

from trunkline.formats.conversation import Event, Request
from trunkline.formats.format import Problem
from trunkline.formats.openai_responses.compose import Composer
from trunkline.formats.openai_responses.echo import Echo
from trunkline.formats.openai_responses.names import NAME

Fields = dict[str, Any]
_encode = msgspec.json.Encoder().encode


class Writer:
    """Writes one stream: again, where it is of this format, and in this format's grammar, where it is of another."""

    __slots__ = ("_composer", "_echo", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._composer: Composer | None = None
        self._echo: Echo | None = None

    def feed(self, event: Event) -> bytes:
        """The same in this format; empty where it has nothing to say."""
        own = event.extras.get(NAME)
        if own is None:
            return _frames(self._composing().feed(event))
        if self._echo is None:
            self._echo = Echo()
        return _frame(self._echo.write(event, own))

    def end(self) -> bytes:
        """The last events of a stream that is whole; nothing, where they have come from the provider."""
        composer = self._composer
        return _frames(composer.finish()) if composer is not None and not composer.ended else b""

    def fail(self, problem: Problem) -> bytes:
        """The event that tells the failure."""
        composer = self._composing()
        if self._echo is not None:
            composer.go_on(self._echo.sequence)
        return _frames(composer.fail(problem.message, problem.kind, problem.code, problem.param))

    def _composing(self) -> Composer:
        if self._composer is None:
            self._composer = Composer(self._request)
        return self._composer


def _frames(events: list[Fields]) -> bytes:
    return b"".join([_frame(event) for event in events])


def _frame(event: Fields) -> bytes:
    kind = event.get("type")
    data = b"data: " + _encode(event) + b"\n\n"
    return b"event: " + kind.encode() + b"\n" + data if type(kind) is str else data
