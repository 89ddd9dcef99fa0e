"""Following a stream of chunks as its bytes pass."""

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Asked, StreamError
from trunkline.formats.openai_chat.frame import FrameChoice, failure_in, read_frame, read_odd
from trunkline.formats.sse import Splitter, data_of

DONE = b"[DONE]"
_anything = msgspec.json.Decoder().decode


class Scanner:
    """Follows a stream of chunks as it passes: hands on whole events and notes what the journey must know.

    `feed` returns the bytes to hand on. Until `started`, they carry no output and are better held.
    """

    __slots__ = (
        "_apart",
        "_asked",
        "_ending",
        "_overhead",
        "_splitter",
        "bytes",
        "done",
        "error",
        "events",
        "finish",
        "finished",
        "started",
        "tier",
        "usage",
    )

    terminator = b"data: [DONE]\n\n"

    def __init__(self, asked: Asked, dialect: Dialect, limit: int) -> None:
        self._asked = asked
        self._ending = dialect.ending
        self._apart = dialect.output_excludes_reasoning
        self._splitter = Splitter(limit)
        self._overhead = 0
        self.started = False
        """The first output (text, reasoning, a tool call, a finish) has come."""
        self.done = False
        """`[DONE]` has come."""
        self.finish = ""
        """Finish reason of the first choice that had one."""
        self.finished: set[int] = set()
        """Indices of the choices that are finished."""
        self.usage: Usage | None = None
        self.tier = ""
        self.error: object = None
        """The value of `error` of an event that had one: the stream has failed."""
        self.events = 0
        self.bytes = 0

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
        if not payload.startswith(DONE):
            try:
                read_frame(payload)
            except ValueError:
                return b""
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole."""
        if self.done:
            return True
        return self._ending == "finish" and len(self.finished) >= self._asked.choices

    def estimate(self) -> int:
        """Tokens produced so far, for a stream that ends before its usage: a token a chunk, or more where chunks are
        long.
        """
        content = self.bytes - self.events * self._overhead
        return max(self.events, content // 6)

    def _see(self, event: bytes) -> bool:
        """Take note of one event; whether it is to be handed on."""
        payload = data_of(event)
        if not payload:
            return self.error is None  # a comment, or what keeps the connection alive
        if self.error is not None or self.done:
            return False
        if payload.startswith(DONE):
            self.done = True
            return True
        try:
            chunk = read_frame(payload)
        except ValueError as error:
            raise StreamError(f"an event of the stream is not a JSON chunk: {error}") from None
        if chunk.error:
            self.error = chunk.error
            return False
        choices = chunk.choices
        if choices is None:
            self.error = failure_in(read_odd(payload), named=event.startswith(b"event: error"))
            if self.error is not None:
                return False
        if choices:
            if self.started and len(choices) == 1 and not choices[0].finish_reason:  # as nearly all are
                self.events += 1
                self.bytes += len(payload)
            else:
                self._count(choices, payload)
        if chunk.usage is not None:
            self.usage = chunk.usage.read(self._apart)
            self.tier = chunk.tier
            return bool(choices) or self._asked.usage_wanted
        if chunk.x_groq is not None and chunk.x_groq.usage is not None:
            self.usage = chunk.x_groq.usage.read(self._apart)
            self.tier = chunk.tier
        return True

    def _count(self, choices: list[FrameChoice], payload: bytes) -> None:
        for choice in choices:
            if choice.finish_reason:
                self.finished.add(choice.index)
                self.finish = self.finish or choice.finish_reason
        if self.started:
            self.events += 1
            self.bytes += len(payload)
        elif self.finished or self._begins(payload):
            self.started = True

    def _begins(self, payload: bytes) -> bool:
        """Whether a chunk carries output: anything in a delta but a role and empty values."""
        try:
            choices = _anything(payload)["choices"]
        except (msgspec.DecodeError, UnicodeDecodeError):
            return True  # something that we cannot read
        for choice in choices:
            if not isinstance(choice, dict):
                continue
            delta = choice.get("delta")
            content = {**delta, "role": None} if isinstance(delta, dict) else {"text": choice.get("text")}
            if any(content.values()):
                self.events = 1
                self.bytes = len(payload)
                self._overhead = len(payload) - sum(len(v) for v in content.values() if isinstance(v, str))
                return True
        return False
