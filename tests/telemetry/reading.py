"""A log to a real file, and its lines as objects."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from trunkline.telemetry.lines import Format, Level
from trunkline.telemetry.log import Log, configure


@contextlib.contextmanager
def log_to(path: Path, shape: Format = "json", level: Level = "info") -> Iterator[Log]:
    """A log whose lines are all in `path` after the block."""
    with path.open("wb") as file:
        log = configure(shape, level, file)
    try:
        yield log
    finally:
        log.close()


def objects(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON log."""
    return parsed(path.read_bytes())


def parsed(written: bytes) -> list[dict[str, Any]]:
    """The lines of a JSON log. Fails if one is not an object of its own."""
    lines = written.split(b"\n")
    assert lines.pop() == b"", "the last line does not end"
    return [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
