"""One line for each request, at the cost of three microseconds.

A line has always the same fields, so it is made by one template of bytes: half the cost of making an object and
encoding that. Texts pass the guard once and are then remembered as JSON, for there are few of them: names of models,
providers and keys, paths, addresses.
"""

import asyncio
import re
from typing import Final

import msgspec

from trunkline.telemetry import lines
from trunkline.telemetry.lines import LEVELS, Level
from trunkline.telemetry.log import Log

GATHERED: Final = 64 * 1024
"""Bytes of lines that are written together, if so many come within the time."""
GATHERED_FOR: Final = 0.1
"""Seconds."""
LONGEST_TEXT: Final = 200
"""Characters of one field."""
REMEMBERED: Final = 5000
"""Combinations of what requests have in common."""

_HARMLESS: Final = re.compile(r"[0-9a-f-]{0,64}")
"""Nothing, and the ids that most clients send, which need no look at every pattern."""

_LINE: Final = (
    b'{"time":"%b",%b,"request":"%b","label":%b,%b,"duration_ms":%.3f,"first_output_ms":%b,"overhead_ms":%.3f,'
    b'"cost_nanodollars":%b,"detail":%b}\n'
)
_START: Final = b'"level":"%b","event":"request","status":%d'
_MIDDLE: Final = (
    b'"client":%b,"key":%b,"path":%b,"model":%b,"provider":%b,"served":%b,"stream":%b,"attempts":%d,"error":%b'
)
_FIRST_CLIENT_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500


_Same = tuple[int, str, str, str, str, str, str, bool, int, str]
"""Status, client, key, path, model, provider, served, stream, attempts and error of a request."""


class _Parts(msgspec.Struct, frozen=True):
    level: int
    start: bytes
    middle: bytes


class RequestLog:
    """Writes the lines of requests to the log of the process. Made and used on the event loop's thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._lines: list[bytes] = []
        self._size = 0
        self._guard = log.guard
        self._parts: dict[_Same, _Parts] = {}
        self._least = log.least

    def line(
        self,
        *,
        request: str,
        label: str,
        client: str,
        key: str,
        path: str,
        model: str,
        provider: str,
        served: str,
        status: int,
        stream: bool,
        attempts: int,
        seconds: float,
        first: float | None,
        overhead: float,
        cost: int,
        error: str,
        detail: str,
    ) -> None:
        """One request that has ended: a warning where the server's side was at fault, and info otherwise.

        `path` is without its query; `model` is what was asked for, `served` the provider's name for what answered.
        Times are seconds, `first` from the arrival to the first output; `cost` is nano-dollars, -1 for unknown.
        """
        same = (status, client, key, path, model, provider, served, stream, attempts, error)
        parts = self._parts.get(same) or self._parts_of(same)
        if parts.level < self._least:
            return
        once = self._once
        self._put(
            _LINE
            % (
                self._log.stamp().encode(),
                parts.start,
                request.encode(),
                once(label) if label else b'""',
                parts.middle,
                seconds * 1e3,
                b"%.3f" % (first * 1e3) if first is not None else b"null",
                overhead * 1e3,
                b"%d" % cost if cost >= 0 else b"null",
                once(detail) if detail else b'""',
            )
        )

    def _parts_of(self, same: _Same) -> _Parts:
        """The parts of a line that are the same for many requests."""
        if len(self._parts) >= REMEMBERED:
            self._parts.clear()
        status, client, key, path, model, provider, served, stream, attempts, error = same
        failed = status >= _FIRST_SERVER_ERROR or (error != "" and status < _FIRST_CLIENT_ERROR)
        level: Level = "warning" if failed else "info"
        once = self._once
        parts = self._parts[same] = _Parts(
            LEVELS[level],
            _START % (level.encode(), status),
            _MIDDLE
            % (
                once(client),
                once(key),
                once(path),
                once(model),
                once(provider),
                once(served),
                b"true" if stream else b"false",
                attempts,
                once(error),
            ),
        )
        return parts

    def _once(self, text: str) -> bytes:
        """A text as it may stand in a line: JSON, bounded, without what looks like a secret."""
        return lines.encode(self._guard.text(text[:LONGEST_TEXT])) if text else b'""'

    def close(self) -> None:
        """Hand on what was gathered. The log itself stays open."""
        self._flush()

    def _put(self, line: bytes) -> None:
        if self._log.shape == "console":
            line = _for_people(line)
        if not self._lines:
            self._timer = self._loop.call_later(GATHERED_FOR, self._flush)
        self._lines.append(line)
        self._size += len(line)
        if self._size > GATHERED:
            self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            self._log.sink.put(b"".join(self._lines))
            self._lines = []
            self._size = 0


def _for_people(line: bytes) -> bytes:
    """The line as `console` has it, without what is empty."""
    fields = {name: value for name, value in _decode(line).items() if value not in ("", None)}
    stamp, level, event = (fields.pop(name) for name in lines.HEAD)
    return lines.console(stamp, level, event, fields)


_decode = msgspec.json.Decoder().decode
