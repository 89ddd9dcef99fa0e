"""Where two JSON documents differ, by path."""

from collections.abc import Iterator
from typing import Any, NamedTuple

_ABSENT = "(absent)"


class Difference(NamedTuple):
    """One value that is not the same in both."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path}: {_short(self.before)} → {_short(self.after)}"


def differences(before: Any, after: Any, path: str = "") -> list[Difference]:
    """All of them, in document order. `1`, `1.0` and `true` differ; an object that was added is named by its leaves."""
    return list(_differences(before, after, path))


def _differences(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if type(before) is not type(after):
        if isinstance(after, dict) and before is _ABSENT and after:
            before = {}
        elif isinstance(before, dict) and after is _ABSENT and before:
            after = {}
        else:
            yield Difference(path, before, after)
            return
    if isinstance(before, dict):
        for name in dict.fromkeys([*before, *after]):
            below = f"{path}.{name}" if path else str(name)
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), below)
    elif isinstance(before, list):
        for number in range(max(len(before), len(after))):
            old, new = (values[number] if number < len(values) else _ABSENT for values in (before, after))
            yield from _differences(old, new, f"{path}[{number}]")
    elif before != after:
        yield Difference(path, before, after)


def leaf(path: str) -> str:
    """The last name in a path."""
    return path.rpartition(".")[2].partition("[")[0]


def exists(document: Any, path: str) -> bool:
    """Whether `path` names something in `document`; `[n]` behind a string is the one part that it is.

    An object that only wraps another (`guardContent.text.qualifiers`) may be left out.
    """
    return _exists(document, [step for step in path.replace("[", ".[").split(".") if step])


def _exists(node: Any, steps: list[str]) -> bool:
    if not steps:
        return True
    step, *further = steps
    if step.startswith("["):
        number = int(step[1:-1])
        if isinstance(node, str):
            return number == 0 and _exists(node, further)
        return isinstance(node, list) and number < len(node) and _exists(node[number], further)
    if not isinstance(node, dict):
        return False
    if step in node:
        return _exists(node[step], further)
    return len(node) == 1 and _exists(next(iter(node.values())), steps)


def _short(value: Any) -> str:
    text = value if value is _ABSENT else repr(value)
    return text if len(text) <= 80 else f"{text[:60]}…{text[-15:]}"
