"""Neutral parts as Google's: the words for each kind, with the source's own spelling and extras where they are ours."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    File,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.google_generate.names import NAME, below

_LEVELS = {"low": "MEDIA_RESOLUTION_LOW", "high": "MEDIA_RESOLUTION_HIGH"}
_NOTHING: Mapping[str, str] = {}
_decode = msgspec.json.Decoder().decode


def write_parts(parts: list[AnyPart]) -> list[dict[str, Any]]:
    """Parts that this format's reader has read, as they were but for what was changed since."""
    made: list[dict[str, Any]] = []
    held = ""
    for part in parts:
        if isinstance(part, Reasoning):
            if part.spelling.get("on") == "next":
                held = part.signature
            else:
                made.append(_write_thought(part))
            continue
        value = write_part(part, own=True)
        if held:
            value[part.spelling.get("thoughtSignature", "thoughtSignature")] = held
            held = ""
        made.append(value)
    if held:  # its part is gone
        made.append({"text": "", "thoughtSignature": held})
    return made


def write_part(part: AnyPart, *, own: bool) -> dict[str, Any]:
    """One part. `own`: it comes from this format, so that its spelling is to be kept."""
    match part:
        case Text() if not part.extras and not part.spelling:
            return {"text": part.text}
        case Text() | Refusal():
            value: dict[str, Any] = {"text": part.text}
            kind = "text"
        case Image() | Audio() | File():
            kind, value = write_media(part, own=own)
        case ToolCall():
            kind, value = "functionCall", write_call(part, own=own)
        case ToolResult():
            kind, value = "functionResponse", write_result(part, own=own)
        case Reasoning():
            return _write_thought(part)
        case Foreign():
            return part.value
    if not own:
        return value if kind == "text" else {kind: value}
    return _dressed(part, kind, value)


def _dressed(part: AnyPart, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    """A part with what else its source said in it, and in its source's spelling."""
    spelling, extras = part.spelling, part.extras.get(NAME, {})
    if kind == "text":
        made = {**extras, **value}
    else:
        inside = below(kind, extras) if extras else {}
        beside = {name: field for name, field in extras.items() if not name.startswith(f"{kind}.")}
        made = {**beside, spelling.get(kind, kind): {**inside, **value}}
    if "thought" in spelling:
        made["thought"] = spelling["thought"] == "true"
    if isinstance(part, ToolCall) and (signature := part.signature or spelling.get("signature")):
        made[spelling.get("thoughtSignature", "thoughtSignature")] = signature
    if isinstance(part, Image) and part.detail in _LEVELS and "mediaResolution" in spelling:
        made[spelling["mediaResolution"]] = {"level": _LEVELS[part.detail]}
    return made


def _write_thought(part: Reasoning) -> dict[str, Any]:
    """What Google's model thought."""
    spelling = part.spelling
    on = spelling.get("on")
    made: dict[str, Any] = dict(part.extras.get(NAME, ()))
    if on != "bare":
        made["text"] = part.text
    if on is None or spelling.get("thought") == "true":
        made["thought"] = True
    elif "thought" in spelling:
        made["thought"] = False
    if part.signature:
        made[spelling.get("thoughtSignature", "thoughtSignature")] = part.signature
    return made


# Calls and results


def arguments_of(text: str) -> dict[str, Any] | None:
    """The arguments of a call as an object; None where they are cut short or something else."""
    if text in ("", "null"):
        return {}
    try:
        value = _decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write_call(call: ToolCall, *, own: bool) -> dict[str, Any]:
    """A function call. Arguments that are no object (the model's output was cut) go as one argument, `arguments`, that
    holds their text: Google has no other place for them.
    """
    args = arguments_of(call.arguments)
    made: dict[str, Any] = {}
    if call.id and not (own and "id" in call.spelling):
        made["id"] = call.id
    if call.name or not own:
        made["name"] = call.name
    how = call.spelling.get("args", "") if own else ""
    if how != "partial" and (args or not how):
        made["args"] = {"arguments": call.arguments} if args is None else args
    return made


def write_result(result: ToolResult, *, own: bool) -> dict[str, Any]:
    """A function's response."""
    texts = [part.text for part in result.content if isinstance(part, Text)]
    others = [part for part in result.content if not isinstance(part, Text)]
    made: dict[str, Any] = {}
    if result.call and not (own and "id" in result.spelling):
        made["id"] = result.call
    made["name"] = result.name
    how = result.spelling.get("response", "") if own else ""
    if how != "absent" or texts:
        made["response"] = _wrapped("".join(texts), how, failed=bool(result.failed))
    if others or (own and not result.plain):
        made["parts"] = [write_part(part, own=own) for part in others]
    return made


def _wrapped(text: str, how: str, *, failed: bool) -> dict[str, Any]:
    """A result as the object it must be."""
    key, _, encoded = how.partition(" ")
    if how == "object" or encoded:
        try:
            value = _decode(text)
        except (msgspec.DecodeError, RecursionError):
            value = text
        if encoded:
            return {key: value}
        if isinstance(value, dict):
            return value
    return {key if key and how != "object" else "error" if failed else "output": text}


# Pictures, sounds, files


def write_media(part: Image | Audio | File, *, own: bool) -> tuple[str, dict[str, Any]]:
    """Kind and value of a part with bytes or an address."""
    spelling = part.spelling if own else _NOTHING
    name = part.name if isinstance(part, File) else ""
    made: dict[str, Any] = {}
    said = spelling.get("mimeType", "mimeType" if own else "absent")
    if part.media_type or said != "absent":
        made["mimeType" if said == "absent" else said] = part.media_type
    if name and own:
        made[spelling.get("displayName", "displayName")] = name
    if part.data:
        made["data"] = _as_written(part.data, spelling.get("data", ""))
        return "inlineData", made
    made[spelling.get("fileUri", "fileUri")] = part.url or ("" if isinstance(part, Audio) else part.file_id)
    return "fileData", made


def _as_written(data: str, how: str) -> str:
    """Base64 in the source's alphabet and padding."""
    if "urlsafe" in how:
        data = data.replace("+", "-").replace("/", "_")
    return data.rstrip("=") if "unpadded" in how else data
