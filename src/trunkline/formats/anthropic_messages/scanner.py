"""Following a stream of this format, and glancing at a reply, as their bytes pass."""

import msgspec

from trunkline.formats.anthropic_messages.stream_read import read_payload
from trunkline.formats.anthropic_messages.usage import merged, read_usage, service_tier
from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Asked, StreamError
from trunkline.formats.sse import Splitter, data_of

_FULL = frozenset({"message_start", "message_delta", "error", ""})
"""Kinds of events of which more is needed than their kind."""


class _Kind(msgspec.Struct, gc=False):
    """What is read of every event."""

    type: str = ""


_kind = msgspec.json.Decoder(_Kind).decode


class Scanner:
    """Follows a stream of one message: hands on whole events unchanged and notes what the journey must know."""

    __slots__ = (
        "_bytes",
        "_ending",
        "_events",
        "_reported",
        "_splitter",
        "done",
        "error",
        "finish",
        "started",
        "tier",
        "usage",
    )

    terminator = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

    def __init__(self, asked: Asked, dialect: Dialect, limit: int) -> None:
        self._ending = dialect.ending
        self._splitter = Splitter(limit)
        self._reported: dict[str, object] = {}
        self._events = 0
        self._bytes = 0
        self.started = False
        """The first output (text, reasoning, a tool call, a finish) has come."""
        self.done = False
        """`message_stop` has come."""
        self.finish = ""
        self.usage: Usage | None = None
        self.tier = ""
        self.error: object = None
        """The value of `error` of an error event: the stream has failed."""

    def feed(self, data: bytes) -> bytes:
        """Whole events to hand on. Stops at an error event, which is not handed on. Raises `StreamError`."""
        try:
            events = self._splitter.feed(data)
        except ValueError as error:
            raise StreamError(str(error)) from None
        if len(events) == 1:
            return events[0] if self._see(events[0]) else b""
        return b"".join([event for event in events if self._see(event)])

    def close(self) -> bytes:
        """Upstream has ended: what it left without the last blank line, if that is a whole event; else nothing."""
        rest = self._splitter.rest().rstrip(b"\r\n")
        payload = data_of(rest + b"\n\n") if rest else None
        if not payload:
            return b""
        try:
            read_payload(payload)
        except StreamError:
            return b""
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole."""
        return self.done or (self._ending == "finish" and bool(self.finish))

    def estimate(self) -> int:
        """Tokens produced so far, for a stream that ends before its usage: one an event, or more in long ones."""
        return max(self._events, self._bytes // 5)

    def _see(self, event: bytes) -> bool:
        """Take note of one event; whether it is to be handed on."""
        if self.error is not None:
            return False
        payload = data_of(event)
        if not payload:
            return True  # a comment
        if self.done and not payload.startswith(b"{"):
            return False  # `[DONE]`, which OpenRouter adds: the SDK stumbles over it
        try:
            kind = _kind(payload).type
        except (msgspec.DecodeError, UnicodeDecodeError):
            kind = ""
        if kind == "content_block_delta":
            self.started = True
            self._events += 1
            self._bytes += len(payload) - _FRAME
            return True
        if kind in _FULL:
            return self._see_whole(payload)
        self.done = self.done or kind == "message_stop"
        if kind == "content_block_start" and not self.started:
            block = read_payload(payload).get("content_block")
            self.started = isinstance(block, dict) and block.get("type") not in ("text", "thinking")
        return True

    def _see_whole(self, payload: bytes) -> bool:
        value = read_payload(payload)
        if value.get("error") and value.get("type", "error") == "error":
            self.error = value["error"]
            return False
        begins = value.get("type") == "message_start"
        message = value.get("message") if begins else value
        usage = message.get("usage") if isinstance(message, dict) else None
        if isinstance(usage, dict):
            self._reported = merged(self._reported, usage)
            self.usage = read_usage(self._reported)
            self.tier = service_tier(self._reported)
        told = message if begins else value.get("delta")
        reason = told.get("stop_reason") if isinstance(told, dict) else None
        if isinstance(reason, str):
            self.finish = self.finish or reason
            self.started = True
        return True


_FRAME = len(b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}')
