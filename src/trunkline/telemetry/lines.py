"""How a log line is written: as JSON, or for people. Every line begins with `time`, `level` and `event`.

`time` is RFC 3339 in UTC with milliseconds, in both formats, for operational events and for requests.
"""

import re
import time
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Format = Literal["json", "console"]
Level = Literal["debug", "info", "warning", "error"]
LEVELS: Final[dict[Level, int]] = {"debug": 10, "info": 20, "warning": 30, "error": 40}

HEAD: Final = ("time", "level", "event")
TRACEBACK: Final = "traceback"
"""The field that `console` shows on lines of its own."""

encode = msgspec.json.Encoder().encode
_BARE: Final = re.compile(r"[\w.:/+@%()\[\]{}…-]+")
"""Texts that need no quotes."""


class Stamp:
    """The time now, as text; all but its milliseconds are made once a second."""

    def __init__(self) -> None:
        self._last = (-1, "")
        self._second = (-1, "")

    def __call__(self) -> str:
        now = time.time_ns() // 1_000_000
        at, text = self._last
        if at != now:
            text = self._text(now)
            self._last = (now, text)
        return text

    def _text(self, now: int) -> str:
        seconds, milliseconds = divmod(now, 1000)
        at, text = self._second
        if at != seconds:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            self._second = (seconds, text)
        return f"{text}.{milliseconds:03}Z"


def json(stamp: str, level: Level, event: str, fields: Mapping[str, object]) -> bytes:
    """One object. A field with a name of the line's own gets an underscore."""
    line: dict[str, object] = {"time": stamp, "level": level, "event": event}
    for name, value in fields.items():
        line[f"{name}_" if name in HEAD else name] = value
    return encode(line) + b"\n"


def console(stamp: str, level: Level, event: str, fields: Mapping[str, object]) -> bytes:
    """`time level event name=value …`; a traceback follows, indented, so that none of its lines can pass for a line."""
    named = [f"{_printable(name)}={_value(value)}" for name, value in fields.items() if name != TRACEBACK]
    lines = [" ".join([stamp, f"{level:7}", _printable(event), *named])]
    traceback = fields.get(TRACEBACK)
    if isinstance(traceback, str):
        lines += [f"    {_printable(line)}" for line in traceback.splitlines()]
    return ("\n".join(lines) + "\n").encode()


def _value(value: object) -> str:
    if isinstance(value, str) and _BARE.fullmatch(value):
        return _printable(value)
    return _printable(encode(value).decode())


def _printable(text: str) -> str:
    """`text` without what could steer a terminal or end the line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
