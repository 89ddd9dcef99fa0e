"""A whole reply: a provider's message as the neutral reply, and the neutral reply as a message for a client."""

from typing import Any

from trunkline.formats.anthropic_messages.blocks_read import leave, read_answer
from trunkline.formats.anthropic_messages.blocks_write import kept, write_block, write_blocks
from trunkline.formats.anthropic_messages.stops import read_stop, write_own_stop, write_stop
from trunkline.formats.anthropic_messages.usage import read_usage, write_usage
from trunkline.formats.anthropic_messages.words import ISSUER, NAME
from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    File,
    Foreign,
    Image,
    Reasoning,
    Reply,
    Request,
    Text,
    ToolCall,
)
from trunkline.formats.dialect import Dialect

UNNAMED = "msg_unnamed"
"""Id of a message whose provider gives none."""
ATTACHED = "attachments"
"""Field of a message, and of the last delta of a stream, for what the API's own answers never have."""


def read_reply(value: dict[str, Any], dialect: Dialect) -> Reply:
    """A provider's message. Raises `ValueError` for what is none."""
    content = value.get("content")
    if type(content) is not list or value.get("role", "assistant") != "assistant":
        raise ValueError("the reply is no message: " + _what(value))
    reply = Reply(format=NAME)
    taken = ["content", *_read_constants(reply, value)]
    issuer = dialect.issuer or ISSUER
    choice = Choice(parts=[read_answer(block, issuer) for block in content])
    choice.stop = read_stop(value, taken)
    reply.choices = [choice]
    for name in ("id", "model"):
        if type(value.get(name)) is str:
            setattr(reply, name, value[name])
            taken.append(name)
    usage = value.get("usage")
    if type(usage) is dict:
        reply.usage, reply.reported = read_usage(usage), usage
        reply.service_tier = str(usage.get("service_tier") or "")
        taken.append("usage")
    leave(reply, value, taken)
    return reply


_CONSTANTS = {"type": "message", "role": "assistant"}


def _read_constants(reply: Reply, value: dict[str, Any]) -> list[str]:
    """What every message says. A provider may leave it out."""
    absent = [name for name in _CONSTANTS if name not in value]
    if absent:
        reply.spelling = dict.fromkeys(absent, "absent")
    return [name for name, usual in _CONSTANTS.items() if value.get(name) == usual]


def _what(value: dict[str, Any]) -> str:
    error = value.get("error")
    if isinstance(error, dict):
        return str(error.get("message") or error)
    return "it has no content" if "content" not in value else "it is not an assistant's"


def write_reply(reply: Reply, request: Request) -> dict[str, Any]:
    """The message for a client."""
    return _write_own(reply) if reply.format == NAME else _write_foreign(reply, request)


def _write_own(reply: Reply) -> dict[str, Any]:
    value = {name: usual for name, usual in _CONSTANTS.items() if name not in reply.spelling} | kept(reply.extras)
    choice = reply.choices[0] if reply.choices else Choice()
    value["content"] = write_blocks(choice.parts)
    if reply.id:
        value["id"] = reply.id
    if reply.model:
        value["model"] = reply.model
    if choice.stop is not None:
        value |= write_own_stop(choice.stop)
    if reply.usage is not None:
        reported = reply.reported
        as_reported = reported is not None and read_usage(reported) == reply.usage
        value["usage"] = reported if as_reported else write_usage(reply.usage, None)
    return value


def _write_foreign(reply: Reply, request: Request) -> dict[str, Any]:
    choice = reply.choices[0] if reply.choices else Choice()
    content = []
    for number, part in enumerate(choice.parts):
        content += answer_blocks(part, reply.id, number)
    attached = [block for part in choice.parts if (block := attachment(part)) is not None]
    return {
        "id": reply.id or UNNAMED,
        "type": "message",
        "role": "assistant",
        "model": reply.model or request.model,
        "content": content,
        **write_stop(choice.stop, calls=any(type(part) is ToolCall for part in choice.parts)),
        "usage": write_usage(reply.usage, None),
        **({ATTACHED: attached} if attached else {}),
    }


def answer_blocks(part: AnyPart, reply_id: str, number: int) -> list[dict[str, Any]]:
    """What a client of this format sees of another format's part."""
    match part:
        case ToolCall():
            call = {**(write_block(part) or {}), "id": part.id or minted(reply_id, 0, number)}
            return [*signed_before(part), call]
        case Audio():
            return [{"type": "text", "text": part.transcript}] if part.transcript else []
        case Text() if not part.text and not part.citations:
            return []
        case Foreign() | Image() | File():
            return []
        case _:
            block = write_block(part)
            return [] if block is None else [block]


def signed_before(call: ToolCall) -> list[dict[str, Any]]:
    """What must come back with a call, which has no field for it: as thinking before it."""
    if not call.signature:
        return []
    block = write_block(Reasoning(signature=call.signature, issuer=call.issuer or "google"))
    return [] if block is None else [block]


def attachment(part: AnyPart | None) -> dict[str, Any] | None:
    """A picture or a file: answers of this format have no blocks for it, and it stands beside them."""
    if isinstance(part, Image | File) and (part.data or part.url or part.file_id):
        return write_block(part)
    return None
