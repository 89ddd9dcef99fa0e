"""Where client and provider speak different formats: a reader of the one and a writer of the other, in one.

It offers what a `Scanner` offers, so that whoever relays a stream need not know whether it is translated.
"""

import msgspec

from trunkline.formats.conversation import Event, Reply, Usage
from trunkline.formats.folding import carries_output
from trunkline.formats.format import StreamReader, StreamWriter


class Stamp(msgspec.Struct, frozen=True):
    """What a reply says of itself where its provider does not: clients of most formats count on it."""

    id: str
    model: str
    created: int
    """Unix time, seconds."""
    renames: bool = False
    """`id` holds whatever the provider calls the reply."""

    def put(self, on: Reply | Event) -> None:
        """Fill in what is missing."""
        if self.renames or not on.id:
            on.id = self.id
        on.model = on.model or self.model
        on.created = on.created or self.created


class _Names:
    """What a stream says of itself, from its first event to its last: some providers say it once, some every time, and
    some never.
    """

    __slots__ = ("_created", "_id", "_model", "_stamp", "_told")

    def __init__(self, stamp: Stamp) -> None:
        self._stamp = stamp
        self._id = stamp.id if stamp.renames else ""
        self._model = ""
        self._created = 0
        self._told = False
        """The client has been told something, and so these names."""

    def put(self, event: Event) -> None:
        """Let `event` say what all events before it have said."""
        if not self._told:
            self._id = self._id or event.id
            self._model = self._model or event.model
            self._created = self._created or event.created or 0
            if event.starts or event.deltas or event.stops or event.ends:
                self._told = True
                self._id = self._id or self._stamp.id
                self._model = self._model or self._stamp.model
                self._created = self._created or self._stamp.created
        event.id, event.model, event.created = self._id, self._model, self._created or None


class Translator:
    """Translates a stream as it passes."""

    __slots__ = (
        "_events",
        "_names",
        "_reader",
        "_writer",
        "done",
        "error",
        "finish",
        "started",
        "terminator",
        "tier",
        "usage",
    )

    def __init__(self, reader: StreamReader, writer: StreamWriter, stamp: Stamp) -> None:
        self._names = _Names(stamp)
        self._reader = reader
        self._writer = writer
        self._events = 0
        self.started = False
        self.done = False
        self.finish = ""
        self.usage: Usage | None = None
        self.tier = ""
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
        self.tier = event.service_tier or self.tier
        for stop in event.stops.values():
            self.finish = self.finish or stop.said or stop.reason
        if event.deltas:
            self._events += 1
        if not self.started:
            self.started = carries_output(event)
        self._names.put(event)
        out = self._writer.feed(event)
        if event.ends:
            self.done = True
            out += self._writer.end()
        return out
