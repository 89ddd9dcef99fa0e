"""JSON Schema: the smallest value that fits one, and what OpenAI demands of a strict one.

Understood: `type`, `properties`, `required`, `items`, `prefixItems`, `minItems`, `enum`, `const`, `anyOf`, `oneOf`, `allOf`, `$ref` within
the schema, lengths, bounds, `multipleOf` and the usual formats. A `pattern`, `not`, `uniqueItems` or a condition is not looked at.
"""

from math import ceil, floor
from typing import Any, Final

MOST_VALUES: Final = 10_000
"""Values one schema may call for: definitions that use each other can ask for billions."""
DEEPEST: Final = 64
LONGEST_STRING: Final = 10_000

_FORMATS: Final = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class SchemaError(ValueError):
    """The schema cannot be used; the message says why."""


def smallest(schema: object) -> Any:
    """The smallest value that fits `schema`: no optional property, no item more than asked. Raises `SchemaError`."""
    return _Builder(schema).build(schema, 0)


class _Builder:
    def __init__(self, root: object) -> None:
        self._root = root
        self._left = MOST_VALUES

    def build(self, schema: object, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise SchemaError(f"it calls for more than {MOST_VALUES} values, or for more than {DEEPEST} levels.")
        if not isinstance(schema, dict):
            return "text"  # `true` takes anything
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return schema["enum"][0]
        for name in ("anyOf", "oneOf"):
            if isinstance(schema.get(name), list) and schema[name]:
                return self.build(min(schema[name], key=_refers), depth + 1)
        return self._typed(schema, depth)

    def _resolved(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """`schema` with what it refers to, and what `allOf` adds, in it."""
        if isinstance(schema.get("$ref"), str):
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            target = self._find(schema["$ref"])
            schema = _merged(self._resolved(target, self._deeper(depth)), rest)
        if isinstance(schema.get("allOf"), list):
            parts = schema["allOf"]
            schema = {name: value for name, value in schema.items() if name != "allOf"}
            for part in parts:
                if isinstance(part, dict):
                    schema = _merged(schema, self._resolved(part, self._deeper(depth)))
        return schema

    def _deeper(self, depth: int) -> int:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise SchemaError("it refers to itself without end.")
        return depth + 1

    def _find(self, pointer: str) -> dict[str, Any]:
        found = self._root
        for step in pointer.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if not pointer.startswith("#") or not isinstance(found, dict):
            raise SchemaError(f"reference '{pointer}' can only point to a definition within the schema.")
        return found

    def _typed(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema or "prefixItems" in schema else "string"
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return _string(schema)
            case "integer":
                return _number(schema, whole=True)
            case "number":
                return _number(schema, whole=False)
            case "boolean":
                return False
            case "null":
                return None
        raise SchemaError(f"'{kind}' is not a type.")

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required")
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        names = required if isinstance(required, list) else []
        return {str(name): self.build(known.get(name, True), depth + 1) for name in names}

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        first = schema.get("prefixItems")
        built = [self.build(item, depth + 1) for item in first] if isinstance(first, list) else []
        while len(built) < _bound(schema, "minItems", 0):
            built.append(self.build(schema.get("items", True), depth + 1))
        return built


def _refers(schema: object) -> bool:
    """Where there is a choice, what refers to another definition comes last: that is how recursion ends."""
    return isinstance(schema, dict) and "$ref" in schema


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = {**one, **other}
    for name in ("properties", "required"):
        first, second = one.get(name), other.get(name)
        if isinstance(first, dict) and isinstance(second, dict):
            merged[name] = {**first, **second}
        elif isinstance(first, list) and isinstance(second, list):
            merged[name] = first + [item for item in second if item not in first]
    return merged


def _bound(schema: dict[str, Any], name: str, default: float) -> float:
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def _string(schema: dict[str, Any]) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least = int(_bound(schema, "minLength", 0))
    most = int(_bound(schema, "maxLength", max(4, least)))
    if least > LONGEST_STRING:
        raise SchemaError(f"it calls for a string longer than {LONGEST_STRING}.")
    return ("text" * (least // 4 + 1))[: max(least, min(4, most))]


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    """The number within the bounds that is nearest to 0; with `whole`, an integer."""
    step = _bound(schema, "multipleOf", 1 if whole else 0)
    above, below = _bound(schema, "exclusiveMinimum", float("-inf")), _bound(schema, "exclusiveMaximum", float("inf"))
    least, most = _bound(schema, "minimum", float("-inf")), _bound(schema, "maximum", float("inf"))
    margin = step or 0.5
    number: float = 0
    if least > 0 or above >= 0:
        number = max(least, above)
        number = ceil(number / step) * step if step else number
        number += margin if number <= above else 0
    elif most < 0 or below <= 0:
        number = min(most, below)
        number = floor(number / step) * step if step else number
        number -= margin if number >= below else 0
    return int(number) if whole else number


# Strict mode


def check_strict(schema: dict[str, Any]) -> None:
    """Every object closed, and every property required. Raises `SchemaError` in OpenAI's words.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    waiting: list[tuple[tuple[str, ...], object]] = [((), schema)]
    while waiting:
        context, part = waiting.pop()
        if isinstance(part, list):
            waiting += [((*context, str(index)), item) for index, item in enumerate(part)]
        if not isinstance(part, dict):
            continue
        if part.get("type") == "object" or "properties" in part:
            _check_object(part, context)
        for name in ("properties", "$defs", "definitions"):
            if isinstance(part.get(name), dict):
                waiting += [((*context, name, key), value) for key, value in part[name].items()]
        waiting += [((*context, name), part[name]) for name in ("items", "anyOf", "prefixItems") if name in part]


def _check_object(schema: dict[str, Any], context: tuple[str, ...]) -> None:
    if schema.get("additionalProperties") is not False:
        raise SchemaError(f"In context={context}, 'additionalProperties' is required to be supplied and to be false.")
    properties = schema.get("properties")
    required = schema.get("required")
    missing = [name for name in properties or () if not isinstance(required, list) or name not in required]
    if missing:
        raise SchemaError(
            f"In context={context}, 'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{missing[0]}'."
        )
