"""JSON Schema in the part of it that Bedrock holds a model to, for structured output and strict tools.

Bounds of numbers and lists, which it refuses, are told to the model in the description of what they bound, as
Anthropic's own SDK does; shapes that it refuses cannot be told away. Facts: the user guide's page "structured-output";
what client libraries have seen refused.
"""

from graphlib import CycleError, TopologicalSorter
from typing import Any

import msgspec

_SAID = frozenset(
    {
        "type",
        "enum",
        "const",
        "title",
        "description",
        "default",
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "required",
    }
)
"""Taken as they are."""
_SILENT = frozenset({"$schema", "$id", "$comment", "$anchor", "examples", "deprecated", "readOnly", "writeOnly"})
"""Say nothing about the value."""
_SHAPES = frozenset(
    {
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
        "dependentSchemas",
        "dependentRequired",
        "prefixItems",
        "additionalItems",
        "contains",
        "not",
        "if",
        "$dynamicRef",
    }
)
"""Cannot be said."""
_DEFINITIONS = ("$defs", "definitions")
_CHOICES = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_DEEPEST = 64

_encode = msgspec.json.Encoder().encode


class Unsayable(Exception):  # not an error: one of two answers
    """A schema that the API cannot hold a model to. `path` is inside the schema, such as `.properties.a`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


class Fitted(msgspec.Struct, frozen=True):
    """A schema that can be said."""

    value: dict[str, Any]
    loosened: bool
    """Something of it is only told in words."""


def fit(schema: dict[str, Any]) -> Fitted:
    """The schema as the API takes it. Raises `Unsayable`."""
    fitting = _Fitting(schema)
    return Fitted(fitting.node(schema, "", 0), fitting.loosened)


class _Fitting:
    """One pass through a schema."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._definitions = {
            f"#/{name}/{key}": value
            for name in _DEFINITIONS
            for key, value in _object(root.get(name, {}), f".{name}").items()
        }
        self.loosened = False
        try:
            TopologicalSorter({name: _references(value) for name, value in self._definitions.items()}).prepare()
        except CycleError as error:
            raise Unsayable("", f"is recursive ({error.args[1][0]})") from None

    def node(self, schema: Any, path: str, depth: int) -> dict[str, Any]:
        """One schema inside the whole."""
        if depth > _DEEPEST:
            raise Unsayable(path, "is nested too deeply")
        if type(schema) is not dict or not schema.keys() - _SILENT - {"title", "description", "default"}:
            raise Unsayable(path, "allows anything")
        fitted: dict[str, Any] = {}
        words: dict[str, Any] = {}
        for name, value in schema.items():
            if name in _SHAPES:
                raise Unsayable(f"{path}.{name}", "cannot be held to")
            if not self._said(name, value, fitted, f"{path}.{name}", depth):
                words[name] = value
        kind = schema.get("type")
        if kind == "object" or "properties" in schema or (type(kind) is list and "object" in kind):
            self._close(schema, fitted, path)
        words.pop("additionalProperties", None)
        if words.pop("nullable", False):
            _add_null(fitted)
        self._tell(words, fitted)
        return fitted

    def _said(self, name: str, value: Any, fitted: dict[str, Any], path: str, depth: int) -> bool:
        """Put one keyword into `fitted`; whether that can be done."""
        if name in _SAID:
            fitted[name] = value
        elif name == "properties" or name in _DEFINITIONS:
            members = _object(value, path).items()
            inner = {key: self.node(one, f"{path}.{key}", depth + 1) for key, one in members}
            fitted.setdefault("$defs" if name in _DEFINITIONS else name, {}).update(inner)
        elif name == "items":
            fitted[name] = self.node(value, path, depth + 1)
        elif name in _CHOICES:
            options = [self.node(one, f"{path}[{number}]", depth + 1) for number, one in enumerate(_list(value, path))]
            fitted.setdefault(_CHOICES[name], []).extend(options)
        elif name == "$ref":
            if type(value) is not str or value not in self._definitions:
                raise Unsayable(path, f"refers to {value}" if value != "#" else "is recursive (#)")
            fitted[name] = value.replace("#/definitions/", "#/$defs/")
        elif name == "minItems" and value in (0, 1):
            fitted[name] = value
        else:
            return name in _SILENT
        return True

    def _close(self, schema: dict[str, Any], fitted: dict[str, Any], path: str) -> None:
        """Every object must say that it has no other fields than those it names."""
        more = schema.get("additionalProperties")
        if more is not False and not schema.get("properties"):
            raise Unsayable(path, "is an object with any fields")
        self.loosened = self.loosened or bool(more)
        fitted["type"] = fitted.get("type", "object")
        fitted["additionalProperties"] = False

    def _tell(self, words: dict[str, Any], fitted: dict[str, Any]) -> None:
        """Say the rest in the description."""
        if words:
            self.loosened = True
            said = _encode(words).decode()
            fitted["description"] = f"{fitted['description']}\n\n{said}" if fitted.get("description") else said


def _object(value: Any, path: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise Unsayable(path, "is not an object")
    return value


def _list(value: Any, path: str) -> list[Any]:
    if type(value) is not list or not value:
        raise Unsayable(path, "is not a list of schemas")
    return value


def _add_null(fitted: dict[str, Any]) -> None:
    """OpenAPI's way to say that null is allowed, in JSON Schema's."""
    if type(fitted.get("type")) is str:
        fitted["type"] = [fitted["type"], "null"]
    if type(fitted.get("enum")) is list and None not in fitted["enum"]:
        fitted["enum"] = [*fitted["enum"], None]


def _references(value: Any) -> list[str]:
    """All that a schema refers to."""
    found: list[str] = []
    level = [value]
    while level:
        one = level.pop()
        if type(one) is dict:
            if type(one.get("$ref")) is str:
                found.append(one["$ref"])
            level.extend(one.values())
        elif type(one) is list:
            level.extend(one)
    return found


def tool_input(schema: dict[str, Any] | None) -> Fitted:
    """The schema of a tool's arguments: at its root an object, without a choice between several.

    Of several, all properties are allowed and none is required but where all were. Raises `Unsayable`.
    """
    if not schema:
        return Fitted({"type": "object", "properties": {}}, loosened=False)
    kind = schema.get("type", "object")
    if kind != "object" and (type(kind) is not list or "object" not in kind):
        raise Unsayable(".type", f"is {kind!r} where only an object can be")
    root = schema if schema.get("type") == "object" else {**schema, "type": "object"}
    choices = [name for name in _CHOICES if name in root]
    if not choices:
        return Fitted(root, loosened=False)
    root = {name: value for name, value in root.items() if name not in _CHOICES}
    properties: dict[str, Any] = {}
    required = _texts(root.get("required"))
    for name in choices:
        for number, option in enumerate(_list(schema[name], f".{name}")):
            path = f".{name}[{number}]"
            properties.update(_object(_object(option, path).get("properties", {}), f"{path}.properties"))
            if name == "allOf":
                required += _texts(option.get("required"))
    root["properties"] = {**properties, **_object(root.get("properties", {}), ".properties")}
    if required:
        root["required"] = list(dict.fromkeys(required))
    return Fitted(root, loosened=True)


def _texts(value: Any) -> list[str]:
    return [one for one in value if type(one) is str] if type(value) is list else []
