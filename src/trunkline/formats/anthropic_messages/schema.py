"""JSON Schema in the part of it that this API holds a model to: for structured output and strict tools.

Bounds of values, which it does not take, are told to the model in the description of what they bound, as Anthropic's
own SDK does. Shapes that it does not take cannot be told away. Facts: platform.claude.com, "Structured outputs"; the
SDK's `transform_schema`; recorded refusals.
"""

from typing import Any

import msgspec

MOST_OPTIONAL = 24
"""Properties that are not required, in all schemas of a request."""
MOST_UNIONS = 16
"""Schemas of several types, likewise."""

_ANNOTATIONS = frozenset({"title", "description"})
_SILENT = frozenset({"$schema", "$id", "$comment", "$anchor"})
_STRUCTURE = frozenset({"patternProperties", "prefixItems", "additionalItems", "contains", "$dynamicRef"})
_STRING_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_PRIMITIVES = (str, int, float, bool, type(None))
_DEEPEST = 64

_encode = msgspec.json.Encoder().encode


class Unsayable(Exception):
    """A schema that cannot be put in this dialect. `path` leads there from the schema's root: `.properties.name`."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"'{path}' {why}")
        self.path = path
        self._why = why

    def told(self, path: str) -> str:
        """What to say to a client, for which it stands at `path`."""
        return f"'{path}' {self._why}, which this model's API cannot be held to."


class Fitted(msgspec.Struct):
    """A schema in this dialect."""

    value: dict[str, Any]
    loosened: bool
    """Something of it is only told in words."""
    optional: int
    unions: int


def fit(schema: dict[str, Any]) -> Fitted:
    """`schema` in this dialect. Raises `Unsayable`."""
    fitting = _Fitting(schema)
    value = fitting.node(schema, "", 0)
    return Fitted(value, fitting.loosened, fitting.optional, fitting.unions)


class _Fitting:
    """One pass through a schema."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._definitions = {
            f"#/{name}/{key}": value
            for name in ("$defs", "definitions")
            for key, value in _named(root, name, "").items()
        }
        self.loosened = False
        self.optional = 0
        self.unions = 0
        self._finite: set[str] = set()
        for reference in self._definitions:
            self._check_recursion(reference, ())

    def _check_recursion(self, reference: str, above: tuple[str, ...]) -> None:
        if reference in self._finite:
            return
        if reference in above or len(above) > _DEEPEST:
            raise Unsayable("", f"is recursive ({reference})")
        for inner in _references(self._definitions.get(reference)):
            self._check_recursion(inner, (*above, reference))
        self._finite.add(reference)

    def node(self, schema: Any, path: str, depth: int) -> dict[str, Any]:
        """One schema inside the whole."""
        if type(schema) is not dict or not schema.keys() - _ANNOTATIONS - _SILENT:
            raise Unsayable(path, "allows anything")
        if depth > _DEEPEST:
            raise Unsayable(path, "is nested too deeply")
        left = {name: value for name, value in schema.items() if name not in _SILENT}
        fitted: dict[str, Any] = {}
        for name in ("$defs", "definitions"):
            for key, value in (left.pop(name, None) or {}).items():
                fitted.setdefault("$defs", {})[key] = self.node(value, f"{path}.{name}.{key}", depth + 1)
        if "$ref" in left:
            fitted["$ref"] = self._reference(left, path)
            return fitted
        for name in _STRUCTURE & left.keys():
            raise Unsayable(f"{path}.{name}", "is used")
        if left.pop("nullable", False):
            _add_null(left)
        self._choices(left, fitted, path, depth)
        kinds = self._kinds(left, fitted, path)
        if "object" in kinds:
            self._object(left, fitted, path, depth)
        if "array" in kinds:
            self._array(left, fitted, path, depth)
        if "string" in kinds and left.get("format") in _STRING_FORMATS:
            fitted["format"] = left.pop("format")
        self._tell(left, fitted)
        return fitted

    def _reference(self, left: dict[str, Any], path: str) -> str:
        reference = str(left.pop("$ref"))
        if reference not in self._definitions:
            raise Unsayable(f"{path}.$ref", f"refers to {reference}" if reference != "#" else "is recursive (#)")
        self.loosened = self.loosened or bool(left.keys() - _ANNOTATIONS)
        return reference.replace("#/definitions/", "#/$defs/")

    def _choices(self, left: dict[str, Any], fitted: dict[str, Any], path: str, depth: int) -> None:
        """`anyOf`, `oneOf` and `allOf`, unless they only bound what stands beside them."""
        if "type" in left or "properties" in left:
            return
        for name in ("anyOf", "oneOf", "allOf"):
            options = left.get(name)
            if type(options) is list and options:
                left.pop(name)
                said = "allOf" if name == "allOf" else "anyOf"
                fitted[said] = [
                    self.node(option, f"{path}.{name}[{number}]", depth + 1) for number, option in enumerate(options)
                ]
                self.unions += said == "anyOf"
                return

    def _kinds(self, left: dict[str, Any], fitted: dict[str, Any], path: str) -> list[str]:
        for name in ("enum", "const"):
            if name in left:
                fitted[name] = left.pop(name)
                values = fitted[name] if name == "enum" else [fitted[name]]
                if type(values) is not list or not all(isinstance(value, _PRIMITIVES) for value in values):
                    raise Unsayable(f"{path}.{name}", "has values other than texts, numbers, booleans and null")
        kind = left.pop("type", None)
        if kind is None and "properties" in left:
            kind = "object"
        if kind is None:
            if not fitted.keys() & {"enum", "const", "anyOf", "allOf"}:
                raise Unsayable(path, "has no type")
            return []
        fitted["type"] = kind
        if type(kind) is list:
            self.unions += 1
            return kind
        return [kind]

    def _object(self, left: dict[str, Any], fitted: dict[str, Any], path: str, depth: int) -> None:
        more = left.pop("additionalProperties", None)
        properties = _named(left, "properties", path)
        left.pop("properties", None)
        if not properties and more is not False:
            raise Unsayable(path, "is an object with any fields")
        self.loosened = self.loosened or bool(more)
        fitted["properties"] = {
            name: self.node(value, f"{path}.properties.{name}", depth + 1) for name, value in properties.items()
        }
        fitted["additionalProperties"] = False
        demanded = left.pop("required", None) or []
        if type(demanded) is not list or not all(type(name) is str for name in demanded):
            raise Unsayable(f"{path}.required", "is no list of names")
        required = [name for name in demanded if name in properties]
        if required:
            fitted["required"] = required
        self.optional += len(properties) - len(set(required))

    def _array(self, left: dict[str, Any], fitted: dict[str, Any], path: str, depth: int) -> None:
        if "items" in left:
            fitted["items"] = self.node(left.pop("items"), f"{path}.items", depth + 1)
        if left.get("minItems") in (0, 1):
            fitted["minItems"] = left.pop("minItems")

    def _tell(self, left: dict[str, Any], fitted: dict[str, Any]) -> None:
        """What is left over bounds the value: said in words."""
        for name in _ANNOTATIONS & left.keys():
            fitted[name] = left.pop(name)
        if left:
            self.loosened = True
            words = _encode(left).decode()
            said = fitted.get("description")
            fitted["description"] = f"{said}\n\n{words}" if said else words


def _named(schema: dict[str, Any], keyword: str, path: str) -> dict[str, Any]:
    """The schemas by name below `keyword`."""
    named = schema.get(keyword) or {}
    if type(named) is not dict:
        raise Unsayable(f"{path}.{keyword}", "is no object")
    return named


def _add_null(left: dict[str, Any]) -> None:
    """OpenAPI's way to say that null is allowed, in JSON Schema's."""
    kind = left.get("type")
    if type(kind) is str:
        left["type"] = [kind, "null"]
    if type(left.get("enum")) is list and None not in left["enum"]:
        left["enum"] = [*left["enum"], None]


def _references(value: Any) -> list[str]:
    """All that a schema refers to."""
    found = []
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


def tool_input(schema: dict[str, Any] | None) -> tuple[dict[str, Any], bool]:
    """The schema of a tool's arguments as the API takes it, and whether it had to be loosened.

    At its root it must say `object`, and have no choice between several. Raises `Unsayable`.
    """
    if not schema:
        return {"type": "object", "properties": {}}, False
    kind = schema.get("type", "object")
    if kind != "object" and (type(kind) is not list or "object" not in kind):
        raise Unsayable(".type", f"is {kind!r} and not 'object'")
    root = schema if kind == "object" and "type" in schema else {**schema, "type": "object"}
    choices = [name for name in ("anyOf", "oneOf", "allOf") if name in root]
    if not choices:
        return root, False
    root = dict(root)
    properties = dict(root.get("properties") or {})
    required = list(root.get("required") or [])
    for name in choices:
        options = [option for option in root.pop(name) if type(option) is dict]
        for option in options:
            properties = {**(option.get("properties") or {}), **properties}
            if name == "allOf":
                required += [field for field in option.get("required") or [] if field not in required]
    root["properties"] = properties
    if required:
        root["required"] = required
    return root, True
