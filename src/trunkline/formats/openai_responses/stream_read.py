"""A provider's stream of this format, read.

Its events say most things several times: piece by piece, then whole with the part, the item and the response. Neutral
events hold each thing once. What an event says again is taken out where it agrees with what came before, for the writer
of this format knows it as well (`echo.py`); all else of an event stays in its `extras`.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Delta, Event, Reasoning, Refusal, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import StreamError
from trunkline.formats.openai_responses.annotations import read_citation, read_logprobs
from trunkline.formats.openai_responses.frame import take_frame, take_stop
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.output import read_output, write_output
from trunkline.formats.openai_responses.stream_items import PIECES, Item, begin
from trunkline.formats.sse import Splitter, data_of

Fields = dict[str, Any]
_decode = msgspec.json.Decoder().decode
DONE = b"[DONE]"
"""What some send behind the last event. It says nothing more."""
_WHOLE = {
    "response.output_text.done": "text",
    "response.refusal.done": "refusal",
    "response.reasoning_text.done": "text",
    "response.function_call_arguments.done": "arguments",
}
"""Events that say a part's text again, and the field in which they do."""
PART_TEXT: dict[str, tuple[str, type[AnyPart]]] = {
    "output_text": ("text", Text),
    "refusal": ("refusal", Refusal),
    "reasoning_text": ("text", Reasoning),
}
"""The same of parts, by their type, and what they are here."""
_IN_MESSAGES = frozenset(
    {"response.output_text.delta", "response.output_text.done", "response.refusal.delta", "response.refusal.done"}
)
"""Events of parts that are one of several in their item; calls and reasoning are one part each."""


class Reader:
    """Reads one stream."""

    __slots__ = ("_called", "_ended", "_frames", "_issuer", "_items", "_parts")

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._issuer = dialect.issuer
        self._frames = Splitter(limit)
        self._items: dict[int, Item] = {}
        self._parts = 0
        self._called = False
        self._ended = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises `StreamError`."""
        try:
            frames = self._frames.feed(data)
        except ValueError as error:
            raise StreamError(str(error)) from None
        payloads = [data_of(frame) for frame in frames]
        return [self._read(payload) for payload in payloads if payload and payload != DONE]

    def close(self) -> list[Event]:
        """The provider has closed its stream: what it left without the last blank line, if that is a whole event."""
        rest = self._frames.rest().rstrip(b"\r\n")
        payload = data_of(rest + b"\n\n") if rest else None
        if not payload or payload == DONE:
            return []
        try:
            decode(payload)
        except StreamError:
            return []
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the response was told to have ended, and how. `[DONE]`, which some send, says nothing more."""
        return self._ended

    def _read(self, payload: bytes) -> Event:
        rest = decode(payload)
        said = rest.get("type")
        if type(said) is str:
            del rest["type"]
        kind = said if type(said) is str else ""
        event = Event(kind=kind, extras={NAME: rest})
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, event, rest)
        elif rest.get("error"):
            _read_error(self, event, rest)
        return event

    def _item(self, rest: Fields) -> Item:
        index = rest.get("output_index")
        number = index if type(index) is int else max(self._items, default=0)
        item = self._items.get(number)
        if item is None:
            item = self._items[number] = Item()
        return item

    def _grow(self, item: Item, place: int, piece: AnyPart) -> Delta:
        """`piece` is added to the part of its kind at `place` of an item, which may begin with it."""
        key = (place, type(piece))
        number = item.numbers.get(key)
        if number is not None:
            return Delta(choice=0, part=number, piece=piece)
        number = item.numbers[key] = self._parts
        item.said[number] = []
        self._parts += 1
        return Delta(choice=0, part=number, piece=piece, begins=True)

    # what events say

    def response(self, event: Event, rest: Fields) -> None:
        """A response that has not ended."""
        if event.kind == "response.created":
            event.starts = True
            self._items = {}
            self._called = False
        if type(rest.get("response")) is dict:
            rest["response"] = dict(rest["response"])
            take_frame(event, rest["response"])

    def item_added(self, event: Event, rest: Fields) -> None:
        value = rest.get("item")
        if type(value) is not dict:
            return
        item = self._item(rest)
        begun = begin(value)
        self._called = self._called or type(begun) is ToolCall
        if begun is not None:
            event.deltas = [self._grow(item, 0, begun)]

    def part_added(self, event: Event, rest: Fields) -> None:
        value = rest.get("part")
        made = PIECES.get(str(value.get("type"))) if type(value) is dict else None
        if made is not None:
            event.deltas = [self._grow(self._item(rest), _place(rest), made(""))]

    def piece(self, event: Event, rest: Fields) -> None:
        """A piece of a text or of arguments: nearly every event."""
        said = rest.get("delta")
        if type(said) is not str:
            return
        item = self._item(rest)
        delta = self._grow(item, _place_in(event.kind, rest), PIECES[event.kind](said))
        item.said[delta.part].append(said)
        del rest["delta"]
        if rest.get("logprobs"):
            delta.logprobs = read_logprobs(rest["logprobs"])
            item.told_logprobs = delta.logprobs is not None
        event.deltas = [delta]

    def whole(self, event: Event, rest: Fields) -> None:
        """A text or arguments once more; what the pieces left out comes now."""
        field, item = _WHOLE[event.kind], self._item(rest)
        said = rest.get(field)
        if type(said) is not str:
            return
        delta = self._grow(item, _place_in(event.kind, rest), PIECES[event.kind](""))
        left = item.left(delta.part, said)
        if left is not None:
            del rest[field]
            delta.piece = PIECES[event.kind](left) if left else None
            event.deltas = [delta]

    def part_done(self, event: Event, rest: Fields) -> None:
        value, item = rest.get("part"), self._item(rest)
        kind = str(value.get("type")) if type(value) is dict else ""
        if type(value) is not dict or kind not in PART_TEXT:
            return
        field, made = PART_TEXT[kind]
        number = item.numbers.get((0 if made is Reasoning else _place(rest), made))
        if number is not None and value.get(field) == "".join(item.said[number]):
            rest["part"] = {name: said for name, said in value.items() if name != field}
            event.deltas = [Delta(choice=0, part=number)]

    def annotation(self, event: Event, rest: Fields) -> None:
        value, item = rest.get("annotation"), self._item(rest)
        if type(value) is dict:
            delta = self._grow(item, _place(rest), Text(citations=[read_citation(value)]))
            item.cited[delta.part] = item.cited.get(delta.part, 0) + 1
            event.deltas = [delta]

    def summary(self, event: Event, rest: Fields) -> None:
        """A part of a summary that is whole; what the pieces left out comes now."""
        part, item = rest.get("part"), self._item(rest)
        said, came = part.get("text") if type(part) is dict else rest.get("text"), item.summaries
        if type(said) is not str:
            return
        if rest.get("summary_index") == len(came):
            self._summarise(event, item, said)
        elif came and rest.get("summary_index") == len(came) - 1 and said != came[-1] and said.startswith(came[-1]):
            self._summarise(event, item, said[len(came[-1]) :], continues=True)

    def summary_piece(self, event: Event, rest: Fields) -> None:
        """A piece of a summary. It stays in the event, which the whole part does not say again."""
        said, item, index = rest.get("delta"), self._item(rest), rest.get("summary_index")
        if type(said) is not str or not said:
            return
        if index == len(item.summaries):
            self._summarise(event, item, said)
        elif item.summaries and index == len(item.summaries) - 1:
            self._summarise(event, item, said, continues=True)

    def _summarise(self, event: Event, item: Item, said: str, *, continues: bool = False) -> None:
        if continues:
            item.summaries[-1] += said
        else:
            item.summaries.append(said)
        event.deltas = [self._grow(item, 0, Reasoning(summary=[said], continues=continues))]

    def item_done(self, event: Event, rest: Fields) -> None:
        value, item = rest.get("item"), self._item(rest)
        if type(value) is dict and item.whole is None:
            item.whole = value
            if not item.finished and self._finish(item, value, event):
                del rest["item"]

    def _finish(self, item: Item, value: Fields, event: Event) -> bool:
        """What is left of an item that is whole. Returns whether its parts now say all of it."""
        item.finished = True
        parts, logprobs = read_output(value, self._issuer)
        exact = not logprobs and write_output(parts, None, "") == [value]
        for place, part in enumerate(parts):
            self._called = self._called or type(part) is ToolCall
            delta = self._grow(item, place, part)
            delta.ends = True
            exact = item.close(delta) and exact
            event.deltas.append(delta)
        if logprobs and not item.told_logprobs:
            event.deltas[-len(parts)].logprobs = logprobs
        return exact

    def ended(self, event: Event, rest: Fields) -> None:
        """The response has ended: its last event."""
        self._ended = event.ends = True
        response = dict(rest["response"]) if type(rest.get("response")) is dict else {}
        output = response.get("output")
        if type(output) is list:
            self._add_missed(output, event)
            response["output"] = self._unsaid(output)
        if event.kind == "response.failed":
            event.error = error_in(response)
        take_frame(event, response, output)
        stop = take_stop(response, called=self._called)
        if stop is not None:
            event.stops = {0: stop}
        if "response" in rest:
            rest["response"] = response

    def _unsaid(self, output: list[Any]) -> list[Any]:
        """The items, with their places in the stream instead of those that have come as they are."""
        places = sorted(self._items)
        if len(places) != len(output):
            return output
        return [
            place if value == self._items[place].whole else value for value, place in zip(output, places, strict=True)
        ]

    def _add_missed(self, output: list[Any], event: Event) -> None:
        """Items that no event before has told to be whole."""
        known = [item.whole for item in self._items.values()]
        for index, value in enumerate(output):
            item = self._items.get(index)
            if (item is not None and item.finished) or value in known or type(value) is not dict:
                continue
            self._finish(self._item({"output_index": index}), value, event)


def _read_error(reader: Reader, event: Event, rest: Fields) -> None:
    """The provider has failed; it says so flat, as published, or in an object."""
    del reader
    event.error = error_in(rest)


def error_in(value: Fields) -> object:
    """The error that an event or a response tells: in an object, or flat, as published."""
    flat = {name: value[name] for name in ("message", "code", "param") if name in value}
    return value.get("error") or flat or {"message": "The provider could not finish."}


def _place(rest: Fields) -> int:
    place = rest.get("content_index")
    return place if type(place) is int else 0


def _place_in(kind: str, rest: Fields) -> int:
    return _place(rest) if kind in _IN_MESSAGES else 0


def decode(payload: bytes) -> Fields:
    """The object in an event. Raises `StreamError`."""
    try:
        value = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = _decode_odd(payload)
    except RecursionError:
        raise StreamError("an event of the stream is nested too deeply") from None
    if type(value) is not dict:
        raise StreamError("an event of the stream is not a JSON object")
    return value


def _decode_odd(payload: bytes) -> Any:
    """JSON that the fast decoder refuses: half a surrogate pair, where a server cuts its output between the two."""
    try:
        value = json.loads(payload.decode())
        return _decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise StreamError(f"an event of the stream is not JSON: {error}") from None


_HANDLERS: dict[str, Callable[[Reader, Event, Fields], None]] = {
    "response.created": Reader.response,
    "response.in_progress": Reader.response,
    "response.queued": Reader.response,
    "response.output_item.added": Reader.item_added,
    "response.content_part.added": Reader.part_added,
    "response.output_text.delta": Reader.piece,
    "response.refusal.delta": Reader.piece,
    "response.reasoning_text.delta": Reader.piece,
    "response.function_call_arguments.delta": Reader.piece,
    "response.output_text.done": Reader.whole,
    "response.refusal.done": Reader.whole,
    "response.reasoning_text.done": Reader.whole,
    "response.function_call_arguments.done": Reader.whole,
    "response.content_part.done": Reader.part_done,
    "response.output_text.annotation.added": Reader.annotation,
    "response.reasoning_summary_text.delta": Reader.summary_piece,
    "response.reasoning_summary_text.done": Reader.summary,
    "response.reasoning_summary_part.done": Reader.summary,
    "response.output_item.done": Reader.item_done,
    "response.completed": Reader.ended,
    "response.incomplete": Reader.ended,
    "response.failed": Reader.ended,
    "error": _read_error,
}
"""Type of an event → what reads it. Others go by unread, and are written again by this format."""
