"""A reply of any format in the grammar of this one: items that open, fill and close, and the response around them.

The events are made for a stream; of a whole reply only the last response is, by the same steps, so that both say the
same.
"""

from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Delta,
    Event,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Request,
    Stop,
    Text,
    Tool,
    ToolCall,
    Usage,
)
from trunkline.formats.openai_responses.compose_parts import Call, Message, Stage, Thought, Words, compose_whole
from trunkline.formats.openai_responses.frame import compose_stop
from trunkline.formats.openai_responses.names import NAME, minted_id
from trunkline.formats.openai_responses.output import HEAD
from trunkline.formats.openai_responses.shell import shell
from trunkline.formats.openai_responses.tools import is_custom
from trunkline.formats.openai_responses.usage import write_usage

Fields = dict[str, Any]
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
_ENDS = {"completed": "response.completed", "incomplete": "response.incomplete", "failed": "response.failed"}


class Composer:
    """Takes neutral events in and gives events of this format out."""

    __slots__ = (
        "_as_summary",
        "_calls",
        "_custom",
        "_message",
        "_response",
        "_stage",
        "_stop",
        "_thought",
        "_usage",
        "_words",
        "began",
        "ended",
    )

    def __init__(self, request: Request, *, streams: bool = True) -> None:
        """`streams`: the events are wanted, not only the response that they amount to."""
        self._response = shell(request)
        self._custom = frozenset(tool.name for tool in request.tools if isinstance(tool, Tool) and is_custom(tool))
        self._as_summary = request.thinking is not None and bool(request.thinking.summary)
        self._stage = Stage(streams=streams)
        self._message: Message | None = None
        self._words: tuple[int, Words] | None = None
        """What is being said, with the number of its part."""
        self._thought: tuple[int, Thought] | None = None
        self._calls: dict[int, Call] = {}
        """Those of one turn may come side by side."""
        self._stop: Stop | None = None
        self._usage: Usage | None = None
        self.began = False
        self.ended = False

    def feed(self, event: Event) -> list[Fields]:
        """The events that say `event`."""
        if not self.began:
            self._begin(event)
        for delta in event.deltas:
            if delta.choice == 0:
                self._add(delta)
        self._stop = event.stops.get(0, self._stop)
        self._usage = event.usage or self._usage
        if event.service_tier in _TIERS:
            self._response["service_tier"] = event.service_tier
        return self._taken()

    def finish(self) -> list[Fields]:
        """The last events: what is open closes, and the response ends."""
        if not self.began:
            self._begin(Event())
        response, stage = self._response, self._stage
        status = compose_stop(self._stop, response)
        self._close_all("incomplete" if status == "incomplete" else "completed")
        response["output"] = stage.items
        if self._usage is not None:
            response["usage"] = write_usage(self._usage, None)
        stage.emit(_ENDS[status], response=response)
        self.ended = True
        return self._taken()

    def fail(self, message: str, kind: str, code: str | None, param: str | None) -> list[Fields]:
        """The last event of a stream that broke. The SDK raises what it finds in `error`."""
        error = {"type": kind, "code": code, "message": message, "param": param}
        self._stage.emit("error", code=code, message=message, param=param, error=error)
        self.ended = True
        return self._taken()

    def go_on(self, sequence: int) -> None:
        """Number events from `sequence` on."""
        self._stage.sequence = sequence

    @property
    def response(self) -> Fields:
        """The response as it stands."""
        return self._response

    def _taken(self) -> list[Fields]:
        events, self._stage.events = self._stage.events, []
        return events

    def _begin(self, event: Event) -> None:
        self.began = True
        response, stage = self._response, self._stage
        response["model"] = event.model or response["model"]
        response["created_at"] = event.created or 0
        known = event.id or minted_id("resp", f"{response['model']}/{event.created}")
        response["id"] = known if known.startswith("resp_") else f"resp_{known}"
        stage.seed = response["id"]
        stage.emit("response.created", response=dict(response))
        stage.emit("response.in_progress", response=dict(response))

    def _add(self, delta: Delta) -> None:
        piece, number = delta.piece, delta.part
        match piece:
            case Text():
                self._say(number, piece, piece.text, delta)
            case Refusal():
                self._say(number, piece, piece.text, delta)
            case Audio():
                self._say(number, piece, piece.transcript, delta)
            case ToolCall():
                self._call(number, piece)
            case Reasoning():
                self._think(number, piece)
            case Image() | Foreign():
                item = compose_whole(piece, self._stage)
                if item is not None:
                    self._close_words(message=True)
                    self._close_thought()
                    self._stage.whole(item)
            case None if delta.logprobs and self._words is not None and self._words[0] == number:
                self._words[1].add("", [], delta.logprobs)
        if delta.ends:
            self._end(number)

    def _say(self, number: int, piece: AnyPart, said: str, delta: Delta) -> None:
        citations = piece.citations if isinstance(piece, Text) else []
        if self._words is None or self._words[0] != number:
            if not said and not citations:
                return  # it opens with the first word
            self._close_thought()
            self._close_words()
            self._words = (number, self._open_words(piece))
        self._words[1].add(said, citations, delta.logprobs)

    def _open_words(self, piece: AnyPart) -> Words:
        head: Fields | None = piece.extras.get(NAME, {}).get(HEAD)
        if self._message is not None and head is not None:
            self._close_words(message=True)
        if self._message is None:
            self._message = Message(self._stage, head or {})
        return Words(self._message, refusal=isinstance(piece, Refusal))

    def _call(self, number: int, piece: ToolCall) -> None:
        call = self._calls.get(number)
        if call is None:
            self._close_words(message=True)
            self._close_thought()
            call = self._calls[number] = Call(self._stage, number, self._custom)
        call.add(piece)

    def _think(self, number: int, piece: Reasoning) -> None:
        if self._thought is None or self._thought[0] != number:
            self._close_words(message=True)
            self._close_thought()
            self._thought = (number, Thought(self._stage, as_summary=self._as_summary))
        self._thought[1].add(piece)

    def _end(self, number: int) -> None:
        """The source says that a part is whole. A message stays open for more of its parts."""
        if self._words is not None and self._words[0] == number:
            self._close_words()
        elif self._thought is not None and self._thought[0] == number:
            self._close_thought()
        elif number in self._calls:
            self._calls.pop(number).close("completed")

    def _close_words(self, *, message: bool = False, status: str = "completed") -> None:
        if self._words is not None:
            self._words[1].close()
            self._words = None
        if message and self._message is not None:
            self._message.close(status)
            self._message = None

    def _close_thought(self) -> None:
        if self._thought is not None:
            self._thought[1].close()
            self._thought = None

    def _close_all(self, status: str) -> None:
        self._close_thought()
        self._close_words(message=True, status=status)
        for call in self._calls.values():
            call.close(status)
        self._calls.clear()
