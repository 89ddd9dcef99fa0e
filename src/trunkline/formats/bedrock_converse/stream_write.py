"""Writing a stream to a client."""

from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.blocks import Blocks
from trunkline.formats.bedrock_converse.checks import own
from trunkline.formats.bedrock_converse.citations import write_citation
from trunkline.formats.bedrock_converse.errors import error_frame
from trunkline.formats.bedrock_converse.parts_write import Block
from trunkline.formats.bedrock_converse.terms import IMAGES, KINDS, NAME, format_word
from trunkline.formats.bedrock_converse.usage import lay_stop, lay_tier, write_usage
from trunkline.formats.conversation import AnyPart, Event, Image, Reasoning, Request, Stop, Text, ToolCall, Usage
from trunkline.formats.eventstream import Header, write_frame
from trunkline.formats.format import Problem

_encode = msgspec.json.Encoder().encode
_CONTENT_TYPE = Header(":content-type", "application/json")
_MESSAGE_TYPE = Header(":message-type", "event")


def write_event(kind: str, payload: Block) -> bytes:
    """The frame of an event."""
    return write_frame((Header(":event-type", kind), _CONTENT_TYPE, _MESSAGE_TYPE), _encode(payload))


class StreamWriter:
    """Writes events of any format: this format's own as they were, others' in blocks that begin and end."""

    __slots__ = ("_blocks", "_ended", "_own", "_started", "_stopped", "_tier", "_usage")

    def __init__(self, request: Request) -> None:
        self._blocks = Blocks()
        self._own = False
        self._started = False
        self._stopped = False
        self._ended = False
        self._usage: Usage | None = None
        self._tier = ""

    def feed(self, event: Event) -> bytes:
        """The same in this format; empty where it has nothing to say."""
        if event.kind in KINDS or NAME in event.extras:
            self._own = True
            return write_event(event.kind, _own_payload(event))
        self._usage = event.usage or self._usage
        self._tier = event.service_tier or self._tier
        events: list[tuple[str, Block]] = []
        for delta in event.deltas:
            if delta.choice == 0 and not self._stopped:
                self._blocks.add(delta, event.id, events)
        stop = event.stops.get(0)
        if stop is not None:
            self._stop(stop, events)
        return self._write(events)

    def end(self) -> bytes:
        """What follows the last event: the stop, if none has come, and the usage, which has its place after it."""
        if self._own or self._ended:
            return b""
        self._ended = True
        events: list[tuple[str, Block]] = []
        self._stop(Stop(reason="stop"), events)
        metadata: Block = {"usage": write_usage(self._usage, None), "metrics": {"latencyMs": 0}}
        lay_tier(metadata, self._tier, own=False)
        return self._write([*events, ("metadata", metadata)])

    def fail(self, problem: Problem) -> bytes:
        """The last event of a stream that failed."""
        return error_frame(problem)

    def _stop(self, stop: Stop, events: list[tuple[str, Block]]) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._blocks.close(events)
        payload: Block = {}
        lay_stop(payload, stop, own=False, calls=self._blocks.calls)
        events.append(("messageStop", payload))

    def _write(self, events: list[tuple[str, Block]]) -> bytes:
        if events and not self._started:
            self._started = True
            events.insert(0, ("messageStart", {"role": "assistant"}))
        return b"".join([write_event(kind, payload) for kind, payload in events])


def _own_payload(event: Event) -> Block:
    """An event that came in this format: what is known of it laid over what is left of it."""
    payload = own(event.extras)
    if event.deltas:
        delta = event.deltas[0]
        payload.setdefault("contentBlockIndex", delta.part)
        if delta.piece is not None and event.kind == "contentBlockStart":
            payload["start"] = {**payload.get("start", {}), **_start(delta.piece)}
        elif delta.piece is not None and event.kind == "contentBlockDelta":
            payload["delta"] = {**payload.get("delta", {}), **_addition(delta.piece)}
    if event.starts:
        payload.setdefault("role", "assistant")
    if event.stops:
        lay_stop(payload, event.stops[0], own=True, calls=False)
    if event.usage is not None:
        payload["usage"] = write_usage(event.usage, event.reported)
    lay_tier(payload, event.service_tier, own=True)
    return payload


def _start(piece: AnyPart) -> dict[str, Any]:
    match piece:
        case ToolCall():
            return {"toolUse": {**own(piece.extras), "toolUseId": piece.id, "name": piece.name}}
        case Image():
            word = format_word(piece.media_type, IMAGES) or piece.media_type.rpartition("/")[2]
            return {"image": {**own(piece.extras), "format": word}}
    return {}


def _addition(piece: AnyPart) -> dict[str, Any]:
    match piece:
        case Text() if piece.citations:
            return {"citation": write_citation(piece.citations[0])}
        case Text():
            return {"text": piece.text}
        case ToolCall():
            return {"toolUse": {**own(piece.extras), "input": piece.arguments}}
        case Reasoning() if piece.encrypted:
            return {"reasoningContent": {"redactedContent": piece.encrypted}}
        case Reasoning() if piece.signature:
            return {"reasoningContent": {"signature": piece.signature}}
        case Reasoning():
            return {"reasoningContent": {"text": piece.text}}
        case Image():
            return {"image": {**own(piece.extras), "source": {"bytes": piece.data}}}
    return {}


def writer(request: Request) -> StreamWriter:
    """What writes a stream for this request's client."""
    return StreamWriter(request)
