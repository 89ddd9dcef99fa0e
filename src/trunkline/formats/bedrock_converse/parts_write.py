"""Writing parts as content blocks, as far as requests and replies do it alike."""

import base64
import itertools
from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.checks import own
from trunkline.formats.bedrock_converse.citations import write_citation
from trunkline.formats.bedrock_converse.terms import DOCUMENTS, IMAGES, SOUNDS, VIDEOS, format_word
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    CacheHint,
    File,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.losses import rest
from trunkline.formats.sealed import proof_of

Block = dict[str, Any]


def write_parts(parts: list[AnyPart]) -> list[Block]:
    """The blocks of parts that this format has read."""
    blocks: list[Block] = []
    for part in parts:
        blocks.append(write_part(part))
        if part.cache is not None:
            blocks.append(cache_point(part.cache))
    return blocks


def write_part(part: AnyPart) -> Block:
    """The block of a part that this format has read."""
    match part:
        case Text():
            kind, value = text_block(part)
        case ToolCall():
            kind, value = "toolUse", _own_call(part)
        case ToolResult():
            kind, value = "toolResult", tool_result(part, part.call, write_parts(part.content))
        case Reasoning():
            kind, value = "reasoningContent", reasoning(part)
        case Image():
            kind, value = "image", media(part, IMAGES)
            if part.spelling.get("data") == "guardContent":
                kind, value = "guardContent", {"image": value}
        case Audio():
            kind, value = "audio", media(part, SOUNDS)
        case File():
            kind, value = file_block(part)
        case Refusal():
            kind, value = "text", part.text
        case Foreign():
            return part.value
    return {kind: value, **own(part.extras).get("block", {})}


def cache_point(hint: CacheHint) -> Block:
    """The block that says: worth caching up to here."""
    return {"cachePoint": {"type": "default", "ttl": hint.ttl} if hint.ttl else {"type": "default"}}


def text_block(part: Text) -> tuple[str, Any]:
    """Kind and value of the block of a text."""
    if part.citations or "citations" in part.spelling:
        content = _cited_words(part)
        return "citationsContent", {**_left(part), **content, "citations": list(map(write_citation, part.citations))}
    match part.spelling.get("text"):
        case "guardContent":
            return "guardContent", {"text": {**_left(part), "text": part.text}}
        case "json":
            value = decoded(part.text)
            return ("text", part.text) if value is None else ("json", value[0])
    return "text", part.text


def _cited_words(part: Text) -> Block:
    """The words of a block that says where they come from: in as many pieces as they came, while they are the same."""
    if part.spelling.get("citations") == "alone" and not part.text:
        return {}
    lengths = [int(length) for length in part.spelling.get("pieces", str(len(part.text))).split()]
    if sum(lengths) != len(part.text):
        lengths = [len(part.text)]
    ends = list(itertools.accumulate(lengths))
    return {"content": [{"text": part.text[end - length : end]} for length, end in zip(lengths, ends, strict=True)]}


def _own_call(call: ToolCall) -> Block:
    """The value of the block of a call that this format has read."""
    said = call.spelling.get("arguments", "") if call.arguments == "{}" else ""
    if said == "absent":
        return rest(tool_use(call, call.id, None), "input")
    if said:
        return tool_use(call, call.id, None if said == "null" else "")
    arguments = decoded(call.arguments)
    return tool_use(call, call.id, arguments[0] if arguments else as_object(call.arguments))


def tool_use(call: ToolCall, call_id: str, arguments: Any) -> Block:
    """The value of a call's block."""
    return {**_left(call), "toolUseId": call_id, "name": call.name, "input": arguments}


def tool_result(result: ToolResult, call_id: str, content: list[Block]) -> Block:
    """The value of a result's block."""
    value = {**_left(result), "toolUseId": call_id, "content": content}
    if result.failed is not None:
        value["status"] = "error" if result.failed else "success"
    return value


def reasoning(part: Reasoning) -> Block:
    """The value of the block of reasoning that may be shown as it is."""
    if part.encrypted and not part.text:
        return {"redactedContent": part.encrypted}
    value = {**_left(part), "text": part.text}
    if part.signature:
        value["signature"] = part.signature
    return {"reasoningText": value}


def sealed_reasoning(part: Reasoning) -> Block:
    """The value of the block of another family's reasoning: its proof is carried sealed (`formats/sealed.py`)."""
    text = part.text or "\n\n".join(part.summary)
    if not (part.signature or part.encrypted):
        return {"reasoningText": {"text": text}}
    if text:
        return {"reasoningText": {"text": text, "signature": proof_of(part)}}
    return {"redactedContent": as_bytes(proof_of(part))}


def as_bytes(text: str) -> str:
    """A text where the format wants bytes: in Base64."""
    return base64.b64encode(text.encode()).decode()


def file_block(part: File) -> tuple[str, Block]:
    """Kind and value of the block of a document or a video."""
    if part.media_type.startswith("video/"):
        return "video", media(part, VIDEOS)
    return "document", {"name": part.name, **media(part, DOCUMENTS)}


def media(part: Image | Audio | File, table: dict[str, str]) -> Block:
    """The value of a picture, a sound or a file, without its name."""
    left = _left(part)
    bucket = left.pop("s3Location", {})
    if part.data:
        source: Block = {"bytes": part.data}
    elif part.url:
        source = {"s3Location": {**bucket, "uri": part.url}}
    else:
        source = {"text": part.text} if isinstance(part, File) else {"bytes": ""}
    value = {**left, "source": source}
    word = format_word(part.media_type, table, part.spelling.get("media_type", ""))
    if word:
        value["format"] = word
    return value


def decoded(text: str) -> tuple[Any] | None:
    """The value that a JSON text says, in a tuple; None for what is no JSON."""
    try:
        return (msgspec.json.decode(text),)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def as_object(arguments: str) -> dict[str, Any]:
    """The arguments of a call for a client: an object, also where there are none.

    A text that is no object, such as one that the output's cap has cut, goes into `{"arguments": …}`: the format has
    no other place for it.
    """
    value = decoded(arguments) if arguments.strip() not in ("", "null") else ({},)
    return value[0] if value is not None and type(value[0]) is dict else {"arguments": arguments}


def _left(part: AnyPart) -> dict[str, Any]:
    """What only this format knows of the object inside the block."""
    left = own(part.extras)
    left.pop("block", None)
    return left
