"""What is wrong with a request, in the words of OpenAI's API."""

from collections.abc import Iterable
from typing import Any

from trunkline.formats.format import ShapeError

_TYPES = {str: "str", int: "int", float: "float", bool: "bool", dict: "object", list: "array", type(None): "null"}


def missing(path: str) -> ShapeError:
    """A field that must be there is not."""
    return ShapeError(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def invalid_type(path: str, expected: str, value: object) -> ShapeError:
    """A field holds something of another type."""
    got = _TYPES.get(type(value), type(value).__name__)
    return ShapeError(f"Invalid type for '{path}': expected {expected}, but got {got}.", path, "invalid_type")


def invalid_value(path: str, value: object, supported: Iterable[str] = ()) -> ShapeError:
    """A field holds a value that means nothing here."""
    known = ", ".join(f"'{name}'" for name in supported)
    hint = f" Supported values are: {known}." if known else ""
    return ShapeError(f"Invalid value for '{path}': {value!r}.{hint}", path, "invalid_value")


def needed_text(value: dict[str, Any], name: str, at: str) -> str:
    """The string in the field `name` of the object at the path `at`. Raises `ShapeError`."""
    found = value.get(name)
    if type(found) is str:
        return found
    if name not in value:
        raise missing(f"{at}.{name}")
    raise invalid_type(f"{at}.{name}", "str", found)


def needed_objects(value: object, path: str) -> list[dict[str, Any]]:
    """`value`, which must be an array of objects. Raises `ShapeError`."""
    if type(value) is not list:
        raise invalid_type(path, "array", value)
    for number, entry in enumerate(value):
        if type(entry) is not dict:
            raise invalid_type(f"{path}[{number}]", "object", entry)
    return value


def taken(rest: dict[str, Any], name: str) -> str:
    """Take the string `name` out of `rest`. What says nothing, or is no string, stays there."""
    found = rest.get(name)
    if type(found) is str and found:
        del rest[name]
        return found
    return ""
