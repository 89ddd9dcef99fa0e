"""What the text of an answer has to look like: its length, and a JSON Schema."""

from typing import Any

import jsonschema_rs
import msgspec

from trunkline.guard.values import Finding


class BadSchema(ValueError):
    """A JSON Schema that cannot be used; its text says why, for the operator."""


def compile_schema(schema: dict[str, Any]) -> Any:
    """A validator of draft 2020-12, or of the draft that the schema names. Raises `BadSchema`.

    Patterns run in linear time, and no reference leads out of the schema.
    """
    try:
        return jsonschema_rs.validator_for(
            schema, pattern_options=jsonschema_rs.RegexOptions(), retriever=_refuse, validate_formats=True
        )
    except (ValueError, TypeError, jsonschema_rs.ReferencingError) as error:
        raise BadSchema(str(error).splitlines()[0]) from None


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is outside of the schema")


class Length(msgspec.Struct, frozen=True):
    """Bounds on the text of an answer, in characters."""

    rule: str
    least: int = 0
    most: int | None = None

    def check(self, text: str, path: str) -> Finding | None:
        """The decision against a text that is too short or too long."""
        if len(text) < self.least:
            return Finding(self.rule, "too_short", path, "block")
        if self.most is not None and len(text) > self.most:
            return Finding(self.rule, "too_long", path, "block", start=self.most, end=len(text))
        return None


class Schema:
    """What the text of an answer has to be, as JSON."""

    def __init__(self, rule: str, schema: dict[str, Any]) -> None:
        self._rule = rule
        self._validator = compile_schema(schema)

    def check(self, text: str, path: str) -> Finding | None:
        """The decision against a text that is no JSON, or not such."""
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return Finding(self._rule, "not_json", path, "block")
        return None if self._validator.is_valid(value) else Finding(self._rule, "not_in_schema", path, "block")
