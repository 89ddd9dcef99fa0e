"""Following a stream of generateContent as its bytes pass."""

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Asked, StreamError
from trunkline.formats.google_generate.frame import Frame, read_frame
from trunkline.formats.google_generate.framing import Framing
from trunkline.formats.google_generate.searches import Searches
from trunkline.formats.sse import EventTooLarge


class _Part(msgspec.Struct, gc=False):
    text: str | None = None
    signature: str | None = msgspec.field(default=None, name="thoughtSignature")


class _Content(msgspec.Struct, gc=False):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, gc=False):
    content: _Content | None = None


class _Event(msgspec.Struct, gc=False):
    candidates: list[_Candidate] | None = None


_parts = msgspec.json.Decoder(_Event).decode


class Scanner:
    """Follows a stream as it passes: hands on whole events and notes what the journey must know."""

    __slots__ = (
        "_blocked",
        "_bytes",
        "_candidates",
        "_events",
        "_finished",
        "_framing",
        "_overhead",
        "_searches",
        "done",
        "error",
        "finish",
        "started",
        "tier",
        "usage",
    )

    terminator = b""

    def __init__(self, limit: int) -> None:
        self._framing = Framing(limit)
        self._candidates: set[int] = set()
        self._finished: set[int] = set()
        self._blocked = False
        self._events = 0
        self._bytes = 0
        self._overhead = 0
        """Bytes of an event that are no output, about."""
        self._searches = Searches()
        self.started = False
        self.done = False
        self.finish = ""
        self.usage: Usage | None = None
        self.tier = ""
        self.error: object = None

    def feed(self, data: bytes) -> bytes:
        """Whole events to hand on. Stops at an error event, which is not handed on. Raises `StreamError`."""
        try:
            pieces = self._framing.feed(data)
        except EventTooLarge as error:
            raise StreamError(str(error)) from None
        out = pieces[0] if len(pieces) == 1 and self._see(pieces[0]) else b""
        if len(pieces) > 1:
            out = b"".join([piece for piece in pieces if self._see(piece)])
        self.done = self.done or (self._framing.ended and self.error is None)
        return out

    def close(self) -> bytes:
        """What upstream left without the last blank line, if that is a whole event."""
        rest = self._framing.rest()
        payload = self._framing.payload_of_rest(rest) if rest else None
        if not payload:
            return b""
        try:
            handed_on = self._take(payload)
        except StreamError:
            return b""
        return rest + b"\r\n\r\n" if handed_on else b""

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole."""
        if self.error is not None or not (self._framing.endless or self._framing.ended):
            return False
        return self._blocked or (bool(self._candidates) and self._candidates <= self._finished)

    def estimate(self) -> int:
        """Tokens produced so far, for a stream that ends before its usage. Google's events hold many tokens each."""
        return max(self._events, (self._bytes - self._events * self._overhead) // 6)

    def _see(self, piece: bytes) -> bool:
        """Take note of one piece; whether it is to be handed on."""
        if self.error is not None:
            return False
        payload = self._framing.payload(piece)
        return not payload or self._take(payload)

    def _take(self, payload: bytes) -> bool:
        try:
            frame = read_frame(payload)
        except ValueError as error:
            raise StreamError(f"an event of the stream is not JSON: {error}") from None
        if frame.error:
            self.error = frame.error
            return False
        self._searches.scan(payload)
        self.usage = self._searches.added_to(frame.usage or self.usage)
        self.tier = frame.tier or self.tier
        self._count(frame, payload)
        return True

    def _count(self, frame: Frame, payload: bytes) -> None:
        if frame.blocked and not frame.candidates:
            self._blocked = self.started = True
            self.finish = self.finish or frame.blocked
        for number, candidate in enumerate(frame.candidates or ()):
            index = candidate.index or number
            self._candidates.add(index)
            finish = candidate.finish
            if finish:
                self._finished.add(index)
                self.finish = self.finish or finish
        if self.started:
            self._events += 1
            self._bytes += len(payload)
        elif self._finished or (frame.candidates and self._begins(payload)):
            self.started = True

    def _begins(self, payload: bytes) -> bool:
        """Whether an event carries output: a part that is no empty text."""
        try:
            candidates = _parts(payload).candidates or []
        except (msgspec.DecodeError, UnicodeDecodeError):
            return True  # something that we cannot read
        parts = [part for one in candidates if one.content is not None for part in one.content.parts or []]
        if not any(part.text != "" or part.signature for part in parts):
            return False
        self._events = 1
        self._bytes = len(payload)
        self._overhead = len(payload) - sum(len(part.text or "") for part in parts)
        return True


def scanner(asked: Asked, dialect: Dialect, limit: int) -> Scanner:
    """What follows a stream of a provider with this dialect: all end in the same way, which is none."""
    return Scanner(limit)
