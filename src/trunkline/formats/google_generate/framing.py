"""The two ways in which Google streams: server-sent events, and one JSON array that is written element by element.

Both are cut into pieces whose concatenation is the stream as it came; each holds at most one element.
"""

import re

from trunkline.formats.sse import EventTooLarge, Splitter, data_of

_END = b"\r\n\r\n"
"""What Google ends its events with."""
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
"""A whole string, the beginning of one that is not whole yet, or a bracket."""
_INSIDE = re.compile(rb'["\\]')
_QUOTE = ord('"')
_OPEN, _CLOSE = frozenset(b"{["), frozenset(b"}]")


class ArraySplitter:
    """Cuts a JSON array into its elements, each with what stands before it, and a last piece with what closes it."""

    __slots__ = ("_buffer", "_depth", "_inside", "_limit", "_seen", "ended")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._seen = 0
        """Bytes of the buffer that have been looked at."""
        self._depth = 0
        self._inside = False
        """A string has begun and not ended."""
        self.ended = False
        """The array is closed."""

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces that `data` completes. Raises `EventTooLarge`."""
        buffer = self._buffer
        buffer += data
        pieces: list[bytes] = []
        while (end := self._next_end()) is not None:
            pieces.append(bytes(buffer[:end]))
            del buffer[:end]
            self._seen = 0
        if self.ended and buffer:
            pieces.append(bytes(buffer))
            buffer.clear()
            self._seen = 0
        if len(buffer) > self._limit:
            raise EventTooLarge(f"an element of the stream is larger than {self._limit} bytes")
        return pieces

    def _next_end(self) -> int | None:
        """Where the element ends that begins the buffer, or the array; None if neither has come yet."""
        if self._inside and not self._leave_string():
            return None
        buffer = self._buffer
        for found in _TOKEN.finditer(buffer, self._seen):
            mark, end = buffer[found.start()], found.end()
            if mark == _QUOTE:
                if end - found.start() == 1:
                    self._inside, self._seen = True, end
                    self._leave_string()  # it cannot, but it need not look at the string's beginning again
                    return None
            elif mark in _OPEN:
                self._depth += 1
            elif mark in _CLOSE:
                self._depth -= 1
                self.ended = self._depth <= 0
                if self._depth <= 1:
                    self._seen = end
                    return end
        self._seen = len(buffer)
        return None

    def _leave_string(self) -> bool:
        """Go to the end of the string; False if that has not come yet."""
        buffer = self._buffer
        while (found := _INSIDE.search(buffer, self._seen)) is not None:
            at = found.start()
            if buffer[at] == _QUOTE:
                self._inside, self._seen = False, at + 1
                return True
            if at + 1 == len(buffer):
                self._seen = at  # what the backslash escapes is still to come
                return False
            self._seen = at + 2
        self._seen = len(buffer)
        return False


class Framing:
    """Cuts a stream of either kind."""

    __slots__ = ("_array", "_begun", "_events", "_held", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events = Splitter(limit)
        self._array: ArraySplitter | None = None
        self._held = 0
        """Bytes of an event that is not whole yet."""
        self._begun = False

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces that `data` completes. Raises `EventTooLarge`."""
        if not self._begun:
            first = data.lstrip()[:1]
            if first:
                self._begun = True
                self._array = ArraySplitter(self._limit) if first == b"[" else None
        if self._array is not None:
            return self._array.feed(data)
        if not self._held and data.endswith(_END) and b"\n\n" not in data:  # the usual case: whole events
            return [piece + _END for piece in data[:-4].split(_END)]
        pieces = self._events.feed(data)
        self._held += len(data) - sum(map(len, pieces))
        return pieces

    def only(self, data: bytes) -> bytes | None:
        """The JSON in `data` where that is one whole event, as it mostly is; None where it must be cut."""
        plain = self._begun and self._array is None and not self._held and data.startswith(b"data: ")
        return data[6:-4] if plain and data.endswith(_END) and data.find(b"\n") == len(data) - 3 else None

    def payload(self, piece: bytes) -> bytes | None:
        """The JSON in a piece; None for comments, and for what closes an array."""
        if self._array is None:
            one_line = piece.startswith(b"data: ") and piece.find(b"\n") == len(piece) - 3
            return piece[6:-4] if one_line else data_of(piece)
        element = piece.lstrip(b"[, \r\n\t")
        return element if element.startswith(b"{") else None

    @property
    def ended(self) -> bool:
        """Whether the stream has said that it is at its end, which only an array does."""
        return self._array is not None and self._array.ended

    @property
    def endless(self) -> bool:
        """Whether the stream has no way to say so."""
        return self._array is None

    def rest(self) -> bytes:
        """What is left at the end of a stream of events: an event without its blank line, or an error as bare JSON."""
        return b"" if self._array is not None else self._events.rest().rstrip(b"\r\n")

    def payload_of_rest(self, rest: bytes) -> bytes | None:
        """The JSON in it."""
        bare = rest.lstrip()
        return bare if bare.startswith(b"{") else data_of(rest + b"\n\n")
