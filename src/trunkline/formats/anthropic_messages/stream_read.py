"""A provider's stream of events as neutral ones.

Every event keeps its name and what the neutral types have no place for, so that the same format can write it again
exactly. `ping` and events that nobody knows are kept like that, and mean nothing to others.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.anthropic_messages.blocks_read import read_answer
from trunkline.formats.anthropic_messages.citations import read_citation
from trunkline.formats.anthropic_messages.stops import read_stop
from trunkline.formats.anthropic_messages.usage import merged, read_usage
from trunkline.formats.anthropic_messages.words import ISSUER, NAME
from trunkline.formats.conversation import AnyPart, Delta, Event, Foreign, Reasoning, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import StreamError
from trunkline.formats.sse import Splitter, data_of

_decode = msgspec.json.Decoder().decode


class StreamReader:
    """Reads the stream of one message."""

    __slots__ = (
        "_bare",
        "_blocks",
        "_dialect",
        "_done",
        "_issuer",
        "_parts",
        "_pieces",
        "_reported",
        "_splitter",
        "_stopped",
    )

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._dialect = dialect
        self._issuer = dialect.issuer or ISSUER
        self._splitter = Splitter(limit)
        self._parts: dict[int, int] = {}
        """Index of a block → number of its part."""
        self._blocks: dict[int, Foreign] = {}
        """Blocks that only this format knows, while they are being told."""
        self._pieces: dict[int, list[str]] = {}
        """Of their input."""
        self._bare: set[int] = set()
        """Calls of which no argument has come."""
        self._reported: dict[str, Any] = {}
        self._stopped = False
        self._done = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises `StreamError`."""
        try:
            events = self._splitter.feed(data)
        except ValueError as error:
            raise StreamError(str(error)) from None
        return [seen for event in events if (seen := self._read(event)) is not None]

    def close(self) -> list[Event]:
        """The provider has closed its stream: what it left without the last blank line, if that is a whole event."""
        rest = self._splitter.rest().rstrip(b"\r\n")
        payload = data_of(rest + b"\n\n") if rest else None
        if not payload:
            return []
        try:
            read_payload(payload)
        except StreamError:
            return []
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the stream so far was whole."""
        return self._done or (self._stopped and self._dialect.ending == "finish")

    def _read(self, event: bytes) -> Event | None:
        payload = data_of(event)
        if not payload or (self._done and not payload.startswith(b"{")):
            return None  # a comment, or what a server of another format adds after the end
        value = read_payload(payload)
        kind = value.get("type")
        if type(kind) is not str:
            kind = "error" if "error" in value else ""
        match kind:
            case "content_block_delta":
                return self._block_delta(value)
            case "content_block_start":
                return self._block_start(value)
            case "content_block_stop":
                return self._block_stop(value)
            case "message_start":
                return self._start(value)
            case "message_delta":
                return self._message_delta(value)
            case "message_stop":
                return self._stop(value)
            case "error":
                return self._error(value)
            case _:
                return _keep(Event(kind=kind), value)

    def _start(self, value: dict[str, Any]) -> Event:
        message = value.get("message")
        if type(message) is not dict:
            raise StreamError("a message starts without a message")
        self._parts.clear()
        event = Event(kind="message_start", starts=True)
        taken: list[str] = []
        for name in ("id", "model"):
            if type(message.get(name)) is str:
                setattr(event, name, message[name])
                taken.append(name)
        usage = message.get("usage")
        if type(usage) is dict:
            self._reported = usage
            event.usage, event.reported = read_usage(usage), usage
            event.service_tier = str(usage.get("service_tier") or "")
            taken.append("usage")
        stop = read_stop(message, taken)
        if stop is not None:
            event.stops = {0: stop}
        content = message.get("content")
        if content and type(content) is list:  # a call that a program of the provider's makes comes like this
            event.deltas = [self._whole_block(block, number) for number, block in enumerate(content)]
            taken.append("content")
        left = {name: field for name, field in message.items() if name not in taken}
        return _keep(event, {**value, "message": left})

    def _whole_block(self, block: Any, index: int) -> Delta:
        delta = self._delta(index)
        delta.piece, delta.begins, delta.ends = read_answer(block, self._issuer), True, True
        return delta

    def _block_start(self, value: dict[str, Any]) -> Event:
        block = value.get("content_block")
        piece = read_answer(block, self._issuer)
        if type(piece) is ToolCall and piece.arguments == "{}":
            piece.arguments = ""  # the pieces follow
            self._bare.add(_index(value))
        index = _index(value)
        delta = self._delta(index)
        delta.piece, delta.begins = piece, True
        if type(piece) is Foreign:
            self._blocks[index] = piece
        return _rest(Event(kind="content_block_start", deltas=[delta]), value, "content_block")

    def _block_delta(self, value: dict[str, Any]) -> Event:
        index = _index(value)
        delta = self._delta(index)
        told = value.get("delta")
        if type(told) is not dict:
            raise StreamError("a piece of a block has no delta")
        name, kind, read = _PIECES.get(told.get("type"), _UNKNOWN)
        found = told.get(name)
        if type(found) is not kind or not (found or name != "signature") or index in self._blocks:
            self._add_to_foreign(index, told)
            delta.extras = {NAME: {**delta.extras.get(NAME, {}), "delta": told}}
        else:
            delta.piece = read(found, self._issuer)
            if found and name == "partial_json":
                self._bare.discard(index)
            if len(told) > 2:
                left = {field: more for field, more in told.items() if field not in ("type", name)}
                delta.extras = {NAME: {**delta.extras.get(NAME, {}), "delta": left}}
        event = Event(kind="content_block_delta", deltas=[delta])
        return event if len(value) == 3 else _rest(event, value, "delta")

    def _block_stop(self, value: dict[str, Any]) -> Event:
        index = _index(value)
        delta = self._delta(index)
        delta.ends = True
        block = self._blocks.pop(index, None)
        if block is not None:
            delta.piece = self._whole(index, block)
        elif index in self._bare:
            self._bare.discard(index)
            delta.piece = ToolCall(arguments="{}")
        return _rest(Event(kind="content_block_stop", deltas=[delta]), value)

    def _add_to_foreign(self, index: int, told: dict[str, Any]) -> None:
        """Build up a block that only this format knows: its input, or whatever fields it is told."""
        block = self._blocks.get(index)
        if block is None:
            return
        partial = told.get("partial_json")
        if type(partial) is str:
            self._pieces.setdefault(index, []).append(partial)
        else:
            added = {name: field for name, field in told.items() if name != "type"}
            self._blocks[index] = Foreign(format=NAME, kind=block.kind, value={**block.value, **added})

    def _whole(self, index: int, block: Foreign) -> AnyPart:
        text = "".join(self._pieces.pop(index, ()))
        if not text:
            return block
        try:
            return Foreign(format=NAME, kind=block.kind, value={**block.value, "input": _decode(text)})
        except msgspec.DecodeError:
            return block  # it was cut

    def _message_delta(self, value: dict[str, Any]) -> Event:
        event = Event(kind="message_delta")
        told = value.get("delta")
        taken: list[str] = []
        if type(told) is dict:
            stop = read_stop(told, taken)
            if stop is not None:
                event.stops = {0: stop}
                self._stopped = True
            told = {name: field for name, field in told.items() if name not in taken}
        left = {name: field for name, field in value.items() if name not in ("delta", "usage")}
        if told:
            left["delta"] = told
        usage = value.get("usage")
        if type(usage) is dict:
            self._reported = merged(self._reported, usage)
            event.usage, event.reported = read_usage(self._reported), self._reported
            event.service_tier = str(self._reported.get("service_tier") or "")
            event.spelling = {"usage": ",".join(usage)}
            nulls = {name: None for name, count in usage.items() if count is None and self._reported[name] is not None}
            if nulls:
                left["usage"] = nulls
        elif "usage" in value:
            left["usage"] = usage
        return _keep(event, left)

    def _stop(self, value: dict[str, Any]) -> Event:
        self._done = True
        return _keep(Event(kind="message_stop", ends=True), value)

    def _error(self, value: dict[str, Any]) -> Event:
        event = Event(kind="error", error=value.get("error") or value)
        return _rest(event, value, "error") if value.get("error") else event

    def _delta(self, index: int) -> Delta:
        part = self._parts.setdefault(index, len(self._parts))
        if part == index:
            return Delta(choice=0, part=part)
        return Delta(choice=0, part=part, extras={NAME: {"index": index}})


def read_payload(payload: bytes) -> dict[str, Any]:
    """The object that an event holds. Raises `StreamError`."""
    try:
        value = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = _odd(payload)
    except RecursionError:
        raise StreamError("an event of the stream is nested too deeply") from None
    if type(value) is not dict:
        raise StreamError("an event of the stream is no object")
    return value


def _odd(payload: bytes) -> Any:
    """Half a surrogate pair is JSON, and some servers cut their output between the two: it can only be replaced."""
    try:
        text = json.dumps(json.loads(payload), ensure_ascii=False)
        return _decode(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError) as error:
        raise StreamError(f"an event of the stream is not JSON: {error}") from None


def _index(value: dict[str, Any]) -> int:
    index = value.get("index", 0)
    if type(index) is not int:
        raise StreamError("the index of a block is no number")
    return index


def _keep(event: Event, value: dict[str, Any]) -> Event:
    """Keep of `value` all but its name."""
    left = {name: field for name, field in value.items() if name != "type" or field != event.kind}
    if left:
        event.extras = {NAME: left}
    return event


def _rest(event: Event, value: dict[str, Any], *taken: str) -> Event:
    left = {name: field for name, field in value.items() if name not in ("type", "index", *taken)}
    if left:
        event.extras = {NAME: left}
    return event


_UNKNOWN: tuple[str, type, Callable[[Any, str], AnyPart]] = ("", str, lambda value, issuer: Text())
_PIECES: dict[Any, tuple[str, type, Callable[[Any, str], AnyPart]]] = {
    "text_delta": ("text", str, lambda value, issuer: Text(text=value)),
    "input_json_delta": ("partial_json", str, lambda value, issuer: ToolCall(arguments=value)),
    "thinking_delta": ("thinking", str, lambda value, issuer: Reasoning(text=value)),
    "signature_delta": ("signature", str, lambda value, issuer: Reasoning(signature=value, issuer=issuer)),
    "citations_delta": ("citation", dict, lambda value, issuer: Text(citations=[read_citation(value, "")])),
}
"""Kind of a delta → the field that it brings, its type, and how that is read."""
