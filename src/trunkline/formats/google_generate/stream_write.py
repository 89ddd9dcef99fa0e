"""Writing a stream of generateContent to a Google client: server-sent events, or one JSON array where it wants one.

Events of this format's reader are written as they came. Of other formats', a call is written when its arguments are
whole, for Google's clients know only whole ones; and the stop reasons come with the usage in a last event.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import (
    AnyPart,
    Delta,
    Event,
    Logprob,
    Reasoning,
    Refusal,
    Request,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.folding import add, shown
from trunkline.formats.format import Problem
from trunkline.formats.google_generate.citations import write_citations
from trunkline.formats.google_generate.errors import error_value
from trunkline.formats.google_generate.facts import write_logprobs, write_stop
from trunkline.formats.google_generate.names import NAME
from trunkline.formats.google_generate.parts_write import arguments_of, write_parts
from trunkline.formats.google_generate.reply_read import close_candidate, index_of
from trunkline.formats.google_generate.reply_write import ShownParts, usage_of

Json = dict[str, Any]
_encode = msgspec.json.Encoder().encode


class StreamWriter:
    """Writes a stream to a client."""

    __slots__ = ("_array", "_choices", "_foreign", "_id", "_model", "_opened", "_usage")

    def __init__(self, request: Request) -> None:
        self._array = request.format == NAME and request.spelling.get("stream") == "array"
        self._opened = False
        self._foreign = False
        """The events are another format's: the end is to be written here."""
        self._choices: dict[int, _Choice] = {}
        self._id = ""
        self._model = ""
        self._usage: Usage | None = None

    def feed(self, event: Event) -> bytes:
        """The same in this format; empty where it has nothing to say."""
        own = event.extras.get(NAME)
        if own is not None:
            return b"" if event.ends else self._framed(_write_own(event, own))
        self._foreign = True
        self._id, self._model = event.id or self._id, event.model or self._model
        self._usage = event.usage or self._usage
        for delta in event.deltas:
            self._choice(delta.choice).take(delta)
        for index, stop in event.stops.items():
            self._choice(index).stop = stop
        written = [choice.write(parts) for choice in self._choices.values() if (parts := choice.parts.take())]
        return self._framed(self._frame(written)) if written else b""

    def end(self) -> bytes:
        """What follows the last event of a stream that is whole."""
        out = b""
        if self._foreign:
            self._choice(min(self._choices, default=0))  # there is one, if only to say that it is empty
            last = self._frame([choice.write_last() for choice in self._choices.values()])
            usage = usage_of(self._usage, None, own=False)
            if usage is not None:
                last["usageMetadata"] = usage
            out = self._framed(last)
        return out + self._closing()

    def fail(self, problem: Problem) -> bytes:
        """The last event of a stream that failed, as Google's SDKs raise it."""
        return self._framed(error_value(problem)) + self._closing()

    def _choice(self, index: int) -> "_Choice":
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _Choice(index)
        return choice

    def _frame(self, candidates: list[Json]) -> Json:
        made: Json = {"candidates": candidates} if candidates else {}
        if self._model:
            made["modelVersion"] = self._model
        if self._id:
            made["responseId"] = self._id
        return made

    def _framed(self, value: Json) -> bytes:
        if not self._array:
            return b"data: " + _encode(value) + b"\r\n\r\n"
        before = b",\r\n" if self._opened else b"["
        self._opened = True
        return before + _encode(value)

    def _closing(self) -> bytes:
        if not self._array:
            return b""
        return b"]" if self._opened else b"[]"


# Events of this format


def _write_own(event: Event, extras: Json) -> Json:
    spelling = event.spelling
    made = dict(extras)
    frames = extras.get("candidates")
    if isinstance(frames, list):
        made[spelling.get("candidates", "candidates")] = [
            _write_candidate(event, frame, number) if isinstance(frame, dict) else frame
            for number, frame in enumerate(frames)
        ]
    usage = usage_of(event.usage, event.reported, own=True)
    if usage is not None:
        made[spelling.get("usageMetadata", "usageMetadata")] = usage
    if event.model:
        made[spelling.get("modelVersion", "modelVersion")] = event.model
    if event.id:
        made[spelling.get("responseId", "responseId")] = event.id
    return made


def _write_candidate(event: Event, frame: Json, number: int) -> Json:
    index = index_of(frame, number)
    parts: list[AnyPart] = [
        delta.piece
        for delta in event.deltas
        if delta.choice == index and delta.piece is not None and "derived" not in delta.piece.spelling
    ]
    stop = event.stops.get(index)
    return close_candidate(frame, write_parts(parts), None if stop is None else write_stop(stop, own=True))


# Events of other formats


class _Choice:
    """One choice on its way."""

    __slots__ = ("_cited", "_index", "_logprobs", "_open", "_texts", "_thoughts", "parts", "stop")

    def __init__(self, index: int) -> None:
        self.parts = ShownParts()
        self.stop: Stop | None = None
        self._index = index
        self._open: dict[int, AnyPart] = {}
        """Parts that are written when they are whole, by number."""
        self._texts: dict[int, list[str]] = {}
        self._thoughts: set[int] = set()
        """Numbers of reasoning that has had words."""
        self._cited: list[tuple[int, Text]] = []
        self._logprobs: list[Logprob] = []

    def take(self, delta: Delta) -> None:
        """Take in a delta; what can be written goes to `parts`."""
        if delta.logprobs:
            self._logprobs += delta.logprobs
        piece, number = delta.piece, delta.part
        for other in [open_one for open_one in self._open if open_one != number]:
            self._flush(other)
        match piece:
            case None:
                pass
            case Text() | Refusal():
                self._say(piece, number)
            case Reasoning() if (piece.text or piece.summary) and not (piece.signature or piece.encrypted):
                self._think(piece, number)
            case _:
                part = self._open.setdefault(number, type(piece)())
                if type(part) is type(piece):
                    add(part, piece)
        if delta.ends:
            self._flush(number)

    def _think(self, piece: Reasoning, number: int) -> None:
        words = shown(piece, begun=number in self._thoughts)
        if words:
            self._thoughts.add(number)
            self.parts.put({"text": words, "thought": True})

    def _say(self, piece: Text | Refusal, number: int) -> None:
        if piece.text:
            self._texts.setdefault(number, []).append(piece.text)
            self.parts.put({"text": piece.text})
        if isinstance(piece, Text) and piece.citations:
            self._cited.append((number, piece))

    def _flush(self, number: int, *, last: bool = False) -> None:
        """Write a part that is whole. A call whose arguments are none yet may go on behind other parts."""
        part = self._open.get(number)
        if part is None:
            return
        if isinstance(part, ToolCall) and not last and (not part.arguments or arguments_of(part.arguments) is None):
            return
        del self._open[number]
        self.parts.add(part)

    def write(self, parts: list[Json]) -> Json:
        """A candidate with these parts."""
        return {"content": {"parts": parts, "role": "model"}, "index": self._index}

    def write_last(self) -> Json:
        """The candidate with what is left, and how it ended."""
        for number in list(self._open):
            self._flush(number, last=True)
        made = self.write(self.parts.take(last=True) or [{"text": ""}])
        if self.stop is not None:
            made["finishReason"] = write_stop(self.stop, own=False)
            if self.stop.explanation:
                made["finishMessage"] = self.stop.explanation
        grounding = write_citations(self._all_cited()) if self._cited else None
        if grounding is not None:
            made["groundingMetadata"] = grounding
        if self._logprobs:
            made["logprobsResult"] = write_logprobs(self._logprobs)
        return made

    def _all_cited(self) -> list[tuple[int | None, Text]]:
        """Everything said as one text, with the citations counted from its beginning."""
        whole = Text()
        begins: dict[int, int] = {}
        for number, pieces in self._texts.items():
            begins[number] = len(whole.text)
            whole.text += "".join(pieces)
        for number, piece in self._cited:
            offset = begins.get(number, 0)
            for citation in piece.citations:
                moved = msgspec.structs.replace(citation)
                if moved.start is not None and moved.end is not None:
                    moved.start, moved.end = moved.start + offset, moved.end + offset
                whole.citations.append(moved)
        return [(None, whole)]
