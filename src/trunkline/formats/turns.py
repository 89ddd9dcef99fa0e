"""Regrouping messages for a format that groups them otherwise than the one they came in.

Where there are two speakers they take turns, the operator stands apart, and every call of a turn is answered in the
next one, in order and before everything else. `take_turns` says it once for all formats of this kind; the words are
theirs.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import AnyPart, Message, Request, Text, ToolCall, ToolResult
from trunkline.formats.harmless import MESSAGE, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import part_paths

Speaker: TypeAlias = Literal["system", "user", "assistant"]

SHOWN_BELOW = "The result is shown below."
"""Said for a tool whose result has no words, where what it shows must stand beside the result."""


Piece: TypeAlias = tuple[AnyPart, str]
"""A part with its path in the client's document."""
Result: TypeAlias = tuple[ToolResult, str]
"""The result of a tool, likewise."""


class Call(msgspec.Struct):
    """A tool call and its result."""

    part: ToolCall
    path: str
    id: str = ""
    """What both are told by: an id that the target takes, and that no other call of the conversation has."""
    result: Result = (ToolResult(), "")


class Turn(msgspec.Struct):
    """What one side says before the other."""

    role: Speaker
    at: str
    pieces: list[Piece]
    """In their order; results of tools are not among them."""
    calls: list[Call] = []
    """The assistant's: those among its pieces. The user's: those of the turn before, which it answers."""


class Conversation(msgspec.Struct):
    """A request in turns."""

    system: list[Piece]
    """What the operator says before anybody else."""
    turns: list[Turn]


SPEAKERS: dict[str, Speaker] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "tool": "user",
    "assistant": "assistant",
}
"""Whose turn a message belongs to, by its role."""


def take_turns(
    request: Request, losses: Losses, fit: Callable[[str], str], *, later_system: bool = False
) -> Conversation:
    """A request of another format in turns. Raises `CannotCarry` for a call or a result that has no other.

    `fit` makes an id that the target takes. What the operator says later in the conversation stays in its place, for
    else every turn before it would be read anew by the provider's cache; it is said by the user and marked, unless the
    target takes system messages there (`later_system`: behind the user's words and before the assistant's).
    """
    system: list[Piece] = []
    turns: list[Turn] = []
    messages, source = unhoisted(request), request.format
    for number, message in enumerate(messages):
        if message.extras:
            leave(message, source, message.at, losses, MESSAGE)
        if message.name:
            losses.drop(f"{message.at}.name")
        role = SPEAKERS[message.role]
        parts, paths = message.parts, part_paths(source, message)
        pieces: list[Piece] = [(parts[0], paths[0])] if len(parts) == 1 else list(zip(parts, paths, strict=True))
        if role == "system":
            if not turns:
                system += pieces
                continue
            if not (later_system and _may_stand(messages, number, turns)):
                role, pieces = "user", _reminding(pieces)
                losses.drop(f"{message.at}.role")
        if turns and turns[-1].role == role:
            turns[-1].pieces += pieces
        else:
            turns.append(Turn(role, message.at, pieces))
    _pair(turns, losses)
    _name(turns, fit)
    return Conversation(system, turns)


def _may_stand(messages: list[Message], number: int, turns: list[Turn]) -> bool:
    """Whether a system message has the user's words before it and the assistant's, or nothing, behind it."""
    following = next((who for message in messages[number + 1 :] if (who := SPEAKERS[message.role]) != "system"), None)
    return turns[-1].role != "assistant" and following != "user"


def _reminding(pieces: list[Piece]) -> list[Piece]:
    """What the operator says in the middle of a conversation, in a mark that models know for it."""
    return [(_marked(part) if type(part) is Text and part.text.strip() else part, path) for part, path in pieces]


def _marked(part: Text) -> Text:
    return msgspec.structs.replace(part, text=f"<system-reminder>\n{part.text}\n</system-reminder>")


# Which result answers which call


def _pair(turns: list[Turn], losses: Losses) -> None:
    """Find the calls of every turn, and their results in the next one."""
    waiting: list[Call] = []
    for turn in turns:
        if turn.role == "assistant":
            waiting = turn.calls = _calls(turn, losses)
        elif turn.role == "user":
            results = [(part, path) for part, path in turn.pieces if type(part) is ToolResult]
            if results:
                turn.pieces = [piece for piece in turn.pieces if type(piece[0]) is not ToolResult]
            if results or waiting:
                _answer(waiting, results, losses)
                turn.calls, waiting = waiting, []
    for call in waiting:
        _no_result(call, losses)


def _calls(turn: Turn, losses: Losses) -> list[Call]:
    calls = []
    for part, path in turn.pieces:
        if type(part) is ToolCall:
            calls.append(Call(part, path))
        elif type(part) is ToolResult:
            losses.must_refuse(path, f"'{path}': the result of a tool is the user's to give.")
    return calls


def _answer(calls: list[Call], results: list[Result], losses: Losses) -> None:
    """Give each of `calls` its own of `results`."""
    usual = len(calls) == len(results)
    for call, result in zip(calls, results, strict=False):
        usual = usual and bool(call.part.id) and call.part.id == result[0].call
        call.result = result
    if not usual:
        for call, result in zip(calls, _ordered(calls, results, losses), strict=True):
            call.result = result


def _ordered(calls: list[Call], results: list[Result], losses: Losses) -> list[Result]:
    """The results in the order of their calls."""
    waiting = _Waiting(results)
    ordered = []
    for call in calls:
        result = waiting.take(call.part)
        if result is None:
            _no_result(call, losses)
        else:
            ordered.append(result)
    left = waiting.left()
    if left is not None:
        losses.must_refuse(left[1], f"'{left[1]}' is the result of a call that is not in the turn before.")
    return ordered


class _Waiting:
    """The results of a turn, until each has its call."""

    def __init__(self, results: list[Result]) -> None:
        self._results = results
        self._taken: set[int] = set()
        self._by: dict[tuple[str, str], deque[Result]] = defaultdict(deque)
        """By what a call may find them with: their id; their name, if they have no id; their name in any case."""
        for result in results:
            given, name = result[0].call, result[0].name
            self._by["id" if given else "name", given or name].append(result)
            self._by["any", name].append(result)

    def take(self, call: ToolCall) -> Result | None:
        """The result of `call`: by its id, or where a side has none by the tool's name, in their order."""
        wanted, name = call.id, call.name
        keys = [("id", wanted), ("name", name), ("name", "")] if wanted else [("any", name), ("any", "")]
        for key in keys:
            queue = self._by.get(key)
            while queue:
                result = queue.popleft()
                if id(result) not in self._taken:
                    self._taken.add(id(result))
                    return result
        return None

    def left(self) -> Result | None:
        """The first that no call has taken; None where there is none."""
        return next((result for result in self._results if id(result) not in self._taken), None)


def _no_result(call: Call, losses: Losses) -> None:
    losses.must_refuse(call.path, f"'{call.path}': the call of '{call.part.name}' has no result in the next message.")


def _name(turns: list[Turn], fit: Callable[[str], str]) -> None:
    """Give every call an id of its own. Some servers give all their calls the same."""
    seen: set[str] = set()
    for turn in turns:
        if turn.role != "assistant":
            continue
        for number, call in enumerate(turn.calls):
            wanted = fit(call.part.id or minted(call.path, 0, number))
            while wanted in seen:
                wanted = fit(minted(f"{wanted}/{call.path}", 0, number))
            seen.add(wanted)
            call.id = wanted


# For formats with as many turns as there are messages


def merged(messages: list[Message]) -> list[Message]:
    """Messages in turns: neighbours of one speaker become one message, results of tools before everything else.

    Roles that come out are `system`, `user` and `assistant`. What is put together keeps the path of its first piece.
    """
    turns: list[Message] = []
    for message in messages:
        role = SPEAKERS[message.role]
        if turns and turns[-1].role == role:
            turns[-1].parts.extend(message.parts)
        else:
            turns.append(Message(role=role, parts=list(message.parts), at=message.at, name=message.name))
    for turn in turns:
        if turn.role == "user" and any(isinstance(part, ToolResult) for part in turn.parts):
            turn.parts.sort(key=lambda part: not isinstance(part, ToolResult))  # stable: the order is kept otherwise
    return turns


def unhoisted(request: Request) -> list[Message]:
    """All messages, with the instructions as the first of them."""
    first = request.instructions
    if first is None:
        return request.messages
    return [msgspec.structs.replace(first, role="system"), *request.messages]


def text_of(parts: list[AnyPart], between: str = "") -> str:
    """The words of `parts`, one after the other."""
    return between.join(part.text for part in parts if isinstance(part, Text))
