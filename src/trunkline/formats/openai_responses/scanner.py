"""Following a stream of this format as its bytes pass."""

from typing import Any

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Asked, StreamError
from trunkline.formats.openai_responses.frame import ended_with
from trunkline.formats.openai_responses.stream_read import DONE, decode, error_in
from trunkline.formats.openai_responses.usage import read_usage, with_calls
from trunkline.formats.sse import Splitter, data_of

Fields = dict[str, Any]
_SILENT = frozenset(
    {
        "response.created",
        "response.in_progress",
        "response.queued",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
        "keepalive",
    }
)
"""Events that bring no output."""
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_BYTES_A_TOKEN = 6


class _Frame(msgspec.Struct, gc=False):
    type: str = ""
    error: Any = None


_frame = msgspec.json.Decoder(_Frame).decode


class Scanner:
    """Hands on whole events and notes what the journey must know.

    `feed` returns the bytes to hand on. Until `started`, they carry no output and are better held.
    """

    __slots__ = ("_bytes", "_events", "_frames", "_overhead", "done", "error", "finish", "started", "tier", "usage")

    terminator = b""

    def __init__(self, limit: int) -> None:
        self._frames = Splitter(limit)
        self._events = 0
        self._bytes = 0
        self._overhead = 0
        self.started = False
        self.done = False
        self.finish = ""
        self.usage: Usage | None = None
        self.tier = ""
        self.error: object = None

    def feed(self, data: bytes) -> bytes:
        """Whole events to hand on. Stops at an error event, which is not handed on. Raises `StreamError`."""
        try:
            events = self._frames.feed(data)
        except ValueError as error:
            raise StreamError(str(error)) from None
        if len(events) == 1:
            return events[0] if self._see(events[0]) else b""
        return b"".join([event for event in events if self._see(event)])

    def close(self) -> bytes:
        """What upstream left without the last blank line, if that is a whole event."""
        rest = self._frames.rest().rstrip(b"\r\n")
        payload = data_of(rest + b"\n\n") if rest else None
        if not payload:
            return b""
        if payload != DONE:
            try:
                decode(payload)
            except StreamError:
                return b""
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the response was told to have ended. `[DONE]`, which some send behind it, says nothing more."""
        return self.done

    def estimate(self) -> int:
        """Tokens produced so far: one a delta, or more where deltas are long."""
        content = self._bytes - self._events * self._overhead
        return max(self._events, content // _BYTES_A_TOKEN)

    def _see(self, event: bytes) -> bool:
        """Take note of one event; whether it is to be handed on."""
        payload = data_of(event)
        if not payload or payload == DONE or self.done:
            return self.error is None
        if self.error is not None:
            return False
        try:
            frame = _frame(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            frame = _odd_frame(decode(payload))
        kind = frame.type
        if kind.endswith(".delta"):
            self._count(payload)
        elif kind in _ENDS:
            self._end(kind, decode(payload))
        elif kind == "error" or (not kind and frame.error):
            self.error = error_in(decode(payload))
        elif kind not in _SILENT:
            self.started = True
        return self.error is None

    def _count(self, payload: bytes) -> None:
        if not self.started:
            self.started = True
            said = decode(payload).get("delta")
            self._overhead = len(payload) - (len(said) if isinstance(said, str) else 0)
        self._events += 1
        self._bytes += len(payload)

    def _end(self, kind: str, value: Fields) -> None:
        response = value.get("response")
        response = response if isinstance(response, dict) else {}
        self.usage = with_calls(read_usage(response.get("usage")), response.get("output"))
        tier = response.get("service_tier")
        self.tier = tier if isinstance(tier, str) else ""
        self.finish = ended_with(response)
        if kind == "response.failed":
            self.error = error_in(response)
        else:
            self.started = self.done = True


def _odd_frame(value: Fields) -> _Frame:
    kind = value.get("type")
    return _Frame(kind if isinstance(kind, str) else "", value.get("error"))


def scanner(asked: Asked, dialect: Dialect, limit: int) -> Scanner:
    """What follows a provider's stream."""
    del asked, dialect  # every stream of this format ends with its own last event, and has its usage in it
    return Scanner(limit)
