"""The language in which routes tell one request from another: Common Expression Language (CEL, https://cel.dev).

An expression is compiled once, with the types of everything it may name, so that a mistyped name or a comparison of a
number with a text is found when the configuration is read. It cannot loop, call out or change anything: the library
bounds depth, size and the number of iterations, and its regular expressions are RE2's, linear in the text.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from cel_expr_python import cel

LONGEST: Final = 4096
"""Characters of an expression."""


class Variable(msgspec.Struct, frozen=True):
    """Something that an expression may name."""

    kind: str
    """`text`, `number`, `yes or no`, `texts by name` or `moment`."""
    meaning: str


VARIABLES: Final[Mapping[str, Variable]] = {
    "request.model": Variable("text", "the name that was asked for"),
    "request.tokens": Variable("number", "about how many tokens the request has"),
    "request.bytes": Variable("number", "the size of the request"),
    "request.messages": Variable("number", "how many messages it has"),
    "request.max_tokens": Variable("number", "the cap on the answer; 0 where none is set"),
    "request.stream": Variable("yes or no", "whether the answer is to be streamed"),
    "request.tools": Variable("number", "how many tools the model may call"),
    "request.images": Variable("number", "how many pictures it has"),
    "request.audio": Variable("number", "how many recordings of sound it has"),
    "request.files": Variable("number", "how many files it has, video included"),
    "request.structured": Variable("yes or no", "whether the answer must be JSON"),
    "request.reasoning": Variable("yes or no", "whether reasoning is asked for"),
    "request.language": Variable("text", "the language of the last message, such as `en` or `de`; empty if unsure"),
    "request.text": Variable("text", "the beginning of what the user said last"),
    "key": Variable("text", "the name of the virtual key"),
    "tags": Variable("texts by name", "the tags of the key, and those of the request that the key does not have"),
    "metadata": Variable("texts by name", "the `metadata` of the request"),
    "headers": Variable("texts by name", "the headers of the request, by names in lower case; never those with keys"),
    "session": Variable("text", "the session the request says it belongs to; empty where it says none"),
    "critical": Variable("yes or no", "whether the request or its route is critical"),
    "now": Variable("moment", "the time, as in `now.getHours('Europe/Berlin') >= 22`"),
}


class ExpressionError(ValueError):
    """The expression cannot be used. `position` is the character, from 1, at which it goes wrong; 0: unknown."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Expression:
    """A compiled condition."""

    __slots__ = ("_compiled", "needs", "text")

    def __init__(self, text: str, compiled: "cel.Expression", needs: tuple[str, ...]) -> None:
        self.text = text
        self.needs = needs
        """The variables that it names."""
        self._compiled = compiled

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether it holds for `facts`, which has a value for each of `needs`. What cannot be decided does not."""
        try:
            return self._compiled.eval(data=facts).value() is True
        except RuntimeError:  # it took too many steps
            return False

    def test(self, facts: Mapping[str, Any]) -> bool | str:
        """Whether it holds for `facts`, which has a value for each of `needs`; or why that cannot be said, such as that
        there is no tag of that name.
        """
        try:
            outcome = self._compiled.eval(data=facts)
        except RuntimeError as error:  # it took too many steps
            return _first_line(str(error))
        value = outcome.value()
        return value if isinstance(value, bool) else _first_line(str(value))


@lru_cache(1024)
def compile_expression(text: str) -> Expression:
    """Compile a condition. Raises `ExpressionError` where it is none."""
    if len(text) > LONGEST:
        raise ExpressionError(f"this expression is longer than {LONGEST} characters", LONGEST)
    try:
        compiled = _environment("").compile(text)
    except RuntimeError as error:
        raise _told(str(error), text) from None
    kind = compiled.return_type().name()
    if kind != "BOOL":
        raise ExpressionError(f"this is no condition: its value is of the type {kind.lower()}, not bool", 1)
    return Expression(text, compiled, tuple(name for name in VARIABLES if _names(text, name)))


def _names(text: str, variable: str) -> bool:
    """Whether a valid expression names `variable`: it then makes no sense without it."""
    if not re.search(rf"\b{variable.rpartition('.')[2]}\b", text):
        return False
    try:
        _environment(variable).compile(text)
    except RuntimeError:
        return True
    return False


@cache
def _environment(without: str) -> "cel.Env":
    """What expressions may name, but for one variable."""
    from cel_expr_python import cel  # here, because it is large, and most configurations have no expressions

    kinds = {
        "text": cel.Type.STRING,
        "number": cel.Type.INT,
        "yes or no": cel.Type.BOOL,
        "texts by name": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
        "moment": cel.Type.TIMESTAMP,
    }
    return cel.NewEnv(variables={name: kinds[v.kind] for name, v in VARIABLES.items() if name != without})


_PLACED: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")


def _told(error: str, text: str) -> ExpressionError:
    """The library's first complaint, with its place counted in characters of `text`."""
    found = _PLACED.search(error)
    if found is None:
        return ExpressionError(_first_line(error), 0)
    line, column, message = int(found[1]), int(found[2]), found[3]
    message = message.removeprefix("Syntax error: ").partition(" expecting {")[0].partition(" (in container")[0]
    before = sum(len(each) + 1 for each in text.split("\n")[: line - 1])
    return ExpressionError(message, before + column if line > 0 else 0)


def _first_line(error: str) -> str:
    """Without the name of the code that the library puts around it."""
    return re.sub(r"^[A-Z_]+: |( \[[A-Z_]+\])$", "", error.partition("\n")[0])
