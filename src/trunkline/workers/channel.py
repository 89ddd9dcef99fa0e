"""What a supervisor and a worker say to each other: messages over a pair of sockets.

Each side notices the other's death, `kill -9` included, by the end of the stream.
"""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any, Final

import msgspec

from trunkline.lifetime import Order
from trunkline.setup import Options

LENGTH: Final = 4
"""Bytes of a message's length."""
LARGEST: Final = 256 * 1024 * 1024
"""Bytes. The metrics of thousands of models take some megabytes."""


class Begin(msgspec.Struct, tag=True, frozen=True):
    """To the worker: what to run."""

    number: int
    options: Options


class Command(msgspec.Struct, tag=True, frozen=True):
    """To the worker: what to do."""

    order: Order


class Ask(msgspec.Struct, tag=True, frozen=True):
    """To the worker: what do your metrics say? Answered by `Told` with the same number."""

    number: int


class Ready(msgspec.Struct, tag=True, frozen=True):
    """From the worker: it listens."""

    recovered: int
    """Attempts that a dead process had begun, and that it has charged."""
    secrets_made: frozenset[str]
    open: bool
    """Whether it answers without keys."""


class Failed(msgspec.Struct, tag=True, frozen=True):
    """From the worker: it cannot start."""

    message: str
    wrong: bool
    """Whether the configuration is the cause."""


class Reloaded(msgspec.Struct, tag=True, frozen=True):
    """From the worker: it has read the configuration again."""

    taken: bool


class Told(msgspec.Struct, tag=True, frozen=True):
    """From the worker: a snapshot of its metrics."""

    number: int
    metrics: bytes


Message = Begin | Command | Ask | Ready | Failed | Reloaded | Told

_encode = msgspec.msgpack.Encoder(enc_hook=str).encode  # paths are the only values it does not know


def _path(kind: type[Any], value: Any) -> Any:
    return kind(value) if issubclass(kind, Path) else value


_decode = msgspec.msgpack.Decoder(Message, dec_hook=_path).decode


class Channel:
    """One end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, message: Message) -> None:
        """Say something; nothing happens where the other side is gone."""
        if self._writer.is_closing():
            return
        data = _encode(message)
        self._writer.write(len(data).to_bytes(LENGTH, "big") + data)

    async def receive(self) -> Message | None:
        """The next thing that is said; None when the other side is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(LENGTH), "big")
            return _decode(await self._reader.readexactly(length)) if length <= LARGEST else None
        except (OSError, asyncio.IncompleteReadError):
            return None

    async def close(self) -> None:
        """Say no more."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def open_channel(end: socket.socket) -> Channel:
    """This end of a pair of sockets."""
    return Channel(*await asyncio.open_unix_connection(sock=end))
