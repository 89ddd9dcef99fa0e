"""The configuration as JSON Schema, for editors: completion, descriptions, and mistakes shown while typing."""

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from trunkline.config.schema import Config

_HEAD: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "trunkline.schema.json",
    "title": "Trunkline configuration",
}
_REFERENCE: Final = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "Text with ${VARIABLE}, ${VARIABLE:-default} or ${file:/path}.",
}
_ABOUT: Final = {"title", "description", "default", "writeOnly"}


class Generator(GenerateJsonSchema):
    """Leaves out what says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # it would only repeat the name

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])  # a setting without a value is left out, never null


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `trunkline.yaml`."""
    generated = _open(Config.model_json_schema(schema_generator=Generator))
    definitions = generated.pop("$defs") | {"Reference": _REFERENCE}
    return _HEAD | {name: part for name, part in generated.items() if name != "title"} | {"$defs": definitions}


def _open(part: dict[str, Any]) -> dict[str, Any]:
    """`part`, with `${VARIABLE}` allowed wherever not every text is."""
    part = {name: value for name, value in part.items() if name != "default" or value not in (None, "")}
    for name in {"properties", "patternProperties", "$defs"} & part.keys():
        part[name] = {key: _open(value) for key, value in part[name].items()}
    for name in {"items", "additionalProperties"} & part.keys():
        part[name] = _open(part[name]) if isinstance(part[name], dict) else part[name]
    if "type" not in part and "oneOf" in part:
        part["oneOf"] = [_open(form) for form in part["oneOf"]]
    any_text = part.get("type") == "string" and not {"pattern", "enum", "const"} & part.keys()
    if any_text or part.get("type", "object") in ("object", "array"):
        return part
    about = {name: part.pop(name) for name in _ABOUT & part.keys()}
    return about | {"anyOf": [part, {"$ref": "#/$defs/Reference"}]}
