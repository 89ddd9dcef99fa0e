"""Regrouping messages for a format that groups them otherwise than the one they came in."""

import msgspec

from trunkline.formats.conversation import AnyPart, Message, Request, Text, ToolResult


def speaker(message: Message) -> str:
    """Whose turn a message belongs to where there are only two: `user` or `assistant` (or `system`)."""
    if message.role == "developer":
        return "system"
    return "user" if message.role == "tool" else message.role


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
            turns.append(Message(role=role, parts=list(message.parts), at=message.at, name=message.name))  # type: ignore[arg-type]  # one of the three
    for turn in turns:
        if turn.role == "user" and any(isinstance(part, ToolResult) for part in turn.parts):
            turn.parts.sort(key=lambda part: not isinstance(part, ToolResult))  # stable: the order is kept otherwise
    return turns


def hoisted(request: Request) -> tuple[list[AnyPart], list[Message]]:
    """The instructions of a request with its system messages, wherever they stand, and the messages without them."""
    system: list[AnyPart] = list(request.instructions.parts) if request.instructions is not None else []
    others: list[Message] = []
    for message in request.messages:
        if message.role in ("system", "developer"):
            system.extend(message.parts)
        else:
            others.append(message)
    return system, others


def unhoisted(request: Request) -> list[Message]:
    """All messages, with the instructions as the first of them."""
    first = request.instructions
    if first is None:
        return request.messages
    return [msgspec.structs.replace(first, role="system"), *request.messages]


def text_of(parts: list[AnyPart], between: str = "") -> str:
    """The words of `parts`, one after the other."""
    return between.join(part.text for part in parts if isinstance(part, Text))
