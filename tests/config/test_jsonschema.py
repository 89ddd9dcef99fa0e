"""The JSON Schema for editors."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from trunkline.config.jsonschema import schema

Part = dict[str, Any]


def parts(part: Part) -> Iterator[Part]:
    yield part
    for value in part.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from parts(inner)


def setting(*path: str) -> Part:
    """The schema of a setting in named sections."""
    whole = schema()
    part = whole
    for name in path:
        part = part["properties"][name]
        if "$ref" in part:
            part = {**whole["$defs"][part["$ref"].removeprefix("#/$defs/")], **part}
    return part


def test_it_says_which_draft_and_what_it_is() -> None:
    whole = schema()
    assert whole["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert whole["$id"] == "trunkline.schema.json"
    assert whole["title"] == "Trunkline configuration"
    assert whole["type"] == "object"


def test_every_section_and_setting_has_a_description_and_knows_its_names() -> None:
    whole = schema()
    for section in [whole, *(part for part in whole["$defs"].values() if "properties" in part)]:
        assert section["description"]
        assert section["additionalProperties"] is False
        for name, part in section["properties"].items():
            described = part if "$ref" not in part else whole["$defs"][part["$ref"].removeprefix("#/$defs/")] | part
            assert described.get("description", "").endswith("."), name


def test_every_reference_leads_somewhere() -> None:
    whole = schema()
    references = {part["$ref"] for part in parts(whole) if isinstance(part.get("$ref"), str)}
    assert references == {f"#/$defs/{name}" for name in whole["$defs"]}


def test_nothing_is_null() -> None:
    assert all(part.get("type") != "null" and part.get("default", "") is not None for part in parts(schema()))


@pytest.mark.parametrize(
    ("path", "right", "not_right"),
    [
        (("deadline", "gap"), ["15s", "250ms", "1.5h"], ["5 min", "15"]),
        (("server", "limits", "body"), ["32MiB", "10MB", "8B"], ["32", "32mib"]),
        (("server", "listen"), ["127.0.0.1:4000", "[::1]:0"], ["4000", ":4000"]),
        (("store",), ["sqlite:///var/lib/t.db", "postgresql://me@db/trunkline"], ["mysql://a"]),
        (("master_key",), ["3QzKp0mWc8Y1vN6sT4xR7bH2jL9dF5gA"], ["too-short"]),
        (("responses", "keep"), ["30d", "12h"], ["1 month"]),
    ],
)
def test_patterns_take_what_the_loader_takes(path: tuple[str, ...], right: list[str], not_right: list[str]) -> None:
    written, reference = setting(*path)["anyOf"]
    assert reference == {"$ref": "#/$defs/Reference"}
    assert all(re.search(written["pattern"], text) for text in right)
    assert not any(re.search(written["pattern"], text) for text in not_right)


def test_bounds_choices_and_defaults_are_told() -> None:
    workers, level = setting("server", "workers"), setting("telemetry", "log", "level")
    assert workers["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 256}
    assert workers["default"] == 1
    assert level["anyOf"][0]["enum"] == ["debug", "info", "warning", "error"]
    assert setting("server", "timeouts", "write_stall")["default"] == "5m"
