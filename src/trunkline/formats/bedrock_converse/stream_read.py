"""Reading a provider's stream: a binary event stream whose payloads are JSON."""

from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.checks import extras
from trunkline.formats.bedrock_converse.citations import read_citation
from trunkline.formats.bedrock_converse.terms import IMAGES, ISSUER, KINDS, NAME, media_type
from trunkline.formats.bedrock_converse.usage import read_stop, read_tier, read_usage
from trunkline.formats.conversation import AnyPart, Delta, Event, Image, Reasoning, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.eventstream import Frame, FrameError, Splitter, read_frame
from trunkline.formats.format import StreamError

_decode = msgspec.json.Decoder().decode
_FOREIGN = -1
"""Of a block that only this format knows."""


def payload_of(frame: Frame) -> dict[str, Any]:
    """The JSON object of a frame. Raises `StreamError`."""
    try:
        value = _decode(frame.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StreamError(f"a frame of the stream is not JSON: {error}") from None
    if type(value) is not dict:
        raise StreamError("a frame of the stream is not a JSON object")
    return value


def failure_of(frame: Frame) -> dict[str, Any] | None:
    """What a frame that says a failure says, with its `type`; None for any other frame."""
    match frame.text(":message-type"):
        case "exception":
            try:
                value = payload_of(frame)
            except StreamError:
                value = {"message": frame.payload.decode(errors="replace")}
            return {**value, "type": frame.text(":exception-type")}
        case "error":
            return {"message": frame.text(":error-message"), "type": frame.text(":error-code")}
    return None


class StreamReader:
    """Reads the events of ConverseStream.

    The answer is whole with `messageStop`; `metadata`, which brings the usage, comes after it. Some servers tell them
    the other way round.
    """

    __slots__ = ("_issuer", "_kinds", "_metadata", "_parts", "_splitter", "_stopped", "_without_arguments")

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._issuer = dialect.issuer or ISSUER
        self._splitter = Splitter(limit)
        self._parts: dict[int, int] = {}
        """Index of a content block → number of the part that it is building, or `_FOREIGN`."""
        self._kinds: list[type[AnyPart]] = []
        """Kinds of the parts, in the order in which they began."""
        self._without_arguments: set[int] = set()
        """Numbers of calls whose arguments have not come."""
        self._stopped = False
        self._metadata = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises `StreamError`."""
        try:
            return [self._event(read_frame(frame)) for frame in self._splitter.feed(data)]
        except FrameError as error:
            raise StreamError(str(error)) from None

    def close(self) -> list[Event]:
        """Nothing: there are no half frames."""
        return []

    def complete(self) -> bool:
        """Whether the stream so far was whole."""
        return self._stopped and (self._metadata or not self._splitter.pending())

    def _event(self, frame: Frame) -> Event:
        failure = failure_of(frame)
        if failure is not None:
            return Event(error=failure)
        kind = frame.text(":event-type")
        event, left = Event(kind=kind), payload_of(frame)
        match kind:
            case "contentBlockDelta" | "contentBlockStart" | "contentBlockStop":
                delta = self._delta(kind, left)
                if delta is not None:
                    event.deltas = [delta]
            case "messageStart":
                event.starts = True
                if left.get("role") == "assistant":
                    del left["role"]
            case "messageStop":
                stop = read_stop(left)
                if stop is not None:
                    event.stops = {0: stop}
                self._stopped = True
            case "metadata":
                event.usage, event.reported = read_usage(left)
                event.service_tier = read_tier(left)
                self._metadata = True
        if kind in ("messageStop", "metadata"):
            event.ends = self._stopped and self._metadata
        event.extras = {NAME: left} if left or kind not in KINDS else {}
        return event

    def _delta(self, kind: str, left: dict[str, Any]) -> Delta | None:
        """Take out of `left` what a block's event adds to its part; None where that is not understood."""
        index = left.get("contentBlockIndex")
        if type(index) is not int:
            return None
        if kind == "contentBlockStop":
            delta = self._end(index)
        else:
            field = "start" if kind == "contentBlockStart" else "delta"
            said = left.get(field)
            if said == {}:
                return None  # begins a block of words: what it is of comes with the first delta
            piece, more = _read_piece(said, self._issuer) if type(said) is dict else (None, {})
            if piece is None or self._parts.get(index) == _FOREIGN:
                if not _is_thought(said):
                    self._parts.setdefault(index, _FOREIGN)
                return None
            delta = self._add(index, piece)
            del left[field]
            if more:
                left[field] = more
        if delta is not None and delta.part == index:
            del left["contentBlockIndex"]
        return delta

    def _add(self, index: int, piece: AnyPart) -> Delta:
        number = self._parts.get(index)
        kind = type(piece)
        begins = number is None or self._kinds[number] is not kind
        if number is None or begins:
            number = self._parts[index] = len(self._kinds)
            self._kinds.append(kind)
        if isinstance(piece, ToolCall):
            if begins:
                self._without_arguments.add(number)
            if piece.arguments:
                self._without_arguments.discard(number)
        return Delta(choice=0, part=number, piece=piece, begins=begins)

    def _end(self, index: int) -> Delta | None:
        number = self._parts.get(index)
        if number is None or number == _FOREIGN:
            return None
        piece = ToolCall(arguments="{}") if number in self._without_arguments else None
        self._without_arguments.discard(number)
        return Delta(choice=0, part=number, piece=piece, ends=True)


def _read_piece(said: dict[str, Any], issuer: str) -> tuple[AnyPart | None, dict[str, Any]]:
    """What a `start` or a `delta` adds, and what of it is only this format's."""
    match said:
        case {"text": str(text), **more}:
            return Text(text=text), more
        case {"toolUse": {"input": str(arguments), **inner}, **more}:
            return ToolCall(arguments=arguments, extras=extras(inner)), more
        case {"toolUse": {"toolUseId": str(call_id), "name": str(name), **inner}, **more}:
            if inner.get("type") == "server_tool_use":
                return None, said
            return ToolCall(id=call_id, name=name, extras=extras(inner)), more
        case {"reasoningContent": {**reasoning}, **more}:
            return _read_reasoning(reasoning, issuer), more
        case {"citation": {**citation}, **more}:
            return Text(citations=[read_citation(citation)]), more
        case {"image": {"format": str(word), **inner}, **more}:
            return Image(media_type=media_type(word, IMAGES), extras=extras(inner)), more
        case {"image": {"source": {"bytes": str(data)}, **inner}, **more}:
            return Image(data=data, extras=extras(inner)), more
    return None, said


def _is_thought(said: object) -> bool:
    """Whether it is of reasoning, though it says nothing of it: some servers send an empty signature first."""
    return isinstance(said, dict) and "reasoningContent" in said


def _read_reasoning(said: dict[Any, Any], issuer: str) -> Reasoning | None:
    match said:
        case {"text": str(text), **more} if not more:
            return Reasoning(text=text)
        case {"signature": str(signature), **more} if signature and not more:
            return Reasoning(signature=signature, issuer=issuer)
        case {"redactedContent": str(data), **more} if data and not more:
            return Reasoning(encrypted=data, issuer=issuer)
    return None


def reader(dialect: Dialect, limit: int) -> StreamReader:
    """What reads a stream of a provider with this dialect, whose frames have at most `limit` bytes."""
    return StreamReader(dialect, limit)
