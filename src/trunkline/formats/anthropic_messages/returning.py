"""Thinking that comes back: which of it its model takes, and a conversation whose bytes pass without the rest.

Anthropic refuses thinking with an empty signature or one that it has not made: the conversation is stuck. What another
of its models has signed, or another account, it takes, and leaves out itself where the model at hand may not read it.
So only what is known to be nobody's of Anthropic is taken out here, and of one conversation always the same: newer
models bind their thinking to everything that stood before it.
Source: https://platform.claude.com/docs/en/build-with-claude/preserved-thinking.
"""

from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.blocks_read import read_thinking
from trunkline.formats.anthropic_messages.blocks_write import replayed
from trunkline.formats.anthropic_messages.placed import Placed
from trunkline.formats.anthropic_messages.turns_write import Turn, starts_with_thinking
from trunkline.formats.anthropic_messages.words import ISSUER, THINKING
from trunkline.formats.conversation import Reasoning
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import MARK

LEAST_SIGNATURE = 100
"""Characters. Anthropic's signatures have several times as many; what some servers put there instead (the id of a
message, a hash) has fewer.
"""


class _Block(msgspec.Struct, gc=False):
    type: Any = None
    signature: Any = None
    data: Any = None


class _Message(msgspec.Struct, gc=False):
    content: str | list[_Block]


_outline = msgspec.json.Decoder(list[_Message]).decode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode = msgspec.json.Decoder().decode


def comes_back(part: Reasoning, dialect: Dialect) -> bool:
    """Whether thinking in this format's own words is for the model at hand.

    What was sealed for a client is its issuer's only. Of the rest, servers other than Anthropic's judge themselves:
    many take unsigned words.
    """
    if part.spelling.get("signature") == "sealed":
        return part.issuer == (dialect.issuer or ISSUER)
    return dialect.issuer != ISSUER or _is_signature(part.signature or part.encrypted)


def _is_signature(proof: object) -> bool:
    return type(proof) is str and len(proof) >= LEAST_SIGNATURE


def repaired(messages: bytes, dialect: Dialect, losses: Losses) -> list[Any] | None:
    """`messages` of a request without the thinking that cannot come back; None where all of it can.

    Messages that need no change are `msgspec.Raw`. What is wrong otherwise stays, for the provider to tell.
    """
    try:
        outline = _outline(messages)
        odd = [number for number, message in enumerate(outline) if _has_doubtful(message.content, dialect)]
        if not odd:
            return None
        whole: list[Any] = list(_raws(messages))
        dropped: list[str] = []
        for number in odd:
            message = _decode(whole[number])
            content = _without(message["content"], f"messages[{number}].content", dialect, dropped)
            whole[number] = {**message, "content": content} if content else None
    except (msgspec.DecodeError, ShapeError):
        return None
    for path in dropped:
        losses.drop(path)
    return [message for message in whole if message is not None]


def _has_doubtful(content: str | list[_Block], dialect: Dialect) -> bool:
    return type(content) is list and any(
        block.type in THINKING and _is_doubtful(block.signature or block.data, dialect) for block in content
    )


def _is_doubtful(proof: object, dialect: Dialect) -> bool:
    if type(proof) is str and proof.startswith(MARK):
        return True
    return dialect.issuer == ISSUER and not _is_signature(proof)


def _without(content: list[dict[str, Any]], path: str, dialect: Dialect, dropped: list[str]) -> list[dict[str, Any]]:
    kept = []
    for number, block in enumerate(content):
        if block.get("type") not in THINKING:
            kept.append(block)
            continue
        at = f"{path}[{number}]"
        part = read_thinking(block, at)
        if not comes_back(part, dialect):
            dropped.append(at)
        elif part.spelling.get("signature") == "sealed":
            kept += replayed(part)
        else:
            kept.append(block)
    return kept


def is_begun(messages: list[dict[str, Any]]) -> bool:
    """Whether the open turn starts with thinking, after some has been left out."""
    turns = [Turn(message["role"], "", _placed(message["content"])) for message in messages]
    return starts_with_thinking([turn for turn in turns if turn.placed])


def _placed(content: str | list[dict[str, Any]]) -> list[Placed]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [Placed(block, "") for block in blocks if "type" in block]
