"""Chunks of this format, written back from the events they became."""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Delta,
    Event,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from trunkline.formats.openai_chat.beside import annotated, write_citations
from trunkline.formats.openai_chat.calls import put_signature
from trunkline.formats.openai_chat.deltas import entries_of, read_call_piece, read_detail_pieces, same_call
from trunkline.formats.openai_chat.details import write_details
from trunkline.formats.openai_chat.frame import read_usage, write_usage
from trunkline.formats.openai_chat.logprobs import write_logprobs
from trunkline.formats.openai_chat.messages_read import read_citations
from trunkline.formats.openai_chat.parts_read import read_answer
from trunkline.formats.openai_chat.parts_write import write_summarized
from trunkline.formats.openai_chat.reply_read import read_image
from trunkline.formats.openai_chat.reply_write import write_image
from trunkline.formats.openai_chat.words import finish_of

Fields = dict[str, Any]


class _Pieces(msgspec.Struct):
    """What one choice of a chunk adds, sorted by the lists that hold it."""

    parts: list[AnyPart] = []
    details: list[Reasoning] = []
    images: list[Image] = []
    calls: list[ToolCall] = []
    citations: list[Any] = []


def write_chunk(event: Event, left: Fields) -> Fields:
    """The chunk that `event` was read from, of which `left` was left, with what has become of its pieces."""
    out = dict(left)
    said = {"id": event.id, "created": event.created, "model": event.model, "service_tier": event.service_tier}
    out.update({name: value for name, value in said.items() if value})
    if event.usage is not None and event.spelling.get("usage") != "x_groq":
        out["usage"] = reported(event)
    if event.error is not None:
        out["error"] = event.error
    choices = left.get("choices")
    if isinstance(choices, list):
        out["choices"] = [_choice(choice, number, event) for number, choice in enumerate(choices)]
    return out


def reported(event: Event) -> Fields:
    """The usage as it came, or anew where it says something else now."""
    raw = event.reported
    if raw is not None and event.usage in (read_usage(raw), read_usage(raw, reasoning_apart=True)):
        return raw
    return write_usage(event.usage) if event.usage is not None else {}


def _choice(left: Any, number: int, event: Event) -> Any:
    if not isinstance(left, dict):
        return left
    out = dict(left)
    index = left["index"] if type(left.get("index")) is int else number
    stop = event.stops.get(index)
    if stop is not None:
        out["finish_reason"] = finish_of(stop, calls=False, own=True)
        if stop.sequence:
            out[stop.spelling.get("sequence", "stop_reason")] = stop.sequence
    deltas = [delta for delta in event.deltas if delta.choice == index]
    for delta in deltas:
        if delta.logprobs is not None:
            out["logprobs"] = {**(left.get("logprobs") or {}), "content": write_logprobs(delta.logprobs, own=True)}
    if isinstance(left.get("delta"), dict):  # Together says `text` beside it
        out["delta"] = _delta(left["delta"], deltas)
    elif "text" in left or "delta" not in left:
        text = "".join(delta.piece.text for delta in deltas if isinstance(delta.piece, Text))
        return {**out, "text": text} if deltas else out
    return out


def _delta(left: Fields, deltas: list[Delta]) -> Fields:
    out, pieces = dict(left), _Pieces()
    for delta in deltas:
        _put(out, delta.piece, pieces)
    if pieces.parts or isinstance(left.get("content"), list):
        _relist(out, "content", pieces.parts, _read_parts, _write_part)
    if pieces.details or left.get("reasoning_details"):
        details = [msgspec.structs.replace(piece, spelling={"in": "reasoning_details"}) for piece in pieces.details]
        _relist(out, "reasoning_details", details, _read_details, _write_detail)
    if pieces.images or left.get("images"):
        _relist(out, "images", pieces.images, _read_images, write_image)
    if pieces.citations or left.get("annotations"):
        _relist(out, "annotations", pieces.citations, read_citations, _write_citation)
    if pieces.calls or left.get("tool_calls"):
        _put_calls(out, pieces.calls)
    return out


def _put(out: Fields, piece: AnyPart | None, pieces: _Pieces) -> None:
    """Write a piece where it came from, or sort it for the list that it came from."""
    where = piece.spelling.get("in", "") if piece is not None else ""
    match piece:
        case Text() if where != "parts":
            pieces.citations += annotated(piece.citations)
            if piece.text:
                out["content"] = (out.get("content") or "") + piece.text
        case Reasoning() if where != "thinking":
            _put_reasoning(out, piece, where, pieces)
        case Text() | Reasoning() | Foreign():
            pieces.parts.append(piece)
        case Refusal():
            out["refusal"] = piece.text
        case Audio():
            _put_texts(out, "audio", {"id": piece.id, "data": piece.data, "transcript": piece.transcript})
        case Image():
            pieces.images.append(piece)
        case ToolCall() if where == "function_call":
            _put_texts(out, where, {"name": piece.name, "arguments": piece.arguments})
        case ToolCall():
            pieces.calls.append(piece)


def _put_reasoning(out: Fields, piece: Reasoning, where: str, pieces: _Pieces) -> None:
    if where == "reasoning_details":
        pieces.details.append(piece)
    elif where == "extra_content":
        put_signature(out, piece.signature)
    else:
        out[where or "reasoning_content"] = piece.text
    for name in piece.spelling.get("also", "").split(","):
        if name:
            out[name] = out.get(name, "") + piece.text


def _put_texts(out: Fields, name: str, said: dict[str, str]) -> None:
    out[name] = (out.get(name) or {}) | {inner: text for inner, text in said.items() if text}


def _relist(
    out: Fields, name: str, pieces: list[Any], read: Callable[[Any], list[Any]], write: Callable[[Any], Any]
) -> None:
    """Keep the list in the field `name` as it came if it still says `pieces`, else write it anew."""
    came = read(out[name]) if isinstance(out.get(name), list) else []
    if came != pieces:
        out[name] = [write(piece) for piece in pieces]


def _read_parts(value: list[Any]) -> list[AnyPart]:
    parts = read_answer(value)
    for part in parts:
        if isinstance(part, Text):
            part.spelling["in"] = "parts"
    return parts


def _write_part(piece: AnyPart) -> Fields:
    if isinstance(piece, Reasoning) and piece.spelling.get("said") == "summary":
        return write_summarized(piece)
    if isinstance(piece, Reasoning):
        return {"type": "thinking", "thinking": [{"type": "text", "text": piece.text}]}
    if isinstance(piece, Foreign):
        return piece.value
    return {"type": "text", "text": piece.text if isinstance(piece, Text) else ""}


def _read_details(value: list[Any]) -> list[Reasoning]:
    return [piece for _, piece in read_detail_pieces(value)]


def _write_detail(piece: Reasoning) -> Fields:
    entries = write_details(piece, 0, own=False)
    return entries[0] if entries else {}


def _read_images(value: list[Any]) -> list[Image]:
    return [image for image in map(read_image, value) if image is not None]


def _write_citation(piece: Any) -> Fields:
    return write_citations([piece], own=True)[0]


def _put_calls(out: Fields, pieces: list[ToolCall]) -> None:
    """The same for calls, to which ids may have been given that they came without."""
    came = [read_call_piece(entry) for entry in entries_of(out.get("tool_calls"))]
    read = [call for call in came if call is not None]
    if len(read) == len(pieces) and all(map(same_call, read, pieces)):
        return
    entries = []
    for index, piece in enumerate(pieces):
        entry: Fields = {"index": index, "function": {"arguments": piece.arguments}}
        if piece.name:
            entry |= {"id": piece.id, "type": "function"}
            entry["function"]["name"] = piece.name
        if piece.signature:
            put_signature(entry, piece.signature)
        entries.append(entry)
    out["tool_calls"] = entries
