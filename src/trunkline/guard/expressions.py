"""Operators' own regular expressions: what re2 cannot run in linear time is refused when the configuration is read."""

import re
from typing import Any, Final

import re2

_LONGEST: Final = 4096
"""Characters of a match; an expression that may match more is not bounded for streams."""
_MEMORY: Final = 64 << 20


class Inexpressible(ValueError):
    """An expression that cannot be used; its text says why, for the operator."""


def options(*, ignore_case: bool = False) -> Any:
    """How every expression is compiled: in bounded memory, and without lines on standard error."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.max_mem = _MEMORY
    chosen.case_sensitive = not ignore_case
    return chosen


def compile_expression(pattern: str) -> Any:
    """The compiled expression. Raises `Inexpressible`."""
    try:
        compiled = re2.compile(pattern, options())
    except re2.error as error:
        told = error.args[0] if error.args else ""
        reason = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise Inexpressible(f"re2 does not know this expression: {reason}") from None
    if compiled.search("") is not None:
        raise Inexpressible("this expression matches the empty text")
    return compiled


_QUOTED: Final = re.compile(r"\\[pPx]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL)
_REPEATED: Final = re.compile(r"\{(\d+)(,?)(\d*)\}")

_EDGES: Final = re.compile(r"\(\?:(?:\^\|\[\^A-Za-z0-9_\]|\$\|\[\^A-Za-z0-9_\])\)")
"""The edge of a word, as our own expressions have it."""
_ENDS: Final = frozenset({r"\A", r"\z", r"\Z", r"\Q"})


def is_anchored(pattern: str) -> bool:
    """Whether it may look for the beginning or end of a text, where the end of a line is not as good."""
    pattern = _EDGES.sub("a", pattern)
    plain = _QUOTED.sub("a", pattern)
    return "^" in plain or "$" in plain or not _ENDS.isdisjoint(_QUOTED.findall(pattern))


def longest_match(pattern: str) -> int | None:
    """How many characters a match has at most, roughly and never too few; None where there is no bound.

    Without repetition a match is no longer than the expression itself, and `{2,5}` makes at most five of it.
    """
    plain = _QUOTED.sub("a", pattern)
    if r"\Q" in pattern or r"\C" in pattern or "*" in plain or "+" in plain:
        return None
    length = len(plain)
    for low, comma, high in _REPEATED.findall(plain):
        if comma and not high:
            return None
        length *= max(int(high or low), 1)
    return length if length <= _LONGEST else None
