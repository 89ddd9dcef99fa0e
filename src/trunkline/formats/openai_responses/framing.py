"""The frames of this format's streams: two lines each, a name and its data, where every other format has one.

`formats/sse.py` reads any stream; here is the short way for the usual frame.
"""

from trunkline.formats.sse import CARRIAGE_RETURN, Splitter, data_of

DONE = b"[DONE]"
"""What some send behind the last event. It says nothing more."""


class Frames(Splitter):
    """Cuts a stream into whole events."""

    __slots__ = ()

    def feed(self, data: bytes) -> list[bytes]:
        """The events that `data` completes. Raises `EventTooLarge`."""
        if data.endswith(b"\n\n") and not self._rest and data.find(b"\n\n") == len(data) - 2 and b"\r" not in data:
            return [data]  # the usual case: one read, one event
        return self._cut(data)


def payload_of(event: bytes) -> bytes | None:
    """The data of one event; None for comments and other events without any."""
    if event.startswith(b"event: "):
        start = event.find(b"\ndata: ") + 7
        if start > 7 and event.find(b"\n", start) == len(event) - 2 and event[-3] != CARRIAGE_RETURN:
            return event[start:-2]
    return data_of(event)
