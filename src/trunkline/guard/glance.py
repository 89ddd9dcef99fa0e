"""The texts of a request as its document has them, for a first look: most requests have nothing in them to be found.

To read a request in full, with a path for each text, takes as long as all else that happens to a small one. So this
gathers its strings where they stand. It finds at least what `texts.pieces` would of the same request; where it cannot
be sure of that, for parts whose texts the reader has to make first (files, what only a provider knows), it says so.
"""

from operator import itemgetter
from typing import Any, Final

import msgspec


class Plain(msgspec.Struct, frozen=True):
    """Where a format has its conversation, and the fields in there whose texts stand as they are."""

    conversation: frozenset[str]
    known: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    """Fields with a value of JSON that becomes a JSON text."""


_TEXT: Final = frozenset({"role", "content", "type", "text", "name"})
_MARKS: Final = frozenset({"cache_control", "ttl"})
PLAIN: Final[dict[str, Plain]] = {
    "openai_chat": Plain(
        frozenset({"messages"}),
        _TEXT | _MARKS | {"tool_calls", "tool_call_id", "id", "function", "arguments", "refusal"},
    ),
    "openai_completions": Plain(frozenset({"prompt"})),
    "openai_responses": Plain(
        frozenset({"input", "instructions"}),
        _TEXT | {"id", "call_id", "status", "arguments", "output", "annotations", "logprobs"},
    ),
    "anthropic_messages": Plain(
        frozenset({"messages", "system"}),
        _TEXT | _MARKS | {"id", "input", "tool_use_id", "is_error"},
        frozenset({"input"}),
    ),
    "google_generate": Plain(
        frozenset({"contents", "systemInstruction", "system_instruction"}),
        frozenset({"role", "parts", "text", "functionCall", "functionResponse", "id", "name", "args", "response"}),
        frozenset({"args", "response"}),
    ),
    "bedrock_converse": Plain(
        frozenset({"messages", "system"}),
        frozenset({"role", "content", "text", "toolUse", "toolUseId", "name", "input", "toolResult", "json", "status"}),
        frozenset({"input", "json"}),
    ),
}
_ONLY_STRINGS: Final = {str}
_ONLY_OBJECTS: Final = {dict}
_TWO: Final = {2}
_is_usual = frozenset({"role", "content"}).issuperset
_content = itemgetter("content")

_encode = msgspec.json.Encoder().encode


def strings(value: dict[str, Any], name: str) -> list[str] | None:
    """All strings of a document of that format that may reach a model, and more; None where some could be missed."""
    plain, found = PLAIN[name], list[str]()
    for field, inner in value.items():
        kind = type(inner)
        found.append(field)
        if kind is str:
            if field != "model":
                found.append(inner)
        elif kind is list or kind is dict:
            if field in plain.conversation:
                if not _said(inner, plain, found):
                    return None
            else:
                _all(inner, found)
    return found


def _said(value: Any, plain: Plain, found: list[str]) -> bool:
    """Add the texts of a piece of the conversation; False where there is something else in it."""
    if type(value) is list:
        return _all_said(value, plain, found)
    if type(value) is not dict:
        return True
    if not plain.known.issuperset(value):
        return False
    if plain.objects.isdisjoint(value) and set(map(type, value.values())) == _ONLY_STRINGS:
        found.extend(value.values())
        return True
    for field, inner in value.items():
        if field in plain.objects:
            _as_json(inner, found)
        elif type(inner) is str:
            found.append(inner)
        elif not _said(inner, plain, found):
            return False
    return True


def _all_said(values: list[Any], plain: Plain, found: list[str]) -> bool:
    if set(map(type, values)) == _ONLY_OBJECTS and set(map(len, values)) == _TWO and all(map(_is_usual, values)):
        contents = [*map(_content, values)]
        if set(map(type, contents)) == _ONLY_STRINGS:  # the usual case, without a step of ours for each message
            found.extend(contents)
            return True
    for each in values:
        if type(each) is str:
            found.append(each)
        elif not _said(each, plain, found):
            return False
    return True


def _as_json(value: Any, found: list[str]) -> None:
    """A value as the JSON text that a reader makes of it, and of what may be wrapped in it."""
    found.append(_encode(value).decode())
    if type(value) is dict and len(value) == 1:
        found.append(_encode(next(iter(value.values()))).decode())
    _all(value, found)


def _all(value: Any, found: list[str]) -> None:
    """Every string, whatever it stands in, names of fields among them."""
    kind = type(value)
    if kind is str:
        found.append(value)
    elif kind is dict:
        found.extend(value)
        for inner in value.values():
            _all(inner, found)
    elif kind is list:
        for inner in value:
            _all(inner, found)
