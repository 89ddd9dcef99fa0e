"""Parts as blocks of content, each as its own fields and extras say it."""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.citations import write_citation
from trunkline.formats.anthropic_messages.words import ISSUER, NAME, TTLS
from trunkline.formats.conversation import (
    AnyPart,
    CacheHint,
    Extras,
    File,
    Foreign,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.sealed import proof_of

_decode = msgspec.json.Decoder().decode


def write_blocks(parts: list[AnyPart]) -> list[dict[str, Any]]:
    """The content that says `parts`. Those without words in this format are left out: see who calls."""
    return [block for part in parts if (block := write_block(part)) is not None]


def write_block(part: AnyPart) -> dict[str, Any] | None:
    """The block that says `part`; None for what has no words here."""
    writer = _WRITERS.get(type(part))
    if writer is None:
        return None
    block = writer(part)
    if part.cache is not None:
        block["cache_control"] = write_cache(part.cache)
    return block


def write_cache(hint: CacheHint) -> dict[str, str]:
    """The value of `cache_control`."""
    return {"type": "ephemeral", "ttl": hint.ttl} if hint.ttl in TTLS else {"type": "ephemeral"}


def kept(extras: Extras) -> dict[str, Any]:
    """The fields that came in this format and have no other place: the first layer of what is written."""
    own = extras.get(NAME)
    return {} if own is None else dict(own)


def _start(part: Part, kind: str) -> dict[str, Any]:
    return {"type": kind, **part.extras[NAME]} if NAME in part.extras else {"type": kind}


def _text(part: Text) -> dict[str, Any]:
    block = _start(part, "text")
    block["text"] = part.text
    if part.citations:
        block["citations"] = [write_citation(place) for place in part.citations]
    return block


def _refusal(part: Refusal) -> dict[str, Any]:
    return {"type": "text", "text": part.text}


def _image(part: Image) -> dict[str, Any]:
    block = _start(part, "image")
    block["source"] = _source(part, block)
    return block


def _file(part: File) -> dict[str, Any]:
    block = _start(part, "document")
    block["source"] = _source(part, block)
    if part.name:
        block["title"] = part.name
    return block


def _source(part: Image | File, block: dict[str, Any]) -> dict[str, Any]:
    """Where the bytes are. Those at hand come first: someone may have fetched what came as an address."""
    source: dict[str, Any] = dict(block.get("source") or {})
    if part.file_id:
        source |= {"type": "file", "file_id": part.file_id}
    elif part.data:
        source |= {"type": "base64", "media_type": part.media_type, "data": part.data}
    elif part.url or isinstance(part, Image):
        source |= {"type": "url", "url": part.url}
    elif part.spelling.get("text") == "content":
        source |= {"type": "content", "content": part.text}
    else:
        source |= {"type": "text", "media_type": part.media_type or "text/plain", "data": part.text}
    return source


def _tool_use(part: ToolCall) -> dict[str, Any]:
    block = _start(part, "tool_use")
    spelled = part.spelling.get("arguments")
    if part.id or not spelled:
        block["id"] = part.id
    if part.name or not spelled:
        block["name"] = part.name
    if spelled == "text":
        block["input"] = part.arguments
    elif spelled != "absent" or part.arguments:
        block["input"] = read_arguments(part.arguments)
    return block


def read_arguments(text: str) -> dict[str, Any]:
    """The object that the arguments of a call are.

    A model may be cut in the middle of them, or write something else. What cannot be an object is given whole, as the
    only field of one: a client sees that it is not what its tool takes, and what the model wrote.
    """
    value = object_of(text)
    return {"arguments": text} if value is None else value


def object_of(text: str) -> dict[str, Any] | None:
    """The object that `text` is; empty for none at all, None where it is something else."""
    if text.strip() in ("", "null"):
        return {}
    try:
        value = _decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if type(value) is dict else None


def _tool_result(part: ToolResult) -> dict[str, Any]:
    block = _start(part, "tool_result")
    block["tool_use_id"] = part.call
    if part.plain and all(type(piece) is Text and piece.cache is None for piece in part.content):
        block["content"] = "".join(piece.text for piece in part.content if type(piece) is Text)
    elif part.content:
        block["content"] = write_blocks(part.content)
    if part.failed is not None:
        block["is_error"] = part.failed
    return block


def _reasoning(part: Reasoning) -> dict[str, Any]:
    """What the model thought, for a client: what only another family can read is sealed, and so comes back."""
    raw = part.issuer in ("", ISSUER) or part.spelling.get("signature") == "raw"
    text = thoughts(part)
    if part.encrypted and not text and not part.signature:
        block = _start(part, "redacted_thinking")
        block["data"] = part.encrypted if raw else proof_of(part)
        return block
    return _thinking(part, text, part.signature if raw and not part.encrypted else proof_of(part))


def replayed(part: Reasoning) -> list[dict[str, Any]]:
    """The same for the model that thought it."""
    blocks = []
    text = thoughts(part)
    if text or part.signature or not part.encrypted:
        blocks.append(_thinking(part, text, part.signature))
    if part.encrypted:
        block = _start(part, "redacted_thinking")
        block["data"] = part.encrypted
        blocks.append(block)
    return blocks


def _thinking(part: Reasoning, text: str, signature: str) -> dict[str, Any]:
    block = _start(part, "thinking")
    block["thinking"] = text
    if signature:
        block["signature"] = signature
    elif part.spelling.get("signature") != "absent":
        block.setdefault("signature", "")
    return block


def thoughts(part: Reasoning) -> str:
    """What is shown of it."""
    return "\n\n".join([words for words in (part.text, *part.summary) if words]) if part.summary else part.text


def _foreign(part: Foreign) -> dict[str, Any]:
    return part.value


_WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Text: _text,
    Refusal: _refusal,
    Image: _image,
    File: _file,
    ToolCall: _tool_use,
    ToolResult: _tool_result,
    Reasoning: _reasoning,
    Foreign: _foreign,
}
