"""What can be wrong with a configuration, told so that it can be mended without looking anything up."""

import difflib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where in the document: names of mappings and indices of lists, from the top."""

_LONGEST_QUOTE = 80
_MOST_KNOWN = 40  # names that a message lists
_MOST_COMPARED = 1000  # difflib takes microseconds a name; a generated file may hold very many


class Hidden(str):
    """Text that may be a secret, such as all that came, wholly or in part, from a variable or a file: never quoted."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` and `column` count from 1; `path` reads like `models.summary.of[1]`."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}  "
        subject = f"{self.path}: " if self.path else ""
        return place + subject + self.message + (f"; {self.hint}" if self.hint else "")


class ConfigError(Exception):
    """The configuration cannot be used. Each of `problems` says where and why; as text, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.line, p.column, p.path, p.message)))
        super().__init__("\n".join(map(str, self.problems)))


def quote(text: str) -> str:
    """`text` in quotes for a message: short, on one line, and withheld where it may be a secret."""
    if isinstance(text, Hidden):
        return "(not shown, for it may be a secret)"
    if len(text) > _LONGEST_QUOTE:
        text = text[:_LONGEST_QUOTE] + "…"
    return json.dumps(text, ensure_ascii=not text.isprintable())


def shown(name: str) -> str:
    """A name that stands in the file, bare where that reads well."""
    return name if re.fullmatch(rf"[\w./*-]{{1,{_LONGEST_QUOTE}}}", name) else quote(name)


def nearest(name: str, names: Collection[str]) -> str | None:
    """The one of `names` that somebody who wrote `name` most likely meant."""
    folded = {known.casefold(): known for known in list(names)[:_MOST_COMPARED]}
    close = difflib.get_close_matches(name[:_LONGEST_QUOTE].casefold(), folded, n=1)
    return folded[close[0]] if close else None


def suggestion(name: str, names: Collection[str]) -> str:
    """A hint for an unknown `name`: the nearest right one, else the right ones where they are few."""
    close = nearest(name, names)
    if close is not None:
        return f"did you mean {quote(close)}?"
    return f"known: {', '.join(map(shown, sorted(names)))}" if 0 < len(names) <= _MOST_KNOWN else ""


def written(path: Path) -> str:
    """`("models", "gpt-4.1", "of", 1)` as `models["gpt-4.1"].of[1]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(rf"[\w-]{{1,{_LONGEST_QUOTE}}}", step):
            text += f".{step}" if text else step
        else:
            text += f"[{quote(step)}]"
    return text
