"""Where log lines go: to a file descriptor, from a thread of its own, so that nobody waits for whoever reads them.

Making the descriptor non-blocking would not do: it is shared with the shell that started us, and a slow disk blocks
all the same. What cannot be written (nobody reads the pipe, the disk is full, there is no standard error) is thrown
away and counted.
"""

import os
import select
import threading
from typing import IO, Final

MOST_WAITING: Final = 8 * 1024 * 1024
"""Bytes that may wait for a reader; further lines are dropped."""
PATIENCE: Final = 2.0
"""Seconds for which the end of the process waits for a reader."""
_LINE_FEED: Final = 10


class Sink:
    """Takes whole lines from any thread. Make one after forking: its thread does not survive that."""

    def __init__(self, stream: IO[str] | IO[bytes] | None, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._fd = _duplicate(stream)
        self._waiting: list[bytes] = []
        self._size = 0
        self._refused = 0
        self._lost = 0
        self._torn = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines thrown away so far."""
        return self._refused + self._lost

    def put(self, lines: bytes) -> None:
        """Write `lines`, which end in a line feed, once the descriptor takes them. Never waits and never raises."""
        with self._changed:
            size = self._size + len(lines)
            if size > MOST_WAITING or self._closing:
                self._refused += lines.count(b"\n")
                return
            self._waiting.append(lines)
            self._size = size
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, and end. What is not taken within the sink's patience is lost."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(self._patience)

    # the writing thread

    def _run(self) -> None:
        closing = False
        while not closing:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                lines, self._waiting = b"".join(self._waiting), []
                closing = self._closing
            self._write(lines)
            with self._changed:
                self._size -= len(lines)
        if self._fd is not None:
            os.close(self._fd)

    def _write(self, lines: bytes) -> None:
        lead = b"\n" if self._torn and lines else b""  # so that half a line does not swallow the next one
        data = memoryview(lead + lines)
        written = 0
        try:
            while written < len(data):
                written += self._write_some(data[written:])
        except OSError:
            self._lost += lines.count(b"\n", max(0, written - len(lead)))
        if written:
            self._torn = data[written - 1] != _LINE_FEED

    def _write_some(self, data: memoryview) -> int:
        if self._fd is None:
            raise OSError("there is nowhere to write")
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # another process made the shared descriptor non-blocking
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            if not poll.poll(self._patience * 1000):
                raise
            return 0


def _duplicate(stream: IO[str] | IO[bytes] | None) -> int | None:
    """A descriptor of our own: were the stream closed, its number might soon be that of a client's socket."""
    if stream is None:
        return None
    try:
        return os.dup(stream.fileno())
    except (OSError, ValueError):
        return None
