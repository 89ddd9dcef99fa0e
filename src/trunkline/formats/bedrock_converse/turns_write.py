"""The messages of another format as turns that the API accepts.

Turns alternate and begin with the user's; every call is answered, in order, at the start of the turn right after it;
nothing is empty. Facts: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, the
recorded refusals, and what client libraries have found out.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.content_write import ContentWriter
from trunkline.formats.bedrock_converse.parts_write import Block, cache_point
from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import AnyPart, CacheHint, Request, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses
from trunkline.formats.turns import Call, Piece, Turn, take_turns

_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
FILLER = "."
"""What a turn says that is only there because the API wants one: it refuses empty ones."""
SEE_DOCUMENT = "See the attached document."
"""A document is not taken without words beside it."""


class Conversation(msgspec.Struct):
    """A conversation as blocks."""

    system: list[Block]
    messages: list[dict[str, Any]]
    tools_used: dict[str, None]
    """Names of tools that were called, in order."""


def write_conversation(request: Request, instruction: str, dialect: Dialect, losses: Losses) -> Conversation:
    """Instructions, with one more unless that is empty, and turns. Raises `CannotCarry`."""

    def fit(said: str) -> str:
        return fitting(said if _ID.fullmatch(said) else fitting(said, "word"), dialect.tool_call_id)

    taken = take_turns(request, losses, fit)
    writer = ContentWriter(request.format, dialect, losses)
    messages: list[dict[str, Any]] = []
    used: dict[str, None] = {}
    for turn in taken.turns:
        for role, content in _contents(turn, writer, dialect):
            if messages and messages[-1]["role"] == role:
                messages[-1]["content"] += content
            else:
                messages.append({"role": role, "content": content})
        used |= {call.part.name: None for call in turn.calls}
    instructions = _blocks(taken.system, writer.system)
    if instruction:
        instructions.append({"text": instruction})
    _complete(messages, instructions, taken.turns[-1].at if taken.turns else "", dialect, losses)
    if request.cache is not None:
        _add_hint(messages[-1]["content"], request.cache)
    return Conversation(instructions, messages, used)


def _contents(turn: Turn, writer: ContentWriter, dialect: Dialect) -> list[tuple[str, list[Block]]]:
    """A turn as one message, or as several where the API does not take in one what it says."""
    if turn.role == "assistant":
        calls = iter(turn.calls)

        def write(part: AnyPart, path: str) -> Block | None:
            if isinstance(part, ToolCall):
                return writer.call(part, path, next(calls).id)
            return writer.assistant(part, path, calls=bool(turn.calls))

        content = _blocks(turn.pieces, write)
        return [("assistant", content)] if content else []
    answers, beside = _answers(turn.calls, writer)
    others = beside + _blocks(turn.pieces, writer.user)
    if any("document" in block for block in others) and not any("text" in block for block in others):
        others.append({"text": SEE_DOCUMENT})
    if not (answers and others):
        return [("user", answers or others)] if answers or others else []
    files = any("document" in block or "video" in block for block in others)
    if files or dialect.assistant_after_tool:
        return [("user", answers), ("assistant", [{"text": FILLER}]), ("user", others)]
    return [("user", answers + others)]


def _answers(calls: list[Call], writer: ContentWriter) -> tuple[list[Block], list[Block]]:
    """The results of a turn, and what cannot stand in them."""
    content: list[Block] = []
    beside: list[Block] = []
    for call in calls:
        part, path = call.result
        result, others = writer.result(part, path, call.id)
        content.append(result)
        beside += others
        hint = part.cache or next((piece.cache for piece in reversed(part.content) if piece.cache), None)
        if hint is not None:
            _add_hint(content, hint)  # there is no place for one in a result
    return content, beside


def _blocks(pieces: list[Piece], write: Callable[[AnyPart, str], Block | None]) -> list[Block]:
    content: list[Block] = []
    for part, path in pieces:
        block = write(part, path)
        if block is not None:
            content.append(block)
        if part.cache is not None:
            _add_hint(content, part.cache)
    return content


def _add_hint(content: list[Block], hint: CacheHint) -> None:
    """A cache point cannot follow reasoning, another cache point, or nothing."""
    if content and "cachePoint" not in content[-1] and "reasoningContent" not in content[-1]:
        content.append(cache_point(hint if hint.ttl in ("5m", "1h") else CacheHint()))


def _complete(
    messages: list[dict[str, Any]], system: list[Block], last_at: str, dialect: Dialect, losses: Losses
) -> None:
    """Make the first turn the user's, and the last one a turn that can be answered."""
    if not messages and not system:
        losses.must_refuse("messages", "'messages' says nothing: this model's API wants a message of the user.")
    if not messages or messages[0]["role"] == "assistant":
        messages.insert(0, {"role": "user", "content": [{"text": FILLER}]})
    if system and "system" in dialect.refuses:
        messages[0]["content"][:0] = system
        system.clear()
    last = messages[-1]
    if last["role"] == "assistant":
        if "prefill" in dialect.refuses:
            losses.must_refuse(last_at, f"'{last_at}': this model does not go on where an assistant's message ends.")
        said = [block for block in last["content"] if "cachePoint" not in block]
        if "text" in said[-1]:
            said[-1]["text"] = said[-1]["text"].rstrip()  # the API refuses it otherwise
