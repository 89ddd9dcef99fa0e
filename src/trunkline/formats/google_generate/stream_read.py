"""Reading a stream of generateContent: every event is a reply with the next pieces of its candidates.

Nothing says that a stream is over but that it ends; it was whole if every candidate has its finish reason.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Delta, Event, Reasoning, Stop, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import StreamError
from trunkline.formats.google_generate.citations import read_citations
from trunkline.formats.google_generate.facts import (
    read_blocked,
    read_logprobs,
    read_stop,
    read_tier,
    read_time,
    read_usage,
)
from trunkline.formats.google_generate.frame import whole_text
from trunkline.formats.google_generate.framing import Framing
from trunkline.formats.google_generate.names import NAME, are_objects, below, sort_out, spelling_of
from trunkline.formats.google_generate.partial_args import PartialArguments
from trunkline.formats.google_generate.parts_read import read_leniently
from trunkline.formats.google_generate.reply_read import TOP, index_of, keep_finish, open_candidate, word
from trunkline.formats.google_generate.searches import Searches
from trunkline.formats.sse import EventTooLarge

DERIVED = {"derived": "true"}
"""Spelling of pieces that no part of the stream says in this way: the same format writes what said it."""

_decode = msgspec.json.Decoder().decode


class StreamReader:
    """Reads a provider's stream."""

    __slots__ = ("_candidates", "_ended", "_framing", "_searches", "_started")

    def __init__(self, dialect: Dialect, limit: int) -> None:
        self._framing = Framing(limit)
        self._candidates: dict[int, _Candidate] = {}
        self._searches = Searches()
        self._started = False
        self._ended = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises `StreamError`."""
        payload = self._framing.only(data)
        if payload is not None:
            return [self._read(payload)]
        try:
            pieces = self._framing.feed(data)
        except EventTooLarge as error:
            raise StreamError(str(error)) from None
        events = []
        for piece in pieces:
            payload = self._framing.payload(piece)
            if payload is not None:
                events.append(self._read(payload))
        if self._framing.ended and not self._ended:
            self._ended = True
            events.append(Event(ends=True, extras={NAME: {}}))
        return events

    def close(self) -> list[Event]:
        """What the provider left without the last blank line, if that is a whole event."""
        rest = self._framing.rest()
        payload = self._framing.payload_of_rest(rest) if rest else None
        if not payload:
            return []
        try:
            return [self._read(payload)]
        except StreamError:
            return []

    def complete(self) -> bool:
        """Whether the stream so far was whole."""
        seen = self._candidates.values()
        return bool(seen) and all(one.finished for one in seen) and (self._framing.endless or self._framing.ended)

    def _read(self, payload: bytes) -> Event:
        chunk = _decoded(payload)
        known, rest = sort_out(chunk, TOP)
        self._searches.see(chunk)
        event = Event(extras={NAME: rest}, starts=not self._started, spelling=spelling_of(chunk, TOP))
        self._started = True
        event.error = chunk.get("error")
        event.id = word(known, rest, event.spelling, "responseId")
        event.model = word(known, rest, event.spelling, "modelVersion")
        if "createTime" in rest:
            event.created = read_time(rest["createTime"])
        reported = known.get("usageMetadata")
        if isinstance(reported, dict):
            event.reported, event.service_tier = reported, read_tier(reported)
            event.usage = self._searches.added_to(read_usage(reported))
        elif reported is not None:
            rest[event.spelling.get("usageMetadata", "usageMetadata")] = reported
        self._read_candidates(event, known.get("candidates"), rest)
        return event

    def _read_candidates(self, event: Event, candidates: Any, rest: dict[str, Any]) -> None:
        if are_objects(candidates):
            rest["candidates"] = [self._read_candidate(event, one, number) for number, one in enumerate(candidates)]
        elif candidates is not None:
            rest["candidates"] = candidates
        blocked = read_blocked(rest.get("promptFeedback")) if not candidates else None
        if blocked is not None:
            blocked.spelling = {"candidate": "absent"}
            self._block(event, blocked)

    def _block(self, event: Event, blocked: Stop) -> None:
        """The prompt was found to be forbidden: mostly before there was any candidate."""
        if not self._candidates:
            self._candidates[0] = _Candidate(0)
        for index, candidate in self._candidates.items():
            if not candidate.finished:
                event.stops[index] = blocked
                candidate.finish(event.deltas)

    def _read_candidate(self, event: Event, value: dict[str, Any], number: int) -> dict[str, Any]:
        """Add to `event` what a candidate says; gives back what is left of it."""
        index = index_of(value, number)
        candidate = self._candidates.get(index)
        if candidate is None:
            candidate = self._candidates[index] = _Candidate(index)
        frame, parts, finish = open_candidate(value)
        for part in parts:
            candidate.read(part, event.deltas)
        if len(value) > 1:
            candidate.read_about(value, event.deltas)
        if finish is None:
            return frame
        stop = read_stop(finish, value.get("finishMessage"), called=candidate.called)
        if stop is None or candidate.finished:
            keep_finish(frame, finish)
        else:
            event.stops[index] = stop
            candidate.finish(event.deltas)
        return frame


def _decoded(payload: bytes) -> dict[str, Any]:
    try:
        chunk = _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            chunk = _decode(whole_text(payload))
        except ValueError as error:
            raise StreamError(f"an event of the stream is not JSON: {error}") from None
    if not isinstance(chunk, dict):
        raise StreamError("an event of the stream is not an object")
    return chunk


class _Candidate:
    """One candidate of a stream, part by part. Google does not say where parts end: pieces of text are one part as long
    as nothing else comes between them.
    """

    __slots__ = ("_call", "_cited", "_index", "_kind", "_number", "_texts", "called", "finished")

    def __init__(self, index: int) -> None:
        self._index = index
        self._number = -1
        self._kind = ""
        """What the next part may go on with: `text`, `thought` or `call`."""
        self._call: PartialArguments | None = None
        self._texts: dict[int, list[str]] = {}
        self._cited: set[tuple[Any, ...]] = set()
        self.called = False
        self.finished = False

    def read(self, part: Any, deltas: list[Delta]) -> None:
        """Add to `deltas` what the part says."""
        if type(part) is dict and len(part) == 1 and type(text := part.get("text")) is str:
            self._add_words(text, deltas)
            return
        pieces: list[AnyPart] = []
        read_leniently(part, pieces)
        for piece in pieces:
            if isinstance(piece, ToolCall):
                self._add_call(piece, deltas)
            else:
                self._add(piece, deltas)

    def _add_words(self, text: str, deltas: list[Delta]) -> None:
        """A piece of plain text: by far the most frequent."""
        number = self._number
        if self._kind != "text":
            self._kind = "text"
            number = self._number = number + 1
            self._texts[number] = []
        self._texts[number].append(text)
        deltas.append(Delta(choice=self._index, part=number, piece=Text(text=text)))

    def _add(self, piece: AnyPart, deltas: list[Delta]) -> None:
        kind = _goes_on(piece)
        if not kind or kind != self._kind:
            self._number += 1
        whole = not kind
        self._kind = "" if isinstance(piece, Reasoning) and piece.signature else kind
        if kind == "text" and isinstance(piece, Text):
            self._texts.setdefault(self._number, []).append(piece.text)
        deltas.append(Delta(choice=self._index, part=self._number, piece=piece, begins=whole, ends=whole))

    def _add_call(self, piece: ToolCall, deltas: list[Delta]) -> None:
        about = below("functionCall", piece.extras.get(NAME, {}))
        going_on = about.get("willContinue") is True
        begins = self._call is None or bool(piece.name)
        if begins:
            self._number += 1
        if begins and not going_on and "partialArgs" not in about:
            self._call = None  # a whole call: by far the most frequent
        else:
            self._grow(piece, about, begins=begins, going_on=going_on)
        self._kind = ""
        self.called = True
        deltas.append(Delta(choice=self._index, part=self._number, piece=piece, begins=begins, ends=not going_on))

    def _grow(self, piece: ToolCall, about: dict[str, Any], *, begins: bool, going_on: bool) -> None:
        """A piece of a call. Its arguments are told when the last has come: they cannot be written in order before."""
        call = PartialArguments() if begins or self._call is None else self._call
        call.add(about.get("partialArgs"))
        piece.spelling["args"] = "partial"
        piece.arguments = "" if going_on else call.text()
        self._call = call if going_on else None

    def finish(self, deltas: list[Delta]) -> None:
        """The candidate is done, and with it a call that was never said to be whole."""
        self.finished = True
        if self._call is not None:
            piece = ToolCall(arguments=self._call.text(), spelling=DERIVED)
            deltas.append(Delta(choice=self._index, part=self._number, piece=piece, ends=True))
            self._call = None

    def read_about(self, candidate: dict[str, Any], deltas: list[Delta]) -> None:
        """Citations of what was said so far, and log probabilities of what is said now."""
        if "groundingMetadata" in candidate or "citationMetadata" in candidate:
            numbers = list(self._texts)
            for place, citation in read_citations(candidate, ["".join(self._texts[number]) for number in numbers]):
                key = (place, citation.url, citation.title, citation.cited, citation.start, citation.end)
                if key not in self._cited:
                    self._cited.add(key)
                    deltas.append(
                        Delta(
                            choice=self._index, part=numbers[place], piece=Text(citations=[citation], spelling=DERIVED)
                        )
                    )
        if "logprobsResult" in candidate:
            deltas.append(
                Delta(
                    choice=self._index,
                    part=max(0, self._number),
                    logprobs=read_logprobs(candidate["logprobsResult"]),
                )
            )


def _goes_on(piece: AnyPart) -> str:
    """Which parts `piece` may be one of several pieces of; empty for one that is whole."""
    if isinstance(piece, Text):
        return "text"
    if isinstance(piece, Reasoning) and "on" not in piece.spelling:
        return "thought"
    return ""
