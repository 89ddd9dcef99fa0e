"""Another format's messages in the turns of this one.

The API's rules: user and assistant take turns and a user begins; the results of all calls of a turn stand first in the
next one, in their order, and every call has one; nothing is empty; a last assistant turn is what the model goes on from
and may not end in white space. What the operator says first goes to the top; what he says later stays in its place.
"""

from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.blocks_write import write_cache
from trunkline.formats.anthropic_messages.parts_write import PartWriter
from trunkline.formats.anthropic_messages.placed import Placed
from trunkline.formats.anthropic_messages.words import THINKING
from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import Request, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses
from trunkline.formats.paths import cache_path, name_of
from trunkline.formats.turns import Call, Piece, Speaker, take_turns

OPENING = "Begin."
"""Said for the user where an assistant speaks first, or nobody has spoken yet."""
GO_ON = "Continue."
"""Said for the user where an assistant has spoken last and the model must not go on from its words."""


class Turn(msgspec.Struct):
    """What one side says before the other answers."""

    role: Speaker
    at: str
    placed: list[Placed]

    def of(self, kind: str) -> list[Placed]:
        """Its blocks of one kind."""
        return [placed for placed in self.placed if placed.block["type"] == kind]


class Conversation(msgspec.Struct):
    """The content of a request in this format's grouping."""

    system: list[Placed]
    turns: list[Turn]


def regrouped(request: Request, dialect: Dialect, losses: Losses) -> Conversation:
    """The conversation of a request that came in another format."""
    taken = take_turns(request, losses, _word, later_system=dialect.later_system)
    writer = PartWriter(request.format, dialect, losses)
    system = _placed(taken.system, [], writer)
    turns: list[Turn] = []
    for turn in taken.turns:
        writer.begin(turn.role, calls=bool(turn.calls))
        if turn.role == "user":
            placed = _answers(turn.calls, writer) if turn.calls else []
            placed += _placed(turn.pieces, [], writer)
        else:
            placed = _placed(turn.pieces, turn.calls, writer)
        if turns and turns[-1].role == turn.role:
            turns[-1].placed += placed  # what was said between them says nothing here
        elif placed:
            turns.append(Turn(turn.role, turn.at, placed))
    if not turns and not system:
        path = name_of(request, "messages")
        losses.must_refuse(path, f"'{path}' must say something.")
    if not turns or turns[0].role == "assistant":
        turns.insert(0, Turn("user", "", _said(OPENING)))
    if turns[-1].role == "assistant":
        _end(turns, request, dialect, losses)
    if system and "system" in dialect.refuses:
        turns[0].placed[:0] = system
        system = []
    return Conversation(system, turns)


def _word(call_id: str) -> str:
    return fitting(call_id, "word")


def _answers(calls: list[Call], writer: PartWriter) -> list[Placed]:
    """The results of a turn, and behind them what cannot stand in them."""
    results: list[Placed] = []
    beside: list[Placed] = []
    for call in calls:
        part, path = call.result
        result, others = writer.result(part, path, call.id)
        results.append(Placed(result, path))
        beside += [Placed(block, path) for block in others]
    return results + beside


def _placed(pieces: list[Piece], calls: list[Call], writer: PartWriter) -> list[Placed]:
    """The blocks of what is said. `calls` are those among the pieces."""
    found: list[Placed] = []
    waiting = iter(calls)
    for part, path in pieces:
        if type(part) is Text and part.cache is None and not part.extras and not part.citations:
            if part.text.strip():
                found.append(Placed({"type": "text", "text": part.text}, path))
            continue
        blocks = [writer.call(part, path, next(waiting).id)] if type(part) is ToolCall else writer.write(part, path)
        found += [Placed(block, path) for block in blocks]
        if blocks or part.cache is None:
            continue
        if found:
            found[-1].block["cache_control"] = write_cache(part.cache)  # it reaches over what stands before it
        else:
            writer.losses.drop(cache_path(writer.source, path, part))
    return found


def _said(words: str) -> list[Placed]:
    return [Placed({"type": "text", "text": words}, "")]


def _end(turns: list[Turn], request: Request, dialect: Dialect, losses: Losses) -> None:
    """What the model goes on from."""
    last = turns[-1]
    held = request.output is not None and request.output.kind != "text"
    if held or "prefill" in dialect.refuses:
        why = "this model does not go on from what an assistant has said"
        losses.refuse(last.at, f"'{last.at}': {why}; the last message must be a user's.")
        turns.append(Turn("user", "", _said(GO_ON)))
        return
    block = last.placed[-1].block
    if block["type"] == "text":
        block["text"] = block["text"].rstrip()


def starts_with_thinking(turns: list[Turn]) -> bool:
    """Whether the model can go on thinking: in the middle of its tool calls, or of its own words, it must have begun
    with thinking that it recognises.
    """
    open_turn: Turn | None = None
    for turn in turns:
        if turn.role == "assistant":
            open_turn = open_turn or turn
        elif turn.role == "user" and not turn.of("tool_result"):
            open_turn = None
    return open_turn is None or open_turn.placed[0].block["type"] in THINKING


def write_turn(turn: Turn) -> dict[str, Any]:
    """A message of the document."""
    first = turn.placed[0].block
    if len(turn.placed) == 1 and first["type"] == "text" and len(first) == 2:
        return {"role": turn.role, "content": first["text"]}
    return {"role": turn.role, "content": [placed.block for placed in turn.placed]}
