"""Reasoning items that come back: which of them their model takes, and an input whose bytes pass without the rest.

OpenAI refuses reasoning that is encrypted by another, and an item without its encrypted content unless it keeps an item
of that id itself: the conversation is stuck. Which account has encrypted an item does not show, so one of another
account passes, and is refused.
"""

import re
from typing import Any

import msgspec

from trunkline.formats.conversation import Reasoning
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.names import is_minted
from trunkline.formats.openai_responses.reasoning import OPENAIS, native, read_reasoning, write_reasoning

_KEPT_BY_OPENAI = re.compile(r"rs_[0-9a-f]{40,}")
"""Ids of items that OpenAI may keep. Those of other servers are shorter, or of other letters."""


class _Item(msgspec.Struct, gc=False):
    type: Any = None
    id: Any = None
    encrypted_content: Any = None


_outline = msgspec.json.Decoder(list[_Item]).decode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode = msgspec.json.Decoder().decode


def comes_back(part: Reasoning, dialect: Dialect) -> bool:
    """Whether an item in this format's own words is for the model at hand.

    What was sealed for a client is its issuer's only. Of the rest, models whose reasoning is open judge themselves.
    """
    if "encrypted" in part.spelling:
        return is_readable(part, dialect)
    if not dialect.issuer:
        return True
    if part.encrypted:
        return is_readable(part, dialect) or (not part.issuer and not dialect.encrypted_prefix)
    if dialect.encrypted_prefix == OPENAIS:
        return _KEPT_BY_OPENAI.fullmatch(part.id) is not None
    return bool(part.id) and not is_minted(part.id)


def is_readable(part: Reasoning, dialect: Dialect) -> bool:
    """Whether `part` is known to be encrypted for the model at hand."""
    own = part.issuer == dialect.issuer or (not part.issuer and bool(dialect.encrypted_prefix))
    return own and bool(dialect.issuer) and part.encrypted.startswith(dialect.encrypted_prefix)


def repaired(items: bytes, dialect: Dialect, losses: Losses) -> list[Any] | None:
    """The items of a request's `input` without the reasoning that cannot come back; None where all of it can, or where
    it is no list of items.

    Items that need no change are `msgspec.Raw`.
    """
    try:
        outline = _outline(items)
    except msgspec.DecodeError:
        return None
    proofs = {number: _proof(item) for number, item in enumerate(outline) if item.type == "reasoning"}
    odd = [number for number, part in proofs.items() if "encrypted" in part.spelling or not comes_back(part, dialect)]
    if not odd:
        return None
    left: list[Any] = list(_raws(items))
    for number in odd:
        if comes_back(proofs[number], dialect):
            left[number] = write_reasoning(native(read_reasoning(_decode(left[number]))))
        else:
            left[number] = None
            losses.drop(f"input[{number}]")
    return [item for item in left if item is not None]


def _proof(item: _Item) -> Reasoning:
    """What of an item is looked at."""
    return read_reasoning({"type": item.type, "id": item.id, "encrypted_content": item.encrypted_content})
