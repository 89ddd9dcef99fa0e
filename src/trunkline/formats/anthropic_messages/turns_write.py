"""Another format's messages in the turns of this one.

The API's rules: user and assistant take turns and a user begins; the results of all calls of a turn stand first in the
next one, in their order, and every call has one; nothing is empty; a last assistant turn is what the model goes on from
and may not end in white space. System messages go to the top, whatever their place was.
"""

from collections import defaultdict, deque
from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.blocks_write import write_cache
from trunkline.formats.anthropic_messages.parts_write import PartWriter
from trunkline.formats.anthropic_messages.placed import Placed
from trunkline.formats.anthropic_messages.words import THINKING
from trunkline.formats.call_ids import fitting, minted
from trunkline.formats.conversation import FormatName, Message, Request, Text, ToolResult
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import MESSAGE, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import cache_path, name_of, part_paths
from trunkline.formats.turns import speaker

OPENING = "Begin."
"""Said for the user where an assistant speaks first, or nobody has spoken yet."""
GO_ON = "Continue."
"""Said for the user where an assistant has spoken last and the model must not go on from its words."""


class Turn(msgspec.Struct):
    """What one side says before the other answers."""

    role: str
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
    system: list[Placed] = []
    turns: list[Turn] = []
    first = [] if request.instructions is None else [msgspec.structs.replace(request.instructions, role="system")]
    for message in (*first, *request.messages):
        placed = _placed(message, request.format, dialect, losses)
        role = speaker(message)
        if role == "system":
            system += placed
            if turns and placed:
                losses.drop(f"{message.at}.role")  # it goes to the top: its place is lost
        elif placed:
            _add(turns, role, message, placed)
    if not turns and not system:
        path = name_of(request, "messages")
        losses.must_refuse(path, f"'{path}' must say something.")
    _pair(turns, losses)
    if not turns or turns[0].role == "assistant":
        turns.insert(0, _said(OPENING))
    if turns[-1].role == "assistant":
        _end(turns, request, dialect, losses)
    if system and "system" in dialect.refuses:
        turns[0].placed[:0] = system
        system = []
    return Conversation(system, turns)


def _placed(message: Message, source: FormatName, dialect: Dialect, losses: Losses) -> list[Placed]:
    words = _only_words(message)
    if words is not None:
        return [Placed({"type": "text", "text": words}, message.at)] if words.strip() else []
    leave(message, source, message.at, losses, MESSAGE)
    if message.name and message.role != "tool":
        losses.drop(f"{message.at}.name")
    writer = PartWriter(message, source, dialect, losses)
    found: list[Placed] = []
    for part, path in zip(message.parts, part_paths(source, message), strict=True):
        blocks = writer.write(part, path)
        name = part.name if type(part) is ToolResult else ""
        found += [Placed(block, path, name) for block in blocks]
        if blocks or part.cache is None:
            continue
        if found:
            found[-1].block["cache_control"] = write_cache(part.cache)  # it reaches over what stands before it
        else:
            losses.drop(cache_path(source, path, part))
    return found


def _only_words(message: Message) -> str | None:
    """What a message says that says nothing else: most do."""
    if len(message.parts) != 1 or message.extras or message.name:
        return None
    part = message.parts[0]
    if type(part) is Text and not part.extras and not part.citations and part.cache is None:
        return part.text
    return None


def _add(turns: list[Turn], role: str, message: Message, placed: list[Placed]) -> None:
    if turns and turns[-1].role == role:
        turns[-1].placed += placed
    else:
        turns.append(Turn(role, message.at, placed))


def _said(words: str) -> Turn:
    return Turn("user", "", [Placed({"type": "text", "text": words}, "")])


def _pair(turns: list[Turn], losses: Losses) -> None:
    """Give every call an id of its own, and put its result first in the next turn."""
    seen: set[str] = set()
    calls: list[Placed] = []
    for turn in turns:
        if turn.role == "assistant":
            calls = turn.of("tool_use")
            continue
        results = turn.of("tool_result")
        ordered = _ordered(calls, results, losses) if calls or results else []
        for number, (call, result) in enumerate(zip(calls, ordered, strict=True)):
            call.block["id"] = result.block["tool_use_id"] = _own_id(call, number, seen)
        if ordered:
            turn.placed = ordered + [one for one in turn.placed if one.block["type"] != "tool_result"]
        calls = []
    if calls:
        _no_result(calls[0], losses)


def _ordered(calls: list[Placed], results: list[Placed], losses: Losses) -> list[Placed]:
    """The results in the order of their calls."""
    ids = [call.block["id"] for call in calls]
    if all(ids) and ids == [result.block["tool_use_id"] for result in results]:
        return results  # the usual case
    waiting = _Results(results)
    ordered = []
    for call in calls:
        result = waiting.take(call)
        if result is None:
            _no_result(call, losses)
        else:
            ordered.append(result)
    path = waiting.left()
    if path is not None:
        losses.must_refuse(path, f"'{path}' is the result of a call that is not in the turn before.")
    return ordered


class _Results:
    """The results of a turn, until each has its call."""

    def __init__(self, results: list[Placed]) -> None:
        self._results = results
        self._taken: set[int] = set()
        self._waiting: dict[tuple[str, str], deque[Placed]] = defaultdict(deque)
        """By what a call may find them with: their id; their name, if they have no id; their name in any case."""
        for result in results:
            given = result.block["tool_use_id"]
            self._waiting["id" if given else "name", given or result.name].append(result)
            self._waiting["any", result.name].append(result)

    def take(self, call: Placed) -> Placed | None:
        """The result of `call`: by its id, or where a side has none by the tool's name, in their order."""
        wanted, name = call.block["id"], call.block["name"]
        keys = [("id", wanted), ("name", name), ("name", "")] if wanted else [("any", name), ("any", "")]
        for key in keys:
            queue = self._waiting.get(key)
            while queue:
                result = queue.popleft()
                if id(result) not in self._taken:
                    self._taken.add(id(result))
                    return result
        return None

    def left(self) -> str | None:
        """The path of the first that no call has taken; None where there is none."""
        return next((result.path for result in self._results if id(result) not in self._taken), None)


def _no_result(call: Placed, losses: Losses) -> None:
    losses.must_refuse(
        call.path, f"'{call.path}': the call of '{call.block['name']}' has no result in the next message."
    )


def _own_id(call: Placed, number: int, seen: set[str]) -> str:
    """An id that no other call of the conversation has. Some servers give all their calls the same."""
    wanted = fitting(call.block["id"], "word") if call.block["id"] else minted(call.path, 0, number)
    while wanted in seen:
        wanted = minted(f"{wanted}/{call.path}", 0, number)
    seen.add(wanted)
    return wanted


def _end(turns: list[Turn], request: Request, dialect: Dialect, losses: Losses) -> None:
    """What the model goes on from."""
    last = turns[-1]
    held = request.output is not None and request.output.kind != "text"
    if held or "prefill" in dialect.refuses:
        why = "this model does not go on from what an assistant has said"
        losses.refuse(last.at, f"'{last.at}': {why}; the last message must be a user's.")
        turns.append(_said(GO_ON))
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
        elif not turn.of("tool_result"):
            open_turn = None
    return open_turn is None or open_turn.placed[0].block["type"] in THINKING


def write_turn(turn: Turn) -> dict[str, Any]:
    """A message of the document."""
    first = turn.placed[0].block
    if len(turn.placed) == 1 and first["type"] == "text" and len(first) == 2:
        return {"role": turn.role, "content": first["text"]}
    return {"role": turn.role, "content": [placed.block for placed in turn.placed]}
