"""Blocks of content as parts: of requests, where a wrong shape is refused, and of replies, where it is kept."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.checks import (
    list_in,
    missing,
    object_in,
    text_in,
    wrong_type,
    wrong_value,
)
from trunkline.formats.anthropic_messages.citations import read_citation
from trunkline.formats.anthropic_messages.words import ISSUER, NAME, TTLS, is_server_kind
from trunkline.formats.conversation import (
    AnyPart,
    CacheHint,
    File,
    Foreign,
    Image,
    Node,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.format import ShapeError
from trunkline.formats.media import is_base64
from trunkline.formats.sealed import restore, unseal

_encode = msgspec.json.Encoder().encode


def read_blocks(blocks: list[Any], path: str) -> list[AnyPart]:
    """The parts of a request's content. Raises `ShapeError`."""
    return [read_block(block, f"{path}[{number}]") for number, block in enumerate(blocks)]


def read_block(block: Any, path: str) -> AnyPart:
    """One part of a request. Raises `ShapeError`."""
    if type(block) is not dict:
        raise wrong_type(path, "object", block)
    kind = text_in(block, "type", path)
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(block, path)
    if is_server_kind(kind):
        return Foreign(format=NAME, kind=kind, value=block)
    raise wrong_value(f"{path}.type", f"'{kind}' is no kind of content block")


def read_answer(block: Any, issuer: str = ISSUER) -> AnyPart:
    """One part of a reply, of models whose signatures are `issuer`'s. What is not as published is kept as it came."""
    if type(block) is dict and block.get("type") == "tool_use" and type(block.get("input")) is not dict:
        return _odd_call(block)
    try:
        part = read_block(block, "content")
    except ShapeError:
        value = block if type(block) is dict else {}
        return Foreign(format=NAME, kind=str(value.get("type", "")), value=value)
    if type(part) is Reasoning and part.issuer == ISSUER != issuer:
        part.issuer = issuer
        part.spelling = {"signature": "raw"}
    return part


def read_cache(value: dict[str, Any], path: str) -> CacheHint | None:
    """The hint of `cache_control`; None where there is none, or one that says more than the hint can."""
    control = value.get("cache_control")
    if control is None:
        return None
    if type(control) is not dict:
        raise wrong_type(f"{path}.cache_control" if path else "cache_control", "object", control)
    if control == _EPHEMERAL:
        return CacheHint()
    ttl = control.get("ttl")
    return CacheHint(ttl=ttl) if ttl in TTLS and control == {**_EPHEMERAL, "ttl": ttl} else None


_EPHEMERAL = {"type": "ephemeral"}


def leave(node: Node, value: dict[str, Any], taken: Iterable[str]) -> None:
    """Keep what is left of `value` when what was `taken` is gone."""
    left = {name: field for name, field in value.items() if name not in taken}
    if left:
        node.extras = {NAME: left}


def _finish(part: Part, block: dict[str, Any], path: str, *taken: str) -> None:
    """Read what every block can have, and keep the rest."""
    part.cache = read_cache(block, path)
    leave(part, block, ("type", *taken) if part.cache is None else ("type", "cache_control", *taken))


def _text(block: dict[str, Any], path: str) -> Text:
    part = Text(text=text_in(block, "text", path))
    if len(block) == 2:
        return part
    if block.get("citations"):
        places = list_in(block, "citations", path)
        part.citations = [read_citation(place, f"{path}.citations[{number}]") for number, place in enumerate(places)]
        _finish(part, block, path, "text", "citations")
    else:
        _finish(part, block, path, "text")
    return part


def _image(block: dict[str, Any], path: str) -> Image:
    source = object_in(block, "source", path)
    part = Image()
    kind = _read_source(part, source, f"{path}.source")
    _finish(part, block, path, "source")
    _keep_source(part, source, kind)
    return part


def _document(block: dict[str, Any], path: str) -> File | Foreign:
    source = object_in(block, "source", path)
    if source.get("type") == "content" and type(source.get("content")) is not str:
        list_in(source, "content", f"{path}.source")
        return Foreign(format=NAME, kind="document", value=block)  # blocks of its own, which may be cited
    part = File()
    kind = _read_source(part, source, f"{path}.source")
    title = block.get("title")
    if title and type(title) is str:
        part.name = title
        _finish(part, block, path, "source", "title")
    else:
        _finish(part, block, path, "source")
    _keep_source(part, source, kind)
    return part


def _read_source(part: Image | File, source: dict[str, Any], path: str) -> str:
    """Where the bytes are; returns the kind of source."""
    kind = text_in(source, "type", path)
    if kind == "base64":
        part.media_type = text_in(source, "media_type", path)
        part.data = text_in(source, "data", path)
        if not is_base64(part.data):
            raise wrong_value(f"{path}.data", "it is not Base64")
    elif kind == "url":
        part.url = text_in(source, "url", path)
    elif kind == "file":
        part.file_id = text_in(source, "file_id", path)
    elif kind == "text" and type(part) is File:
        part.media_type = text_in(source, "media_type", path)
        part.text = text_in(source, "data", path)
    elif kind == "content" and type(part) is File:
        part.text = text_in(source, "content", path)
        part.spelling = {"text": "content"}
    else:
        raise wrong_value(f"{path}.type", f"'{kind}' is no kind of source")
    return kind


_SOURCE_FIELDS = {
    "base64": ("type", "media_type", "data"),
    "url": ("type", "url"),
    "file": ("type", "file_id"),
    "text": ("type", "media_type", "data"),
    "content": ("type", "content"),
}


def _keep_source(part: Image | File, source: dict[str, Any], kind: str) -> None:
    taken = _SOURCE_FIELDS[kind]
    if len(source) > len(taken):
        left = {name: field for name, field in source.items() if name not in taken}
        part.extras = {NAME: {**part.extras.get(NAME, {}), "source": left}}


def _tool_use(block: dict[str, Any], path: str) -> ToolCall:
    part = ToolCall(
        id=text_in(block, "id", path),
        name=text_in(block, "name", path),
        arguments=_encode(object_in(block, "input", path)).decode(),
    )
    if len(block) > 4:
        _finish(part, block, path, "id", "name", "input")
    return part


def _odd_call(block: dict[str, Any]) -> ToolCall:
    """A call in a reply, whose arguments are no object: a text of them, or nothing."""
    arguments, taken = block.get("input"), ["type"]
    part = ToolCall()
    for name in ("id", "name"):
        if type(block.get(name)) is str:
            setattr(part, name, block[name])
            taken.append(name)
    if type(arguments) is str:
        part.arguments = arguments
        part.spelling = {"arguments": "text"}
        taken.append("input")
    else:
        part.spelling = {"arguments": "absent"}
    leave(part, block, taken)
    return part


def _tool_result(block: dict[str, Any], path: str) -> ToolResult:
    part = ToolResult(call=text_in(block, "tool_use_id", path))
    taken = ["tool_use_id"]
    content = block.get("content")
    if type(content) is str:
        part.plain = True
        part.content = [Text(text=content)]
        taken.append("content")
    elif type(content) is list:
        part.content = read_blocks(content, f"{path}.content")
        if content:
            taken.append("content")
    elif content is not None:
        raise wrong_type(f"{path}.content", "str | array", content)
    if type(block.get("is_error")) is bool:
        part.failed = block["is_error"]
        taken.append("is_error")
    _finish(part, block, path, *taken)
    return part


def read_thinking(block: dict[str, Any], path: str) -> Reasoning:
    """A block of reasoning, shown or not. Raises `ShapeError`."""
    return _redacted(block, path) if block["type"] == "redacted_thinking" else _thinking(block, path)


def _thinking(block: dict[str, Any], path: str) -> Reasoning:
    part = Reasoning(text=text_in(block, "thinking", path))
    signature = block.get("signature")
    if not signature:
        _finish(part, block, path, "thinking")
        if "signature" not in block:
            part.spelling = {"signature": "absent"}
        return part
    if type(signature) is not str:
        raise wrong_type(f"{path}.signature", "str", signature)
    sealed = unseal(signature)
    if sealed is None:
        part.signature, part.issuer = signature, ISSUER
    else:
        restore(part, sealed)
        part.spelling = {"signature": "sealed"}
    _finish(part, block, path, "thinking", "signature")
    return part


def _redacted(block: dict[str, Any], path: str) -> Reasoning:
    data = text_in(block, "data", path)
    if not data:
        raise missing(f"{path}.data")
    sealed = unseal(data)
    part = Reasoning(encrypted=data, issuer=ISSUER)
    if sealed is not None:
        restore(part, sealed)
        part.spelling = {"signature": "sealed"}
    _finish(part, block, path, "data")
    return part


_READERS: dict[str, Callable[[dict[str, Any], str], AnyPart]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}
