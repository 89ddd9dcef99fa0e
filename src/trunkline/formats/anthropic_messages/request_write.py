"""The neutral request as the document for a provider.

What came in this format goes back as it came, but for what the dialect says of the model. What came in another is put
into this one's turns and words, within the API's rules.
"""

from typing import Any

from trunkline.formats.anthropic_messages.blocks_write import kept, replayed, write_block, write_cache
from trunkline.formats.anthropic_messages.placed import Placed
from trunkline.formats.anthropic_messages.returning import comes_back, is_begun
from trunkline.formats.anthropic_messages.thinking import Plan, output_cap, plan, sampling
from trunkline.formats.anthropic_messages.tools_write import (
    JSON_ONLY,
    Held,
    write_choice,
    write_foreign_tools,
    write_output,
    write_own_tools,
)
from trunkline.formats.anthropic_messages.turns_write import regrouped, starts_with_thinking, write_turn
from trunkline.formats.anthropic_messages.words import NAME
from trunkline.formats.conversation import Message, OutputFormat, Reasoning, Request, Text
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import leave_request
from trunkline.formats.losses import Losses
from trunkline.formats.paths import cache_path, name_of, part_paths

MOST_CACHE_MARKS = 4
"""Marks of `cache_control` that a request may have."""
LONGEST_USER = 256
"""Characters of `metadata.user_id`."""


def write_request(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    """The document to send to `/v1/messages`. Raises `CannotCarry`."""
    return _write_own(request, dialect, losses) if request.format == NAME else _write_foreign(request, dialect, losses)


# What came in this format


def _write_own(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    document = kept(request.extras)
    if request.spelling.get("model") != "place":
        document["model"] = request.model
    before = len(losses.dropped)
    messages = [_own_message(message, dialect, losses) for message in request.messages]
    document["messages"] = [message for message in messages if message is not None]
    repaired = len(losses.dropped) > before
    if request.instructions is not None:
        document["system"] = _own_content(request.instructions, dialect, losses)
    said = request.spelling.get("stream")
    if said == "said" or (request.stream and said != "place"):
        document["stream"] = request.stream
    if request.tools:
        document["tools"] = write_own_tools(request)
    choice = write_choice(request, dialect, losses, set())
    if choice is not None:
        document["tool_choice"] = choice
    begun = not repaired or is_begun(document["messages"])
    asked = plan(request, dialect, losses, forced=False, begun=begun)
    _write_plan(document, request, dialect, losses, asked)
    if request.output is not None:
        _own_output(document, request.output)
    if request.stop:
        document["stop_sequences"] = request.stop
    _write_bookkeeping(document, request, dialect, losses)
    return document


def _own_message(message: Message, dialect: Dialect, losses: Losses) -> dict[str, Any] | None:
    content = _own_content(message, dialect, losses)
    if not content and message.parts and type(content) is list:
        return None  # it was reasoning of another family and nothing else
    value = kept(message.extras)
    value["role"] = message.role
    value["content"] = content
    return value


def _own_content(message: Message, dialect: Dialect, losses: Losses) -> str | list[dict[str, Any]]:
    parts = message.parts
    if message.plain and all(type(part) is Text and part.cache is None for part in parts):
        return "".join(part.text for part in parts if type(part) is Text)
    blocks: list[dict[str, Any]] = []
    for part, path in zip(parts, part_paths(NAME, message), strict=True):
        if type(part) is Reasoning:
            if comes_back(part, dialect):
                blocks += replayed(part)
            else:
                losses.drop(path)
        else:
            block = write_block(part)
            if block is not None:
                blocks.append(block)
    return blocks


def _own_output(document: dict[str, Any], output: OutputFormat) -> None:
    value = kept(output.extras)
    value |= {"type": "json_schema", "schema": output.schema or {}}
    if output.spelling.get("field") == "output_format":
        document["output_format"] = value
    else:
        document["output_config"] = {**(document.get("output_config") or {}), "format": value}


_TIERS = {"auto": "auto", "default": "standard_only", "standard": "standard_only", "priority": "auto"}


def _write_bookkeeping(document: dict[str, Any], request: Request, dialect: Dialect, losses: Losses) -> None:
    """Who asks, in which tier, and whether the prompt is to be kept in the cache."""
    own = request.format == NAME
    if request.user:
        if dialect.refuses & {"user", "metadata"} or (len(request.user) > LONGEST_USER and not own):
            losses.drop(name_of(request, "user"))
        else:
            document["metadata"] = {**(document.get("metadata") or {}), "user_id": request.user}
    if request.service_tier:
        tier = request.service_tier if own else _TIERS.get(request.service_tier.lower())
        if tier is None or "service_tier" in dialect.refuses:
            losses.drop(name_of(request, "service_tier"))
        else:
            document["service_tier"] = tier
    if request.cache is not None:
        document["cache_control"] = write_cache(request.cache)


def _write_plan(document: dict[str, Any], request: Request, dialect: Dialect, losses: Losses, asked: Plan) -> None:
    """How much the model reasons and writes, and how it samples."""
    if asked.thinking is not None:
        document["thinking"] = asked.thinking
    if asked.effort:
        document["output_config"] = {**(document.get("output_config") or {}), "effort": asked.effort}
    document["max_tokens"] = output_cap(request, dialect, losses, asked)
    document.update(sampling(request, dialect, losses, asked))


# What came in another format


def _write_foreign(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    leave_request(request, losses)
    _refuse_what_is_unknown(request, losses)
    held = Held()
    spoken = regrouped(request, dialect, losses)
    tools = write_foreign_tools(request, dialect, losses, held)
    marked = [*tools, *spoken.system, *(placed for turn in spoken.turns for placed in turn.placed)]
    _limit_cache_marks(marked, request, losses)
    document: dict[str, Any] = {
        "model": request.model,
        "messages": [write_turn(turn) for turn in spoken.turns],
    }
    system = [placed.block for placed in spoken.system]
    output = request.output
    if output is not None and output.kind != "text":
        shape = write_output(output, request, dialect, losses, held)
        if shape is not None:
            document["output_config"] = {"format": shape}
        elif output.kind == "json":
            losses.drop(name_of(request, "output"))  # asked for in words only
            system.append({"type": "text", "text": JSON_ONLY})
    if system:
        document["system"] = system
    if tools:
        document["tools"] = [placed.block for placed in tools]
    choice = write_choice(request, dialect, losses, {placed.block["name"] for placed in tools})
    if choice is not None:
        document["tool_choice"] = choice
    forced = choice is not None and choice["type"] in ("any", "tool")
    begun = request.thinking is None or starts_with_thinking(spoken.turns)
    asked = plan(request, dialect, losses, forced=forced, begun=begun)
    _write_plan(document, request, dialect, losses, asked)
    if request.stream:
        document["stream"] = True
    _write_stop(document, request, dialect, losses)
    _write_bookkeeping(document, request, dialect, losses)
    return document


def _refuse_what_is_unknown(request: Request, losses: Losses) -> None:
    """Parameters without a word here: refused where the answer depends on them, else told."""
    asked = {
        "choices": (request.choices or 1) - 1,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "logit_bias": request.logit_bias,
        "logprobs": request.logprobs,
        "top_logprobs": request.top_logprobs,
    }
    for field, value in asked.items():
        if value:
            name = name_of(request, field)
            losses.refuse(name, f"'{name}' is unknown to this model's API.")
        elif value is not None and field != "choices":
            losses.drop(name_of(request, field))  # it asks for what happens anyway
    hints = {
        "seed": request.seed is not None,
        "verbosity": bool(request.verbosity),
        "metadata": bool(request.metadata),
        "cache_key": bool(request.cache_key),
        "store": bool(request.store),
    }
    for field, is_given in hints.items():
        if is_given:
            losses.drop(name_of(request, field))


def _write_stop(document: dict[str, Any], request: Request, dialect: Dialect, losses: Losses) -> None:
    stop = [words for words in request.stop if words.strip()]
    if len(stop) < len(request.stop):
        losses.drop(name_of(request, "stop"))  # the API takes none of white space alone
    if stop:
        if "stop" in dialect.refuses:
            losses.refuse(name_of(request, "stop"), "This model takes no stop sequences.")
        else:
            document["stop_sequences"] = stop


def _limit_cache_marks(placed: list[Placed], request: Request, losses: Losses) -> None:
    """Keep the last of the marks: they reach over all that stands before them."""
    marked = [one for one in placed if "cache_control" in one.block]
    most = MOST_CACHE_MARKS - (request.cache is not None)
    for one in marked[: max(0, len(marked) - most)]:
        del one.block["cache_control"]
        losses.drop(cache_path(request.format, one.path))
