"""Passing requests and replies through where client and provider both speak this format.

What Trunkline relies on is checked here; the rest is the provider's to judge and passes unread.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import msgspec

from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import MOST_TOKENS
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Place, ReplyFacts, ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat.frame import failure_in, read_frame, read_odd


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class Message(msgspec.Struct):
    role: str
    content: str | list[dict[str, Any]] | None = None


class _Common(msgspec.Struct):
    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    user: str | None = None


class ChatShape(_Common, kw_only=True):
    """The fields of a chat request that are checked, with their types."""

    messages: list[Message]
    max_completion_tokens: int | None = None
    tools: list[dict[str, Any]] | None = None


class CompletionShape(_Common, kw_only=True):
    """The same of a legacy completion request."""

    prompt: str | list[str | int | list[int]] | None = None


def _looker(kind: type[ChatShape] | type[CompletionShape]) -> Callable[[dict[str, Any], Place, int], Asked]:
    def look(value: dict[str, Any], place: Place, size: int) -> Asked:
        """Check a request against the endpoint's shape. Raises `ShapeError`."""
        if place.model:  # Azure's path names the model, whatever the body says
            value = {**value, "model": place.model}
        try:
            shape = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise shape_error(str(error)) from None
        options = shape.stream_options
        cap = getattr(shape, "max_completion_tokens", None) or shape.max_tokens
        choices = max(1, shape.n or 1)
        return Asked(  # by position, in half the time
            shape.model,
            bool(shape.stream),
            value.get("stream_options") or {},
            bool(options is not None and options.include_usage),
            choices,
            min(cap * choices, MOST_TOKENS) if cap and cap > 0 else None,
            size,
            bool(getattr(shape, "tools", None)),
        )

    return look


look = _looker(ChatShape)
look_completions = _looker(CompletionShape)


def shape_error(text: str) -> ShapeError:
    """What msgspec says of a wrong value, in the words of OpenAI's API."""
    what, _, where = text.partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if what.startswith("Object missing required field"):
        name = what.split("`")[1]
        param = f"{path}.{name}" if path else name
        return ShapeError(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")
    what = what.replace("`", "").replace("Expected ", "expected ").replace(", got ", ", but got ")
    return ShapeError(f"Invalid type for '{path}': {what}.", path or None, "invalid_type")


_REFUSABLE: dict[Parameter, str] = {
    "cache_key": "prompt_cache_key",
    "choices": "n",
    "logit_bias": "logit_bias",
    "logprobs": "logprobs",
    "seed": "seed",
    "service_tier": "service_tier",
    "store": "store",
    "user": "user",
    "verbosity": "verbosity",
}
"""Fields that servers of this format know or refuse, and do not leave to their models."""


_ASKED_WITH: dict[str, Parameter] = {field: name for name, field in _REFUSABLE.items()}
_LABELS = frozenset({"user", "prompt_cache_key"})
_LOOKED_AT = frozenset({"max_completion_tokens", *_LABELS, *_ASKED_WITH})
_say_no_more_than = frozenset({"role", "content", "name"}).issuperset
_role = itemgetter("role")


def fits(value: dict[str, Any], dialect: Dialect) -> bool:
    """Whether a request can be handed on as it is to a server of this dialect, as far as that is known beforehand.

    What a model takes is its provider's to judge, whose word is newer; what the server does not know is left out here.
    """
    for field in _LOOKED_AT.intersection(value):
        if not _field_fits(field, value[field], dialect):
            return False
    if dialect.developer and dialect.tool_call_id == "any":
        return True
    messages = value["messages"]
    if all(map(_say_no_more_than, messages)) and (dialect.developer or "developer" not in map(_role, messages)):
        return True  # the usual case, looked at without a step of ours for each message
    return all(_message_fits(message, dialect) for message in messages)


def _field_fits(field: str, asked: object, dialect: Dialect) -> bool:
    name = _ASKED_WITH.get(field)
    if name is not None and name in dialect.refuses and _asks(asked, name):
        return False
    if field in _LABELS:
        return dialect.longest_label is None or type(asked) is not str or len(asked) <= dialect.longest_label
    return field != "max_completion_tokens" or dialect.max_tokens_field != "max_tokens" or asked is None


def _asks(value: object, name: Parameter) -> bool:
    """Whether a value asks for something that would not happen anyway."""
    return not (value is None or value is False or value == "" or (name == "choices" and value == 1))


def _message_fits(message: dict[str, Any], dialect: Dialect) -> bool:
    role = message.get("role")
    if role == "developer":
        return dialect.developer
    if role == "tool":
        return _id_fits(message.get("tool_call_id"), dialect)
    calls = message.get("tool_calls")
    return type(calls) is not list or all(_id_fits(c.get("id"), dialect) for c in calls if type(c) is dict)


def _id_fits(call_id: object, dialect: Dialect) -> bool:
    return type(call_id) is not str or fitting(call_id, dialect.tool_call_id) == call_id


def edit(document: Document, asked: Asked, model: str, dialect: Dialect, losses: Losses) -> bytes:
    """The body for a provider: its own name of the model, and usage asked of a stream. The rest as it came."""
    edits: dict[str, object] = {"model": model}
    if asked.stream and dialect.stream_usage and not asked.usage_wanted:
        edits["stream_options"] = {**asked.stream_options, "include_usage": True}
    return document.write(edits)


def look_reply(body: bytes) -> ReplyFacts:
    """Raises `ValueError` if `body` is no JSON of this frame (`choices` or `error`)."""
    try:
        reply = read_frame(body)
    except ValueError as error:
        raise ValueError(f"the reply is not a JSON chat completion: {error}") from None
    choices = reply.choices or []
    failure = reply.error or None
    if reply.choices is None and failure is None:
        failure = failure_in(read_odd(body))
        if failure is None:
            raise ValueError("the reply has neither choices nor an error")
    return ReplyFacts(  # by position, in half the time
        reply.usage.read() if reply.usage is not None else None,
        (choices[0].finish_reason or "") if choices else "",
        len(choices),
        failure,
        reply.tier,
    )
