"""The two dialects of schemas."""

from typing import Any

import pytest

from trunkline.formats.google_generate.schemas import CannotSay, from_json_schema, to_json_schema


@pytest.mark.parametrize(
    ("schema", "json_schema"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": 6, "properties": {"a": {"type": 1}}}, {"type": "object", "properties": {"a": {"type": "string"}}}),
        ({"type": "STRING", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"anyOf": [{"type": "STRING"}], "nullable": True}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (
            {"type": "ARRAY", "items": {"type": "INTEGER"}, "maxItems": "3"},
            {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
        ),
        ({"type": "OBJECT", "propertyOrdering": ["a"], "example": 1}, {"type": "object", "examples": [1]}),
        ({"type": "STRING", "newThing": 1}, {"type": "string", "newThing": 1}),
        ({"type": "TYPE_UNSPECIFIED", "anyOf": [{"type": 0}]}, {"anyOf": [{}]}),
        (
            {"oneOf": [{"type": "STRING"}], "allOf": [{"type": 2}], "prefixItems": [{"type": ["STRING", "NULL"]}]},
            {
                "oneOf": [{"type": "string"}],
                "allOf": [{"type": "number"}],
                "prefixItems": [{"type": ["string", "null"]}],
            },
        ),
        ({"$defs": {"A": {"type": "STRING"}}}, {"$defs": {"A": {"type": "string"}}}),
    ],
)
def test_a_schema_is_read_as_json_schema(schema: dict[str, Any], json_schema: dict[str, Any]) -> None:
    assert to_json_schema(schema) == json_schema


@pytest.mark.parametrize(
    ("json_schema", "schema"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "INTEGER", "minimum": 1}),
        ({"allOf": [{"type": "string"}]}, {"type": "STRING"}),
        (
            {"$defs": {"A": {"type": "object", "properties": {}}}, "type": "array", "items": {"$ref": "#/$defs/A"}},
            {"type": "ARRAY", "items": {"type": "OBJECT", "properties": {}}},
        ),
        (
            {"$ref": "#/$defs/A", "description": "x", "$defs": {"A": {"type": "string"}}},
            {"type": "STRING", "description": "x"},
        ),
        ({"type": "string", "format": "date-time"}, {"type": "STRING", "format": "date-time"}),
    ],
)
def test_json_schema_is_said_in_the_subset(json_schema: dict[str, Any], schema: dict[str, Any]) -> None:
    assert from_json_schema(json_schema) == (schema, False)


@pytest.mark.parametrize(
    "annotation",
    [{"$schema": "x"}, {"format": "uri"}, {"examples": ["a"]}, {"additionalProperties": False}],
)
def test_what_restricts_nothing_is_left_out_and_told(annotation: dict[str, Any]) -> None:
    assert from_json_schema({"type": "string", **annotation}) == ({"type": "STRING"}, True)


@pytest.mark.parametrize(
    ("inner", "path"),
    [
        ({"not": {"type": "string"}}, "properties.a.not"),
        ({"type": "integer", "enum": [1, 2]}, "properties.a.enum"),
        ({"const": 1}, "properties.a.const"),
        ({"type": "number", "exclusiveMinimum": 0.5}, "properties.a.exclusiveMinimum"),
        ({"allOf": [{}, {}]}, "properties.a.allOf"),
        ({"additionalProperties": {"type": "string"}}, "properties.a.additionalProperties"),
        ({"$ref": "other.json"}, "properties.a.$ref"),
        ({"type": "array", "items": [{"type": "string"}]}, "properties.a.items"),
        ({"anyOf": [{"type": "string"}, {"patternProperties": {}}]}, "properties.a.anyOf[1].patternProperties"),
    ],
)
def test_what_cannot_be_said_is_named_with_its_path(inner: dict[str, Any], path: str) -> None:
    with pytest.raises(CannotSay) as refused:
        from_json_schema({"type": "object", "properties": {"a": inner}})
    assert refused.value.path == path


def test_a_schema_within_itself_cannot_be_said() -> None:
    with pytest.raises(CannotSay):
        from_json_schema({"type": "object", "properties": {"below": {"$ref": "#"}}})


def test_the_order_of_properties_is_kept_where_it_matters() -> None:
    made, _ = from_json_schema({"type": "object", "properties": {"b": {}, "a": {}}}, ordered=True)
    assert made["propertyOrdering"] == ["b", "a"]
