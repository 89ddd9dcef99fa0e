"""Whether a JSON Schema is one that OpenAI's strict mode takes.

Strict mode wants every object closed and all its properties required, and knows only part of JSON Schema (OpenAI's
guide to structured outputs). A schema that is not fit is sent without it.
"""

from typing import Any

_UNKNOWN = frozenset(
    {
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "propertyNames",
        "prefixItems",
        "contains",
        "unevaluatedProperties",
        "unevaluatedItems",
        "uniqueItems",
        "default",
    }
)
_MAPS = ("properties", "$defs", "definitions")


def is_strict(schema: dict[str, Any] | None) -> bool:
    """Whether `schema`, of a tool's arguments or of an answer, can be enforced by OpenAI."""
    return schema is not None and schema.get("type") == "object" and "anyOf" not in schema and _fits(schema)


def _fits(schema: Any) -> bool:
    if not isinstance(schema, dict) or not _UNKNOWN.isdisjoint(schema):
        return False
    kinds = schema.get("type")
    if (kinds == "object" or (isinstance(kinds, list) and "object" in kinds)) and not _is_closed(schema):
        return False
    below = [child for name in _MAPS for child in (schema.get(name) or {}).values()]
    below += schema.get("anyOf") or []
    if "items" in schema:
        below.append(schema["items"])
    return all(_fits(child) for child in below)


def _is_closed(schema: dict[str, Any]) -> bool:
    properties = schema.get("properties") or {}
    return schema.get("additionalProperties") is False and set(schema.get("required") or ()) == set(properties)
