"""What is kept of an answer, in memory and as bytes."""

from collections.abc import Callable
from typing import Final

import msgspec

from trunkline.formats.conversation import Refusal, Reply, Text, ToolCall

VERSION: Final = 2
OVERHEAD: Final = 600
"""Bytes of memory that an entry takes beside its reply."""
WHOLE: Final = frozenset({"stop", "stop_sequence", "tool_calls"})

_encode_reply = msgspec.msgpack.Encoder().encode
_decode_reply = msgspec.msgpack.Decoder(Reply).decode


class Damaged(ValueError):
    """Bytes that are no entry of this version."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """An answer, and what is told of it when it is given again."""

    version: int
    reply: bytes
    """The neutral reply, in MessagePack."""
    stored: float
    """Unix time, seconds."""
    expires: float
    ends: float
    """Until then it may stand in where nobody answers."""
    output: int
    """Tokens of the answer: a request with a smaller cap would have got less. -1: not known."""
    cap: int
    """The cap it was made under; -1: none."""
    cost: int
    """Nano-dollars; -1: not known."""
    provider: str
    model: str
    finish: str
    asked: bytes = b""
    """Of an outcome that has a name: what was asked under it."""
    asked_at: float = 0.0
    """Unix time, seconds: when the request came that it answers."""
    names: tuple[str, ...] = ()
    """By which it may be forgotten."""

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly."""
        return OVERHEAD + len(self.reply)

    def fits(self, cap: int | None) -> bool:
        """Whether a request with that cap on its output would have got this answer."""
        if cap is None or cap == self.cap:
            return True
        return 0 <= self.output <= cap


class Unread(msgspec.Struct, frozen=True):
    """An answer as it came. Most are never asked for again, so it is read when one is."""

    read: Callable[[], Entry | None]
    """None: it is not worth keeping."""
    length: int
    """Bytes."""
    ends: float
    asked_at: float
    names: tuple[str, ...]
    """These three as its entry will have them."""

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly."""
        return OVERHEAD + self.length


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def pack(reply: Reply) -> bytes:
    """A reply as an entry has it."""
    return _encode_reply(reply)


def unpack(entry: Entry) -> Reply:
    """The reply of an entry. Raises `Damaged`."""
    try:
        return _decode_reply(entry.reply)
    except msgspec.DecodeError as error:
        raise Damaged(str(error)) from None


def dump(entry: Entry) -> bytes:
    """As it is kept elsewhere. Not authenticated: who keeps it where others write must do that."""
    return _encode(entry)


def load(data: bytes) -> Entry:
    """What `dump` made. Raises `Damaged`."""
    try:
        entry = _decode(data)
    except msgspec.DecodeError as error:
        raise Damaged(str(error)) from None
    if entry.version != VERSION:
        raise Damaged(f"an entry of version {entry.version}")
    return entry


def worth_keeping(reply: Reply, *, calls: bool) -> bool:
    """Whether a reply may answer others: it is whole, says something, and refuses nothing. `calls`: with tool calls."""
    return bool(reply.choices) and all(
        choice.stop is not None
        and choice.stop.reason in WHOLE
        and any(isinstance(part, ToolCall) or (isinstance(part, Text) and part.text.strip()) for part in choice.parts)
        and not any(isinstance(part, Refusal) for part in choice.parts)
        and (calls or not any(isinstance(part, ToolCall) for part in choice.parts))
        for choice in reply.choices
    )
