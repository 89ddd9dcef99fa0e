"""Arguments of a function call that come piece by piece: `partialArgs`, each a value and its path in the arguments.

A string may go on in the next piece with the same path. Paths are those of JSONPath: `$.a.b[0]['c d']`.
"""

import re
from itertools import pairwise
from typing import Any

import msgspec

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]""")
_MOST = 100_000
"""Elements of an array that is taken at its word."""

Step = str | int


class PartialArguments:
    """The arguments of one call, as they grow."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value: dict[str, Any] = {}

    def add(self, pieces: Any) -> None:
        """Take in one `partialArgs`. What is not understood is passed over."""
        for piece in pieces if isinstance(pieces, list) else []:
            path = piece.get("jsonPath") if isinstance(piece, dict) else None
            if isinstance(path, str):
                self._put(_steps(path), piece)

    def text(self) -> str:
        """All of them as JSON."""
        return msgspec.json.encode(self._value).decode()

    def _put(self, steps: list[Step], piece: dict[str, Any]) -> None:
        if not steps or not isinstance(steps[0], str):
            return
        place: Any = self._value
        for step, following in pairwise(steps):
            below = _at(place, step)
            if not isinstance(below, dict if isinstance(following, str) else list):
                below = {} if isinstance(following, str) else []
                _set(place, step, below)
            place = below
        last = steps[-1]
        value = _value(piece)
        before = _at(place, last)
        _set(place, last, before + value if isinstance(before, str) and isinstance(value, str) else value)


def _steps(path: str) -> list[Step]:
    steps: list[Step] = []
    for name, index, single, double in _STEP.findall(path):
        steps.append(int(index) if index else name or (single or double).replace("\\", ""))
    return steps


def _value(piece: dict[str, Any]) -> Any:
    if "stringValue" in piece:
        return piece["stringValue"]
    if "numberValue" in piece:
        number = piece["numberValue"]
        return int(number) if isinstance(number, float) and number.is_integer() else number
    return piece.get("boolValue")


def _at(place: Any, step: Step) -> Any:
    if isinstance(step, str):
        return place.get(step)
    return place[step] if step < len(place) else None


def _set(place: Any, step: Step, value: Any) -> None:
    if isinstance(step, str):
        place[step] = value
        return
    if step < _MOST:
        place.extend([None] * (step + 1 - len(place)))
        place[step] = value
