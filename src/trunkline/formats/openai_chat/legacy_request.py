"""Requests of legacy Completions: one prompt, no roles.

A prompt is what the user says. Several at once, and prompts of tokens, only a provider of this format understands:
they stay in the extras, so that no other is sent half of them.
"""

from typing import Any, Final

from trunkline.formats.conversation import Message, Request, Text
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Place
from trunkline.formats.harmless import PART, leave_request
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat.request_read import check, take_common
from trunkline.formats.openai_chat.request_write import write_cap, write_sampling
from trunkline.formats.openai_chat.shape import CompletionRequest
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.turns import unhoisted

COMPLETIONS_NAME: Final = "openai_completions"
DEFAULT_CAP = 16
"""Tokens that are written where no cap is given (OpenAI's API reference)."""


def read_request(value: dict[str, Any], place: Place) -> Request:
    """Raises `ShapeError`."""
    check(value, place, CompletionRequest)
    fields = dict(value)
    request = Request(format=COMPLETIONS_NAME, model=place.model or fields["model"])
    fields.pop("model", None)
    _take_prompt(fields, request)
    take_common(fields, request)
    if fields.get("max_tokens") is not None:
        request.max_output = fields.pop("max_tokens")
    else:
        request.max_output = DEFAULT_CAP
        request.spelling["max_output"] = "default"
    if fields.get("logprobs") is not None:
        request.logprobs, request.top_logprobs = True, fields.pop("logprobs")
    if fields.get("best_of") is not None and fields["best_of"] == (request.choices or 1):
        request.spelling["best_of"] = str(fields.pop("best_of"))
    if fields:
        request.extras = {COMPLETIONS_NAME: fields}
    return request


def _take_prompt(fields: dict[str, Any], request: Request) -> None:
    match fields.get("prompt"):
        case str(text):
            message = Message(role="user", parts=[Text(text=text)] if text else [], plain=True, at="prompt")
        case [str(text)]:
            message = Message(role="user", parts=[Text(text=text)], at="prompt")
        case _:
            return
    request.messages = [message]
    del fields["prompt"]


def write_request(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    """The document to send. Raises `CannotCarry` for a conversation."""
    to = Target(request, dialect, losses, COMPLETIONS_NAME)
    out: dict[str, Any] = {"model": request.model}
    if to.own:
        out |= request.extras.get(COMPLETIONS_NAME, {})
        if request.messages:
            text = _text_of(request.messages[0])
            out["prompt"] = text if request.messages[0].plain else [text]
    else:
        out["prompt"] = _only_text(request, to)
        _leave_behind(request, to)
    if request.spelling.get("max_output") != "default" or not to.own or request.max_output != DEFAULT_CAP:
        write_cap(out, request, to, field="max_tokens")
    write_sampling(out, request, to)
    if request.logprobs and not to.refused("logprobs"):
        out["logprobs"] = request.top_logprobs or 0
    if "best_of" in request.spelling and to.own:
        out["best_of"] = int(request.spelling["best_of"])
    return out


def _text_of(message: Message) -> str:
    return "".join([part.text for part in message.parts if isinstance(part, Text)])


def _only_text(request: Request, to: Target) -> str:
    """The prompt that a request amounts to whose only message is words of the user."""
    messages = unhoisted(request)
    path = to.term("messages")
    only = messages[0] if len(messages) == 1 else None
    if only is None or only.role != "user" or not all(isinstance(part, Text) for part in only.parts):
        to.losses.must_refuse(path, f"'{path}': this model's API takes one prompt of words, and no conversation.")
    for part in only.parts:
        to.losses.leave(part.extras, to.source, to.place(part), PART)
    return _text_of(only)


def _leave_behind(request: Request, to: Target) -> None:
    """What only a conversation has."""
    leave_request(request, to.losses)
    if request.tools:
        to.losses.refuse(to.term("tools"), "Tools are not offered by this model's API.")
    if request.output is not None and request.output.kind != "text":
        param = to.term("output")
        to.losses.refuse(param, f"'{param}' is not supported by this model's API.")
    for name in ("thinking", "metadata", "verbosity", "cache_key", "cache"):
        if getattr(request, name):
            to.losses.drop(to.term(name))
