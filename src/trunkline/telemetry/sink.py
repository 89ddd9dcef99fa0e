"""Where log lines go: to a file descriptor, from a thread of its own, so that nobody waits for whoever reads them.

Making the descriptor non-blocking would not do: it is shared with the shell that started us, and a full disk or a slow
one blocks all the same. Lines are gathered for 100 ms or until there are 64 kB of them, then written together. What
cannot be written (nobody reads the pipe, the disk is full, there is no standard error) is thrown away and counted.
"""

import os
import select
import threading
from typing import IO, Final

GATHERED_FOR: Final = 0.1
"""Seconds after which a line is written at the latest, if the descriptor takes it."""
GATHERED: Final = 64 * 1024
MOST_WAITING: Final = 8 * 1024 * 1024
"""Bytes that may wait for a reader; further lines are dropped."""
CLOSED_WITHIN: Final = 2.0
"""Seconds for which `close` waits for a reader."""
_LINE_FEED: Final = 10


class Sink:
    """Takes whole lines from any thread. Make one after forking: its thread does not survive that."""

    def __init__(self, stream: IO[str] | IO[bytes] | None) -> None:
        self._fd = _duplicate(stream)
        self._lines: list[bytes] = []
        self._size = 0
        self._dropped = 0
        self._failed = 0
        self._torn = False
        self._closing = False
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines thrown away so far."""
        return self._dropped + self._failed

    def put(self, line: bytes, *, at_once: bool = False) -> None:
        """Write `line`, which ends in a line feed, soon or at once. Never waits and never raises."""
        with self._lock:
            size = self._size + len(line)
            if size > MOST_WAITING or self._closing:
                self._dropped += 1
                return
            first = not self._lines
            self._lines.append(line)
            self._size = size
        if first:
            self._some.set()
        if at_once or size > GATHERED:
            self._enough.set()

    def close(self) -> None:
        """Write what waits, and end. What the descriptor does not take within two seconds is dropped."""
        with self._lock:
            self._closing = True
        self._enough.set()
        self._some.set()
        self._thread.join(CLOSED_WITHIN)

    # the writing thread

    def _run(self) -> None:
        while not self._closing:
            self._some.wait()
            self._enough.wait(GATHERED_FOR)
            self._write(self._take())
        self._write(self._take())
        if self._fd is not None:
            os.close(self._fd)

    def _take(self) -> bytes:
        with self._lock:
            lines, self._lines, self._size = self._lines, [], 0
            self._some.clear()
            self._enough.clear()
        return b"".join(lines)

    def _write(self, lines: bytes) -> None:
        lead = b"\n" if self._torn and lines else b""  # so that half a line does not swallow the next one
        data = memoryview(lead + lines)
        written = 0
        try:
            while written < len(data):
                written += self._write_some(data[written:])
        except OSError:
            self._failed += lines.count(b"\n", max(0, written - len(lead)))
        if written:
            self._torn = data[written - 1] != _LINE_FEED

    def _write_some(self, data: memoryview) -> int:
        if self._fd is None:
            raise OSError("there is nowhere to write")
        try:
            return os.write(self._fd, data)
        except BlockingIOError:  # somebody else made the shared descriptor non-blocking
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            if not poll.poll(CLOSED_WITHIN * 1000):
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
