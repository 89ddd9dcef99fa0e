"""The intents of attempts, on disk before their first byte goes upstream.

One line of JSON per intent, one `write(2)` each: from then on the process may be killed. Rows that were told of to
others before they are in the store stand there too, behind `=`. A journal is cut into segments; a segment whose
attempts are all in the store is deleted, once the budgets have heard of them, too. Each segment is locked by the
process that writes it, so that what no process holds is what a dead one left behind.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from trunkline.ledger.record import Intent, Row

SEGMENT = 16 * 1024 * 1024
"""Bytes after which the next segment is begun."""
SUFFIX = ".journal"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Intent).decode
_decode_row = msgspec.json.Decoder(Row).decode
_ROW = b"="


class Segment:
    """One file of a journal."""

    __slots__ = ("fd", "open", "path", "sealed", "size")

    def __init__(self, path: Path) -> None:
        self.path = path
        draft = path.with_suffix(".new")  # locked before another process can take it for a dead one's
        self.fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.hardlink_to(draft)  # and not over another's
        draft.unlink()
        self.size = 0
        self.open = 0
        """Attempts begun here whose row is not in the store yet."""
        self.sealed = False


class Journal:
    """Appends intents. `begin` and `done` are called on one thread, that of the event loop."""

    def __init__(self, folder: Path, process: int) -> None:
        self._folder = folder
        self._process = process
        self._number = 0
        self._swapping = threading.Lock()
        self._untold: list[Segment] = []  # all in the store, and not known to be told to the budgets
        self._telling = 0  # of these, how many the report under way tells of
        self._keeps = False
        self._segment = self._next()

    def begin(self, intent: Intent) -> Segment:
        """Record `intent`; the segment that `done` is told of later. Raises `OSError` when the disk is full."""
        segment = self._segment
        if segment.size > SEGMENT:
            with self._swapping:
                os.fdatasync(segment.fd)
                self._segment = self._next()
            self._seal(segment)
            segment = self._segment
        _append(segment, _encode(intent) + b"\n")
        segment.open += 1
        return segment

    def end(self, rows: Iterable[tuple[Row, Segment]]) -> None:
        """Record how attempts ended whose rows are not in the store yet. Raises `OSError`, as `begin`."""
        lines: dict[Segment, bytearray] = {}
        for row, segment in rows:
            lines.setdefault(segment, bytearray()).extend(_ROW + _encode(row) + b"\n")
        for segment, text in lines.items():
            _append(segment, text)

    def sync(self) -> None:
        """Bring what was recorded to the disk. The one method that another thread may call."""
        with self._swapping:
            os.fdatasync(self._segment.fd)

    def done(self, segment: Segment, count: int = 1) -> None:
        """The rows of so many of the segment's attempts are in the store."""
        segment.open -= count
        if segment.sealed and not segment.open:
            self._finish(segment)

    def telling(self) -> None:
        """The budgets are about to be told of all that has ended. From now on a segment is kept until they have been:
        if this process dies before, its budgets are settled by what stands there.
        """
        self._keeps = True
        self._telling = len(self._untold)

    def told(self) -> None:
        """They have heard it."""
        for segment in self._untold[: self._telling]:
            _remove(segment)
        del self._untold[: self._telling]
        self._telling = 0

    def nothing_held(self) -> None:
        """They have heard all, and lend this process nothing any more."""
        self._keeps = False
        self._telling = len(self._untold)
        self.told()

    def close(self) -> None:
        """Let go of all segments. What is settled, and told to the budgets, goes; the rest stays for the next start."""
        self._seal(self._segment)
        for segment in [*self._untold, *([self._segment] if self._segment.open else [])]:
            os.close(segment.fd)

    def _next(self) -> Segment:
        self._number += 1
        return Segment(self._folder / f"{self._process}-{self._number:06}{SUFFIX}")

    def _seal(self, segment: Segment) -> None:
        segment.sealed = True
        if not segment.open:
            self._finish(segment)

    def _finish(self, segment: Segment) -> None:
        if self._keeps:
            self._untold.append(segment)
        else:
            _remove(segment)


def _append(segment: Segment, text: bytes | bytearray) -> None:
    if os.write(segment.fd, text) != len(text):
        os.ftruncate(segment.fd, segment.size)  # half a line would spoil the next one
        raise OSError("the journal's disk is full")
    segment.size += len(text)


def _remove(segment: Segment) -> None:
    segment.path.unlink(missing_ok=True)
    os.close(segment.fd)


def process_of(path: Path) -> str:
    """The id of the process that wrote the segment at `path`."""
    return path.name.partition("-")[0]


class Orphan(NamedTuple):
    """A segment that a dead process left behind."""

    path: Path
    intents: list[Intent]
    rows: dict[tuple[str, int], Row]
    """Of those attempts whose end it tells, by request and attempt."""
    spoilt: int
    """Lines of it that are neither, other than the last one, which a power cut may have torn: its request had not been
    sent, or its row was not told of.
    """


def orphans(folder: Path) -> Iterator[Orphan]:
    """The segments that no living process writes. The caller deletes a path when it is dealt with."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue  # another process that starts has dealt with it
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield _read(path, file.read())


def _read(path: Path, text: bytes) -> Orphan:
    *lines, last = text.split(b"\n")
    intents: list[Intent] = []
    rows: dict[tuple[str, int], Row] = {}
    spoilt = 0
    for line in lines:
        try:
            _take(line, intents, rows)
        except msgspec.DecodeError:
            spoilt += 1
    with contextlib.suppress(msgspec.DecodeError):
        _take(last, intents, rows)
    return Orphan(path, intents, rows, spoilt)


def _take(line: bytes, intents: list[Intent], rows: dict[tuple[str, int], Row]) -> None:
    if line.startswith(_ROW):
        row = _decode_row(line.removeprefix(_ROW))
        rows[row.request, row.attempt] = row
    else:
        intents.append(_decode(line))
