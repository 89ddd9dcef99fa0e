"""The smallest value that fits a schema, read back by a validator that knows the type the schema was made from."""

import enum
import json
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from trunkline.providers.simulated.schemas import SchemaError, check_strict, smallest


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    value: int
    left: Optional["Node"]
    children: list["Node"]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(gt=0, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]


class Everything(BaseModel):
    text: str
    long: Annotated[str, Field(min_length=30)]
    short: Annotated[str, Field(max_length=2)]
    one: Annotated[int, Field(ge=5, le=5)]
    above: Annotated[int, Field(gt=5)]
    below: Annotated[int, Field(lt=-5)]
    third: Annotated[int, Field(multiple_of=3, ge=10, le=13)]
    small: Annotated[float, Field(gt=0, lt=0.3)]
    large: Annotated[float, Field(gt=1e6)]
    negative: Annotated[float, Field(le=-0.5)]
    flag: bool
    nothing: None
    maybe: int | None
    colour: Colour
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    animals: Annotated[list[Cat | Dog], Field(min_length=2)]
    pair: tuple[int, str]
    table: dict[str, int]
    day: date
    moment: datetime
    id: UUID
    tree: Node
    absent: str = "default"


@pytest.mark.parametrize(
    "kind", [Everything, Node, Colour, Cat | Dog, list[int], Annotated[list[Node], Field(min_length=3)]]
)
def test_the_smallest_value_fits(kind: Any) -> None:
    adapter = TypeAdapter(kind)
    value = smallest(adapter.json_schema())
    adapter.validate_json(adapter.dump_json(adapter.validate_python(value)))


def test_nothing_optional_is_in_it() -> None:
    value = smallest(Everything.model_json_schema())
    assert "absent" not in value
    assert value["tree"] == {"value": 0, "left": None, "children": []}


@settings(deadline=None)
@given(
    st.integers(-50, 50),
    st.integers(0, 50),
    st.sampled_from([None, 1, 2, 3, 7, 0.5, 1.5]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_numbers_keep_within_their_bounds(
    low: int, width: int, step: float | None, whole: bool, open_below: bool, open_above: bool
) -> None:
    high = low + width
    schema: dict[str, Any] = {"type": "integer" if whole else "number"}
    schema["exclusiveMinimum" if open_below else "minimum"] = low
    schema["exclusiveMaximum" if open_above else "maximum"] = high
    if step is not None:
        schema["multipleOf"] = step
    grain = 0.5 if step in (0.5, 1.5) else 1
    candidates = [low + index * grain / 4 for index in range(int(width / grain * 4) + 1)]

    def fits(number: float) -> bool:
        return (
            (low < number if open_below else low <= number)
            and (number < high if open_above else number <= high)
            and (step is None or number % step == 0)
            and (not whole or number == int(number))
        )

    try:
        number = smallest(schema)
    except SchemaError:
        assert not any(fits(candidate) for candidate in candidates)
    else:
        assert fits(number)
        assert isinstance(number, int) or not whole


def test_all_of_adds_up() -> None:
    schema = {
        "$defs": {"a": {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}},
        "allOf": [{"$ref": "#/$defs/a"}, {"properties": {"b": {"enum": ["x", "y"]}}, "required": ["b", "a"]}],
    }
    assert smallest(schema) == {"a": 1, "b": "x"}


def test_references_are_json_pointers() -> None:
    assert smallest({"$ref": "#/$defs/a~1b~0c", "$defs": {"a/b~c": {"const": 7}}}) == 7
    for broken in ("#/$defs/none", "https://example.com/schema"):
        with pytest.raises(SchemaError, match="can only point to definitions"):
            smallest({"$ref": broken, "$defs": {}})


def doubling(levels: int) -> dict[str, Any]:
    """A schema a few hundred bytes long that calls for 10 ** levels values."""
    definitions: dict[str, Any] = {"0": {"type": "null"}}
    for level in range(1, levels + 1):
        inner = {"$ref": f"#/$defs/{level - 1}"}
        definitions[str(level)] = {"type": "array", "items": inner, "minItems": 10}
    return {"$ref": f"#/$defs/{levels}", "$defs": definitions}


@pytest.mark.parametrize(
    "schema",
    [
        doubling(9),
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"allOf": [{"$ref": "#"}] * 50},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": 9000, "items": {"const": "x" * 100_000}},
        {"type": "array", "minItems": 9000, "items": {"type": "object", "required": ["x" * 100_000]}},
        {"type": "integer", "minimum": 10**400},
        {"type": "number", "minimum": 1, "maximum": 0},
        {"type": "integer", "minimum": 1, "maximum": 2, "multipleOf": 5},
        {"type": "nonsense"},
    ],
)
def test_what_cannot_be_filled_is_refused_before_it_costs_much(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        smallest(schema)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "properties",
                        "required",
                        "items",
                        "anyOf",
                        "allOf",
                        "$ref",
                        "enum",
                        "minItems",
                        "multipleOf",
                    ]
                )
                | st.text(max_size=2),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_schema_however_odd_does_harm(schema: object) -> None:
    with suppress(SchemaError):
        json.dumps(smallest(schema))
    if isinstance(schema, dict):
        with suppress(SchemaError):
            check_strict(schema)


def test_strict_schemas_are_closed_and_need_all_they_name() -> None:
    good = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
    check_strict({"type": "array", "items": good})
    for broken, words in (
        ({**good, "additionalProperties": True}, "'additionalProperties' is required"),
        ({**good, "required": []}, "Missing 'a'"),
        ({**good, "properties": {"a": {"type": "object"}}}, r"context=\('properties', 'a'\)"),
        ({**good, "$defs": {"b": {"type": "object"}}}, r"context=\('\$defs', 'b'\)"),
        ({**good, "properties": {"a": {"anyOf": [good, {"type": "object"}]}}}, r"'anyOf', '1'\)"),
    ):
        with pytest.raises(SchemaError, match=words):
            check_strict(broken)
