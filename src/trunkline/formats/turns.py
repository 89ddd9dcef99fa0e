"""Regrouping messages for a format that groups them otherwise than the one they came in.

Where there are two speakers they take turns, the operator stands apart, and every call of a turn is answered in the
next one, in order and before everything else. `take_turns` says it once for all formats of this kind; the words are
theirs.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import AnyPart, Message, Request, Text, ToolCall, ToolResult
from trunkline.formats.harmless import MESSAGE, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import part_paths

Speaker: TypeAlias = Literal["system", "user", "assistant"]

SHOWN_BELOW = "The result is shown below."
"""Said for a tool whose result has no words, where what it shows must stand beside the result."""


class Piece(NamedTuple):
    """A part with its path in the client's document."""

    part: AnyPart
    path: str


class Result(NamedTuple):
    """The result of a tool with its path in the client's document."""

    part: ToolResult
    path: str


class Call(msgspec.Struct):
    """A tool call and its result."""

    part: ToolCall
    path: str
    id: str = ""
    """What both are told by: an id that the target takes, and that no other call of the conversation has."""
    result: Result = Result(ToolResult(), "")


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


def speaker(message: Message) -> Speaker:
    """Whose turn a message belongs to."""
    match message.role:
        case "developer":
            return "system"
        case "tool":
            return "user"
    return message.role


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
    messages = unhoisted(request)
    for number, message in enumerate(messages):
        if message.extras:
            leave(message, request.format, message.at, losses, MESSAGE)
        if message.name:
            losses.drop(f"{message.at}.name")
        role = speaker(message)
        pieces = list(map(Piece, message.parts, part_paths(request.format, message)))
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
    following = next((who for message in messages[number + 1 :] if (who := speaker(message)) != "system"), None)
    return turns[-1].role != "assistant" and following != "user"


def _reminding(pieces: list[Piece]) -> list[Piece]:
    """What the operator says in the middle of a conversation, in a mark that models know for it."""
    return [
        Piece(
            Text(text=f"<system-reminder>\n{part.text}\n</system-reminder>", cache=part.cache, extras=part.extras), at
        )
        if type(part) is Text and part.text.strip()
        else Piece(part, at)
        for part, at in pieces
    ]


# Which result answers which call


def _pair(turns: list[Turn], losses: Losses) -> None:
    """Find the calls of every turn, and their results in the next one."""
    waiting: list[Call] = []
    for turn in turns:
        if turn.role == "system":
            continue
        results = [Result(part, path) for part, path in turn.pieces if type(part) is ToolResult]
        if turn.role == "assistant":
            for result in results:
                losses.must_refuse(result.path, f"'{result.path}': the result of a tool is the user's to give.")
            waiting = turn.calls = [Call(part, path) for part, path in turn.pieces if type(part) is ToolCall]
            continue
        if results:
            turn.pieces = [piece for piece in turn.pieces if type(piece.part) is not ToolResult]
        if results or waiting:
            _answer(waiting, results, losses)
            turn.calls, waiting = waiting, []
    for call in waiting:
        _no_result(call, losses)


def _answer(calls: list[Call], results: list[Result], losses: Losses) -> None:
    """Give each of `calls` its own of `results`."""
    ids = [call.part.id for call in calls]
    usual = all(ids) and ids == [result.part.call for result in results]
    for call, result in zip(calls, results if usual else _ordered(calls, results, losses), strict=True):
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
        losses.must_refuse(left.path, f"'{left.path}' is the result of a call that is not in the turn before.")
    return ordered


class _Waiting:
    """The results of a turn, until each has its call."""

    def __init__(self, results: list[Result]) -> None:
        self._results = results
        self._taken: set[int] = set()
        self._by: dict[tuple[str, str], deque[Result]] = defaultdict(deque)
        """By what a call may find them with: their id; their name, if they have no id; their name in any case."""
        for result in results:
            given, name = result.part.call, result.part.name
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
        role = speaker(message)
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
