"""Neutral events into a stream of chunks."""

from typing import Any

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import (
    Audio,
    Delta,
    Event,
    FormatName,
    Image,
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
from trunkline.formats.openai_chat.beside import write_citations
from trunkline.formats.openai_chat.calls import EMPTY, put_signature
from trunkline.formats.openai_chat.details import BETWEEN, shown_details
from trunkline.formats.openai_chat.errors import failure, write_error
from trunkline.formats.openai_chat.frame import write_usage
from trunkline.formats.openai_chat.logprobs import write_logprobs
from trunkline.formats.openai_chat.reply_write import write_answered, write_image
from trunkline.formats.openai_chat.stream_own import write_chunk
from trunkline.formats.openai_chat.words import NAME, TIERS, finish_of

Fields = dict[str, Any]
_encode = msgspec.json.Encoder().encode
DONE_EVENT = b"data: [DONE]\n\n"


class _Call:
    """One call that is being written."""

    __slots__ = ("empty", "index")

    def __init__(self, index: int) -> None:
        self.index = index
        self.empty = True
        """No argument has come yet."""


class Written:
    """What of one choice has been written."""

    __slots__ = ("calls", "details", "index", "reasoning", "text")

    def __init__(self, index: int) -> None:
        self.index = index
        self.details = 0  # entries of `reasoning_details` so far
        self.calls: dict[int, _Call] = {}
        """Number of a part → its call."""
        self.reasoning: dict[int, Reasoning] = {}
        """Number of a part → what has come of it: a signature comes last, and is told with all that it signs."""
        self.text = 0
        """Characters so far."""


class Writer:
    """Writes a stream for a client."""

    name: FormatName = NAME
    object = "chat.completion.chunk"

    def __init__(self, request: Request) -> None:
        self._wants_usage = bool(request.stream_usage)
        self._choices: dict[int, Written] = {}
        self._head: Fields = {"id": "", "object": self.object, "created": 0, "model": request.model}
        self._usage: Usage | None = None

    def feed(self, event: Event) -> bytes:
        """The chunk that says `event`; empty where there is nothing to say."""
        left = event.extras.get(self.name)
        if left is not None:
            return self._pass(event, left)
        self._note(event)
        if event.error is not None:
            return _framed(failure(event.error))
        entries: dict[int, Fields] = {}
        if event.starts:
            self._entry(0, entries)
        for delta in event.deltas:
            if delta.piece is not None or delta.logprobs:
                self.put(delta, self._entry(delta.choice, entries), self._choices[delta.choice])
        for index, stop in event.stops.items():
            self.finish(stop, self._entry(index, entries), self._choices[index])
        choices = [entry for entry in entries.values() if self.says_something(entry)]
        return _framed({**self._head, "choices": choices}) if choices else b""

    def end(self) -> bytes:
        """Usage, if the client asked for it, and the last event."""
        if self._usage is None or not self._wants_usage:
            return DONE_EVENT
        return _framed({**self._head, "choices": [], "usage": write_usage(self._usage)}) + DONE_EVENT

    def fail(self, problem: Problem) -> bytes:
        """The last event of a stream that failed. No `[DONE]` follows it."""
        return b"data: " + write_error(problem) + b"\n\n"

    def _pass(self, event: Event, left: Fields) -> bytes:
        """A chunk of this format. One with usage and nothing else is only for those who asked for it."""
        if not left and event.ends:
            return b""
        if event.reported is not None and not left.get("choices") and not self._wants_usage:
            return b""
        framed = _framed(write_chunk(event, left))
        return b"event: " + event.kind.encode() + b"\n" + framed if event.kind else framed

    def _note(self, event: Event) -> None:
        head = self._head
        if event.id and not head["id"]:
            head["id"] = event.id
        if event.model:
            head["model"] = event.model
        if event.created:
            head["created"] = head["created"] or event.created
        if event.service_tier in TIERS:
            head["service_tier"] = TIERS[event.service_tier]
        self._usage = event.usage or self._usage

    def _entry(self, index: int, entries: dict[int, Fields]) -> Fields:
        """What the chunk that is being written says of one choice."""
        entry = entries.get(index)
        if entry is None:
            first = index not in self._choices
            if first:
                self._choices[index] = Written(index)
            entry = entries[index] = self.blank(index, first)
        return entry

    # what differs in legacy completions

    def blank(self, index: int, first: bool) -> Fields:
        """Nothing of a choice yet; who speaks, where it is the first."""
        delta = {"role": "assistant", "content": ""} if first else {}
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}

    def says_something(self, entry: Fields) -> bool:
        """Whether there is anything in it: other formats have events that mean nothing here."""
        return bool(entry["delta"] or entry["logprobs"] or entry["finish_reason"])

    def put(self, delta: Delta, entry: Fields, choice: Written) -> None:
        """Write one piece."""
        if delta.logprobs:
            said = entry["logprobs"] or {"content": [], "refusal": None}
            entry["logprobs"] = {**said, "content": said["content"] + write_logprobs(delta.logprobs, own=False)}
        out, piece = entry["delta"], delta.piece
        match piece:
            case Text():
                _put_text(out, piece, choice)
            case Reasoning():
                _put_reasoning(out, piece, delta.part, choice)
            case ToolCall():
                _put_call(out, piece, delta, choice, self._head["id"])
            case Refusal():
                out["refusal"] = out.get("refusal", "") + piece.text
            case Audio():
                out["audio"] = write_answered(piece)
            case Image():
                out.setdefault("images", []).append(write_image(piece))
            case _:
                pass  # what a provider's own tools did is not for the clients of another

    def finish(self, stop: Stop, entry: Fields, choice: Written) -> None:
        """Write the end of a choice. A call that had no arguments gets its empty object."""
        for call in choice.calls.values():
            if call.empty:
                call.empty = False
                said = {"index": call.index, "function": {"arguments": EMPTY}}
                entry["delta"].setdefault("tool_calls", []).append(said)
        entry["finish_reason"] = finish_of(stop, bool(choice.calls), own=False)


def _put_text(out: Fields, piece: Text, choice: Written) -> None:
    """Words, and where they come from."""
    if piece.text:
        out["content"] = out.get("content", "") + piece.text
        choice.text += len(piece.text)
    if piece.citations:
        out.setdefault("annotations", []).extend(write_citations(piece.citations, own=False, length=choice.text))


def _put_call(out: Fields, piece: ToolCall, delta: Delta, choice: Written, reply: str) -> None:
    call = choice.calls.get(delta.part)
    entry: Fields
    if call is None:
        call = choice.calls[delta.part] = _Call(len(choice.calls))
        call_id = piece.id or minted(reply, choice.index, delta.part)
        function = {"name": piece.name, "arguments": piece.arguments}
        entry = {"index": call.index, "id": call_id, "type": "function", "function": function}
    else:
        entry = {"index": call.index, "function": {"arguments": piece.arguments}}
    if piece.arguments:
        call.empty = False
    elif delta.ends and call.empty:
        entry["function"]["arguments"] = EMPTY
        call.empty = False
    if piece.signature and piece.issuer == "google":
        put_signature(entry, piece.signature)
    if len(entry) > 2 or entry["function"]["arguments"]:
        out.setdefault("tool_calls", []).append(entry)


def _put_reasoning(out: Fields, piece: Reasoning, part: int, choice: Written) -> None:
    """Reasoning as it is thought; and once it is signed or encrypted, all of it as its provider wants it back."""
    known = choice.reasoning.setdefault(part, Reasoning())
    begun = bool(known.text or known.summary)
    text = shown(piece, begun=begun)
    if text:
        apart = not begun and any(one.text or one.summary for one in choice.reasoning.values())
        out["reasoning_content"] = out.get("reasoning_content", "") + (BETWEEN + text if apart else text)
    add(known, piece)
    if piece.signature or piece.encrypted:
        entries = shown_details(known, choice.details)
        choice.details += len(entries)
        out.setdefault("reasoning_details", []).extend(entries)


def _framed(chunk: Fields) -> bytes:
    return b"data: " + _encode(chunk) + b"\n\n"


def writer(request: Request) -> Writer:
    """Writes a stream for the client that asked `request`."""
    return Writer(request)
