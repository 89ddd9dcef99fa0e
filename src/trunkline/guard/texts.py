"""The texts of a request or reply, each with its path, and the way back: the same with some of them changed.

Whatever reaches a model is looked at: instructions, every message, tool calls and their results, text files in base64,
descriptions of tools, what schemas say in words, names, metadata, and what only one format has words for.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Citation,
    File,
    Foreign,
    Image,
    Message,
    Node,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from trunkline.formats.media import split_data_url
from trunkline.guard.screen import REASONING
from trunkline.guard.values import Piece, PieceKind

Whole = TypeVar("Whole", Request, Reply)


class Odd(msgspec.Struct, frozen=True):
    """A field of JSON by a name that may itself be what is looked for, so that no path may show it."""

    name: str
    number: int
    """Its place among the fields of its object."""
    named: bool = False
    """The name is meant, not the value."""


Steps = tuple[str | int | Odd, ...]
Taken = tuple[Steps, Piece]

_TEXTUAL: Final = ("text/", "application/json", "application/xml", "application/yaml", "application/csv", "message/")
"""Beginnings of the media types of files that are texts, whatever they look like."""
_SAMPLE: Final = 1024
"""Characters of Base64 by which it is told whether any other file is a text."""
_BINARY: Final = re.compile(rb"%PDF-|(?!\xff\xfe|\xfe\xff).*[\x00-\x06\x0e-\x1a\x7f]", re.DOTALL)
_ORDINARY: Final = re.compile(r"[A-Za-z_$.-]{1,60}[0-9]{0,3}")
"""Names of fields that are no personal data and no secret."""
_WORDING: Final = frozenset({
    "description", "title", "enum", "const", "default", "examples", "example", "$comment", "server_description",
})  # fmt: skip
"""What schemas and definitions of tools say in words."""
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""What in schemas has fields of any name."""

_NO_TEXTS: Final = frozenset({"finishReason", "finish_reason", "id", "object", "role", "status", "type"})
"""Fields of a choice in its own format that have words of the format, not of the model."""


def pieces(whole: Request | Reply) -> list[Piece]:
    """Every text that is not empty, in its order."""
    return [piece for _, piece in taken(whole)]


def with_edits(whole: Whole, edits: Mapping[str, str]) -> Whole:
    """The same with new texts at some paths; `whole` itself is not changed."""
    for steps, piece in taken(whole) if edits else ():
        if piece.path in edits:
            whole = _changed(whole, steps, edits[piece.path])
    return whole


def part_pieces(part: AnyPart, path: str) -> list[Piece]:
    """The texts of one part that stands at `path`."""
    return [Piece(f"{path}{_written(('', *steps))}", p.text, p.role, p.kind) for steps, p in _of_part(part)]


def with_part_edits(part: AnyPart, path: str, edits: Mapping[str, str]) -> AnyPart:
    """The part with new texts at some paths."""
    for steps, _ in _of_part(part) if edits else ():
        at = f"{path}{_written(('', *steps))}"
        if at in edits:
            part = _changed(part, steps, edits[at])
    return part


def _of_part(part: AnyPart) -> Iterator[Taken]:
    yield from _part(part, (), "assistant")
    yield from _any(part.extras, ("extras",), "assistant")


def taken(whole: Request | Reply) -> Iterator[Taken]:
    """Every text with the steps to it."""
    if isinstance(whole, Reply):
        for index, choice in enumerate(whole.choices):
            yield from _parts(choice.parts, ("choices", index, "parts"), "assistant")
            for each in _any(choice.extras, ("choices", index, "extras"), "assistant"):
                if each[0][-1] not in _NO_TEXTS:
                    yield each
        return
    if whole.instructions is not None:
        yield from _message(whole.instructions, ("instructions",))
    for index, message in enumerate(whole.messages):
        yield from _message(message, ("messages", index))
    for index, tool in enumerate(whole.tools):
        place: Steps = ("tools", index)
        if isinstance(tool, Tool):
            yield from _any(tool.description, (*place, "description"), "system")
            yield from _schema(tool.parameters, (*place, "parameters"))
            yield from _any(tool.extras, (*place, "extras"), "system")
        else:
            yield from _schema(tool.value, (*place, "value"))
    if whole.output is not None:
        yield from _any(whole.output.description, ("output", "description"), "system")
        yield from _schema(whole.output.schema, ("output", "schema"))
    yield from _any(whole.stop, ("stop",), "user")
    yield from _any(whole.cache_key, ("cache_key",), "user")
    yield from _any(whole.user, ("user",), "user")
    yield from _any(whole.metadata, ("metadata",), "user")
    yield from _any(whole.extras, ("extras",), "user")


def _message(message: Message, at: Steps) -> Iterator[Taken]:
    yield from _any(message.name, (*at, "name"), message.role)
    yield from _parts(message.parts, (*at, "parts"), message.role)
    yield from _any(message.extras, (*at, "extras"), message.role)


def _parts(parts: Sequence[AnyPart], at: Steps, role: str) -> Iterator[Taken]:
    for index, part in enumerate(parts):
        place = (*at, index)
        yield from _part(part, place, role)
        yield from _any(part.extras, (*place, "extras"), role)


def _part(part: AnyPart, at: Steps, role: str) -> Iterator[Taken]:
    match part:
        case Text():
            yield from _any(part.text, (*at, "text"), role)
            yield from _citations(part.citations, (*at, "citations"), role)
        case Refusal():
            yield from _any(part.text, (*at, "text"), role)
        case ToolCall():
            yield from _any(part.arguments, (*at, "arguments"), role, "json")
        case ToolResult():
            yield from _parts(part.content, (*at, "content"), "tool")
        case Reasoning():
            yield from _any(part.text, (*at, "text"), REASONING)
            yield from _any(part.summary, (*at, "summary"), REASONING)
        case File():
            yield from _file(part, at, role)
        case Audio():
            yield from _any(part.transcript, (*at, "transcript"), role)
        case Image():
            yield from _url(part.url, at, role)
        case Foreign():
            yield from _any(part.value, (*at, "value"), role)


def _citations(citations: Sequence[Citation], at: Steps, role: str) -> Iterator[Taken]:
    for index, citation in enumerate(citations):
        for field in ("url", "title", "cited"):
            yield from _any(getattr(citation, field), (*at, index, field), role)


def _file(part: File, at: Steps, role: str) -> Iterator[Taken]:
    yield from _any(part.text, (*at, "text"), role)
    yield from _any(part.name, (*at, "name"), role)
    if part.media_type.lower().startswith(_TEXTUAL) or _is_text(part.data):
        yield from _any(part.data, (*at, "data"), role, "base64")
    yield from _url(part.url, at, role)


def _is_text(data: str) -> bool:
    """Whether a file that is said to be something else, or nothing, begins like a text."""
    try:
        return bool(data) and _BINARY.match(b64decode(data[:_SAMPLE])) is None
    except (binascii.Error, ValueError):
        return False


def _url(url: str, at: Steps, role: str) -> Iterator[Taken]:
    if not url.startswith("data:") or split_data_url(url) is None:
        yield from _any(url, (*at, "url"), role)


def _schema(value: object, at: Steps) -> Iterator[Taken]:
    """The words of a JSON Schema, or of a tool's definition. Credentials for a tool's own server are none."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _schema(inner, (*at, index))
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in _WORDING:
                yield from _any(inner, (*at, name), "system")
            elif name in _NAMED and isinstance(inner, dict):
                for named, each in inner.items():
                    yield from _schema(each, (*at, name, named))
            else:
                yield from _schema(inner, (*at, name))


def _any(value: object, at: Steps, role: str, kind: PieceKind = "text") -> Iterator[Taken]:
    """The texts of a value of JSON."""
    if isinstance(value, str):
        if value:
            yield at, Piece(_written(at), value, role, kind)
    elif isinstance(value, dict):
        for number, (name, inner) in enumerate(value.items()):
            if _ORDINARY.fullmatch(name) is not None:
                yield from _any(inner, (*at, name), role)
            else:
                yield from _any(inner, (*at, Odd(name, number)), role)
                yield from _any(name, (*at, Odd(name, number, named=True)), role)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _any(inner, (*at, index), role)


def _written(steps: Steps) -> str:
    """`("messages", 0, "parts", 1, "text")` as `messages[0].parts[1].text`."""
    text = ""
    for number, step in enumerate(steps):
        if step == "" and not number:
            continue
        if isinstance(step, Odd):
            text += f"[field {step.number}]" + (".name" if step.named else "")
        elif isinstance(step, str) and step.replace("_", "a").isalnum():
            text += f".{step}" if number else step
        else:
            text += f"[{step!r}]"
    return text


def _changed(value: Any, steps: Steps, text: str) -> Any:
    """`value` with a text at the end of some steps, and everything on the way there anew."""
    if not steps:
        return text
    step, rest = steps[0], steps[1:]
    if isinstance(value, Node):
        changes: dict[str, Any] = {str(step): _changed(getattr(value, str(step)), rest, text)}
        if isinstance(value, Reasoning):
            changes["signature"] = ""  # it would prove what is no longer so
        return msgspec.structs.replace(value, **changes)
    if isinstance(step, Odd):
        if step.named:
            return {text if name == step.name else name: inner for name, inner in value.items()}
        step = step.name
    anew = value.copy()
    anew[step] = _changed(value[step], rest, text)
    return anew
