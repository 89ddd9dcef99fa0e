"""What is wrong with a request's shape, said with the path."""

from typing import Any

from trunkline.formats.format import ShapeError

_KINDS = {dict: "object", list: "array", str: "str", bool: "bool", int: "int", float: "float", type(None): "null"}


def missing(path: str) -> ShapeError:
    return ShapeError(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def wrong_type(path: str, expected: str, value: object) -> ShapeError:
    got = _KINDS.get(type(value), type(value).__name__)
    return ShapeError(f"Invalid type for '{path}': expected {expected}, but got {got}.", path, "invalid_type")


def wrong_value(path: str, why: str) -> ShapeError:
    return ShapeError(f"Invalid value for '{path}': {why}.", path, "invalid_value")


def text_in(value: dict[str, Any], name: str, path: str) -> str:
    """The string that `value` must have under `name`."""
    found = value.get(name)
    if type(found) is not str:
        raise _wrong(value, name, path, "str")
    return found


def object_in(value: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    """The object that `value` must have under `name`."""
    found = value.get(name)
    if type(found) is not dict:
        raise _wrong(value, name, path, "object")
    return found


def list_in(value: dict[str, Any], name: str, path: str) -> list[Any]:
    """The array that `value` must have under `name`."""
    found = value.get(name)
    if type(found) is not list:
        raise _wrong(value, name, path, "array")
    return found


def _wrong(value: dict[str, Any], name: str, path: str, expected: str) -> ShapeError:
    where = f"{path}.{name}" if path else name
    return missing(where) if name not in value else wrong_type(where, expected, value[name])
