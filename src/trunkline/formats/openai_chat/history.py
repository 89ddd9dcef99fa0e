"""Conversations of other formats, grouped as chat wants them: results of tools right after their calls.

Chat answers every call of an assistant's message with a message of its own, before anything else is said.
"""

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import AnyPart, Message, Request, ToolCall, ToolResult
from trunkline.formats.harmless import MESSAGE, PART
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.turns import merged, unhoisted


class Turn(msgspec.Struct):
    """What one speaker says, with the results of the tools that it calls."""

    message: Message
    results: list[ToolResult]


def _leave(part: AnyPart, to: Target) -> None:
    if part.extras:
        to.losses.leave(part.extras, to.source, to.place(part), PART)


class History:
    """The turns of a request, with an id for every call."""

    def __init__(self, request: Request, to: Target) -> None:
        messages = unhoisted(request)
        self._ids: dict[int, str] = {}
        for message in messages:
            if message.extras:
                to.losses.leave(message.extras, to.source, message.at, MESSAGE)
            for part in message.parts:
                _leave(part, to)
                if type(part) is ToolResult:
                    for inner in part.content:
                        _leave(inner, to)
        self.turns = self._answered(merged(messages), to)

    def id_of(self, part: ToolCall | ToolResult) -> str:
        """The id of a call, or of the call that a result answers."""
        return self._ids[id(part)]

    def _answered(self, messages: list[Message], to: Target) -> list[Turn]:
        """The messages with the results of tools behind their calls. Raises `CannotCarry` where one has no other."""
        turns: list[Turn] = []
        waiting: list[ToolCall] = []
        asked: Turn | None = None
        for message in messages:
            results = [part for part in message.parts if isinstance(part, ToolResult)]
            for result in results:
                self._pair(result, waiting, to)
                if asked is not None:
                    asked.results.append(result)
            if results:
                message.parts = [part for part in message.parts if not isinstance(part, ToolResult)]
            if waiting and message.role != "system" and message.parts:
                self._unanswered(waiting[0], to)
            turns.append(Turn(message, []))
            if message.role == "assistant":
                waiting = [part for part in message.parts if isinstance(part, ToolCall)]
                self._name(waiting, len(turns))
                asked = turns[-1]
        if waiting:
            self._unanswered(waiting[0], to)
        return turns

    def _name(self, calls: list[ToolCall], turn: int) -> None:
        used: set[str] = set()
        for number, call in enumerate(calls):
            name = call.id if call.id and call.id not in used else minted(call.id, turn, number)
            used.add(name)
            self._ids[id(call)] = name

    def _pair(self, result: ToolResult, waiting: list[ToolCall], to: Target) -> None:
        """Find the call that `result` answers: by its id, or where there is none by its name, and in order."""
        if result.call:
            fits = [call for call in waiting if call.id == result.call]
        else:
            fits = [call for call in waiting if call.name == result.name] or waiting
        if not fits:
            path = to.place(result)
            to.losses.must_refuse(path, f"'{path}': there is no call before it that this result of a tool answers.")
        self._ids[id(result)] = self._ids[id(fits[0])]
        waiting.remove(fits[0])

    def _unanswered(self, call: ToolCall, to: Target) -> None:
        path = to.place(call)
        to.losses.must_refuse(path, f"'{path}': the result of this call of a tool must follow it.")
