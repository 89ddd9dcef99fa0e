"""YAML as a tree of plain values that remembers where each stood.

PyYAML reads YAML 1.1, where `no` is a boolean, `1:30` is ninety and a repeated key silently wins. Here nothing is
silent: a repeated key and a number in a surprising notation are problems, and a boolean, number or date keeps its
type, so that whoever wanted text can say so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import yaml
from yaml.reader import Reader

from trunkline.config.problems import ConfigError, Path, Problem, quote, written

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32
MAX_NODES: Final = 100_000
"""Names, values, lists and mappings, counted again wherever an alias repeats them ("billion laughs")."""

_TOO_MUCH: Final = f"more than {MAX_NODES:,} names and values, aliases written out"
_LONGEST_NUMBER: Final = 64
_TAG: Final = "tag:yaml.org,2002:"
_SCALARS: Final = {
    _TAG + "str": "",
    _TAG + "value": "",
    _TAG + "bool": "a boolean",
    _TAG + "int": "a number",
    _TAG + "float": "a number",
    _TAG + "null": "nothing",
    _TAG + "timestamp": "a date",
    _TAG + "merge": "a merge",
}
"""The tags of scalars, and what YAML takes such an unquoted name for where that is not text."""
_LOADER: Final[type[yaml.CSafeLoader] | type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SYNTAX_HINTS: Final = {
    "alias": "put quotes around text that begins with `*`",
    "flow mapping": 'within { } put quotes around "${…}"',
    "flow sequence": 'within [ ] put quotes around "${…}"',
    "cannot start any token": "indent with spaces, and put quotes around text that begins with @, ` or %",
    "mapping values are not allowed": "check the indentation, and put quotes around text that contains `: `",
}

Value = object
"""`str`, `bool`, `int`, `Decimal`, `date`, `datetime`, `NOTHING`, `list[Value]` or `dict[str, Value]`."""


class Nothing:
    """What `key:` with nothing after it holds: an empty section, or a setting whose value is missing."""


NOTHING: Final = Nothing()


@dataclass(frozen=True, slots=True)
class Mark:
    """Line and column, from 1, of a value and, in a mapping, of its name.

    A named list or mapping is where its name is: its first item is often in another line.
    """

    value: tuple[int, int]
    key: tuple[int, int] | None = None


@dataclass
class Document:
    """One file's tree, and every problem found in it so far."""

    file: str
    root: Value = NOTHING
    marks: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unusable: set[Path] = field(default_factory=set)
    """Where `NOTHING` stands in place of a value that has a problem already."""

    def add(self, path: Path, message: str, hint: str = "", *, at_name: bool = False) -> None:
        """Note what is wrong at `path`, or in its name; what the file lacks is told where it should stand."""
        known = path
        while known and known not in self.marks:
            known = known[:-1]
        mark = self.marks.get(known, Mark((1, 1)))
        line, column = mark.key if at_name and mark.key else mark.value
        self.problems.append(Problem(self.file, line, column, written(path), message, hint))


def parse(data: bytes, file: str) -> Document:
    """Read `data`; raises `ConfigError` only where nothing after the mistake could be understood."""
    document = Document(file)
    if len(data) > MAX_BYTES:
        raise _fatal(file, (1, 1), f"the file is larger than {MAX_BYTES >> 20} MiB")
    text = _text(data, file)
    node = _compose(text, file)
    if node is not None:
        document.root = _Builder(document).build(node, (), None)
    return document


def _fatal(file: str, place: tuple[int, int], message: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem(file, *place, "", message, hint)])


def _text(data: bytes, file: str) -> str:
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode()
        raise _fatal(file, _end(good), "the file is not UTF-8 text") from None
    if wrong := Reader.NON_PRINTABLE.search(text):
        raise _fatal(file, _end(text[: wrong.start()]), f"character U+{ord(wrong[0]):04X} is not allowed in YAML")
    return text


def _end(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        depth = 0  # a pass without recursion goes before, because the composer recurses in C
        for count, event in enumerate(yaml.parse(text, _LOADER)):
            if count > 2 * MAX_NODES:
                raise _fatal(file, _place(event), _TOO_MUCH)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _fatal(file, _place(event), f"nested deeper than {MAX_DEPTH} levels")
        return yaml.compose(text, _LOADER)
    except yaml.YAMLError as error:
        failure = error
    said = getattr(failure, "problem", None) or "this cannot be read"
    context = getattr(failure, "context", None) or ""
    mark = getattr(failure, "problem_mark", None)
    hint = next((hint for sign, hint in _SYNTAX_HINTS.items() if sign in f"{context} {said}"), "")
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    raise _fatal(file, place, f"not YAML: {f'{context}, ' if context else ''}{said}", hint)


def _place(item: yaml.Node | yaml.Event) -> tuple[int, int]:
    mark = item.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Builder:
    """Turns composed nodes into values, with aliases and merge keys (`<<`) written out."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._left = MAX_NODES

    def build(self, node: yaml.Node, path: Path, key: yaml.Node | None) -> Value:
        self._count(node, path)
        at = key if key and not isinstance(node, yaml.ScalarNode) else node
        self._document.marks[path] = Mark(_place(at), _place(key) if key else None)
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return {name: self.build(value, (*path, name), at) for name, at, value in self._pairs(node, path)}
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.build(value, (*path, index), None) for index, value in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node, path)
        return self._unusable(path, "this YAML tag is not supported", "write the value without the `!`")

    def _count(self, node: yaml.Node, path: Path) -> None:
        self._left -= 1
        if self._left < 0:
            raise _fatal(self._document.file, _place(node), _TOO_MUCH)
        if len(path) > MAX_DEPTH:  # an alias that stands inside of what it repeats has no end
            raise _fatal(self._document.file, _place(node), f"deeper than {MAX_DEPTH} levels, aliases written out")

    def _pairs(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """The entries of a mapping, each name once: its own come before those merged into it."""
        seen: dict[str, yaml.Node] = {}
        merges = []
        for key, value in node.value:
            self._count(key, path)
            if key.tag == _TAG + "merge":
                merges.append(value)
                continue
            name = self._name(key, path)
            if name is None:
                continue
            if name in seen:
                first = seen[name].start_mark.line + 1
                self._problem_at(key, (*path, name), f"this name stands here twice; the first is in line {first}")
                continue
            seen[name] = key
            yield name, key, value
        for value in merges:
            for name, key, merged in self._merged(value, (*path, "<<")):
                if name not in seen:
                    seen[name] = key
                    yield name, key, merged

    def _merged(self, node: yaml.Node, path: Path) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        self._count(node, path)
        if isinstance(node, yaml.MappingNode):
            yield from self._pairs(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from self._merged(item, path)
        else:
            self._problem_at(node, path, "`<<` merges mappings, and this is not one")

    def _name(self, key: yaml.Node, path: Path) -> str | None:
        if not isinstance(key, yaml.ScalarNode):
            self._problem_at(key, path, "a name is due here, not a list or mapping")
            return None
        if not key.style and key.tag in _SCALARS and _SCALARS[key.tag]:
            hint = f"put quotes around it: {quote(key.value)}"
            self._problem_at(key, (*path, key.value), f"YAML reads this name as {_SCALARS[key.tag]}", hint)
        return str(key.value)

    def _unusable(self, path: Path, message: str, hint: str = "") -> Value:
        self._document.add(path, message, hint)
        self._document.unusable.add(path)
        return NOTHING

    def _problem_at(self, node: yaml.Node, path: Path, message: str, hint: str = "") -> None:
        problem = Problem(self._document.file, *_place(node), written(path), message, hint)
        self._document.problems.append(problem)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Value:
        text = str(node.value)
        match node.tag.removeprefix(_TAG):
            case "null":
                return NOTHING
            case "bool" if text.lower() in ("yes", "true", "on", "no", "false", "off"):
                return text.lower() in ("yes", "true", "on")
            case "int" | "float":
                return self._number(text, path)
            case "timestamp":
                return _moment(text)
        return text

    def _number(self, text: str, path: Path) -> Value:
        if re.search(r":|^[-+]?0[0-9_xb]|inf|nan", text, re.IGNORECASE):
            message = "YAML reads this as a number in another notation (octal, hexadecimal, base 60 or not finite)"
            return self._unusable(path, message, "put quotes around text, and write numbers in decimal digits")
        try:
            number = Decimal(text.replace("_", ""))
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite() or len(text) > _LONGEST_NUMBER or abs(number.adjusted()) > _LONGEST_NUMBER:
            return self._unusable(path, "this is not a number that can be used")
        return number if "." in text else int(number)


def _moment(text: str) -> date | datetime | str:
    """A date or time as Python reads it; anything else stays text, for the setting to refuse."""
    try:
        return date.fromisoformat(text) if len(text) == len("2027-01-01") else datetime.fromisoformat(text)
    except ValueError:
        return text
