"""Passing requests and replies through where client and provider both speak this format.

What Trunkline relies on is checked here; the rest is the provider's to judge and passes unread.
"""

import json
from typing import Any

import msgspec

from trunkline.formats.conversation import MOST_TOKENS
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Place, ReplyFacts, ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.frame import ended_with
from trunkline.formats.openai_responses.returning import repaired
from trunkline.formats.openai_responses.shape import missing
from trunkline.formats.openai_responses.usage import read_usage, with_calls
from trunkline.formats.sealed import MARK

Fields = dict[str, Any]
_MARK = MARK.encode()


class _Shape(msgspec.Struct):
    """The fields of a request that are checked, with their types."""

    model: str
    input: str | list[Any] | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[Any] | None = None
    user: str | None = None


def look(value: Fields, place: Place, size: int) -> Asked:
    """Check a request. Raises `ShapeError`."""
    if place.model:
        value = {**value, "model": place.model}
    try:
        shape = msgspec.convert(value, _Shape)
    except msgspec.ValidationError as error:
        raise _shape_error(str(error)) from None
    cap = shape.max_output_tokens
    return Asked(
        model=shape.model,
        stream=bool(shape.stream),
        stream_options=shape.stream_options or {},
        usage_wanted=True,
        choices=1,
        output_cap=min(cap, MOST_TOKENS) if cap and cap > 0 else None,
        size=size,
    )


def _shape_error(text: str) -> ShapeError:
    """What msgspec says of a wrong value, in the words of OpenAI's API."""
    what, _, where = text.partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if what.startswith("Object missing required field"):
        return missing(what.split("`")[1])
    what = what.replace("`", "").replace("Expected ", "expected ").replace(", got ", ", but got ")
    return ShapeError(f"Invalid type for '{path}': {what}.", path or None, "invalid_type")


def edit(document: Document, asked: Asked, model: str, dialect: Dialect, losses: Losses) -> bytes:
    """The body for a provider: its own name of the model. The rest as it came, but for reasoning that the provider
    would refuse. A request that has none pays no more than looking for the word.
    """
    del asked
    body = document.write({"model": model})
    if (b'"reasoning"' if dialect.issuer else _MARK) not in body:
        return body
    items = document.field("input")
    if b'"reasoning"' not in items:  # it is also the name of a parameter
        return body
    left = repaired(items, dialect, losses)
    return body if left is None else document.write({"model": model, "input": left})


class _Reply(msgspec.Struct, gc=False):
    output: msgspec.Raw = msgspec.Raw()
    status: Any = None
    incomplete_details: Any = None
    usage: Any = None
    error: Any = None
    service_tier: Any = None


_reply = msgspec.json.Decoder(_Reply).decode


def look_reply(body: bytes) -> ReplyFacts:
    """Raises `ValueError` if `body` is no JSON of a response (`output` or `error`)."""
    try:
        reply = _reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        reply = _odd_reply(body)
    except RecursionError:
        raise ValueError("the reply is nested too deeply") from None
    if not bytes(reply.output).startswith(b"[") and not reply.error:
        raise ValueError("the reply has neither an output nor an error")
    said = {"status": reply.status, "incomplete_details": reply.incomplete_details}
    return ReplyFacts(
        usage=with_calls(read_usage(reply.usage), reply.output),
        finish=ended_with(said),
        choices=1,
        error=reply.error or None,
        tier=reply.service_tier if isinstance(reply.service_tier, str) else "",
    )


def _odd_reply(body: bytes) -> _Reply:
    """A reply that the fast decoder refuses: half a surrogate pair in a text, say."""
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the reply is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("the reply is not a JSON object")  # noqa: TRY004  # a wrong value, not a wrong call
    items = value.get("output")
    kinds = (
        [{"type": str(item.get("type"))} for item in items if isinstance(item, dict)]
        if isinstance(items, list)
        else None
    )
    output = msgspec.Raw(msgspec.json.encode(kinds))
    return _Reply(output, *(value.get(name) for name in ("status", "incomplete_details", "usage", "error")))
