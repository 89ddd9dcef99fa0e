"""JSON Schema in the part that the API holds models to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.formats.anthropic_messages.schema import Unsayable, fit


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def fitted(schema: dict[str, Any]) -> dict[str, Any]:
    return fit(schema).value


def test_objects_are_closed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "ghost"]}
    assert fitted(schema) == {**closed(a={"type": "string"}), "required": ["a"]}


def test_bounds_are_told_in_words() -> None:
    found = fit(closed(n={"type": "integer", "minimum": 1, "description": "How many."}))
    assert found.loosened
    assert found.value["properties"]["n"] == {"type": "integer", "description": 'How many.\n\n{"minimum":1}'}


def test_annotations_and_what_the_api_takes_stay() -> None:
    schema = closed(
        d={"type": "string", "format": "date", "title": "Day"},
        l={"type": "array", "items": {"enum": ["a", 1, None]}, "minItems": 1},
        c={"const": 5},
        u={"type": ["string", "null"]},
    )
    found = fit({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    assert (found.value, found.loosened, found.optional, found.unions) == (schema, False, 4, 1)


def test_other_formats_and_longer_lists_are_told_in_words() -> None:
    found = fit(
        closed(a={"type": "string", "format": "iri"}, b={"type": "array", "items": {"const": 1}, "minItems": 3})
    )
    assert found.value["properties"]["a"] == {"type": "string", "description": '{"format":"iri"}'}
    assert found.value["properties"]["b"]["description"] == '{"minItems":3}'


def test_alternatives_are_any_of() -> None:
    one_of = {"oneOf": [{"type": "string"}, {"type": "null"}]}
    assert fitted(one_of) == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert fitted({"allOf": [{"type": "string"}]}) == {"allOf": [{"type": "string"}]}


def test_nullable_becomes_a_type() -> None:
    assert fitted({"type": "string", "nullable": True, "enum": ["a"]}) == {
        "type": ["string", "null"],
        "enum": ["a", None],
    }


def test_definitions_are_followed() -> None:
    schema = {"$ref": "#/definitions/A", "definitions": {"A": closed(b={"$ref": "#/definitions/B"}), "B": {"const": 1}}}
    assert fitted(schema) == {
        "$ref": "#/$defs/A",
        "$defs": {"A": closed(b={"$ref": "#/$defs/B"}), "B": {"const": 1}},
    }


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({}, ""),
        (closed(a={}), ".properties.a"),
        (closed(a=True), ".properties.a"),
        (closed(a={"type": "object"}), ".properties.a"),
        (closed(a={"type": "object", "additionalProperties": {"type": "string"}}), ".properties.a"),
        (closed(a={"type": "array", "prefixItems": []}), ".properties.a.prefixItems"),
        (closed(a={"patternProperties": {}, "type": "object"}), ".properties.a.patternProperties"),
        (closed(a={"enum": [{}]}), ".properties.a.enum"),
        (closed(a={"minimum": 1}), ".properties.a"),
        ({"anyOf": [{"type": "string"}, {"description": "?"}]}, ".anyOf[1]"),
        (closed(a={**closed(b={"const": 1}), "required": True}), ".properties.a.required"),
        (closed(a={"type": "object", "properties": ["b"]}), ".properties.a.properties"),
        ({"$defs": [], "definitions": ["A"], "const": 1}, ".definitions"),
        ({"$ref": "#"}, ".$ref"),
        ({"$ref": "https://x.test/schema"}, ".$ref"),
        ({"$ref": "#/$defs/A", "$defs": {"A": closed(a={"$ref": "#/$defs/A"})}}, ""),
    ],
)
def test_what_cannot_be_said_is_named_by_its_path(schema: dict[str, Any], path: str) -> None:
    with pytest.raises(Unsayable) as caught:
        fit(schema)
    assert caught.value.path == path


def test_a_schema_of_many_references_takes_no_long_time() -> None:
    definitions: dict[str, Any] = {
        f"A{number}": closed(x={"$ref": f"#/$defs/A{number + 1}"}, y={"$ref": f"#/$defs/A{number + 1}"})
        for number in range(40)
    }
    definitions["A40"] = {"type": "string"}
    assert fitted({"$ref": "#/$defs/A0", "$defs": definitions})["$ref"] == "#/$defs/A0"


simple = st.sampled_from([{"type": "string", "maxLength": 3}, {"type": "integer"}, {"enum": [1, 2]}, {"type": "null"}])
schemas = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(
            lambda properties: {"type": "object", "properties": properties, "required": ["a"]}
        ),
        inner.map(lambda items: {"type": "array", "items": items, "maxItems": 2}),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"oneOf": options}),
    ),
    max_leaves=8,
)


@given(schemas)
def test_what_is_fitted_fits(schema: dict[str, Any]) -> None:
    once = fit(schema)
    assert fitted(once.value) == once.value
