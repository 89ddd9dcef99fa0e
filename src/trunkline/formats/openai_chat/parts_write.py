"""Neutral parts into parts of a message's content."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats import media
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    File,
    Foreign,
    Image,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
)
from trunkline.formats.openai_chat.leftovers import parked
from trunkline.formats.openai_chat.parts_read import NAMES, text_of_chunks
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.words import NAME

_DETAILS = frozenset({"auto", "low", "high"})
_SOUNDS = frozenset({"wav", "mp3"})
"""What `input_audio` may be by the published description."""


def write_content(parts: list[AnyPart], plain: bool, to: Target) -> str | list[dict[str, Any]]:
    """The content of a message: a string where it came as one, or one is as good."""
    if not parts:
        return ""
    if len(parts) == 1 and type(parts[0]) is Text and (plain or not to.own) and _bare(parts[0], to):
        return parts[0].text
    return [said for part in parts if (said := write_part(part, to)) is not None]


def _bare(part: Text, to: Target) -> bool:
    return not to.own or (part.cache is None and not part.extras) or part.spelling.get("cache") == "message"


def write_part(part: AnyPart, to: Target) -> dict[str, Any] | None:
    """One part; None for one that is left behind, which is told."""
    if isinstance(part, Foreign) and part.format == NAME:
        return part.value
    writer = _WRITERS.get(type(part))
    if writer is None:
        kind = part.kind if isinstance(part, Foreign) else type(part).__name__
        to.refuse(part, f"a part of type '{kind}' cannot be carried to this model's API.")
        return None
    out = writer(part, to)
    return _with_rest(out, part) if to.own and out is not None else out


def _text(part: Text, to: Target) -> dict[str, Any]:
    return {"type": "text", "text": part.text}


def _refusal(part: Refusal, to: Target) -> dict[str, Any]:
    return {"type": "refusal", "refusal": part.text}


def _with_rest(out: dict[str, Any], part: Part) -> dict[str, Any]:
    """What is known of a part, laid over what is not, and its cache hint."""
    if not part.extras and not part.spelling and part.cache is None:
        return out
    rest = part.extras.get(NAME, {})
    for name, said in out.items():
        if isinstance(said, dict):
            out[name] = {**parked(name, rest, part.spelling), **said}
    out = {**rest, **out}
    if part.cache is not None and part.spelling.get("cache") != "message":
        put_cache(out, part)
    return out


def put_cache(out: dict[str, Any], node: Part | Request) -> None:
    """Write the cache hint of a part, or of all, in the words it came in."""
    if node.spelling.get("cache") == "prompt_cache_breakpoint":
        out["prompt_cache_breakpoint"] = {"mode": "explicit"}
    elif node.cache is not None:
        out["cache_control"] = {"type": "ephemeral"} | ({"ttl": node.cache.ttl} if node.cache.ttl else {})


def address(part: Image | Audio | File) -> str:
    """Where a file is, or what it is, as one URL."""
    if part.url:
        return part.url
    before = part.spelling.get("data_url")
    if before is not None and (not before or before.startswith((f"data:{part.media_type}", "data:;"))):
        return before + part.data
    return media.data_url(part.media_type, part.data)


def _image(part: Image, to: Target) -> dict[str, Any] | None:
    if to.refused("images", part):
        return None
    if part.url and not part.url.startswith("data:") and "image_urls" in to.refuses:
        path = to.place(part)
        to.losses.must_refuse(path, f"'{path}': this model takes images as Base64 only, not by URL.")
    if not part.url and not part.data:
        to.refuse(part, "an image that is a file at another provider cannot be carried.")
        return None
    if to.own:
        detail = {"detail": part.detail} if part.detail else {}
        plain = part.spelling.get("said") == "string"
        return {"type": "image_url", "image_url": address(part) if plain else {"url": address(part), **detail}}
    url = part.url or media.data_url(part.media_type, part.data)
    if not url.startswith(("http://", "https://", "data:image/")):
        to.refuse(part, "this model's API takes images by http, or as Base64 of a type image/….")
        return None
    said = {"url": url}
    if part.detail in _DETAILS:
        said["detail"] = part.detail
    elif part.detail:
        to.losses.drop(to.field(part, "detail"))
    return {"type": "image_url", "image_url": said}


def _audio(part: Audio, to: Target) -> dict[str, Any] | None:
    if to.refused("audio", part):
        return None
    if to.own:
        return _own_audio(part)
    name = media.audio_name(part.media_type)
    if not part.data or name not in _SOUNDS:
        to.refuse(part, "this model's API takes sound as WAV or MP3 in Base64 only.")
        return None
    return {"type": "input_audio", "input_audio": {"data": part.data, "format": name}}


def _own_audio(part: Audio) -> dict[str, Any]:
    spelling = part.spelling
    if spelling.get("in") == "audio_url":
        return {"type": "audio_url", "audio_url": _link(part)}
    data = part.url or (address(part) if "data_url" in spelling else part.data)
    if spelling.get("said") == "string":
        return {"type": "input_audio", "input_audio": data}
    name = spelling.get("format", "")
    if name and media.AUDIO_TYPES.get(name, f"audio/{name}") != part.media_type:
        name = media.audio_name(part.media_type)
    return {"type": "input_audio", "input_audio": {"data": data} | ({"format": name} if name else {})}


def _link(part: Audio | File) -> str | dict[str, Any]:
    return address(part) if part.spelling.get("said") == "string" else {"url": address(part)}


def _file(part: File, to: Target) -> dict[str, Any] | None:
    if to.refused("files", part):
        return None
    if to.own:
        return _own_file(part)
    text = part.text or _text_in(part)
    if text:
        return {"type": "text", "text": f"{part.name}\n\n{text}" if part.name else text}
    if part.file_id and to.source == "openai_responses":
        return {"type": "file", "file": {"file_id": part.file_id}}
    if not part.data or part.media_type.startswith("video/"):
        to.refuse(part, "this model's API takes files as Base64, none by URL or of another provider, and no video.")
        return None
    name = part.name or f"file.{part.media_type.rpartition('/')[2] or 'bin'}"
    return {"type": "file", "file": {"filename": name, "file_data": media.data_url(part.media_type, part.data)}}


def _text_in(part: File) -> str:
    """The words of a file that is text: everybody can read these."""
    if not part.media_type.startswith("text/"):
        return ""
    try:
        return base64.b64decode(part.data).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _own_file(part: File) -> dict[str, Any]:
    kind = part.spelling.get("in")
    if kind is not None:
        named = {NAMES[kind]: part.name} if part.name and kind in NAMES else {}
        return {"type": kind, kind: _link(part), **named}
    if part.spelling.get("said") == "file_id":
        return {"type": "file", "file_id": part.file_id}
    said = {"filename": part.name} if part.name else {}
    if part.file_id:
        said["file_id"] = part.file_id
    if part.data or part.url:
        said["file_data"] = address(part)
    return {"type": "file", "file": said}


def write_summarized(part: Reasoning) -> dict[str, Any]:
    """Databricks' part for reasoning."""
    signed = {"signature": part.signature} if part.signature or "signature" in part.spelling else {}
    return {"type": "reasoning", "summary": [{"type": "summary_text", "text": part.text, **signed}]}


def _thinking(part: Reasoning, to: Target) -> dict[str, Any]:
    """Mistral's part for reasoning, or Databricks' one."""
    spelling = part.spelling if to.own else {}
    if spelling.get("said") == "summary":
        return write_summarized(part)
    said: str | list[Any] = [{"type": "text", "text": part.text}]
    if spelling.get("said") == "string":
        said = part.text
    elif "chunks" in spelling:
        came = msgspec.json.decode(spelling["chunks"])
        said = came if text_of_chunks(came) == part.text else said
    signed = {"signature": part.signature} if part.signature else {}
    closed = {"closed": spelling["closed"] == "true"} if "closed" in spelling else {}
    return {"type": "thinking", "thinking": said, **signed, **closed}


_WRITERS: dict[type, Callable[[Any, Target], dict[str, Any] | None]] = {
    Text: _text,
    Refusal: _refusal,
    Image: _image,
    Audio: _audio,
    File: _file,
    Reasoning: _thinking,
}
