"""What OpenAI's strict mode takes."""

from typing import Any

import pytest

from trunkline.formats.strictness import is_strict

CLOSED: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CLOSED["additionalProperties"] = False


def holding(schema: Any) -> dict[str, Any]:
    return {**CLOSED, "properties": {"a": schema}}


@pytest.mark.parametrize(
    "schema",
    [
        CLOSED,
        holding(CLOSED),
        holding({"type": "array", "items": CLOSED}),
        holding({"anyOf": [CLOSED, {"type": "null"}]}),
    ],
)
def test_closed_objects_with_every_property_required_are_strict(schema: dict[str, Any]) -> None:
    assert is_strict(schema)


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {"type": "string"},
        {**CLOSED, "anyOf": [CLOSED]},
        {**CLOSED, "required": []},
        {**CLOSED, "additionalProperties": True},
        holding({"type": ["object", "null"]}),
        holding({"type": "array", "items": {"properties": {}}}),
        holding({"type": "string", "default": "x"}),
        holding({"$ref": "#/$defs/b", "description": "x"}),
        holding(True),
    ],
)
def test_everything_else_is_not(schema: dict[str, Any] | None) -> None:
    assert not is_strict(schema)
