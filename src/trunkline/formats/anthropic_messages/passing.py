"""Passing requests and replies through where client and provider both speak this format."""

from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.checks import list_in, text_in, wrong_type
from trunkline.formats.anthropic_messages.returning import is_begun, repaired
from trunkline.formats.anthropic_messages.stream_read import read_payload
from trunkline.formats.anthropic_messages.usage import read_usage, service_tier
from trunkline.formats.anthropic_messages.words import ISSUER
from trunkline.formats.conversation import MOST_TOKENS
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Place, ReplyFacts, StreamError
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import MARK

_SEALED = b'"' + MARK.encode()
"""With this begins reasoning of another family of models in a field of this format."""
_THINKING = b'thinking"'
"""With this end the kinds of blocks of reasoning, and the name of the parameter that asks for some."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def look(value: dict[str, Any], place: Place, size: int) -> Asked:
    """What the journey must know of a request. Raises `ShapeError`; all the rest is the provider's to judge."""
    model = place.model or text_in(value, "model", "")
    for number, message in enumerate(list_in(value, "messages", "")):
        at = f"messages[{number}]"
        if type(message) is not dict:
            raise wrong_type(at, "object", message)
        text_in(message, "role", at)
    stream, cap = value.get("stream"), value.get("max_tokens")
    if stream is not None and type(stream) is not bool:
        raise wrong_type("stream", "bool", stream)
    if cap is not None and type(cap) is not int:
        raise wrong_type("max_tokens", "int", cap)
    return Asked(
        model=model,
        stream=bool(stream) or place.stream,
        stream_options={},
        usage_wanted=True,
        choices=1,
        output_cap=min(cap, MOST_TOKENS) if cap and cap > 0 else None,
        size=size,
    )


def edit(document: Document, asked: Asked, model: str, dialect: Dialect, losses: Losses) -> bytes:
    """The body for a provider: its own name of the model, the rest as it came.

    Only where the conversation has come from elsewhere, it goes without the thinking that this provider refuses.
    """
    body = document.write({"model": model})
    wish = document.field("thinking")
    # a request that has none pays no more than this
    doubtful = body.count(_THINKING) > bool(wish) if dialect.issuer == ISSUER else _SEALED in body
    messages = repaired(document.field("messages"), dialect, losses) if doubtful else None
    if messages is None:
        return body
    edits: dict[str, object] = {"model": model, "messages": messages}
    thinking = _decode(wish or b"null")
    if type(thinking) is dict and thinking.get("type") == "enabled" and not is_begun(_decode(_encode(messages))):
        edits["thinking"] = {"type": "disabled"}  # with a budget, a turn must have begun with thinking
        losses.drop("thinking")
    return document.write(edits)


def look_reply(body: bytes) -> ReplyFacts:
    """Raises `ValueError` if `body` is neither a message nor an error."""
    try:
        value = read_payload(body)
    except StreamError:
        raise ValueError("the reply is not a JSON message") from None
    error = value.get("error") or None
    if type(value.get("content")) is not list and not error:
        raise ValueError("the reply has neither content nor an error")
    usage, reason = value.get("usage"), value.get("stop_reason")
    return ReplyFacts(
        usage=read_usage(usage) if isinstance(usage, dict) else None,
        finish=reason if isinstance(reason, str) else "",
        choices=1,
        error=error,
        tier=service_tier(usage) if isinstance(usage, dict) else "",
    )
