"""Reading content blocks, of requests and replies alike, into parts."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.checks import extras, invalid, need, typed
from trunkline.formats.bedrock_converse.citations import read_citation
from trunkline.formats.bedrock_converse.terms import (
    DOCUMENTS,
    IMAGES,
    ISSUER,
    NAME,
    SOUNDS,
    VIDEOS,
    format_word,
    media_type,
)
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    CacheHint,
    File,
    Foreign,
    Image,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.format import ShapeError
from trunkline.formats.losses import rest
from trunkline.formats.media import is_base64
from trunkline.formats.sealed import Sealed, restore, unseal

_encode = msgspec.json.Encoder().encode


def read_parts(blocks: list[Any], path: str, kinds: frozenset[str], *, strict: bool) -> list[AnyPart]:
    """The parts of a list of content blocks, of those `kinds` that may stand there.

    `strict` is for requests: raises `ShapeError` for what is no content block. In a reply such a thing is `Foreign`.
    """
    parts: list[AnyPart] = []
    for number, block in enumerate(blocks):
        where = f"{path}[{number}]"
        typed(block, dict, where)
        if "cachePoint" in block and len(block) == 1:
            hint = read_hint(block["cachePoint"])
            if hint is not None and parts and parts[-1].cache is None:
                parts[-1].cache = hint
                continue
        try:
            parts.append(_read_block(block, where, kinds, strict))
        except ShapeError:
            if strict:
                raise
            parts.append(_foreign(block))
    return parts


def read_hint(value: object) -> CacheHint | None:
    """The hint of a cache point that says no more than a hint does; None for any other."""
    match value:
        case {"type": "default", **others} if not others:
            return CacheHint()
        case {"type": "default", "ttl": str(ttl), **others} if ttl and not others:
            return CacheHint(ttl=ttl)
    return None


def _read_block(block: dict[str, Any], where: str, kinds: frozenset[str], strict: bool) -> AnyPart:
    said = [kind for kind in block if kind in kinds and block[kind] is not None]
    if len(said) != 1:
        names = ", ".join(block) or "nothing"
        raise invalid(where, f"it must be one of {', '.join(sorted(kinds))}, but is {names}")
    kind = said[0]
    part = _READERS[kind](block[kind], f"{where}.{kind}", strict)
    if part is None:
        return _foreign(block)
    if len(block) > 1:
        part.extras = extras({**part.extras.get(NAME, {}), "block": rest(block, kind)})
    return part


def _foreign(block: dict[str, Any]) -> Foreign:
    """A block that only this format knows."""
    return Foreign(format=NAME, kind=next(iter(block), ""), value=block)


def _text(value: Any, where: str, strict: bool) -> Text:
    return Text(text=typed(value, str, where))


def _json(value: Any, where: str, strict: bool) -> Text:
    """A tool's result that is an object."""
    return Text(text=_encode(value).decode(), spelling={"text": "json"})


def _image(value: Any, where: str, strict: bool) -> Image | None:
    fields = _media(value, where, IMAGES, strict)
    return None if fields is None else Image(**fields)


def _video(value: Any, where: str, strict: bool) -> File | None:
    fields = _media(value, where, VIDEOS, strict)
    return None if fields is None else File(**fields)


def _audio(value: Any, where: str, strict: bool) -> Audio | None:
    fields = _media(value, where, SOUNDS, strict)
    return None if fields is None else Audio(**fields)


def _media(value: Any, where: str, table: dict[str, str], strict: bool) -> dict[str, Any] | None:
    """The fields that pictures, sounds and files have in common; None where the source is another than bytes or S3."""
    typed(value, dict, where)
    source = need(value, "source", dict, where)
    left = rest(value, "format", "source")
    match source:
        case {"bytes": str(data), **others} if not others:
            if strict and not is_base64(data):
                raise invalid(f"{where}.source.bytes", "it is not Base64")
            place = {"data": data}
        case {"s3Location": {"uri": str(uri), **bucket}, **others} if uri and not others:
            place = {"url": uri}
            if bucket:
                left["s3Location"] = bucket
        case {"text": str(text), **others} if table is DOCUMENTS and not others:
            place = {"text": text}
        case _:
            return None
    return {**place, **_named_type(value, where, table), "extras": extras(left)}


def _named_type(value: dict[str, Any], where: str, table: dict[str, str]) -> dict[str, Any]:
    if table is DOCUMENTS and "format" not in value:
        return {}  # a document may leave it out
    word = need(value, "format", str, where)
    media = media_type(word, table)
    return {"media_type": media, "spelling": {} if format_word(media, table) == word else {"media_type": word}}


def _document(value: Any, where: str, strict: bool) -> File | None:
    typed(value, dict, where)
    name = need(value, "name", str, where)
    fields = _media(rest(value, "name"), where, DOCUMENTS, strict)
    return None if fields is None else File(name=name, **fields)


def _tool_use(value: Any, where: str, strict: bool) -> ToolCall | None:
    typed(value, dict, where)
    if value.get("type") == "server_tool_use":
        return None
    if strict:
        need(value, "input", type(value.get("input")), where)
    arguments = value.get("input")
    none = arguments is None or arguments == ""
    return ToolCall(
        id=_string(value, "toolUseId", where, strict),
        name=_string(value, "name", where, strict),
        arguments="{}" if none else _encode(arguments).decode(),
        spelling={"arguments": "absent" if "input" not in value else "null" if arguments is None else "empty"}
        if none
        else {},
        extras=extras(rest(value, "toolUseId", "name", "input")),
    )


def _string(value: dict[str, Any], name: str, where: str, strict: bool) -> str:
    return need(value, name, str, where) if strict else str(value.get(name) or "")


def _tool_result(value: Any, where: str, strict: bool) -> ToolResult | None:
    typed(value, dict, where)
    if value.get("type") not in (None, "tool_result"):
        return None  # of a tool that the provider has run
    status = value.get("status")
    failed = {"success": False, "error": True}.get(status) if type(status) is str else None
    taken = ("toolUseId", "content") if failed is None else ("toolUseId", "content", "status")
    content = need(value, "content", list, where)
    return ToolResult(
        call=need(value, "toolUseId", str, where),
        content=read_parts(content, f"{where}.content", IN_RESULTS, strict=strict),
        failed=failed,
        extras=extras(rest(value, *taken)),
    )


def _reasoning(value: Any, where: str, strict: bool) -> Reasoning | None:
    match value:
        case {"reasoningText": {"text": str(text), "signature": str(signature), **left}, **others} if not others:
            return _signed(text, signature, left)
        case {"reasoningText": {"text": str(text), **left}, **others} if not others:
            return Reasoning(text=text, extras=extras(left))
        case {"redactedContent": str(data), **others} if data and not others:
            return redacted(data)
    typed(value, dict, where)
    return None


def _signed(text: str, signature: str, left: dict[Any, Any]) -> Reasoning:
    sealed = unseal(signature)
    if sealed is None:
        if not signature:
            return Reasoning(text=text, extras=extras({**left, "signature": signature}))
        return Reasoning(text=text, signature=signature, issuer=ISSUER, extras=extras(left))
    part = Reasoning(text=text, extras=extras(left))
    restore(part, sealed)
    return part


def redacted(data: str) -> Reasoning:
    """Reasoning that only its issuer can read: a Claude model's own, or what this format has carried for another."""
    sealed = unsealed(data)
    if sealed is None:
        return Reasoning(encrypted=data, issuer=ISSUER)
    part = Reasoning()
    restore(part, sealed)
    return part


def unsealed(data: str) -> Sealed | None:
    """What is sealed in Base64."""
    try:
        return unseal(base64.b64decode(data, validate=True).decode("ascii"))
    except (binascii.Error, ValueError):
        return None


def _guarded(value: Any, where: str, strict: bool) -> AnyPart | None:
    """Content that a guardrail is to look at: text or a picture like any other for everybody else."""
    match value:
        case {"text": {"text": str(text), **left}, **others} if not others:
            return Text(text=text, spelling={"text": "guardContent"}, extras=extras(left))
        case {"image": {**inner}, **others} if not others:
            image = _image(inner, f"{where}.image", strict)
            if image is not None:
                image.spelling = {**image.spelling, "data": "guardContent"}
            return image
    typed(value, dict, where)
    return None


def _cited(value: Any, where: str, strict: bool) -> Text | None:
    typed(value, dict, where)
    content, citations = value.get("content", []), value.get("citations")
    if type(citations) is not list or not all(type(citation) is dict for citation in citations):
        return None
    if type(content) is not list or not all(type(one) is dict and set(one) == {"text"} for one in content):
        return None
    left, texts = rest(value, "content", "citations"), [typed(one["text"], str, where) for one in content]
    spelling = {"citations": "block" if "content" in value else "alone"}
    if len(texts) != 1 and "content" in value:
        spelling["pieces"] = " ".join(str(len(text)) for text in texts)
    return Text(
        text="".join(texts),
        citations=[read_citation(citation) for citation in citations],
        spelling=spelling,
        extras=extras(left),
    )


def _only_here(value: Any, where: str, strict: bool) -> None:
    typed(value, dict, where)


_READERS: dict[str, Callable[[Any, str, bool], AnyPart | None]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "video": _video,
    "audio": _audio,
    "toolUse": _tool_use,
    "toolResult": _tool_result,
    "guardContent": _guarded,
    "cachePoint": _only_here,
    "reasoningContent": _reasoning,
    "citationsContent": _cited,
    "searchResult": _only_here,
    "toolAddition": _only_here,
    "toolRemoval": _only_here,
    "json": _json,
}
"""Kind of block → its reader, which gives None for what only this format knows."""
IN_MESSAGES = frozenset(_READERS) - {"json"}
IN_RESULTS = frozenset({"json", "text", "image", "document", "video", "searchResult"})
IN_SYSTEM = frozenset({"text", "guardContent", "cachePoint"})
