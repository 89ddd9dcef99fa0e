"""Where client and provider speak different formats: a reader of the one and a writer of the other, in one.

It offers what a `Scanner` offers, so that whoever relays a stream need not know whether it is translated.
"""

from trunkline.formats.conversation import Event, Usage
from trunkline.formats.folding import carries_output
from trunkline.formats.format import StreamReader, StreamWriter


class Translator:
    """Translates a stream as it passes."""

    __slots__ = ("_events", "_id", "_reader", "_writer", "done", "error", "finish", "started", "terminator", "usage")

    def __init__(self, reader: StreamReader, writer: StreamWriter, reply_id: str = "") -> None:
        """`reply_id`, where it is not empty, is the reply's id whatever the provider calls it."""
        self._id = reply_id
        self._reader = reader
        self._writer = writer
        self._events = 0
        self.started = False
        self.done = False
        self.finish = ""
        self.usage: Usage | None = None
        self.error: object = None
        self.terminator = b""

    def feed(self, data: bytes) -> bytes:
        """The same in the client's format. Stops at an error. Raises `StreamError`."""
        return b"".join([self._pass(event) for event in self._reader.feed(data)])

    def close(self) -> bytes:
        """What upstream left; and, where the stream is whole without an end of its own, the client's."""
        out = b"".join([self._pass(event) for event in self._reader.close()])
        if self._reader.complete() and not self.done:
            self.terminator = self._writer.end()
        return out

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole."""
        return self._reader.complete()

    def estimate(self) -> int:
        """Tokens produced so far: nearly one for each event that brought some."""
        return self._events

    def _pass(self, event: Event) -> bytes:
        if self.error is not None or self.done:
            return b""
        if event.error is not None:
            self.error = event.error
            return b""
        if event.usage is not None:
            self.usage = event.usage
        for stop in event.stops.values():
            self.finish = self.finish or stop.said or stop.reason
        if event.deltas:
            self._events += 1
        if not self.started:
            self.started = carries_output(event)
        if self._id:
            event.id = self._id
        out = self._writer.feed(event)
        if event.ends:
            self.done = True
            out += self._writer.end()
        return out
