"""What is known of an output item while its stream is read."""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.conversation import (
    AnyPart,
    Delta,
    Foreign,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from trunkline.formats.openai_responses.names import NAME

Fields = dict[str, Any]
_replace = msgspec.structs.replace


def _text(said: str) -> AnyPart:
    return Text(text=said)


def _refusal(said: str) -> AnyPart:
    return Refusal(text=said)


def _reasoning(said: str) -> AnyPart:
    return Reasoning(text=said)


def _summary(said: str) -> AnyPart:
    return Reasoning(summary=[said])


def _arguments(said: str) -> AnyPart:
    return ToolCall(arguments=said)


PIECES: dict[str, Callable[[str], AnyPart]] = {
    "output_text": _text,
    "refusal": _refusal,
    "summary": _summary,
    "response.output_text.delta": _text,
    "response.output_text.done": _text,
    "response.refusal.delta": _refusal,
    "response.refusal.done": _refusal,
    "response.reasoning_text.delta": _reasoning,
    "response.reasoning_text.done": _reasoning,
    "response.function_call_arguments.delta": _arguments,
    "response.function_call_arguments.done": _arguments,
}
"""Type of a part or of an event → the piece that a string is there."""


def begin(value: Fields) -> AnyPart | None:
    """The part that begins with an item; None for one whose parts begin by themselves, or come all at once."""
    kind = str(value.get("type"))
    if kind == "function_call":
        return ToolCall(id=_string(value, "call_id"), name=_string(value, "name"))
    if kind == "reasoning":
        return Reasoning(id=_string(value, "id"))
    if kind in ("message", "image_generation_call"):
        return None
    return Foreign(format=NAME, kind=kind)


class Item:
    """One item, with its parts and what was said of each."""

    __slots__ = ("cited", "finished", "numbers", "said", "summaries", "told_logprobs", "whole")

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, type[AnyPart]], int] = {}
        """Place in the content and kind → number of the part; an item that is one part has it at 0."""
        self.said: dict[int, list[str]] = {}
        """Number of the part → what came of it."""
        self.cited: dict[int, int] = {}
        """Number of the part → how many annotations came."""
        self.summaries: list[str] = []
        """What came of each part of a summary."""
        self.told_logprobs = False
        self.whole: Fields | None = None
        """The item, once it has come as a whole."""
        self.finished = False
        """All of its parts have come, with the item or with the response."""

    def left(self, number: int, whole: str) -> str | None:
        """What of `whole` has not come yet; None if something else has."""
        said = "".join(self.said[number])
        if not whole.startswith(said):
            return None
        left = whole[len(said) :]
        if left:
            self.said[number].append(left)
        return left

    def _left_of_summary(self, whole: list[str]) -> tuple[list[str] | None, bool]:
        """What of a summary has not come yet, and whether it goes on with the last part that came; None if something
        else has come.
        """
        came = len(self.summaries)
        if not came or whole[:came] == self.summaries:
            return whole[came:], False
        last = self.summaries[-1]
        if len(whole) < came or whole[: came - 1] != self.summaries[:-1] or not whole[came - 1].startswith(last):
            return None, False
        return [whole[came - 1][len(last) :], *whole[came:]], True

    def close(self, delta: Delta) -> bool:
        """Take out of a whole part what has come of it. Returns whether that was its beginning."""
        number, part = delta.part, delta.piece
        left: str | None = ""
        match part:
            case Text():
                left = self.left(number, part.text)
                citations = part.citations[self.cited.get(number, 0) :]
                delta.piece = _replace(part, text=left or "", citations=citations)
            case Refusal():
                left = self.left(number, part.text)
                delta.piece = _replace(part, text=left or "")
            case ToolCall():
                left = self.left(number, part.arguments)
                delta.piece = _replace(part, arguments=left or "")
            case Reasoning():
                left = self.left(number, part.text)
                summary, continues = self._left_of_summary(part.summary)
                delta.piece = _replace(part, text=left or "", summary=summary or [], continues=continues)
                return left is not None and summary is not None
        return left is not None


def _string(value: Fields, name: str) -> str:
    found = value.get(name)
    return found if type(found) is str else ""
