"""Which JSON Schemas OpenAI takes, in both of its formats.

Every array must say what its items are, and the arguments of a tool what properties they have: what goes without
saying elsewhere is said here (its refusals: "array schema missing items", "object schema missing properties"). Strict
mode wants every object closed and all its properties required, too, and knows only part of JSON Schema (OpenAI's guide
to structured outputs). A schema that is not fit is sent without it.
"""

from typing import Any

_UNKNOWN = frozenset(
    {
        "allOf",
        "contains",
        "default",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxProperties",
        "minProperties",
        "not",
        "oneOf",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
_SHAPES = frozenset({"type", "anyOf", "$ref", "enum", "const"})
"""One of them must be there."""
_INSIDE = ("items", "anyOf")
_NAMED = ("properties", "$defs", "definitions")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_ONE = ("items", "additionalProperties", "not", "contains")
_DEEPEST = 64


def is_strict(schema: dict[str, Any] | None) -> bool:
    """Whether strict mode takes `schema`, of a tool's arguments or of an answer."""
    if schema is None or schema.get("type") != "object" or "anyOf" in schema:
        return False
    return all(_fits(node) for node in _nodes(schema))


def _fits(node: Any) -> bool:
    if type(node) is not dict or _UNKNOWN.intersection(node) or ("$ref" in node and len(node) > 1):
        return False
    if _SHAPES.isdisjoint(node):
        return False
    kind = node.get("type")
    if kind == "object" or "properties" in node or (type(kind) is list and "object" in kind):
        return node.get("additionalProperties") is False and _requires_all(node)
    return True


def _requires_all(node: dict[str, Any]) -> bool:
    properties, required = node.get("properties") or {}, node.get("required") or []
    if type(properties) is not dict or type(required) is not list:
        return False  # no schema
    return all(name in required for name in properties) and all(name in properties for name in map(str, required))


def _nodes(schema: dict[str, Any]) -> list[Any]:
    """`schema` and all schemas in it. Its depth is bounded by the document's."""
    found: list[Any] = []
    left: list[Any] = [schema]
    while left:
        node = left.pop()
        found.append(node)
        if type(node) is dict:
            for name in _INSIDE:
                inside = node.get(name, [])
                left += inside if type(inside) is list else [inside]
            for name in _NAMED:
                inside = node.get(name)
                left += inside.values() if type(inside) is dict else []
    return found


def arguments(schema: dict[str, Any] | None) -> dict[str, Any]:
    """`schema`, of a tool's arguments, in full."""
    said = explicit(schema or {})
    return said if "properties" in said else {**said, "properties": {}}


def explicit(schema: Any, depth: int = 0) -> Any:
    """`schema` with what is true of every array, that it has items, wherever it is not said: itself where it is."""
    if type(schema) is not dict or depth > _DEEPEST:
        return schema
    told: dict[str, Any] = {}
    kind = schema.get("type")
    if (kind == "array" or (type(kind) is list and "array" in kind)) and "items" not in schema:
        told["items"] = {}
    for name, value in schema.items():
        if type(value) is dict:
            said = _each(value, depth) if name in _NAMED else explicit(value, depth + 1) if name in _ONE else value
        elif type(value) is list and name in _LISTED:
            said = _all(value, depth)
        else:
            continue
        if said is not value:
            told[name] = said
    return {**schema, **told} if told else schema


def _each(schemas: dict[str, Any], depth: int) -> dict[str, Any]:
    said = {name: explicit(schema, depth + 1) for name, schema in schemas.items()}
    return said if any(said[name] is not schema for name, schema in schemas.items()) else schemas


def _all(schemas: list[Any], depth: int) -> list[Any]:
    said = [explicit(schema, depth + 1) for schema in schemas]
    return said if any(one is not other for one, other in zip(said, schemas, strict=True)) else schemas
