"""Server-sent events as bytes: cut a stream into whole events, and find the data in one.

Follows the event-stream grammar of the HTML standard (lines end in LF, CRLF or CR; a blank line ends an event; one
space after the colon is not data), because providers use all of it: Google ends lines with CRLF, DashScope leaves the
space out.
"""

import re

_BOUNDARY = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_LINE = re.compile(rb"\r\n|\n|\r")


class EventTooLarge(ValueError):
    """One event is larger than the splitter may hold."""


class Splitter:
    """Gives back whole events, each with the blank line that ends it, and holds what is not whole yet."""

    __slots__ = ("_limit", "_rest")

    def __init__(self, limit: int = 64 * 1024 * 1024) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The events that `data` completes. Raises `EventTooLarge`."""
        if not self._rest and data.endswith(b"\n\n") and b"\r" not in data:  # the usual case: whole events
            if data.find(b"\n\n") == len(data) - 2:
                return [data]
            if not data.endswith(b"\n\n\n"):
                return [event + b"\n\n" for event in data[:-2].split(b"\n\n")]
        return self._cut(data)

    def _cut(self, data: bytes) -> list[bytes]:
        rest = self._rest
        search = max(0, len(rest) - 3)  # a blank line may have begun in the last read
        rest += data
        events: list[bytes] = []
        start = 0
        while (found := _BOUNDARY.search(rest, search)) is not None:
            events.append(bytes(rest[start : found.end()]))
            start = search = found.end()
        del rest[:start]
        if len(rest) > self._limit:
            raise EventTooLarge(f"an event of the stream is larger than {self._limit} bytes")
        return events

    def rest(self) -> bytes:
        """What came after the last whole event. By the standard it is no event; some servers leave the last blank
        line out.
        """
        return bytes(self._rest)


def data_of(event: bytes) -> bytes | None:
    """The data of one event; None for comments and other events without any."""
    start = event.find(b"\n") + 1 if event.startswith(b"event: ") else 0
    if event.startswith(b"data: ", start) and event.find(b"\n", start) == len(event) - 2 and b"\r" not in event:
        return event[start + 6 : -2]  # the usual case: one line, or one behind the event's name
    lines = [
        line[5:].removeprefix(b" ") if line.startswith(b"data:") else b""
        for line in _LINE.split(event)
        if line.startswith(b"data:") or line == b"data"
    ]
    return b"\n".join(lines) if lines else None
