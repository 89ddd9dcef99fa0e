"""Google's published messages as JSON Schema: fields in protobuf's words, and the newest from the SDK's schemas."""

from typing import Any

_SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "bytes": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer"},
    "int64": {"type": ["integer", "string"]},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "google.protobuf.Value": {},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Timestamp": {"type": "string"},
    "google.protobuf.Duration": {"type": "string"},
}
ENTRY = "Entry"
"""Ends the name of a message that is one entry of a map."""


def description(published: dict[str, Any], sdk: dict[str, Any]) -> dict[str, Any]:
    """A document with a schema for every message under `messages`, and the SDK's under `sdk`."""
    names = published["messages"]
    newest: dict[str, Any] = {}
    for name, schema in sdk.items():
        newest |= schema.get("$defs", {})
        if "properties" in schema:
            newest[name] = schema
    messages = {name: _message(name, published, newest) for name in names}
    return {"messages": messages, "$defs": newest}


def _message(name: str, published: dict[str, Any], newest: dict[str, Any]) -> dict[str, Any]:
    fields = published["messages"][name]
    known = {field: _field(name, facts, published) for field, facts in fields.items()}
    newer = newest.get(name, {}).get("properties", {})
    return {"type": "object", "properties": {**newer, **known}, "additionalProperties": False}


def _field(owner: str, facts: dict[str, Any], published: dict[str, Any]) -> dict[str, Any]:
    kind = facts["type"]
    if kind == f"{owner}.PropertiesEntry":
        return {"type": "object", "additionalProperties": {"$ref": f"#/messages/{owner}"}}
    if kind.endswith(ENTRY):
        return {"type": "object"}
    if kind in _SCALARS:
        schema = _SCALARS[kind]
    elif kind in published["messages"]:
        schema = {"$ref": f"#/messages/{kind}"}
    elif kind in published["enums"]:
        words = published["enums"][kind]
        schema = {"enum": [*words, *(word.lower() for word in words)] if kind == "Type" else words}
    else:
        schema = {}
    return {"type": "array", "items": schema} if facts.get("repeated") else schema
