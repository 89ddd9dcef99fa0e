"""Events that came in this format, written as they came."""

from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.blocks_write import kept, replayed, write_block
from trunkline.formats.anthropic_messages.citations import write_citation
from trunkline.formats.anthropic_messages.stops import write_own_stop
from trunkline.formats.anthropic_messages.usage import read_usage, write_usage
from trunkline.formats.anthropic_messages.words import NAME
from trunkline.formats.conversation import AnyPart, Delta, Event, Reasoning, Text, ToolCall

_encode = msgspec.json.Encoder().encode

KINDS = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "ping",
    }
)
"""Names that only this format's events have."""


def framed(kind: str, value: dict[str, Any]) -> bytes:
    """One event."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(value))


def piece_of(index: int, kind: bytes, field: bytes, value: Any) -> bytes:
    """A piece of the block `index`."""
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n'
        % (index, kind, field, _encode(value))
    )


def write_own(event: Event) -> bytes:
    """The event that `event` was."""
    value: dict[str, Any] = {"type": event.kind, **kept(event.extras)}
    match event.kind:
        case "content_block_delta":
            return _block_delta(event, value)
        case "content_block_start":
            delta = event.deltas[0]
            value["index"] = _index(delta)
            value["content_block"] = _block(delta.piece)
        case "content_block_stop":
            value["index"] = _index(event.deltas[0])
        case "message_start":
            value["message"] = _message(event, value["message"])
        case "message_delta":
            _message_delta(event, value)
        case "error":
            value["error"] = event.error
    return framed(event.kind, value)


def _index(delta: Delta) -> int:
    if delta.extras:
        index = delta.extras.get(NAME, {}).get("index")
        if index is not None:
            return int(index)
    return delta.part


def _block_delta(event: Event, value: dict[str, Any]) -> bytes:
    delta = event.deltas[0]
    index, piece = _index(delta), delta.piece
    if not event.extras and "delta" not in delta.extras.get(NAME, ()):
        kind, field, words = _told(piece)
        return piece_of(index, kind, field, words)
    told = kept(delta.extras).get("delta", {})
    if piece is not None:
        kind, field, words = _told(piece)
        told = {"type": kind.decode(), field.decode(): words, **told}
    return framed(event.kind, {**value, "index": index, "delta": told})


def _told(piece: AnyPart | None) -> tuple[bytes, bytes, Any]:
    """Kind of a delta, the field that it brings, and the value."""
    match piece:
        case Text():
            if piece.citations:
                return b"citations_delta", b"citation", write_citation(piece.citations[0])
            return b"text_delta", b"text", piece.text
        case ToolCall():
            return b"input_json_delta", b"partial_json", piece.arguments
        case Reasoning():
            if piece.signature:
                return b"signature_delta", b"signature", piece.signature
            return b"thinking_delta", b"thinking", piece.text
        case _:
            return b"text_delta", b"text", ""


def _block(piece: AnyPart | None) -> dict[str, Any]:
    if piece is None:
        return {}
    if type(piece) is Reasoning:
        return replayed(piece)[0]
    return write_block(piece) or {}


def _message(event: Event, left: dict[str, Any]) -> dict[str, Any]:
    message = dict(left)
    if event.id:
        message["id"] = event.id
    if event.model:
        message["model"] = event.model
    if event.reported is not None:
        message["usage"] = event.reported
    if event.deltas:
        message["content"] = [_block(delta.piece) for delta in event.deltas]
    stop = event.stops.get(0)
    return message if stop is None else message | write_own_stop(stop)


def _message_delta(event: Event, value: dict[str, Any]) -> None:
    stop = event.stops.get(0)
    value["delta"] = {**(value.get("delta") or {}), **(write_own_stop(stop) if stop is not None else {})}
    reported = event.reported
    if reported is None:
        return
    if event.usage is not None and read_usage(reported) != event.usage:
        value["usage"] = write_usage(event.usage, None)
        return
    names = event.spelling.get("usage", "").split(",")
    value["usage"] = {name: reported[name] for name in names if name in reported} | value.get("usage", {})
