"""As much HTTP/1.1 as a load generator needs: where a reply ends, and what its status is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHUNKS_END = b"\r\n0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Where requests go: a gateway, or the upstream itself. `ca` is set where it speaks TLS."""

    host: str
    port: int
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: Path | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.ca else 'http'}://{self.host}:{self.port}{self.path}"

    def request(self, body: bytes, *, close: bool = False) -> bytes:
        """The bytes of a POST with this body; `close` asks for a connection of its own."""
        lines = [
            f"POST {self.path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        if close:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Reply:
    """Follows one reply through its bytes; `feed` says when it is complete.

    A reply with neither a length nor chunks ends with the connection: `feed` never reports it complete. Chunks are not
    parsed: their end is recognised by its bytes, which neither JSON nor an event stream can hold.
    """

    __slots__ = ("_head", "_missing", "_tail", "status")

    def __init__(self) -> None:
        self.status = 0
        self._head: bytes | None = b""  # None once the head has been read
        self._missing = -1  # bytes of the body still to come; -1 when chunked or unknown
        self._tail = b""  # the end of what was read so far, when chunked

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; true when they complete the reply."""
        if self._head is not None:
            data = self._head + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return False
            self._read_head(data[:end])
            data = data[end + 4 :]
        if self._missing >= 0:
            self._missing -= len(data)
            return self._missing <= 0
        self._tail = (self._tail + data)[-len(CHUNKS_END) :]
        return self._tail == CHUNKS_END

    def _read_head(self, head: bytes) -> None:
        self._head = None
        self.status = int(head[9:12])
        length = _LENGTH.search(head)
        if length:
            self._missing = int(length[1])
        elif _CHUNKED.search(head):
            self._tail = b"\r\n"  # so that an empty body's only chunk also ends the reply
