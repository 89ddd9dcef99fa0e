"""JSON Schemas as Bedrock takes them: said, told in words, or refused by the path inside them. Never a crash."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from trunkline.formats.bedrock_converse.schema import Unsayable, fit, tool_input

CLOSED = {"additionalProperties": False}
NUMBER = {"type": "integer"}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **CLOSED}


@pytest.mark.parametrize(
    "schema",
    [
        thing(n=NUMBER, s={"type": "string", "minLength": 1, "pattern": "^a", "format": "date"}),
        thing(e={"enum": ["a", 1, None]}, c={"const": 1, "title": "One", "description": "That"}),
        thing(a={"type": "array", "items": NUMBER, "minItems": 1}),
        thing(o={"anyOf": [NUMBER, {"type": "null"}]}, t={"type": ["string", "null"]}),
        {**thing(r={"$ref": "#/$defs/R"}), "$defs": {"R": thing(n=NUMBER)}},
        {"type": "array", "items": {"type": "string"}},
    ],
)
def test_what_can_be_said_is_said_as_it_is(schema: dict[str, Any]) -> None:
    fitted = fit(schema)
    assert (fitted.value, fitted.loosened) == (schema, False)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {"n": NUMBER}, "$schema": "x", "examples": [1]}, thing(n=NUMBER)),
        ({"properties": {"n": NUMBER}}, thing(n=NUMBER)),
        (thing(o={"oneOf": [NUMBER, {"type": "null"}]}), thing(o={"anyOf": [NUMBER, {"type": "null"}]})),
        (
            {"definitions": {"R": NUMBER}, "type": "array", "items": {"$ref": "#/definitions/R"}},
            {"$defs": {"R": NUMBER}, "type": "array", "items": {"$ref": "#/$defs/R"}},
        ),
    ],
)
def test_the_same_in_other_words(schema: dict[str, Any], said: dict[str, Any]) -> None:
    fitted = fit(schema)
    assert (fitted.value, fitted.loosened) == (said, False)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer", "minimum": 0}, {"type": "integer", "description": '{"minimum":0}'}),
        (
            {"type": "array", "items": NUMBER, "maxItems": 3, "description": "Some"},
            {"type": "array", "items": NUMBER, "description": 'Some\n\n{"maxItems":3}'},
        ),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    ],
)
def test_bounds_are_told_in_words(schema: dict[str, Any], said: dict[str, Any]) -> None:
    assert fit(schema).value == said
    assert fit(schema).loosened is ("nullable" not in schema)


def test_other_fields_are_no_longer_allowed_and_that_is_told() -> None:
    open_object = {"type": "object", "properties": {"n": NUMBER}, "additionalProperties": True}
    assert fit(open_object).value == thing(n=NUMBER)
    assert fit(open_object).loosened


DEEP: dict[str, Any] = NUMBER
for _ in range(70):
    DEEP = {"type": "array", "items": DEEP}


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({}, ""),
        ({"title": "Any"}, ""),
        (thing(a={}), ".properties.a"),
        (thing(a=True), ".properties.a"),
        (thing(a={"type": "object"}), ".properties.a"),
        (thing(a={"type": "object", "additionalProperties": NUMBER}), ".properties.a"),
        (thing(a={"type": "array", "prefixItems": [NUMBER]}), ".properties.a.prefixItems"),
        ({"not": NUMBER}, ".not"),
        (thing(a={"$ref": "https://example.com/a"}), ".properties.a.$ref"),
        (thing(a={"$ref": "#"}), ".properties.a.$ref"),
        ({**thing(a={"$ref": "#/$defs/A"}), "$defs": {"A": thing(a={"$ref": "#/$defs/A"})}}, ""),
        ({"type": "object", "properties": []}, ".properties"),
        ({"anyOf": {}}, ".anyOf"),
        ({"$defs": 1}, ".$defs"),
        (DEEP, ".items" * 65),
    ],
)
def test_shapes_that_cannot_be_said_are_refused_by_their_path(schema: dict[str, Any], path: str) -> None:
    with pytest.raises(Unsayable) as raised:
        fit(schema)
    assert raised.value.path == path


def test_many_references_take_no_more_than_their_number_of_steps() -> None:
    last = 300
    definitions = {
        f"D{number}": thing(a={"$ref": f"#/$defs/D{number + 1}"}, b={"$ref": f"#/$defs/D{number + 1}"})
        for number in range(last)
    }
    schema = {**thing(a={"$ref": "#/$defs/D0"}), "$defs": {**definitions, f"D{last}": NUMBER}}
    assert fit(schema).value == schema


_WORDS = ["type", "properties", "items", "anyOf", "allOf", "$ref", "$defs", "required", "enum", "additionalProperties"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["object", "array", "#/$defs/a", "string"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_WORDS, "a"]), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(_WORDS), json_values, max_size=5))
def test_whatever_a_client_sends_is_fitted_or_unsayable(schema: dict[str, Any]) -> None:
    for convert in (fit, tool_input):
        with contextlib.suppress(Unsayable):
            assert isinstance(convert(schema).value, dict)


# The root of a tool's arguments


def test_a_tool_without_arguments_takes_an_empty_object() -> None:
    empty = {"type": "object", "properties": {}}
    assert tool_input(None).value == tool_input({}).value == empty
    assert tool_input({"properties": {"a": NUMBER}}).value == {"properties": {"a": NUMBER}, "type": "object"}


def test_a_choice_at_the_root_becomes_all_of_it() -> None:
    either = {
        "anyOf": [
            {"type": "object", "properties": {"a": NUMBER}, "required": ["a"]},
            {"type": "object", "properties": {"b": NUMBER}, "required": ["b"]},
        ]
    }
    fitted = tool_input(either)
    assert fitted.loosened
    assert fitted.value == {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}}
    validator = Draft202012Validator(fitted.value)
    assert validator.is_valid({"a": 1})
    assert validator.is_valid({"b": 1})
    every = {"allOf": [{"properties": {"a": NUMBER}, "required": ["a"]}], "required": ["b"]}
    assert tool_input(every).value["required"] == ["b", "a"]


@pytest.mark.parametrize("kind", ["array", ["string", "null"], 1])
def test_arguments_are_an_object(kind: Any) -> None:
    with pytest.raises(Unsayable) as raised:
        tool_input({"type": kind})
    assert raised.value.path == ".type"
