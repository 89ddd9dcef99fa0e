"""Pieces of another format's reply as this format's blocks, which come strictly one after the other.

Others have no boundaries, and may tell several tool calls at once. So a block ends when the next one begins; only a
call must be whole first, because it cannot be taken up again: until its arguments are an object, or the source says
that it ends, everything else waits.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from trunkline.formats.anthropic_messages.blocks_write import object_of
from trunkline.formats.anthropic_messages.citations import write_citation
from trunkline.formats.anthropic_messages.own_events import framed, piece_of
from trunkline.formats.anthropic_messages.reply import attachment, signed_before
from trunkline.formats.anthropic_messages.words import ISSUER
from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Delta,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from trunkline.formats.folding import shown
from trunkline.formats.sealed import proof_of


class BlockWriter:
    """Writes the blocks of one message."""

    __slots__ = ("_block", "_index", "_part", "_waiting", "attached", "has_calls")

    def __init__(self) -> None:
        self._index = 0
        """Of the block that is being told, or of the next."""
        self._part = -1
        self._block: _Block | None = None
        self._waiting: list[Delta] = []
        self.has_calls = False
        self.attached: list[dict[str, Any]] = []

    def add(self, delta: Delta, reply_id: str) -> bytes:
        """What a piece adds to the stream."""
        out = b""
        block = self._block
        if block is not None and delta.part != self._part:
            if not block.whole():
                self._waiting.append(delta)
                return b""
            out = self._end()
        out += self._add(delta, reply_id)
        if self._waiting and (self._block is None or self._block.whole()):
            out += self._catch_up(reply_id)
        return out

    def close(self, reply_id: str) -> bytes:
        """The end of everything that was begun, whole or not."""
        out = self._end()
        while self._waiting:
            out += self._catch_up(reply_id) + self._end()
        return out

    def _add(self, delta: Delta, reply_id: str) -> bytes:
        piece, out = delta.piece, b""
        if isinstance(piece, Audio):
            piece = Text(text=piece.transcript)
        elif (attached := attachment(piece)) is not None:
            self.attached.append(attached)
        block = self._block
        if piece is not None and (block is None or type(piece) not in block.takes):
            out = self._end() + self._begin(piece, delta, reply_id)
            block = self._block
        if piece is not None and block is not None:
            out += block.add(piece)
        return out + self._end() if delta.ends else out

    def _begin(self, piece: AnyPart, delta: Delta, reply_id: str) -> bytes:
        out = b""
        match piece:
            case Text() | Refusal():
                self._block = _Words(self._index)
            case Reasoning():
                self._block = _Thoughts(self._index)
            case ToolCall():
                self.has_calls = True
                for block in signed_before(piece):
                    out += _whole_thinking(self._index, block["signature"])
                    self._index += 1
                self._block = _Call(self._index, minted(reply_id, 0, delta.part))
        self._part = delta.part
        return out

    def _end(self) -> bytes:
        block, self._block = self._block, None
        if block is None:
            return b""
        out = block.end()
        self._index += block.begun
        return out

    def _catch_up(self, reply_id: str) -> bytes:
        """What has waited, part by part. Behind a call that is not whole, it goes on waiting."""
        waiting, self._waiting = self._waiting, []
        first = {delta.part: number for number, delta in reversed(list(enumerate(waiting)))}
        waiting.sort(key=lambda delta: first[delta.part])
        return b"".join([self.add(delta, reply_id) for delta in waiting])


class _Block(ABC):
    """A block that is being told. It begins with its first words, so that none is empty."""

    __slots__ = ("begun", "index")
    takes: ClassVar[frozenset[type]] = frozenset()

    def __init__(self, index: int) -> None:
        self.index = index
        self.begun = False

    @abstractmethod
    def add(self, piece: Any) -> bytes:
        """What a piece, of a kind that it takes, adds to the stream."""

    def end(self) -> bytes:
        """What closes it; nothing where it never began."""
        return _stopped(self.index) if self.begun else b""

    def whole(self) -> bool:
        """Whether another block may follow."""
        return True

    def _begin(self, block: dict[str, Any]) -> bytes:
        if self.begun:
            return b""
        self.begun = True
        return _started(self.index, block)


class _Words(_Block):
    """Text, or a refusal, for which this format has no block of its own."""

    __slots__ = ()
    takes = frozenset({Text, Refusal})

    def add(self, piece: Text | Refusal) -> bytes:
        citations = piece.citations if isinstance(piece, Text) else []
        if not piece.text and not citations:
            return b""
        out = self._begin({"type": "text", "text": ""})
        if piece.text:
            out += piece_of(self.index, b"text_delta", b"text", piece.text)
        for place in citations:  # some say where words come from before they say them
            out += piece_of(self.index, b"citations_delta", b"citation", write_citation(place))
        return out


class _Thoughts(_Block):
    """Reasoning. Its signature comes in one piece and last; without words, it may be a block of its own kind."""

    __slots__ = ("_whole",)
    takes = frozenset({Reasoning})

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self._whole = Reasoning()

    def add(self, piece: Reasoning) -> bytes:
        whole = self._whole
        whole.signature += piece.signature
        whole.encrypted += piece.encrypted
        whole.id = piece.id or whole.id
        whole.issuer = piece.issuer or whole.issuer
        words = shown(piece, begun=self.begun)
        if not words:
            return b""
        begin = self._begin({"type": "thinking", "thinking": "", "signature": ""})
        return begin + piece_of(self.index, b"thinking_delta", b"thinking", words)

    def end(self) -> bytes:
        whole = self._whole
        own = whole.issuer in ("", ISSUER)
        if not self.begun and whole.encrypted and not whole.signature:
            self.begun = True
            data = whole.encrypted if own else proof_of(whole)
            return _started(self.index, {"type": "redacted_thinking", "data": data}) + _stopped(self.index)
        signature = ""
        if whole.signature or whole.encrypted:
            signature = whole.signature if own and not whole.encrypted else proof_of(whole)
        if not self.begun and signature:
            self.begun = True
            return _whole_thinking(self.index, signature)
        signed = piece_of(self.index, b"signature_delta", b"signature", signature) if signature else b""
        return signed + super().end()


class _Call(_Block):
    """A tool call."""

    __slots__ = ("_arguments", "_id", "_minted", "_name")
    takes = frozenset({ToolCall})

    def __init__(self, index: int, minted_id: str) -> None:
        super().__init__(index)
        self._minted = minted_id
        self._id = ""
        self._name = ""
        self._arguments: list[str] = []

    def add(self, piece: ToolCall) -> bytes:
        arguments = piece.arguments
        if arguments == "null" and not self._arguments:
            arguments = ""
        if arguments:
            self._arguments.append(arguments)
        if self.begun:
            return self._tell(arguments)
        self._id = self._id or piece.id
        self._name += piece.name
        if not self._name:
            return b""
        return self._start() + self._tell("".join(self._arguments))

    def _start(self) -> bytes:
        return self._begin({"type": "tool_use", "id": self._id or self._minted, "name": self._name, "input": {}})

    def _tell(self, arguments: str) -> bytes:
        return piece_of(self.index, b"input_json_delta", b"partial_json", arguments) if arguments else b""

    def whole(self) -> bool:
        if not self._arguments or not self._arguments[-1].rstrip().endswith("}"):
            return False
        return object_of("".join(self._arguments)) is not None

    def end(self) -> bytes:
        if self.begun:
            return super().end()
        return self._start() + self._tell("".join(self._arguments)) + super().end()


def _started(index: int, block: dict[str, Any]) -> bytes:
    return framed("content_block_start", {"type": "content_block_start", "index": index, "content_block": block})


def _stopped(index: int) -> bytes:
    return b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % index


def _whole_thinking(index: int, signature: str) -> bytes:
    return (
        _started(index, {"type": "thinking", "thinking": "", "signature": ""})
        + piece_of(index, b"signature_delta", b"signature", signature)
        + _stopped(index)
    )
