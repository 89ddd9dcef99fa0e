"""Which result of a tool answers which call, in a conversation that comes from another format."""

from trunkline.formats.call_ids import Rule, fitting, minted
from trunkline.formats.conversation import Message, ToolCall, ToolResult
from trunkline.formats.losses import Losses

MOST_ID = 64
"""Characters of a `call_id` that OpenAI takes."""


class _Waiting:
    """A call that has no result yet."""

    __slots__ = ("at", "call", "id")

    def __init__(self, call: ToolCall, call_id: str, at: str) -> None:
        self.call = call
        self.id = call_id
        self.at = at


def pair(messages: list[Message], rule: Rule, losses: Losses) -> dict[int, str]:
    """The id to write for each call and each result, by the part's identity.

    Calls without an id, or with one that was there before, get one of their place; results without an id belong to the
    first waiting call of their name. Raises `CannotCarry` for a result without a call and a call without a result: the
    API refuses both.
    """
    ids: dict[int, str] = {}
    used: set[str] = set()
    waiting: list[_Waiting] = []
    for message in messages:
        answers = False
        for number, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                call_id = _fit(part.id, rule) if part.id and part.id not in used else minted(message.at, 0, number)
                used.add(part.id)
                ids[id(part)] = call_id
                waiting.append(_Waiting(part, call_id, message.at))
            elif isinstance(part, ToolResult):
                answers = True
                ids[id(part)] = _answer(part, waiting, message.at, losses)
        if message.role == "user" and not answers:
            _all_answered(waiting, losses)
    _all_answered(waiting, losses)
    return ids


def _answer(result: ToolResult, waiting: list[_Waiting], at: str, losses: Losses) -> str:
    found = next((number for number, one in enumerate(waiting) if _is_answered(one.call, result)), None)
    if found is None:
        losses.must_refuse(at, f"The tool result at '{at}' answers no tool call before it.")
    return waiting.pop(found).id


def _is_answered(call: ToolCall, result: ToolResult) -> bool:
    return call.id == result.call if result.call and call.id else call.name == result.name


def _all_answered(waiting: list[_Waiting], losses: Losses) -> None:
    for one in waiting:
        losses.must_refuse(one.at, f"The call of '{one.call.name}' at '{one.at}' has no tool result after it.")


def _fit(call_id: str, rule: Rule) -> str:
    fitted = fitting(call_id, rule)
    return fitted if len(fitted) <= MOST_ID else fitting(call_id, "word")
