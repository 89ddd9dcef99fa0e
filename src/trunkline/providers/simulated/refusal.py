"""How OpenAI words what is wrong with a request.

Messages, `param` and `code` are those seen in recordings and in public bug reports; where none was found, in their
manner.
"""

import re
from typing import Any

from trunkline.formats.openai_chat import write_error


class Refusal(Exception):
    """The request is answered with an error; `body` is in OpenAI's shape."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code
        self.body = write_error(message, "invalid_request_error", param, code)


def misshapen(text: str, document: Any) -> Refusal:
    """The refusal of `document` for which msgspec's error is ``what - at `$.path` ``."""
    what, _, where = text.rpartition(" - at ") if " - at " in text else (text, "", "")
    path = where[where.find("$") :].strip("`$").lstrip(".").removesuffix("[...]")
    if found := re.fullmatch(r"Object missing required field `(.*)`", what):
        param = f"{path}.{found[1]}" if path else found[1]
        return Refusal(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        if not path:
            return Refusal(f"Unrecognized request argument supplied: {found[1]}")
        param = f"{path}.{found[1]}"
        return Refusal(f"Unknown parameter: '{param}'.", param, "unknown_parameter")
    if found := re.fullmatch(r"Invalid (?:enum )?value (.*)", what, re.DOTALL):
        hint = f" Supported values are: {_ROLES}." if path.endswith("].role") else ""
        return Refusal(f"Invalid value: {found[1]}.{hint}", path, "invalid_value")
    if found := re.fullmatch(r"Expected `([^`]*)`(?:, got `([^`]*)`)?", what):
        expected = " or ".join(_TYPES.get(kind, kind) for kind in found[1].split(" | ") if kind != "null")
        instead = f", but got {_TYPES.get(found[2], found[2])} instead" if found[2] else ""
        return Refusal(f"Invalid type for '{path}': expected {expected}{instead}.", path or None, "invalid_type")
    return _out_of_bounds(what, path, _value_at(path, document))


_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a decimal",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
}
_ROLES = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"
_SIDES = {">=": ("below", "minimum", "min", "short"), "<=": ("above", "maximum", "max", "long")}


def _out_of_bounds(what: str, path: str, value: Any) -> Refusal:
    if found := re.fullmatch(r"Expected `(int|float)` (>=|<=) (.*)", what):
        kind = "integer" if found[1] == "int" else "decimal"
        side, bound, code, _ = _SIDES[found[2]]
        expected = f"Expected a value {found[2]} {found[3].removesuffix('.0')}, but got {value} instead."
        return Refusal(
            f"Invalid '{path}': {kind} {side} {bound} value. {expected}", path, f"{kind}_{side}_{code}_value"
        )
    if found := re.fullmatch(r"Expected `(str|array|object)` of length (>=|<=) (.*)", what):
        if value == []:
            expected = f"Expected an array with minimum length {found[3]}, but got an empty array instead."
            return Refusal(f"Invalid '{path}': empty array. {expected}", path, "empty_array")
        one = _TYPES[found[1]]
        kind = one.split()[1]
        side, bound, code, wrong = _SIDES[found[2]]
        instead = f", but got {one} with length {len(value)} instead" if isinstance(value, str | list) else ""
        expected = f"Expected {one} with {bound} length {found[3]}{instead}."
        return Refusal(f"Invalid '{path}': {kind} too {wrong}. {expected}", path, f"{kind}_{side}_{code}_length")
    if found := re.fullmatch(r"Expected `str` matching regex '(.*)'", what):
        expected = f"Expected a string that matches the pattern '{found[1]}'."
        return Refusal(f"Invalid '{path}': string does not match pattern. {expected}", path, "invalid_value")
    return Refusal(f"Invalid '{path}': {what}.", path or None, "invalid_value")


def _value_at(path: str, value: Any) -> Any:
    """What stands at `path` in `value`, to be quoted; None where the path does not name one."""
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
