"""JSON Schema compiled to functions, for checking many documents against large descriptions in little time.

Knows the keywords that the providers' descriptions use. `oneOf` is read as `anyOf`: the descriptions' alternatives
overlap, as objects in them are open. `test_schema.py` compares it with the `jsonschema` package.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}


class Problem(NamedTuple):
    """What is wrong, and where."""

    path: str
    why: str

    def below(self, step: str) -> "Problem":
        """The same, seen from one level up."""
        return Problem(step + self.path, self.why)

    def __str__(self) -> str:
        return f"{self.path.lstrip('.') or 'the document'}: {self.why}"


Check = Callable[[Any], Problem | None]


class Compiler:
    """Compiles the schemas of one description, each part once."""

    def __init__(self, root: dict[str, Any], *, closed: bool = False) -> None:
        """`root` is where `$ref` leads; `closed`: an object with named properties has no others unless it says so."""
        self._root = root
        self._closed = closed
        self._known: dict[str, Check] = {}

    def compile(self, schema: Any) -> Check:
        """The check of `schema`: gives the first problem, None where there is none."""
        if not isinstance(schema, dict):
            return _nothing if schema else _refused
        checks = [make(schema) for word, make in self._makers() if word in schema]
        if schema.get("nullable"):
            inner = _all(checks)
            return lambda value: None if value is None else inner(value)
        return _all(checks)

    def _makers(self) -> list[tuple[str, Callable[[dict[str, Any]], Check]]]:
        return [
            ("type", _type),
            ("const", lambda schema: _member((schema["const"],))),
            ("enum", lambda schema: _member(tuple(schema["enum"]))),
            ("$ref", lambda schema: self._reference(schema["$ref"])),
            ("properties", self._object),
            ("required", _required),
            ("items", self._items),
            ("anyOf", lambda schema: self._any(schema["anyOf"])),
            ("oneOf", lambda schema: self._any(schema["oneOf"])),
            ("allOf", lambda schema: _all([self.compile(one) for one in schema["allOf"]])),
            ("additionalProperties", lambda schema: _nothing if "properties" in schema else self._object(schema)),
            ("pattern", _pattern),
            *((word, _bound(word)) for word in _BOUNDS),
        ]

    def _reference(self, target: str) -> Check:
        if target not in self._known:
            self._known[target] = lambda value: self._known[target](value)  # for a schema that refers to itself
            self._known[target] = self.compile(self._resolved(target))
        known = self._known
        return lambda value: known[target](value)

    def _resolved(self, target: str) -> Any:
        node: Any = self._root
        for step in target.removeprefix("#/").split("/") if target != "#" else []:
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def _type_of(self, schema: Any) -> str | None:
        """The one value that the field `type` has in an alternative, where it has one: it is tried first."""
        schema = self._resolved(schema["$ref"]) if isinstance(schema, dict) and "$ref" in schema else schema
        field = schema.get("properties", {}).get("type") if isinstance(schema, dict) else None
        said = field.get("const") if isinstance(field, dict) else None
        return said if isinstance(said, str) else None

    def _object(self, schema: dict[str, Any]) -> Check:
        listed = schema.get("properties", {})
        telling = sorted(listed, key=lambda name: "const" not in listed[name])  # so that an alternative fails at once
        named = [(name, self.compile(listed[name])) for name in telling]
        others = schema.get("additionalProperties", not (self._closed and listed))
        other = None if others is True else self.compile(others)

        def check(value: Any) -> Problem | None:
            if type(value) is not dict:
                return None
            for name, inner in named:
                if name in value and (found := inner(value[name])) is not None:
                    return found.below(f".{name}")
            if other is not None:
                for name, below in value.items():
                    if name not in listed and other(below) is not None:
                        return Problem(f".{name}", "not known there" if other is _refused else "of the wrong type")
            return None

        return check

    def _items(self, schema: dict[str, Any]) -> Check:
        inner = self.compile(schema["items"])

        def check(value: Any) -> Problem | None:
            if type(value) is list:
                for number, below in enumerate(value):
                    if (found := inner(below)) is not None:
                        return found.below(f"[{number}]")
            return None

        return check

    def _any(self, schemas: list[Any]) -> Check:
        options = [self.compile(one) for one in schemas]
        by_type: dict[Any, list[Check]] = {}
        for schema, option in zip(schemas, options, strict=True):
            by_type.setdefault(self._type_of(schema), []).append(option)

        def check(value: Any) -> Problem | None:
            said = value.get("type") if type(value) is dict else None
            if type(said) is str:
                for option in by_type.get(said, ()):
                    if option(value) is None:
                        return None
            nearest: Problem | None = None
            for option in options:
                found = option(value)
                if found is None:
                    return None
                if nearest is None or _nearness(found) > _nearness(nearest):
                    nearest = found
            return nearest

        return check


def _nearness(problem: Problem) -> tuple[bool, int]:
    """How much of an alternative was met: first that it is the kind that was meant, then how deep the problem is."""
    return problem.path not in (".type", ".role", ".object"), len(problem.path)


def _nothing(value: Any) -> Problem | None:
    """Anything is fine."""
    return None


def _refused(value: Any) -> Problem | None:
    """Nothing is."""
    return Problem("", "not known there")


def _all(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> Problem | None:
        for one in checks:
            if (found := one(value)) is not None:
                return found
        return None

    return check


def _type(schema: dict[str, Any]) -> Check:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    known = tuple(kind for name in names for kind in _TYPES[name])
    truth, whole = "boolean" in names, "integer" in names

    def check(value: Any) -> Problem | None:
        if isinstance(value, known) and (truth or type(value) is not bool):
            return None
        if whole and type(value) is float and value.is_integer():
            return None
        return Problem("", f"{type(value).__name__} where {' or '.join(names)} is expected")

    return check


def _member(values: tuple[Any, ...]) -> Check:
    listed = ", ".join(map(str, values[:6]))

    def check(value: Any) -> Problem | None:
        return None if value in values else Problem("", f"{str(value)[:40]!r} is none of {listed}")

    return check


def _required(schema: dict[str, Any]) -> Check:
    names = schema["required"]

    def check(value: Any) -> Problem | None:
        if type(value) is dict:
            for name in names:
                if name not in value:
                    return Problem("", f"'{name}' is missing")
        return None

    return check


def _pattern(schema: dict[str, Any]) -> Check:
    pattern = re.compile(schema["pattern"])

    def check(value: Any) -> Problem | None:
        if isinstance(value, str) and pattern.search(value) is None:
            return Problem("", f"{value[:40]!r} is not of the pattern {pattern.pattern}")
        return None

    return check


_BOUNDS: dict[str, tuple[tuple[type, ...], Callable[[Any, Any], bool]]] = {
    "minimum": ((int, float), lambda value, bound: value >= bound),
    "maximum": ((int, float), lambda value, bound: value <= bound),
    "minLength": ((str,), lambda value, bound: len(value) >= bound),
    "maxLength": ((str,), lambda value, bound: len(value) <= bound),
    "minItems": ((list,), lambda value, bound: len(value) >= bound),
    "maxItems": ((list,), lambda value, bound: len(value) <= bound),
    "maxProperties": ((dict,), lambda value, bound: len(value) <= bound),
}


def _bound(word: str) -> Callable[[dict[str, Any]], Check]:
    kinds, holds = _BOUNDS[word]

    def make(schema: dict[str, Any]) -> Check:
        bound = schema[word]

        def check(value: Any) -> Problem | None:
            if isinstance(value, kinds) and type(value) is not bool and not holds(value, bound):
                return Problem("", f"breaks {word} {bound}")
            return None

        return check

    return make
