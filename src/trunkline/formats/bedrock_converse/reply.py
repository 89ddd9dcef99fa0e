"""Whole replies."""

import re
from typing import Any

from trunkline.formats.bedrock_converse.checks import extras, own
from trunkline.formats.bedrock_converse.parts_read import IN_MESSAGES, read_parts
from trunkline.formats.bedrock_converse.parts_write import (
    Block,
    as_object,
    file_block,
    media,
    reasoning,
    sealed_reasoning,
    text_block,
    tool_use,
    write_parts,
)
from trunkline.formats.bedrock_converse.terms import DOCUMENTS, IMAGES, ISSUER, NAME, SOUNDS, VIDEOS, format_word
from trunkline.formats.bedrock_converse.usage import lay_stop, lay_tier, read_stop, read_tier, read_usage, write_usage
from trunkline.formats.call_ids import fitting, minted
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    File,
    Image,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    Text,
    ToolCall,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import rest
from trunkline.formats.media import is_base64

_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


def read_reply(value: dict[str, Any], dialect: Dialect) -> Reply:
    """The reply in `value`. Raises `ValueError` for what is no reply of this format."""
    left = dict(value)
    output = left.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    if not isinstance(message, dict):
        raise ValueError("the reply has no output.message")  # noqa: TRY004  # one error for whatever is no reply
    output = left.pop("output")
    if len(output) > 1:
        left["output"] = rest(output, "message")
    reply = Reply(format=NAME, choices=[_choice(message, dialect)])
    reply.choices[0].stop = read_stop(left)
    reply.usage, reply.reported = read_usage(left)
    reply.service_tier = read_tier(left)
    reply.extras = extras(left)
    return reply


def _choice(message: dict[str, Any], dialect: Dialect) -> Choice:
    left, choice = dict(message), Choice()
    content = left.get("content")
    if isinstance(content, list) and content:
        choice.parts = read_parts(left.pop("content"), "output.message.content", IN_MESSAGES, strict=False)
        for part in choice.parts:
            if type(part) is Reasoning and part.issuer:
                part.issuer = dialect.issuer or ISSUER
    if left.get("role") == "assistant":
        del left["role"]
    choice.extras = extras(left)
    return choice


def write_reply(reply: Reply, request: Request) -> dict[str, Any]:
    """The reply for a client. The format has one answer: others than the first are never asked for."""
    same = reply.format == NAME
    choice = reply.choices[0] if reply.choices else Choice()
    value = own(reply.extras)
    content = write_parts(choice.parts) if same else _shown(choice, reply)
    message = {"role": "assistant", "content": content, **own(choice.extras)}
    value["output"] = {**value.get("output", {}), "message": message}
    stop = choice.stop or (None if same else Stop(reason="stop"))
    if stop is not None:
        lay_stop(value, stop, own=same, calls=any(type(part) is ToolCall for part in choice.parts))
    if reply.usage is not None or not same:
        value["usage"] = write_usage(reply.usage, reply.reported if same else None)
    if not same:
        value["metrics"] = {"latencyMs": 0}  # required, and not known
    lay_tier(value, reply.service_tier, own=same)
    return value


def _shown(choice: Choice, reply: Reply) -> list[Block]:
    blocks: list[Block] = []
    for number, part in enumerate(choice.parts):
        if isinstance(part, ToolCall):
            if part.signature:
                blocks.append({"reasoningContent": sealed_reasoning(carrier(part))})
            blocks.append(
                {"toolUse": tool_use(part, shown_id(part, reply.id, choice.index, number), as_object(part.arguments))}
            )
        else:
            blocks += shown(part)
    return blocks


def shown_id(call: ToolCall, reply: str, choice: int, number: int) -> str:
    """The id of a call as a client takes it."""
    if not call.id:
        return minted(reply, choice, number)
    return call.id if _ID.fullmatch(call.id) else fitting(call.id, "word")


def carrier(call: ToolCall) -> Reasoning:
    """What carries the signature of a call: it has no place for it, so a block of reasoning goes before it."""
    return Reasoning(signature=call.signature, issuer=call.issuer)


def _is_own(part: Reasoning) -> bool:
    """Whether reasoning is a Claude model's, and its proof one that this format can carry: its bytes are Base64."""
    return part.issuer == ISSUER and not part.summary and (not part.encrypted or is_base64(part.encrypted))


def shown(part: AnyPart) -> list[Block]:
    """The blocks by which a client is shown a part of another format's answer, other than a call."""
    match part:
        case Text() if part.text or part.citations:
            kind, value = text_block(part)
            return [{kind: value}]
        case Refusal() if part.text:
            return [{"text": part.text}]
        case Reasoning():
            return [{"reasoningContent": reasoning(part) if _is_own(part) else sealed_reasoning(part)}]
        case Image():
            return [
                {"image": media(part, IMAGES)}
                if part.data and format_word(part.media_type, IMAGES)
                else {"text": part.url}
            ]
        case Audio():
            words: list[Block] = [{"text": part.transcript}] if part.transcript else []
            has_sound = part.data and format_word(part.media_type, SOUNDS)
            return [*words, {"audio": media(part, SOUNDS)}] if has_sound else words
        case File() if part.data and (format_word(part.media_type, DOCUMENTS) or format_word(part.media_type, VIDEOS)):
            kind, value = file_block(part)
            return [{kind: value}]
    return []
