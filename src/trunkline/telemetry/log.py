"""The operational log: what happened to the gateway, as one line of JSON or of text for each event.

    log = configure("json", "info", sys.stderr)
    log.warning("provider_key.benched", provider="openai", why="upstream_auth")

Every line begins with `time` (RFC 3339, UTC, milliseconds), `level` and `event`; so do the lines of `request_log`. No call
waits or raises, whatever it is given and whoever reads the log.
"""

import logging
import time
import traceback
from collections.abc import Iterable, Mapping
from typing import IO, Final, Literal, Self

import msgspec

from trunkline.telemetry.redact import Guard
from trunkline.telemetry.sink import Sink

Format = Literal["json", "console"]
Level = Literal["debug", "info", "warning", "error"]

LEVELS: Final[dict[Level, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
LONGEST_LINE: Final = 64 * 1024
"""Bytes. Of a longer line only its event is kept."""
FRAMES: Final = 20
"""Innermost frames of a traceback that are shown."""

_encode = msgspec.json.Encoder().encode


class Log:
    """Writes events of at least `level`. Usable from any thread, and after `close`, when it writes nothing."""

    def __init__(self, sink: Sink, format: Format, level: Level) -> None:  # noqa: A002  # the setting's name
        self.sink = sink
        self.format: Format = format
        self.least = LEVELS[level]
        self.guard = Guard()
        self.stamp = Stamp()
        self._bridge = _Bridge(self)

    def debug(self, event: str, /, **fields: object) -> None:
        """Something only a developer wants to know."""
        self.write("debug", event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Something that is as it should be."""
        self.write("info", event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Something an operator should look at."""
        self.write("warning", event, fields)

    def error(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        """Something that failed. With `error`, where it came from is shown."""
        if error is not None:
            fields |= {"error": error, "traceback": _traceback(error)}
        self.write("error", event, fields)

    def write(self, level: Level, event: str, fields: Mapping[str, object]) -> None:
        """What the methods above do."""
        if LEVELS[level] < self.least:
            return
        line = self._line(level, self.guard.text(event), self.guard.fields(fields))
        if len(line) > LONGEST_LINE:
            line = self._line(level, self.guard.text(event), {"left_out": f"{len(line)} bytes"})
        self.sink.put(line, at_once=True)

    def hide(self, secrets: Iterable[str]) -> None:
        """Remove these texts from every event from now on. Called with the configuration's secrets at every reload."""
        self.guard.hide(secrets)

    def close(self) -> None:
        """Write what waits, and leave the standard library's logging alone again."""
        self._bridge.remove()
        self.sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self, level: Level, event: str, fields: dict[str, object]) -> bytes:
        if self.format == "console":
            return console(self.stamp(), level, event, fields)
        head: dict[str, object] = {"time": self.stamp(), "level": level, "event": event}
        return _encode(fields | head if fields.keys().isdisjoint(head) else head | {"fields": fields}) + b"\n"


def configure(format: Format, level: Level, stream: IO[str] | IO[bytes] | None) -> Log:  # noqa: A002
    """The log of this process, to `stream`, which may be closed later or be None. Call it after forking.

    What libraries tell the standard library's `logging` (a task that died unseen, an error in an endpoint of the control
    plane) goes to the same place, in the same form, with the same care.
    """
    log = Log(Sink(stream), format, level)
    log._bridge.install()
    return log


class Stamp:
    """The time as RFC 3339 in UTC, to the millisecond. Most of a second's stamps are made of one text."""

    def __init__(self) -> None:
        self._cached = (-1, "")

    def __call__(self) -> str:
        second, nanos = divmod(time.time_ns(), 1_000_000_000)
        cached, text = self._cached
        if cached != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._cached = (second, text)
        return f"{text}.{nanos // 1_000_000:03}Z"


def console(stamp: str, level: str, event: str, fields: Mapping[str, object]) -> bytes:
    """A line for people: `time level event name=value …`; a traceback follows on lines of its own, indented."""
    below = fields.get("traceback")
    parts = [stamp, f"{level:7}", _plain(event)]
    parts += [f"{_plain(name)}={_value(value)}" for name, value in fields.items() if name != "traceback"]
    lines = [" ".join(parts)]
    if isinstance(below, str):
        lines += ["    " + _printable(line) for line in below.splitlines()]
    return ("\n".join(lines) + "\n").encode()
