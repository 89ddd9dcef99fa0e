"""Which JSON Schemas OpenAI's strict mode takes, in both of its formats.

Strict mode wants every object closed and all its properties required, and knows only part of JSON Schema (OpenAI's
guide to structured outputs). A schema that is not fit is sent without it.
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
_INSIDE = ("items", "anyOf")
_NAMED = ("properties", "$defs", "definitions")


def is_strict(schema: dict[str, Any] | None) -> bool:
    """Whether strict mode takes `schema`, of a tool's arguments or of an answer."""
    if schema is None or schema.get("type") != "object" or "anyOf" in schema:
        return False
    return all(_fits(node) for node in _nodes(schema))


def _fits(node: Any) -> bool:
    if type(node) is not dict or _UNKNOWN.intersection(node) or ("$ref" in node and len(node) > 1):
        return False
    kind = node.get("type")
    if kind == "object" or "properties" in node or (type(kind) is list and "object" in kind):
        closed = node.get("additionalProperties") is False
        return closed and set(node.get("required") or ()) == set(node.get("properties") or ())
    return True


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
