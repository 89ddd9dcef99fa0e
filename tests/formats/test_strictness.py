"""Which schemas OpenAI takes, and which its strict mode takes."""

from typing import Any

import pytest

from trunkline.formats.strictness import arguments, explicit, is_strict

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
        {**CLOSED, "required": True},
        {**CLOSED, "required": [{}]},
        {**CLOSED, "properties": ["a"]},
        {**CLOSED, "additionalProperties": True},
        holding({"type": ["object", "null"]}),
        holding({"type": "array", "items": {"properties": {}}}),
        holding({"type": "string", "default": "x"}),
        holding({"$ref": "#/$defs/b", "description": "x"}),
        holding(True),
        holding({}),
        holding({"description": "anything"}),
        holding({"type": "array", "items": {}}),
    ],
)
def test_everything_else_is_not(schema: dict[str, Any] | None) -> None:
    assert not is_strict(schema)


def test_arrays_say_that_they_have_items_wherever_they_are() -> None:
    array: dict[str, Any] = {"type": "array"}
    nullable = {"type": ["array", "null"], "description": "some"}
    told = explicit(
        {
            "type": "object",
            "properties": {"a": array, "b": {"anyOf": [nullable, {"type": "string"}]}, "type": {"items": array}},
            "$defs": {"c": {"type": "array", "items": array}},
            "additionalProperties": array,
        }
    )
    full = {"type": "array", "items": {}}
    assert told["properties"]["a"] == told["additionalProperties"] == full
    assert told["properties"]["b"]["anyOf"] == [{**nullable, "items": {}}, {"type": "string"}]
    assert told["properties"]["type"] == {"items": full}
    assert told["$defs"]["c"] == {"type": "array", "items": full}
    assert array == {"type": "array"}, "the client's own is left alone"


def test_values_in_a_schema_are_no_schemas() -> None:
    schema = {"type": "object", "properties": {}, "default": {"type": "array"}, "enum": [{"type": "array"}]}
    assert explicit(schema) is schema


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}])
def test_arguments_say_which_properties_they_have(schema: dict[str, Any] | None) -> None:
    assert arguments(schema) == {**(schema or {}), "properties": {}}


def test_what_says_all_is_left_as_it_is() -> None:
    assert arguments(CLOSED) is CLOSED
