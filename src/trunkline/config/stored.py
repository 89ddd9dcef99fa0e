"""Sections of the configuration that stand in the store or come over the API: the same words, the same mistakes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from pydantic import ValidationError

from trunkline.config.document import Document, Value
from trunkline.config.explain import explain
from trunkline.config.jsonschema import Generator
from trunkline.config.problems import Problem
from trunkline.config.section import Section

Kind = TypeVar("Kind", bound=Section)


class Unreadable(Exception):
    """What the store holds is not what this release understands."""


class Unfit(Exception):
    """What came is not a section of its kind; `problems` say why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{it.path}: {it.message}" for it in problems))


def read(kind: type[Kind], text: str) -> Kind:
    """A section as `written` wrote it. Raises `Unreadable`."""
    try:
        return kind.model_validate(decoded(text))
    except (ValidationError, msgspec.DecodeError):
        raise Unreadable from None  # pydantic's error holds the values


def written(section: Section, leave_out: set[str] | None = None) -> str:
    """What a section says, as JSON without its defaults."""
    return section.model_dump_json(exclude_unset=True, exclude=leave_out)


def told(section: Section, leave_out: set[str] | None = None) -> dict[str, Any]:
    """The same, to be told."""
    return section.model_dump(mode="json", exclude_unset=True, exclude=leave_out)


def fitted(kind: type[Kind], within: str, value: Mapping[str, Value]) -> Kind:
    """The section that `value` is, which came as JSON, and may have null for what is not said. `within`: where such a
    section stands in the configuration, for the hints. Raises `Unfit`.
    """
    document = Document("", root={name: it for name, it in value.items() if it is not None})
    try:
        return kind.model_validate(document.root)
    except ValidationError as error:
        found = error.errors(include_url=False)
    problems: list[Problem] = []
    step: str | int = 0 if within == "keys" else "it"
    for each in found:
        each["loc"] = (within, step, *each["loc"])
        explain(each, document)
    prefix = f"{within}[0]" if within == "keys" else f"{within}.it"
    for it in document.problems:
        path = it.path.removeprefix(prefix).removeprefix(".")
        problems.append(Problem("", 1, 1, path, it.message, it.hint))
    raise Unfit(problems)


def decoded(text: str | bytes) -> Value:
    """JSON as the configuration reads numbers: exactly. Raises `msgspec.DecodeError`."""
    return _JSON.decode(text)


_JSON: Final[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(object, float_hook=Decimal)


def schemas_of(kinds: Sequence[type[Section]], prefix: str) -> dict[str, Any]:
    """The JSON Schemas of sections and of all within them, by name; references begin with `prefix`."""
    found: dict[str, Any] = {}
    for kind in kinds:
        schema = kind.model_json_schema(ref_template=prefix + "{model}", schema_generator=Generator)
        found |= schema.pop("$defs", {})
        found[kind.__name__] = schema
    return found
