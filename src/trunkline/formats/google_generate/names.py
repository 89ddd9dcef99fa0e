"""Names of fields: Google takes camelCase and snake_case alike, also mixed in one document, and answers in camelCase.

Everything here works with the camelCase names; which one a document used is kept in `spelling` and written back.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from trunkline.formats.conversation import Extras, FormatName
from trunkline.formats.format import ShapeError
from trunkline.formats.paths import told_name

NAME: FormatName = "google_generate"
SETTINGS = "generationConfig"
THINKING = "generationConfig.thinkingConfig"
CHOICE = "toolConfig"
CALLING = "toolConfig.functionCallingConfig"
NESTED = (THINKING, SETTINGS, CALLING, CHOICE)
"""Objects of a request whose own fields have neutral homes, the inner ones first. What is left of them stands in the
request's extras under its whole path (`generationConfig.speechConfig`), so that a loss is named by it.
"""


def snake(name: str) -> str:
    """`functionCall` → `function_call`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel(name: str) -> str:
    """`function_call` → `functionCall`."""
    return told_name(NAME, name)


def table(*names: str) -> dict[str, str]:
    """Every way to write each of `names` → that name."""
    return {written: name for name in names for written in (name, snake(name))}


def sort_out(value: Mapping[str, Any], fields: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The `fields` in `value` by their camelCase names, and what is left: unknown fields, and those that are null."""
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for written, field in value.items():
        name = fields.get(written)
        if name is None or field is None or name in known:
            rest[written] = field
        else:
            known[name] = field
    return known, rest


def spelling_of(value: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
    """Name → how `value` writes it, for those that are not in camelCase."""
    return {name: written for written in value if (name := fields.get(written, written)) != written}


def are_objects(values: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether `values` is a list of objects."""
    if type(values) is not list:
        return False
    for value in values:  # noqa: SIM110  # there is mostly one: a generator takes longer
        if type(value) is not dict:
            return False
    return True


def kept(rest: dict[str, Any]) -> Extras:
    """Extras of this format."""
    return {NAME: rest} if rest else {}


def kept_below(kind: str, rest: dict[str, Any]) -> Extras:
    """The same of the object `kind` of a part, under their paths in the part (`functionResponse.scheduling`), so that a
    loss is named by it.
    """
    return kept({f"{kind}.{name}": value for name, value in rest.items()})


def below(kind: str, extras: dict[str, Any]) -> dict[str, Any]:
    """The fields of the object `kind`, out of the extras of its part."""
    prefix = f"{kind}."
    return {path.removeprefix(prefix): value for path, value in extras.items() if path.startswith(prefix)}


def missing(path: str) -> ShapeError:
    """A field that must be there is not."""
    return ShapeError(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def wrong_type(path: str, expected: str, value: object) -> ShapeError:
    """A field is of another type."""
    message = f"Invalid type for '{path}': expected {expected}, but got {type_name(value)}."
    return ShapeError(message, path, "invalid_type")


def wrong_value(path: str, why: str) -> ShapeError:
    """A field has a value that means nothing."""
    return ShapeError(f"Invalid value for '{path}': {why}", path, "invalid_value")


_BEYOND = 2**53
_WHOLE = re.compile(r"-?[0-9]{1,15}")


def whole(value: Any) -> int | None:
    """An integer, as protobuf's JSON takes it: `7`, `7.0` and `"7"`; None for all else."""
    if type(value) is float and value.is_integer() and abs(value) < _BEYOND:
        return int(value)
    if type(value) is str and _WHOLE.fullmatch(value):
        return int(value)
    return value if type(value) is int else None


def number(value: Any) -> float | int | None:
    """Any number, likewise."""
    if type(value) is str:
        try:
            value = float(value)
        except ValueError:
            return None
        return value if math.isfinite(value) else None
    return value if type(value) is int or type(value) is float else None


_TYPES = {dict: "object", list: "array", str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}


def type_name(value: object) -> str:
    """JSON's name for the type of a decoded value."""
    return _TYPES.get(type(value), type(value).__name__)
