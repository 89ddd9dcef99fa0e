"""Taking fields out of a request's objects, with errors that name the path."""

from typing import Any, TypeVar

from trunkline.formats.bedrock_converse.terms import NAME
from trunkline.formats.conversation import Extras
from trunkline.formats.format import ShapeError

T = TypeVar("T")
_WORDS = {dict: "object", list: "array", type(None): "null"}


def need(value: dict[str, Any], name: str, kind: type[T], path: str) -> T:
    """A field that must be there. `path` is its object's. Raises `ShapeError`."""
    where = f"{path}.{name}" if path else name
    if name not in value:
        raise ShapeError(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")
    return typed(value[name], kind, where)


def typed(value: object, kind: type[T], where: str) -> T:
    """`value`, if it is of this type. Raises `ShapeError`."""
    if type(value) is kind:
        return value
    raise ShapeError(
        f"Invalid type for '{where}': expected {word(kind)}, but got {word(type(value))}.", where, "invalid_type"
    )


def invalid(where: str, why: str) -> ShapeError:
    """An error for a value that is of the right type and still none."""
    return ShapeError(f"Invalid value for '{where}': {why}.", where, "invalid_value")


def word(kind: type[object]) -> str:
    """What JSON calls a type."""
    return _WORDS.get(kind, kind.__name__)


def extras(fields: dict[Any, Any]) -> Extras:
    """`fields` as what only this format knows."""
    return {NAME: fields} if fields else {}


def own(node_extras: Extras) -> dict[str, Any]:
    """What only this format knows of a node, for changing."""
    return dict(node_extras.get(NAME, ()))
