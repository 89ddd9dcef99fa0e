"""What pydantic found wrong, with the place and in the words that an operator needs."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import Tag
from pydantic_core import ErrorDetails

from trunkline.config.document import Document
from trunkline.config.problems import Path, quote, suggestion
from trunkline.config.schema import Config
from trunkline.config.section import Section
from trunkline.config.values import due

_FORMS: Final = {"model_type": "a mapping", "dict_type": "a mapping", "tuple_type": "a list"}


def explain(error: ErrorDetails, document: Document) -> None:
    """Note `error` as a problem of `document`, unless it only follows from another."""
    of_name = error["loc"][-1:] == ("[key]",)
    steps = error["loc"][:-1] if of_name else error["loc"]
    path: Path = tuple(step for step in steps if not (isinstance(step, str) and step.startswith("\0")))
    beside = tuple(step for step in steps[:-1] if step != "[key]")
    if path not in document.unusable and not _emptied(error):
        message, hint = _say(error, beside)
        document.add(path, message, hint, at_name=of_name or error["type"] == "extra_forbidden")


def _emptied(error: ErrorDetails) -> bool:
    """Whether something is too short only because much of what stood in it is wrong, which is told itself."""
    value = error["input"]
    return (
        error["type"] == "too_short" and isinstance(value, list | dict) and len(value) > error["ctx"]["actual_length"]
    )


def _say(error: ErrorDetails, within: Path) -> tuple[str, str]:
    """Message and hint for `error`, in the section `within`, whose path has pydantic's tags in it. What stood there may
    be a secret: only `quote` shows it.
    """
    value, about = error["input"], error.get("ctx", {})
    match error["type"]:
        case "wrong":
            return about.get("message", error["msg"]), about["hint"]
        case "extra_forbidden":
            return "unknown setting", suggestion(str(error["loc"][-1]), _settings(within))
        case "missing":
            return "this setting is missing", ""
        case "too_short" if about["min_length"] > 1:
            return f"at least {about['min_length']} are due here", ""
        case "too_short":
            return f"this {'mapping' if isinstance(value, dict) else 'list'} is empty", ""
        case "greater_than_equal":
            return f"this must be at least {about['ge']}", ""
        case "less_than_equal":
            return f"this must be at most {about['le']}", ""
        case "literal_error" if isinstance(value, str):
            return f"{quote(value)} is unknown here", suggestion(value, re.findall(r"'(.*?)'", about["expected"]))
        case "literal_error":
            return _say_due(about["expected"].replace("'", "`"), value)
        case kind if kind in _FORMS:
            return _say_due(_FORMS[kind], value)
    return error["msg"], ""


def _say_due(expected: str, value: object) -> tuple[str, str]:
    context = due(expected, value).context or {}
    return context["message"], context["hint"]


def _settings(path: Path) -> Collection[str]:
    """The names that the section at `path` knows."""
    kind: Any = Config
    for step in path:
        kind = _inside(kind, step)
    section = _section(kind)
    return [field.alias or name for name, field in section.model_fields.items()] if section else ()


def _inside(kind: Any, step: str | int) -> Any:
    """The type of what stands at `step` in a value of the type `kind`, or None."""
    if isinstance(kind, type) and issubclass(kind, Section):
        field = kind.model_fields.get(str(step))
        return field.annotation if field else None
    if get_origin(kind) is Annotated and Tag(str(step)) in get_args(kind):
        return get_args(kind)[0]
    if get_origin(kind) is Mapping:
        return get_args(kind)[1]
    if get_origin(kind) is tuple:
        return get_args(kind)[0]
    return next(filter(None, (_inside(form, step) for form in get_args(kind))), None)


def _section(kind: Any) -> type[Section] | None:
    if isinstance(kind, type) and issubclass(kind, Section):
        return kind
    return next(filter(None, map(_section, get_args(kind))), None)
