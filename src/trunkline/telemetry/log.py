"""The operational log: what happens to the gateway, one line for each event.

    log = configure("json", "info", sys.stderr)
    log.warning("provider_key.benched", provider="openai", why="upstream_auth")

No call waits or raises, whatever it is given and whoever reads the log, and every value passes the guard (`redact`).
The lines of requests are `request_log`'s.
"""

import logging
import traceback
from collections.abc import Iterable, Mapping
from typing import IO, Final

from trunkline.telemetry import lines
from trunkline.telemetry.lines import LEVELS, TRACEBACK, Format, Level
from trunkline.telemetry.redact import Guard
from trunkline.telemetry.sink import Sink

LONGEST_LINE: Final = 64 * 1024
"""Bytes. Of a longer line only its event is kept."""
FRAMES: Final = 20
"""Innermost frames of a traceback that are shown."""


class Log:
    """Writes events of at least a level. Usable from any thread, and after `close`, when it writes nothing."""

    def __init__(self, sink: Sink, shape: Format, level: Level) -> None:
        self.sink = sink
        self.shape: Format = shape
        self.least = LEVELS[level]
        self.guard = Guard()
        self.stamp = lines.Stamp()
        self._line = lines.json if shape == "json" else lines.console
        self._bridge = _Bridge(self)
        self._bridge.install()

    def debug(self, event: str, /, **fields: object) -> None:
        """Something that only a developer wants to know."""
        self.write("debug", event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Something that is as it should be."""
        self.write("info", event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Something that an operator should look at."""
        self.write("warning", event, fields)

    def error(self, event: str, /, **fields: object) -> None:
        """Something that failed."""
        self.write("error", event, fields)

    def report(self, event: str, /, **fields: object) -> None:
        """An event at the level its fields tell: an `exception` is an error, a `problem` (or `problems`) a warning."""
        level: Level = "error" if "exception" in fields else "info"
        if "problem" in fields or "problems" in fields:
            level = "warning"
        self.write(level, event, fields)

    def write(self, level: Level, event: str, fields: Mapping[str, object]) -> None:
        """What the methods above do. A field `exception` that is one is shown with where it came from."""
        if LEVELS[level] < self.least:
            return
        exception = fields.get("exception")
        if isinstance(exception, BaseException):
            fields = {**fields, TRACEBACK: _traceback(exception)}
        stamp, event = self.stamp(), self.guard.text(event)
        line = self._line(stamp, level, event, self.guard.fields(fields))
        if len(line) > LONGEST_LINE:
            line = self._line(stamp, level, event[:200], {"left_out_bytes": len(line)})
        self.sink.put(line)

    def hide(self, secrets: Iterable[str]) -> None:
        """Remove these texts from every event from now on. Called with the configuration's secrets at every reload."""
        self.guard.hide(secrets)

    def close(self) -> None:
        """Write what waits, and leave the standard library's logging alone again."""
        self._bridge.remove()
        self.sink.close()


def configure(shape: Format, level: Level, stream: IO[str] | IO[bytes] | None) -> Log:
    """The log of this process, to `stream`, which may be None or be closed later. Call it after forking, and once."""
    return Log(Sink(stream), shape, level)


def _traceback(exception: BaseException) -> str:
    return "".join(traceback.format_exception(exception, limit=-FRAMES))


class _Bridge(logging.Handler):
    """Brings what libraries tell the standard library's `logging` into the same log, with the same care.

    Such as asyncio's word of a task that died unseen, or the control plane's of an endpoint that failed.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(log.least)
        self._log = log
        self._root = logging.getLogger()
        self._level_before = self._root.level

    def install(self) -> None:
        # Libraries talk much below a warning; a developer may want to hear it.
        self._root.setLevel(self._log.least if self._log.least == LEVELS["debug"] else logging.WARNING)
        self._root.addHandler(self)

    def remove(self) -> None:
        self._root.removeHandler(self)
        self._root.setLevel(self._level_before)

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = {"message": _message(record)}
        if record.exc_info is not None and record.exc_info[1] is not None:
            fields["exception"] = record.exc_info[1]
        self._log.write(_level(record.levelno), record.name, fields)


def _level(number: int) -> Level:
    return "error" if number >= 40 else "warning" if number >= 30 else "info" if number >= 20 else "debug"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # a library's mistake in a format string must not fail its caller
        return f"{record.msg} ({type(error).__name__} while its arguments were put in)"
