"""A request for a provider that speaks the Responses API, from any format."""

from typing import Any

from trunkline.formats.conversation import FormatName, Message, Request, Text
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.formats.efforts import while_reasoning
from trunkline.formats.harmless import MESSAGE, USUAL, leave, leave_request
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.items_other import OtherItems
from trunkline.formats.openai_responses.items_own import OwnItems
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.parts_write import Parts
from trunkline.formats.openai_responses.request_read import LOGPROBS, WIRE_NAMES
from trunkline.formats.openai_responses.settings import compose_settings, write_settings
from trunkline.formats.paths import name_of, part_paths
from trunkline.formats.turns import text_of

Fields = dict[str, Any]
LEAST_OUTPUT = 16
"""Tokens: OpenAI takes no smaller cap."""
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
_SHARED = frozenset({"safety_identifier", "prompt_cache_retention", "prompt_cache_options", "moderation"})
"""Fields of Chat Completions that mean the same here."""
_LONGEST_METADATA = 512
"""Characters of a value."""
_PUBLISHED: tuple[Parameter, ...] = ("temperature", "top_p", "parallel_tool_calls", "user", "cache_key")
"""Fields of a request that can be written as they are, or left out as well."""
_VENDORS: tuple[Parameter, ...] = ("presence_penalty", "frequency_penalty", "top_k", "seed")
"""The same of fields that OpenAI does not know."""


def write_request(request: Request, dialect: Dialect, losses: Losses) -> Fields:
    """The document to send. Raises `CannotCarry`."""
    own = request.format == NAME
    dialect = while_reasoning(dialect, request)
    document = dict(request.extras.get(NAME, {})) if own else _carried(request, losses)
    if request.model:
        document["model"] = request.model
    _write_words(request, dialect, losses, document)
    for name in _PUBLISHED if not own else (*_PUBLISHED, *_VENDORS):
        value = getattr(request, name)
        if value is None or value == "":
            continue
        if name not in dialect.refuses:
            document[WIRE_NAMES[name]] = value
        elif name not in USUAL or value != USUAL[name]:
            losses.drop(name_of(request, name))
    _write_caps(request, dialect, losses, document)
    if own:
        _write_own(request, dialect, losses, document)
        write_settings(request, dialect, losses, document)
    else:
        _write_other(request, dialect, losses, document)
        compose_settings(request, dialect, losses, document)
    return document


def _carried(request: Request, losses: Losses) -> Fields:
    """What of another format's own fields means the same here. The rest is left behind."""
    shared = _SHARED if request.format == "openai_chat" else frozenset()
    leave_request(request, losses, carried=shared)
    return {name: value for name, value in request.extras.get(request.format, {}).items() if name in shared and value}


def _write_words(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    own = request.format == NAME
    if request.instructions is not None:
        if not own:
            _leave_of_instructions(request.instructions, request.format, dialect, losses)
        words = text_of(request.instructions.parts, "\n\n")
        if words:
            document["instructions"] = words
    last = request.messages[-1] if request.messages else None
    if last is not None and last.role == "assistant" and "prefill" in dialect.refuses and not own:
        losses.refuse(last.at, "This model does not go on with what the assistant is said to have begun.")
    spelled = request.spelling.get("input") if own else ""
    if spelled == "string" and len(request.messages) == 1 and request.messages[0].plain:
        document["input"] = text_of(request.messages[0].parts)
    elif spelled != "absent" or request.messages:
        items = OwnItems(dialect, losses) if own else OtherItems(request, dialect, losses)
        document["input"] = [item for message in request.messages for item in items.write(message)]


def _leave_of_instructions(instructions: Message, source: FormatName, dialect: Dialect, losses: Losses) -> None:
    """What another format's instructions say beside their words."""
    leave(instructions, source, instructions.at, losses, MESSAGE)
    parts = Parts(source, dialect, losses)
    for part, path in zip(instructions.parts, part_paths(source, instructions), strict=True):
        if isinstance(part, Text):
            parts.leave(part, path)
        else:
            losses.refuse(path, "This model's API takes only text as instructions.")


def _write_caps(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    """Limits of the model at hand, and of the API."""
    temperature, most = request.temperature, dialect.most_temperature
    if temperature is not None and most is not None and temperature > most and "temperature" in document:
        document["temperature"] = most
    cap = request.max_output
    if cap is None:
        return
    if dialect.max_output is not None:
        cap = min(cap, dialect.max_output)
    if cap < LEAST_OUTPUT and request.format != NAME:
        losses.drop(name_of(request, "max_output"))
        cap = LEAST_OUTPUT
    document["max_output_tokens"] = cap


def _write_own(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    """What this format says in its own way."""
    if request.stream or request.spelling.get("stream") == "false":
        document["stream"] = request.stream
    for name, value in (
        ("store", request.store),
        ("service_tier", request.service_tier or None),
        ("metadata", request.metadata),
    ):
        if value is not None:
            if name in dialect.refuses:
                losses.drop(name)
            else:
                document[name] = value
    if request.top_logprobs is not None:
        document["top_logprobs"] = request.top_logprobs
    if request.logprobs:
        include = list(document.get("include") or [])
        include.insert(int(request.spelling.get("logprobs", len(include))), LOGPROBS)
        document["include"] = include


def _write_other(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    """What other formats say, and mean when they do not say it."""
    if request.stream:
        document["stream"] = True
    _refuse_unknown(request, losses)
    if "store" not in dialect.refuses:
        document["store"] = bool(request.store)  # no other format keeps replies unless asked to
    if request.service_tier:
        if request.service_tier in _TIERS and "service_tier" not in dialect.refuses:
            document["service_tier"] = request.service_tier
        else:
            losses.drop(name_of(request, "service_tier"))
    if request.metadata:
        if "metadata" in dialect.refuses or any(len(value) > _LONGEST_METADATA for value in request.metadata.values()):
            losses.drop(name_of(request, "metadata"))
        else:
            document["metadata"] = request.metadata
    include = ["reasoning.encrypted_content"] if dialect.issuer and dialect.thinks else []
    if request.logprobs:
        if "logprobs" in dialect.refuses:
            losses.refuse(name_of(request, "logprobs"), "This model tells no log probabilities.")
        else:
            include.append(LOGPROBS)
            if request.top_logprobs is not None:
                document["top_logprobs"] = request.top_logprobs
    elif request.top_logprobs:
        losses.drop(name_of(request, "top_logprobs"))
    if include:
        document["include"] = include


def _refuse_unknown(request: Request, losses: Losses) -> None:
    """Parameters that this API does not have."""
    if request.stop:
        losses.refuse(name_of(request, "stop"), "This model's API knows no stop sequences.")
    if request.logit_bias:
        losses.refuse(name_of(request, "logit_bias"), "This model's API knows no bias of tokens.")
    if request.choices is not None and request.choices > 1:
        losses.refuse(name_of(request, "choices"), "This model's API gives one answer to a request.")
    for name in _VENDORS:
        if getattr(request, name):  # zero is what is meant without it
            losses.drop(name_of(request, name))
    if request.cache is not None:
        losses.drop(name_of(request, "cache"))
