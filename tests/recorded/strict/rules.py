"""What the strict checks share: names, Base64, dialects of JSON Schema, the order of calls and their results."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Broken(NamedTuple):
    """A rule of the real API that a request breaks."""

    rule: str
    at: str = ""


Rules = Iterator[Broken]

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
WORD = re.compile(r"[a-zA-Z0-9_-]+")
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def matches(pattern: re.Pattern[str], value: Any) -> bool:
    """Whether `value` is a string wholly of the pattern."""
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def is_base64(value: Any) -> bool:
    """Standard alphabet, padded."""
    if not isinstance(value, str) or not value:
        return False
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def bad_address(url: Any, kind: str) -> str:
    """What is wrong with an address that is to be http or a data URL of this kind; empty if nothing is."""
    if not isinstance(url, str) or not url:
        return "an address is missing"
    if url.startswith("data:"):
        head, _, data = url[5:].partition(",")
        if not head.startswith(kind) or not head.endswith(";base64"):
            return f"a data URL that is no {kind} in Base64"
        return "" if is_base64(data) else "a data URL with bad Base64"
    return "" if url.startswith(("http://", "https://")) else "an address that is neither http nor data"


def out_of(value: Any, least: float, most: float) -> bool:
    """Whether a number that is there is out of its range."""
    return isinstance(value, int | float) and not least <= value <= most


def is_blank(value: Any) -> bool:
    """No words, or only white space."""
    return not isinstance(value, str) or not value.strip()


def schema_nodes(schema: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All schemas in a JSON Schema, with their paths."""
    if not isinstance(schema, dict):
        return
    yield at, schema
    for word in ("properties", "$defs", "definitions", "patternProperties"):
        below = schema.get(word)
        for name, one in below.items() if isinstance(below, dict) else ():
            yield from schema_nodes(one, f"{at}.{word}.{name}")
    for word in ("items", "additionalProperties", "not", "contains"):
        yield from schema_nodes(schema.get(word), f"{at}.{word}")
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for number, one in enumerate(schema.get(word) or []):
            yield from schema_nodes(one, f"{at}.{word}[{number}]")


def openai_arguments(schema: Any, at: str) -> Rules:
    """What OpenAI asks of a function's schema also where it is not strict."""
    if not isinstance(schema, dict) or "properties" not in schema:
        yield Broken("object schema missing properties", at)
    yield from openai_schema(schema, at)


def openai_schema(schema: Any, at: str) -> Rules:
    """The same of an answer's."""
    for path, node in schema_nodes(schema, at):
        kinds = node.get("type")
        if (kinds == "array" or (isinstance(kinds, list) and "array" in kinds)) and "items" not in node:
            yield Broken("array schema missing items", path)


def strict_openai(schema: Any, at: str) -> Rules:
    """OpenAI's strict mode: every object closed, every property required, few keywords."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        yield Broken("a strict schema whose root is no object", at)
        return
    for path, node in schema_nodes(schema, at):
        if node.get("type") == "object" or "properties" in node:
            if node.get("additionalProperties") is not False:
                yield Broken("a strict schema with an open object", path)
            if set(node.get("required") or ()) != set(node.get("properties") or ()):
                yield Broken("a strict schema with optional properties", path)
        if not {"type", "anyOf", "$ref", "enum", "const"} & node.keys():
            yield Broken("a strict schema without a type", path)
        for word in ("oneOf", "allOf", "default", "not", "if", "patternProperties"):
            if word in node:
                yield Broken(f"a strict schema with {word}", path)


_ANTHROPIC_REFUSES = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems",
    "oneOf", "uniqueItems", "patternProperties", "minProperties", "maxProperties",
)  # fmt: skip


def strict_anthropic(schema: Any, at: str) -> Rules:
    """Anthropic's structured outputs and strict tools."""
    for path, node in schema_nodes(schema, at):
        if (node.get("type") == "object" or "properties" in node) and node.get("additionalProperties") is not False:
            yield Broken("a strict schema with an open object", path)
        for word in _ANTHROPIC_REFUSES:
            if word in node:
                yield Broken(f"a strict schema with {word}", path)


class Turn(NamedTuple):
    """One message as far as calls go."""

    at: str
    role: str
    calls: list[str]
    results: list[str]
    others_before_results: bool = False
    """Something stands before a result."""


def in_turns(turns: Iterable[Turn]) -> Rules:
    """Two speakers by turns, the user first; results in the turn right after their calls, all of them, first in it."""
    before: Turn | None = None
    asked: list[str] = []
    for turn in turns:
        if before is None and turn.role != "user":
            yield Broken("the first turn is not the user's", turn.at)
        if before is not None and before.role == turn.role:
            yield Broken("two turns of one speaker in a row", turn.at)
        if sorted(turn.results) != sorted(asked):
            unanswered = set(asked) - set(turn.results)
            yield Broken(
                "a call without its result right after it" if unanswered else "a result without its call", turn.at
            )
        if turn.results and turn.others_before_results:
            yield Broken("results that are not first in their turn", turn.at)
        if len(set(turn.calls)) < len(turn.calls):
            yield Broken("two calls with one id", turn.at)
        asked, before = turn.calls, turn
    if asked:
        yield Broken("calls at the end without results", before.at if before else "")
    if before is None:
        yield Broken("no messages")
