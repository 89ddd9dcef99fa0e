"""JSON Schema: the smallest value that fits one, and what OpenAI demands of a strict one.

Understood: `type`, `properties`, `required`, `items`, `prefixItems`, `minItems`, `enum`, `const`, `anyOf`, `oneOf`,
`allOf`, `$ref` within the schema, lengths, bounds, `multipleOf` and the usual formats. `pattern`, `not`, `uniqueItems`
and conditions are not looked at.
"""

from fractions import Fraction
from math import ceil, floor, inf
from typing import Any, Final

import msgspec

MOST_VALUES: Final = 10_000
"""Values one schema may call for, four characters of text being one: definitions that use each other ask for more."""
DEEPEST: Final = 64
LARGEST_NUMBER: Final = 2**53

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
        self._spend(0)
        if depth > DEEPEST:
            raise SchemaError(f"it calls for more than {DEEPEST} levels.")
        if not isinstance(schema, dict):
            return "text"  # `true` takes anything
        schema = self._resolved(schema, depth)
        fixed = [schema["const"]] if "const" in schema else _listed(schema, "enum")[:1]
        if fixed:
            self._spend(len(msgspec.json.encode(fixed)))
            return fixed[0]
        options = _listed(schema, "anyOf") or _listed(schema, "oneOf")
        if options:
            return self.build(min(options, key=_refers), depth + 1)
        return self._typed(schema, depth)

    def _spend(self, characters: int) -> None:
        self._left -= 1 + characters // 4
        if self._left < 0:
            raise SchemaError(f"it calls for more than {MOST_VALUES} values.")

    def _resolved(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """`schema` with what it refers to, and what `allOf` adds, in it."""
        if depth > DEEPEST:
            raise SchemaError("it refers to itself without end.")
        self._spend(sum(len(value) for value in schema.values() if isinstance(value, dict | list)))
        if isinstance(schema.get("$ref"), str):
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            schema = _merged(self._resolved(self._find(schema["$ref"]), depth + 1), rest)
        parts = _listed(schema, "allOf")
        if parts:
            schema = {name: value for name, value in schema.items() if name != "allOf"}
            for part in parts:
                if isinstance(part, dict):
                    schema = _merged(schema, self._resolved(part, depth + 1))
        return schema

    def _find(self, pointer: str) -> dict[str, Any]:
        found = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if not pointer.startswith("#") or not isinstance(found, dict):
            raise SchemaError(f"reference '{pointer}' can only point to definitions within the schema.")
        return found

    def _typed(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        match kind or _implied(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._string(schema)
            case "integer":
                return int(_number(schema, whole=True))
            case "number":
                return _number(schema, whole=False)
            case "boolean":
                return False
            case "null":
                return None
        raise SchemaError(f"'{kind}' is not a type.")

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        built = {}
        for name in _listed(schema, "required"):
            self._spend(len(str(name)))
            built[str(name)] = self.build(known.get(name, True), depth + 1)
        return built

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        built = [self.build(item, depth + 1) for item in _listed(schema, "prefixItems")]
        while len(built) < _bound(schema, "minItems", 0):
            built.append(self.build(schema.get("items", True), depth + 1))
        return built

    def _string(self, schema: dict[str, Any]) -> str:
        form = schema.get("format")
        if isinstance(form, str) and form in _FORMATS:
            return _FORMATS[form]
        least = int(_bound(schema, "minLength", 0))
        length = max(least, min(4, int(_bound(schema, "maxLength", 4))))
        self._spend(length)
        return ("text" * (length // 4 + 1))[:length]


def _listed(schema: dict[str, Any], name: str) -> list[Any]:
    value = schema.get(name)
    return value if isinstance(value, list) else []


def _refers(schema: object) -> bool:
    """Where there is a choice, what refers to another definition comes last: that is how recursion ends."""
    return isinstance(schema, dict) and "$ref" in schema


def _implied(schema: dict[str, Any]) -> str:
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = {**one, **other}
    first, second = one.get("properties"), other.get("properties")
    if isinstance(first, dict) and isinstance(second, dict):
        merged["properties"] = {**first, **second}
    names = _names(one) | _names(other)
    if names:
        merged["required"] = list(names)
    return merged


def _names(schema: dict[str, Any]) -> dict[str, None]:
    """What is required, each once, in order."""
    return dict.fromkeys(name for name in _listed(schema, "required") if isinstance(name, str))


def _bound(schema: dict[str, Any], name: str, default: float) -> float:
    value = schema.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return default
    if abs(value) > LARGEST_NUMBER:
        raise SchemaError(f"'{name}' is too large.")
    return value


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    """A number within the bounds; 0 where that is."""
    least, above = _bound(schema, "minimum", -inf), _bound(schema, "exclusiveMinimum", -inf)
    most, below = _bound(schema, "maximum", inf), _bound(schema, "exclusiveMaximum", inf)
    low, high = max(least, above), min(most, below)
    step = max(0, _bound(schema, "multipleOf", 0))
    if whole:
        step = Fraction(str(step)).numerator or 1  # the whole multiples of 1.5 are those of 3
    number: float = 0
    if least <= 0 <= most and above < 0 < below:
        return number
    if step > 1 / LARGEST_NUMBER:
        if low >= 0:
            number = ceil(low / step) * step
            number += step if number <= above else 0
        else:
            number = floor(high / step) * step
            number -= step if number >= below else 0
    else:
        number = (low + high) / 2 if inf not in (-low, high) else low + 1 if low > -inf else high - 1
    if not (least <= number <= most and above < number < below):
        raise SchemaError("no number is within its bounds.")
    return number


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
    properties, required = schema.get("properties"), _names(schema)
    missing = [name for name in properties if name not in required] if isinstance(properties, dict) else []
    if missing:
        raise SchemaError(
            f"In context={context}, 'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{missing[0]}'."
        )
