"""The messages of another format as turns that the API accepts.

Turns alternate and begin with the user's; every call is answered, in order, at the start of the turn right after it;
nothing is empty. Facts: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, the
recorded refusals, and what client libraries have found out.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from trunkline.formats.bedrock_converse.content_write import ContentWriter
from trunkline.formats.bedrock_converse.parts_write import Block, cache_point
from trunkline.formats.call_ids import fitting, minted
from trunkline.formats.conversation import (
    AnyPart,
    CacheHint,
    Request,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import MESSAGE, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import part_paths
from trunkline.formats.turns import speaker

_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
FILLER = "."
"""What a turn says that is only there because the API wants one: it refuses empty ones."""
SEE_DOCUMENT = "See the attached document."
"""A document is not taken without words beside it."""


class Piece(NamedTuple):
    """A part and its path in the client's document."""

    part: AnyPart
    path: str


class Turn(msgspec.Struct):
    """What one side says before the other."""

    role: str
    at: str
    pieces: list[Piece]


class Conversation(msgspec.Struct):
    """A conversation as blocks."""

    system: list[Block]
    messages: list[dict[str, Any]]
    tools_used: dict[str, None]
    """Names of tools that were called, in order."""


def write_conversation(request: Request, instruction: str, dialect: Dialect, losses: Losses) -> Conversation:
    """Instructions, with one more unless that is empty, and turns. Raises `CannotCarry`."""
    system, turns = _gather(request, losses)
    ids = _pair(turns, dialect, losses)
    writer = ContentWriter(request.format, dialect, losses, ids)
    messages: list[dict[str, Any]] = []
    used: dict[str, None] = {}
    for turn in turns:
        for role, content in _contents(turn, writer, dialect):
            if messages and messages[-1]["role"] == role:
                messages[-1]["content"] += content
            else:
                messages.append({"role": role, "content": content})
        used |= {piece.part.name: None for piece in turn.pieces if isinstance(piece.part, ToolCall)}
    instructions = _blocks(system, writer.system)
    if instruction:
        instructions.append({"text": instruction})
    _complete(messages, instructions, turns[-1].at if turns else "", dialect, losses)
    if request.cache is not None:
        _add_hint(messages[-1]["content"], request.cache)
    return Conversation(instructions, messages, used)


def _gather(request: Request, losses: Losses) -> tuple[list[Piece], list[Turn]]:
    """Everything that is said, apart by speaker."""
    system: list[Piece] = []
    turns: list[Turn] = []
    first = [] if request.instructions is None else [request.instructions]
    for message in [*first, *request.messages]:
        leave(message, request.format, message.at, losses, MESSAGE)
        if message.name:
            losses.drop(f"{message.at}.name")
        role = "system" if message is request.instructions else speaker(message)
        pieces = list(map(Piece, message.parts, part_paths(request.format, message)))
        if role == "system":
            system += pieces
        elif turns and turns[-1].role == role:
            turns[-1].pieces += pieces
        else:
            turns.append(Turn(role, message.at, pieces))
    return system, turns


def _pair(turns: list[Turn], dialect: Dialect, losses: Losses) -> dict[int, str]:
    """Give calls and their results ids that fit and are used once, and put results first, in the calls' order."""
    ids: dict[int, str] = {}
    taken: set[str] = set()
    waiting: list[Piece] = []
    for turn in turns:
        if turn.role == "assistant":
            waiting = [piece for piece in turn.pieces if isinstance(piece.part, ToolCall)]
            for number, (part, path) in enumerate(waiting):
                ids[id(part)] = _new_id(part, path, number, taken, dialect)
        else:
            _answer(turn, waiting, ids, losses)
            waiting = []
    if waiting:
        _unanswered(waiting[0], losses)
    return ids


def _new_id(part: AnyPart, path: str, number: int, taken: set[str], dialect: Dialect) -> str:
    said = part.id if isinstance(part, ToolCall) else ""
    new = said if _ID.fullmatch(said) else fitting(said, "word") if said else minted(path, 0, number)
    new = fitting(new, dialect.tool_call_id)
    if new in taken:  # some servers give every call the same id
        new = fitting(minted(path, 0, number), dialect.tool_call_id)
    taken.add(new)
    return new


def _answer(turn: Turn, waiting: list[Piece], ids: dict[int, str], losses: Losses) -> None:
    """Match a turn's results with the calls before it."""
    left = list(waiting)
    order: dict[int, int] = {}
    for part, path in turn.pieces:
        if not isinstance(part, ToolResult):
            continue
        call = next((piece for piece in left if _answers(part, piece.part)), None)
        if call is None:
            losses.must_refuse(path, f"The tool result at '{path}' answers no call of the assistant's turn before it.")
        left.remove(call)
        ids[id(part)] = ids[id(call.part)]
        order[id(part)] = waiting.index(call)
    if left:
        _unanswered(left[0], losses)
    turn.pieces.sort(key=lambda piece: order.get(id(piece.part), len(waiting)))  # stable: others stay in their order


def _answers(result: ToolResult, call: AnyPart) -> bool:
    if not isinstance(call, ToolCall):
        return False
    if result.call:
        return result.call == call.id
    return not result.name or result.name == call.name


def _unanswered(call: Piece, losses: Losses) -> None:
    losses.must_refuse(call.path, f"The tool call at '{call.path}' has no result in the turn after it.")


def _contents(turn: Turn, writer: ContentWriter, dialect: Dialect) -> list[tuple[str, list[Block]]]:
    """A turn as one message, or as several where the API does not take in one what it says."""
    if turn.role == "assistant":
        calls = any(isinstance(piece.part, ToolCall) for piece in turn.pieces)
        content = _blocks(turn.pieces, lambda part, path: writer.assistant(part, path, calls=calls))
        return [("assistant", content)] if content else []
    results = [piece for piece in turn.pieces if isinstance(piece.part, ToolResult)]
    others = _blocks(turn.pieces[len(results) :], writer.user)
    if any("document" in block for block in others) and not any("text" in block for block in others):
        others.append({"text": SEE_DOCUMENT})
    answers = _blocks(results, writer.user)
    if not (answers and others):
        return [("user", answers or others)] if answers or others else []
    files = any("document" in block or "video" in block for block in others)
    if files or dialect.assistant_after_tool:
        return [("user", answers), ("assistant", [{"text": FILLER}]), ("user", others)]
    return [("user", answers + others)]


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
