"""Passing requests, replies and streams through where client and provider both speak this format."""

from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.checks import need, typed
from trunkline.formats.bedrock_converse.stream_read import failure_of, payload_of
from trunkline.formats.bedrock_converse.usage import read_tier, usage_of
from trunkline.formats.conversation import MOST_TOKENS, Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.eventstream import FrameError, Splitter, read_frame
from trunkline.formats.format import Asked, Place, ReplyFacts, StreamError
from trunkline.formats.losses import Losses

_LETTERS_A_TOKEN = 4
_decode = msgspec.json.Decoder().decode


class _Words(msgspec.Struct, gc=False):
    text: str = ""
    input: str = ""


class _Delta(msgspec.Struct, gc=False, rename="camel"):
    text: str = ""
    tool_use: _Words | None = None
    reasoning_content: _Words | None = None


class _DeltaEvent(msgspec.Struct, gc=False):
    delta: _Delta | None = None


_delta_event = msgspec.json.Decoder(_DeltaEvent).decode


def look(value: dict[str, Any], place: Place, size: int) -> Asked:
    """Check what Trunkline relies on; the provider judges the rest. Raises `ShapeError`."""
    known = "messages" in value or "promptVariables" not in value  # others stand in a prompt that the provider keeps
    for number, message in enumerate(need(value, "messages", list, "") if known else ()):
        typed(message, dict, f"messages[{number}]")
        need(message, "role", str, f"messages[{number}]")
        need(message, "content", list, f"messages[{number}]")
    cap = None
    if value.get("inferenceConfig") is not None:
        cap = typed(value["inferenceConfig"], dict, "inferenceConfig").get("maxTokens")
    if cap is not None:
        cap = typed(cap, int, "inferenceConfig.maxTokens")
    return Asked(
        model=place.model,
        stream=place.stream,
        stream_options={},
        usage_wanted=True,
        choices=1,
        output_cap=min(cap, MOST_TOKENS) if cap and cap > 0 else None,
        size=size,
    )


def edit(document: Document, asked: Asked, model: str, dialect: Dialect, losses: Losses) -> bytes:
    """The body as it came: the model is in the path."""
    return document.write()


def look_reply(body: bytes) -> ReplyFacts:
    """Raises `ValueError` if `body` is no reply of this format."""
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the reply is not JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("output"), dict):
        raise ValueError("the reply has no output")  # noqa: TRY004  # one error for whatever is no reply
    usage, finish = value.get("usage"), value.get("stopReason")
    return ReplyFacts(
        usage=usage_of(usage) if isinstance(usage, dict) else None,
        finish=finish if isinstance(finish, str) else "",
        choices=1,
        error=None,
        tier=read_tier(dict(value)),
    )


class Scanner:
    """Follows a stream of frames as it passes: hands on whole frames and notes what the journey must know."""

    __slots__ = (
        "_bytes",
        "_events",
        "_metadata",
        "_splitter",
        "_stopped",
        "done",
        "error",
        "finish",
        "started",
        "tier",
        "usage",
    )

    terminator = b""

    def __init__(self, limit: int) -> None:
        self._splitter = Splitter(limit)
        self._events = 0
        self._bytes = 0
        self._stopped = False
        self._metadata = False
        self.started = False
        self.done = False
        self.finish = ""
        self.usage: Usage | None = None
        self.tier = ""
        self.error: object = None

    def feed(self, data: bytes) -> bytes:
        """Whole frames to hand on. Stops at a failure, which is not handed on. Raises `StreamError`."""
        try:
            return b"".join([frame for frame in self._splitter.feed(data) if self._see(frame)])
        except FrameError as error:
            raise StreamError(str(error)) from None

    def close(self) -> bytes:
        """Nothing: there are no half frames."""
        return b""

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole: its usage comes last, and is not a part of the answer."""
        return self.done or (self._stopped and not self._splitter.pending())

    def estimate(self) -> int:
        """Tokens produced so far, for a stream that ends before its usage: a delta has one, or several words."""
        return max(self._events, self._bytes // _LETTERS_A_TOKEN)

    def _see(self, raw: bytes) -> bool:
        if self.error is not None or self.done:
            return False
        frame = read_frame(raw)
        match frame.text(":event-type"):
            case "contentBlockDelta" | "contentBlockStart":
                self.started = True
                self._events += 1
                self._bytes += _size(frame.payload)
            case "messageStop":
                finish = payload_of(frame).get("stopReason")
                self.finish = finish if isinstance(finish, str) else ""
                self.started = self._stopped = True
            case "metadata":
                told = payload_of(frame)
                usage = told.get("usage")
                self.tier = read_tier(dict(told))
                self.usage = usage_of(usage) if isinstance(usage, dict) else None
                self._metadata = True
            case _:
                self.error = failure_of(frame)
        self.done = self._stopped and self._metadata
        return self.error is None


def _size(payload: bytes) -> int:
    """Letters of words or arguments in a delta."""
    try:
        delta = _delta_event(payload).delta
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0  # it passes: the client may know it
    if delta is None:
        return 0
    return len(delta.text) + sum(
        len(said.text) + len(said.input) for said in (delta.tool_use, delta.reasoning_content) if said
    )


def scanner(asked: Asked, dialect: Dialect, limit: int) -> Scanner:
    """What follows a stream whose frames have at most `limit` bytes."""
    return Scanner(limit)
