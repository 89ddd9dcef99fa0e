"""What is left of an object inside another when its known fields are taken out.

It goes back to where it was: into the extras of the outer object, or, where it says nothing (a null, an empty string),
into the spelling, so that nobody has to ask what it means. The extras are the request's own: whoever writes lays
copies over them.
"""

from typing import Any

import msgspec


def append(out: dict[str, Any], name: str, value: Any) -> None:
    """Put `value` at the end of the list in the field `name`, which may be missing, or someone else's."""
    out[name] = [*(out.get(name) or ()), value]


def park(left: dict[str, Any], name: str, fields: dict[str, Any], spelling: dict[str, str]) -> None:
    """Keep what is `left` of the object in the field `name`."""
    if not left:
        return
    if all(value in (None, "", [], {}) or value is False for value in left.values()):
        spelling[name] = msgspec.json.encode(left).decode()
    else:
        fields[name] = left


def parked(name: str, extras: dict[str, Any], spelling: dict[str, str]) -> dict[str, Any]:
    """What was left of the object in the field `name`."""
    left: dict[str, Any] = msgspec.json.decode(spelling[name]) if name in spelling else {}
    said = extras.get(name)
    return {**left, **said} if isinstance(said, dict) else left
