"""Random texts that a regular expression matches, evenly drawn: secrets are random, so their examples have to be."""

import importlib
import random
import string
from typing import Any

_parser: Any = importlib.import_module("re._parser")
_PRINTABLE = string.ascii_letters + string.digits + "-_~%+/.!#&*"


def matching(pattern: str, rnd: random.Random) -> str:
    """A text of the pattern's form; repeated parts are near their shortest."""
    return "".join(_of(operation, rnd) for operation in _parser.parse(pattern))


def _of(operation: tuple[Any, Any], rnd: random.Random) -> str:
    name, about = str(operation[0]), operation[1]
    match name:
        case "LITERAL":
            return chr(about)
        case "IN":
            return rnd.choice(_members(about))
        case "BRANCH":
            return "".join(_of(each, rnd) for each in rnd.choice(about[1]))
        case "SUBPATTERN":
            return "".join(_of(each, rnd) for each in about[3])
        case "MAX_REPEAT":
            low, high, inner = about
            count = rnd.randint(low, min(int(high), low + 4))
            return "".join(_of(each, rnd) for _ in range(count) for each in inner)
    raise AssertionError(f"{name} is not known here")


def _members(members: list[tuple[Any, Any]]) -> str:
    names = [str(name) for name, _ in members]
    if names[0] == "NEGATE":
        excluded = _members(members[1:])
        return "".join(character for character in _PRINTABLE if character not in excluded)
    text = ""
    for name, about in members:
        if str(name) == "RANGE":
            text += "".join(map(chr, range(about[0], about[1] + 1)))
        elif str(name) == "LITERAL":
            text += chr(about)
    return text
