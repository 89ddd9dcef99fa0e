"""Which JSON Schemas OpenAI's strict mode takes."""

from typing import Any

_UNKNOWN = frozenset(
    {"oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"}
    | {"unevaluatedProperties", "propertyNames", "minProperties", "maxProperties", "contains", "uniqueItems", "default"}
)
_INSIDE = ("items", "anyOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")


def fits(schema: dict[str, Any] | None) -> bool:
    """Whether strict mode takes `schema`: no object has other properties than those named, and all are required."""
    if schema is None or schema.get("type") != "object":
        return False
    return all(_fits(node) for node in _nodes(schema))


def _fits(node: dict[str, Any]) -> bool:
    if _UNKNOWN.intersection(node) or ("$ref" in node and len(node) > 1):
        return False
    if node.get("type") == "object" or "properties" in node:
        required = node.get("required", [])
        closed = node.get("additionalProperties") is False
        return closed and isinstance(required, list) and set(node.get("properties", {})) <= set(required)
    return True


def _nodes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """`schema` and all schemas in it. Its depth is bounded by the document's."""
    found, left = [], [schema]
    while left:
        node = left.pop()
        found.append(node)
        for name in _INSIDE:
            inside = node.get(name)
            left += [one for one in (inside if isinstance(inside, list) else [inside]) if isinstance(one, dict)]
        for name in _NAMED:
            inside = node.get(name)
            left += [one for one in inside.values() if isinstance(one, dict)] if isinstance(inside, dict) else []
    return found
