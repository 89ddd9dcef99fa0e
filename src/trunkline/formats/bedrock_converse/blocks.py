"""Another format's deltas as this format's blocks, which have an index, begin and end."""

import msgspec

from trunkline.formats.bedrock_converse.citations import write_citation
from trunkline.formats.bedrock_converse.parts_write import Block, as_bytes, sealed_reasoning
from trunkline.formats.bedrock_converse.reply import carrier, shown_id
from trunkline.formats.bedrock_converse.terms import IMAGES, ISSUER, format_word
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Delta,
    Image,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from trunkline.formats.folding import add, shown
from trunkline.formats.media import is_base64
from trunkline.formats.sealed import proof_of

Events = list[tuple[str, Block]]
"""Kinds and payloads."""


class _Open(msgspec.Struct):
    """A part that is being written."""

    index: int = -1
    """Of its block; -1 before there is one."""
    call: ToolCall | None = None
    """What is known of a call."""
    proof: Reasoning | None = None
    """Of another family's reasoning: it is sealed as a whole."""
    id: str = ""
    """The source's, of reasoning."""
    said: bool = False
    """It has had words, or arguments."""


class Blocks:
    """The blocks of one answer.

    Words end when another part begins. Calls stay open until they or the answer end: some providers write several of
    them at a time.
    """

    __slots__ = ("_next", "_open", "calls")

    def __init__(self) -> None:
        self._next = 0
        self._open: dict[int, _Open] = {}
        """Number of a part → how far it is."""
        self.calls = False
        """There has been a call."""

    def add(self, delta: Delta, reply: str, events: Events) -> None:
        """Write a delta into `events`; `reply` is the answer's id."""
        part = self._open.get(delta.part)
        if delta.piece is not None:
            if part is None:
                for number in [number for number, other in self._open.items() if other.call is None]:
                    self._end(number, events)
                part = self._open[delta.part] = _Open()
            self._piece(part, delta, delta.piece, reply, events)
        if delta.ends and part is not None:
            self._end(delta.part, events)

    def close(self, events: Events) -> None:
        """The answer ends."""
        for number in list(self._open):
            self._end(number, events)

    def _piece(self, part: _Open, delta: Delta, piece: AnyPart, reply: str, events: Events) -> None:
        match piece:
            case ToolCall():
                self._call(part, piece, delta, reply, events)
            case Text():
                self._words(part, {"text": piece.text}, piece.text, events)
                for citation in piece.citations:
                    self._write(part, {"citation": write_citation(citation)}, events)
            case Refusal():
                self._words(part, {"text": piece.text}, piece.text, events)
            case Audio():
                self._words(part, {"text": piece.transcript}, piece.transcript, events)
            case Reasoning():
                self._reasoning(part, piece, events)
            case Image() if piece.data and format_word(piece.media_type, IMAGES):
                self._start(part, {"image": {"format": format_word(piece.media_type, IMAGES)}}, events)
                self._write(part, {"image": {"source": {"bytes": piece.data}}}, events)
            case Image():
                self._words(part, {"text": piece.url}, piece.url, events)

    def _words(self, part: _Open, value: Block, words: str, events: Events) -> None:
        if words:
            self._write(part, value, events)
            part.said = True

    def _reasoning(self, part: _Open, piece: Reasoning, events: Events) -> None:
        words = shown(piece, begun=part.said)
        self._words(part, {"reasoningContent": {"text": words}}, words, events)
        part.id = piece.id or part.id
        if not (piece.signature or piece.encrypted):
            return
        if piece.issuer == ISSUER and part.proof is None and (piece.signature or is_base64(piece.encrypted)):
            field = {"signature": piece.signature} if piece.signature else {"redactedContent": piece.encrypted}
            self._write(part, {"reasoningContent": field}, events)
            return
        part.proof = part.proof or Reasoning()
        add(part.proof, msgspec.structs.replace(piece, id=part.id, text="", summary=[]))

    def _call(self, part: _Open, piece: ToolCall, delta: Delta, reply: str, events: Events) -> None:
        if part.call is None:
            part.call = ToolCall()
        if part.index < 0:
            add(part.call, piece)
            if part.call.name:
                self._begin_call(part, part.call, delta, reply, events)
        elif piece.arguments:
            part.said = True
            self._write(part, {"toolUse": {"input": piece.arguments}}, events)

    def _begin_call(self, part: _Open, call: ToolCall, delta: Delta, reply: str, events: Events) -> None:
        if call.signature:
            holder = _Open()
            self._write(holder, {"reasoningContent": sealed_reasoning(carrier(call))}, events)
            self._stop(holder, events)
        self.calls = True
        call_id = shown_id(call, reply, delta.choice, delta.part)
        self._start(part, {"toolUse": {"toolUseId": call_id, "name": call.name}}, events)
        if call.arguments:
            part.said = True
            self._write(part, {"toolUse": {"input": call.arguments}}, events)

    def _start(self, part: _Open, start: Block, events: Events) -> None:
        self._number(part)
        events.append(("contentBlockStart", {"start": start, "contentBlockIndex": part.index}))

    def _write(self, part: _Open, delta: Block, events: Events) -> None:
        self._number(part)
        events.append(("contentBlockDelta", {"delta": delta, "contentBlockIndex": part.index}))

    def _number(self, part: _Open) -> None:
        if part.index < 0:
            part.index = self._next
            self._next += 1

    def _end(self, number: int, events: Events) -> None:
        part = self._open.pop(number)
        if part.proof is not None:
            sealed = proof_of(part.proof)
            field = {"signature": sealed} if part.said else {"redactedContent": as_bytes(sealed)}
            self._write(part, {"reasoningContent": field}, events)
        if part.call is not None and part.index >= 0 and not part.said:
            self._write(part, {"toolUse": {"input": "{}"}}, events)
        self._stop(part, events)

    def _stop(self, part: _Open, events: Events) -> None:
        if part.index >= 0:
            events.append(("contentBlockStop", {"contentBlockIndex": part.index}))
