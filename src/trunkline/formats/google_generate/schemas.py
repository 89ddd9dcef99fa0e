"""Google's two dialects of schemas: JSON Schema itself, and `Schema`, a subset of OpenAPI 3.0 with a few own words.

`Schema` writes types in capitals (or as numbers of its enum, or in lower case: all three are accepted), `nullable` in
place of the type `null`, and 64-bit integers as strings. It knows no `$ref`, `const`, `oneOf`, `allOf` or tuples, and
enums of strings only. Source: the message `Schema` in the published descriptions of both APIs, and what the API says
of requests that break it.
"""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_NUMBERED = ("", "string", "number", "integer", "boolean", "array", "object", "null")
"""Types by their number in Google's enum."""
_TYPES = frozenset(_NUMBERED[1:])
_COUNTS = frozenset({"maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"})
_SAME = _COUNTS | {"title", "description", "pattern", "minimum", "maximum", "default", "required"}
"""Keywords that both dialects have."""
_HARMLESS = frozenset(
    {"$schema", "$id", "$comment", "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType"}
)
"""Keywords that restrict nothing."""
_FORMATS = frozenset({"enum", "date-time", "float", "double", "int32", "int64"})
"""Formats that `Schema` takes; it refuses all others, which JSON Schema holds for annotations."""
_EXCLUSIVE = {"exclusiveMinimum": ("minimum", 1), "exclusiveMaximum": ("maximum", -1)}
"""Bounds that `Schema` cannot say, and for integers their neighbours that it can."""
_DEEPEST = 48
"""Levels of a schema with its references followed; beyond it must be recursive."""


class CannotSay(ValueError):
    """`Schema` has no words for it. `path` leads to it from the root of the schema, as in `properties.a.not`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def to_json_schema(schema: Json) -> Json:
    """A `Schema` as JSON Schema. What it does not know stays as it is."""
    made: Json = {}
    for name, value in schema.items():
        match name, value:
            case "type", (0 | "TYPE_UNSPECIFIED"):
                pass
            case "type", _:
                made["type"] = _type_name(value)
            case ("properties" | "defs" | "$defs", dict()):
                made["$defs" if name == "defs" else name] = {key: _below(one) for key, one in value.items()}
            case (("items" | "additionalProperties"), dict()):
                made[name] = to_json_schema(value)
            case (("anyOf" | "oneOf" | "allOf" | "prefixItems"), list()):
                made[name] = [_below(one) for one in value]
            case "ref", str():
                made["$ref"] = value
            case "example", _:
                made["examples"] = [value]
            case _, str() if name in _COUNTS and value.isdecimal():
                made[name] = int(value)
            case (("nullable" | "propertyOrdering"), _):
                pass
            case _:
                made[name] = value
    if schema.get("nullable") is True:
        _allow_null(made)
    return made


def _below(schema: Any) -> Any:
    return to_json_schema(schema) if isinstance(schema, dict) else schema


def _type_name(value: Any) -> Any:
    if isinstance(value, list):
        return [_type_name(one) for one in value]
    if type(value) is int and 0 < value < len(_NUMBERED):
        return _NUMBERED[value]
    return value.lower() if isinstance(value, str) else value


def _allow_null(schema: Json) -> None:
    if isinstance(schema.get("type"), str) and schema["type"] != "null":
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = [*schema["enum"], None]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]


def from_json_schema(schema: Json, *, ordered: bool = False) -> tuple[Json, bool]:
    """A JSON Schema as `Schema`, and whether something had to be left out on which no answer depends.

    `ordered`: the order of properties is to be kept in what the model writes. Raises `CannotSay`.
    """
    converter = _Converter(schema, ordered)
    made = converter.convert(schema, "", 0)
    return made, converter.left_out


class _Converter:
    """Makes a `Schema` of a JSON Schema."""

    def __init__(self, root: Json, ordered: bool) -> None:
        self._root = root
        self._ordered = ordered
        self.left_out = False

    def convert(self, schema: Any, path: str, depth: int) -> Json:
        if schema is True:
            return {}
        if not isinstance(schema, dict) or depth > _DEEPEST:
            raise CannotSay(path)
        if "$ref" in schema:
            return self.convert(self._referred(schema, path), path, depth + 1)
        made: Json = {}
        for name, value in schema.items():
            if name in _SAME:
                made[name] = value
            elif name in _HARMLESS or (name == "format" and value not in _FORMATS):
                self.left_out = True
            elif name not in ("$defs", "definitions"):
                self._say(made, schema, name, f"{path}.{name}".lstrip("."), depth + 1)
        return made

    def _say(self, made: Json, schema: Json, name: str, path: str, depth: int) -> None:
        value = schema[name]
        match name, value:
            case "type", _:
                self._type(made, value, path)
            case "format", _:
                made["format"] = value
            case "properties", dict():
                made["properties"] = {key: self.convert(one, f"{path}.{key}", depth) for key, one in value.items()}
                if self._ordered and len(value) > 1:
                    made["propertyOrdering"] = list(value)
            case "items", dict() | True:
                made["items"] = self.convert(value, path, depth)
            case "enum", list():
                self._enum(made, value, path)
            case "const", str():
                made["enum"] = [value]
            case (("anyOf" | "oneOf"), list()) if "anyOf" not in made:
                self._any_of(made, value, path, depth)
            case "allOf", [only]:
                made.update(self.convert(only, f"{path}[0]", depth))
            case _, int() if name in _EXCLUSIVE and schema.get("type") == "integer":
                bound, step = _EXCLUSIVE[name]
                made[bound] = value + step
            case "additionalProperties", _ if isinstance(value, bool) or value == {}:
                self.left_out = True  # a model writes the properties it was told
            case _:
                raise CannotSay(path)

    def _referred(self, schema: Json, path: str) -> Json:
        """The definition in place of the reference to it."""
        where = str(schema["$ref"])
        target: Any = self._root if where.startswith("#") else None
        for step in where.split("/")[1:]:
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        if not isinstance(target, dict):
            raise CannotSay(f"{path}.$ref".lstrip("."))
        return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}

    def _type(self, made: Json, value: Any, path: str) -> None:
        kinds = [value] if isinstance(value, str) else value
        if not isinstance(kinds, list) or not _TYPES.issuperset(kinds):
            raise CannotSay(path)
        others = [kind for kind in kinds if kind != "null"]
        if len(others) > 1:
            made["anyOf"] = [{"type": kind.upper()} for kind in others]
        else:
            made["type"] = (others or ["null"])[0].upper()
        if others and len(others) < len(kinds):
            made["nullable"] = True

    def _enum(self, made: Json, values: list[Any], path: str) -> None:
        words = [value for value in values if value is not None]
        if not all(isinstance(word, str) for word in words):
            raise CannotSay(path)
        made["enum"] = words
        if len(words) < len(values):
            made["nullable"] = True

    def _any_of(self, made: Json, choices: list[Any], path: str, depth: int) -> None:
        others = [
            self.convert(choice, f"{path}[{number}]", depth)
            for number, choice in enumerate(choices)
            if choice != {"type": "null"}
        ]
        if len(others) == 1:
            made.update(others[0])
        else:
            made["anyOf"] = others
        if len(others) < len(choices):
            made["nullable"] = True
