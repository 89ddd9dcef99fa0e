"""Events of this format's own streams, written again.

The reader has taken out what an event says again (`stream_read.py`); here it is put back from what went before, so
that a text that was changed on the way is the same wherever it is said.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Delta, Event, Reasoning, Refusal, Text, ToolCall
from trunkline.formats.folding import add
from trunkline.formats.openai_responses.frame import put_frame, put_stop
from trunkline.formats.openai_responses.output import write_output
from trunkline.formats.openai_responses.stream_read import PART_TEXT

Fields = dict[str, Any]
_replace = msgspec.structs.replace


class Echo:
    """Writes the events of one stream."""

    __slots__ = ("_items", "_parts", "_said", "sequence")

    def __init__(self) -> None:
        self._said: dict[int, list[str]] = {}
        """Number of a part → its text or arguments, in pieces."""
        self._parts: dict[int, AnyPart] = {}
        """The rest of it."""
        self._items: dict[int, Fields] = {}
        """Place in the output → the item."""
        self.sequence = 0
        """Number of the next event."""

    def write(self, event: Event, own: Fields) -> Fields:
        """The event that was read as `event`, whose own fields are `own`."""
        value = {"type": event.kind, **own} if event.kind else dict(own)
        for delta in event.deltas:
            self._add(delta)
        filler = _FILLERS.get(event.kind)
        if filler is not None:
            filler(self, event, value)
        number = own.get("sequence_number")
        self.sequence = (number if type(number) is int else self.sequence) + 1
        return value

    def _add(self, delta: Delta) -> None:
        piece, number = delta.piece, delta.part
        if piece is None:
            return
        said = words(piece)
        if said:
            self._said.setdefault(number, []).append(said)
        if delta.ends or not said:
            part = self._parts.get(number)
            if part is None:
                part = self._parts[number] = type(piece)()
            if type(part) is type(piece):
                add(part, _with(piece, ""))

    def _whole(self, number: int) -> str:
        return "".join(self._said.get(number, ()))

    # what is put back

    def delta(self, event: Event, value: Fields) -> None:
        if event.deltas and "delta" not in value:
            value["delta"] = words(event.deltas[0].piece)

    def text(self, event: Event, value: Fields) -> None:
        field = "refusal" if event.kind == "response.refusal.done" else "text"
        if event.deltas and field not in value:
            value[field] = self._whole(event.deltas[0].part)

    def arguments(self, event: Event, value: Fields) -> None:
        if event.deltas and "arguments" not in value:
            value["arguments"] = self._whole(event.deltas[0].part)

    def part(self, event: Event, value: Fields) -> None:
        if event.deltas:
            part = value["part"]
            value["part"] = {**part, PART_TEXT[part["type"]][0]: self._whole(event.deltas[0].part)}

    def item(self, event: Event, value: Fields) -> None:
        if "item" not in value and event.deltas:
            numbers = [delta.part for delta in event.deltas]
            parts = [_with(self._parts[number], self._whole(number)) for number in numbers]
            value["item"] = write_output(parts, None, "")[0]
        if type(value.get("output_index")) is int and type(value.get("item")) is dict:
            self._items[value["output_index"]] = value["item"]

    def response(self, event: Event, value: Fields) -> None:
        if type(value.get("response")) is not dict:
            return
        response = value["response"] = dict(value["response"])
        put_frame(event, response)
        if event.starts:
            self._items = {}
        if event.ends:
            put_stop(event.stops.get(0), response)
            if type(response.get("output")) is list:
                response["output"] = self._filled(response["output"])

    def _filled(self, output: list[Any]) -> list[Any]:
        """The output with the items that have come before in their places."""
        filled = [self._items.get(value) if type(value) is int else value for value in output]
        return [value for value in filled if value is not None]


_FILLERS: dict[str, Callable[[Echo, Event, Fields], None]] = {
    "response.created": Echo.response,
    "response.in_progress": Echo.response,
    "response.queued": Echo.response,
    "response.output_text.delta": Echo.delta,
    "response.refusal.delta": Echo.delta,
    "response.reasoning_text.delta": Echo.delta,
    "response.function_call_arguments.delta": Echo.delta,
    "response.output_text.done": Echo.text,
    "response.refusal.done": Echo.text,
    "response.reasoning_text.done": Echo.text,
    "response.function_call_arguments.done": Echo.arguments,
    "response.content_part.done": Echo.part,
    "response.output_item.done": Echo.item,
    "response.completed": Echo.response,
    "response.incomplete": Echo.response,
    "response.failed": Echo.response,
}


def words(piece: AnyPart | None) -> str:
    """The text or the arguments of a piece."""
    match piece:
        case Text() | Refusal() | Reasoning():
            return piece.text
        case ToolCall():
            return piece.arguments
    return ""


def _with(part: AnyPart, said: str) -> AnyPart:
    """`part` with another text or other arguments."""
    match part:
        case Text() | Refusal() | Reasoning():
            return _replace(part, text=said)
        case ToolCall():
            return _replace(part, arguments=said)
    return part
