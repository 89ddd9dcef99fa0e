"""Neutral events as this format's stream.

Events that came in this format are written as they came. Those of others become blocks (`BlockWriter`) between a
`message_start`, whose numbers are not known yet, and a `message_delta` with why the model stopped and all the numbers.
That one waits for the end: others tell the two in either order.
"""

from typing import Any

from trunkline.formats.anthropic_messages.block_stream import BlockWriter
from trunkline.formats.anthropic_messages.errors import ERROR_TYPES, error_event
from trunkline.formats.anthropic_messages.own_events import KINDS, framed, write_own
from trunkline.formats.anthropic_messages.reply import ATTACHED, UNNAMED
from trunkline.formats.anthropic_messages.stops import write_stop
from trunkline.formats.anthropic_messages.usage import write_usage
from trunkline.formats.anthropic_messages.words import NAME
from trunkline.formats.conversation import Event, Request, Stop, Usage
from trunkline.formats.format import Problem


class StreamWriter:
    """Writes the stream of one message to a client."""

    __slots__ = ("_blocks", "_ended", "_id", "_model", "_started", "_stop", "_told", "_usage")

    def __init__(self, request: Request) -> None:
        self._model = request.model
        self._id = ""
        self._blocks = BlockWriter()
        self._started = False
        self._told = False
        """`message_delta` is written."""
        self._ended = False
        self._stop: Stop | None = None
        self._usage: Usage | None = None

    def feed(self, event: Event) -> bytes:
        """The same in this format; empty where it has nothing to say."""
        kind = event.kind
        if kind in KINDS or NAME in event.extras or _is_own_error(event):
            self._started = self._started or kind == "message_start"
            self._told = self._told or kind == "message_delta"
            self._ended = self._ended or kind in ("message_stop", "error")
            return write_own(event)
        if event.error is not None:
            self._ended = True
            return error_event(Problem(status=500, message=_message(event.error), kind="upstream_error"))
        return self._translate(event)

    def end(self) -> bytes:
        """What follows the last event of a stream that is whole."""
        if self._ended:
            return b""
        self._ended = True
        out = self._start() + self._blocks.close(self._id)
        if not self._told:
            stop = write_stop(self._stop, calls=self._blocks.has_calls)
            usage = write_usage(self._usage, None)
            attached = {ATTACHED: self._blocks.attached} if self._blocks.attached else {}
            out += framed("message_delta", {"type": "message_delta", "delta": stop, "usage": usage, **attached})
        return out + framed("message_stop", {"type": "message_stop"})

    def fail(self, problem: Problem) -> bytes:
        """The last event of a stream that failed."""
        self._ended = True
        return error_event(problem)

    def _translate(self, event: Event) -> bytes:
        self._id = self._id or event.id
        if event.model and not self._started:
            self._model = event.model
        if event.usage is not None:
            self._usage = event.usage
        if 0 in event.stops:
            self._stop = event.stops[0]
        if not event.deltas:
            return b""
        out = self._start()
        for delta in event.deltas:
            if delta.choice == 0:
                out += self._blocks.add(delta, self._id)
        return out

    def _start(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        message: dict[str, Any] = {
            "id": self._id or UNNAMED,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        return framed("message_start", {"type": "message_start", "message": message})


def _is_own_error(event: Event) -> bool:
    """Whether an error is in this format's words: another's event may have the same name."""
    return event.kind == "error" and isinstance(event.error, dict) and str(event.error.get("type")) in ERROR_TYPES


def _message(error: object) -> str:
    told = error.get("message") if isinstance(error, dict) else None
    return str(told or error)
