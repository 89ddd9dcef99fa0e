"""What `request.canonical` says of the most usual request, a chat of words, without its being read in full.

A question that was not asked before pays for its canonical form and gets nothing for it. The form is the same, so that
clients of other formats share the answer; whatever else a request has in it, it is read.
"""

from operator import itemgetter
from typing import Any, Final

from trunkline.cache.request import NUMBERS, USUAL, Canonical, digested

_SAMPLING: Final[dict[str, tuple[str, frozenset[type]]]] = {
    **{
        name: (name, frozenset({int, float}))
        for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty")
    },
    "n": ("choices", frozenset({int})),
    "seed": ("seed", frozenset({int})),
}
"""Field of a chat request → what it is called in a neutral one, and the types that it has."""
_CAPS: Final = frozenset({"max_tokens", "max_completion_tokens"})
_KNOWN: Final = frozenset({"model", "messages", "user", "stream", "stream_options", *_SAMPLING, *_CAPS})
_ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_MESSAGE: Final = frozenset({"role", "content"})
_PART: Final = frozenset({"type", "text"})
_text = itemgetter("text")


def canonical_of_chat(value: dict[str, Any]) -> Canonical | None:
    """The canonical form of a chat request; None where it has to be read for it."""
    if not _KNOWN.issuperset(value) or _CAPS.issubset(value) or not _is_delivered_as_usual(value):
        return None
    said = _said(value.get("messages"))
    if not said:
        return None
    asked: dict[str, Any] = {"messages": said, "legacy": False}
    for field, given in value.items():
        if field in _SAMPLING:
            name, types = _SAMPLING[field]
            if type(given) not in types:
                return None
            if USUAL.get(name) != given:
                asked[name] = float(given) if name in NUMBERS else given
    cap = value.get("max_tokens", value.get("max_completion_tokens"))
    temperature = value.get("temperature")
    return Canonical(
        digested(asked), value.get("user", ""), cap, None if temperature is None else float(temperature), tools=False
    )


def _is_delivered_as_usual(value: dict[str, Any]) -> bool:
    """Whether the fields that the answer does not depend on say something, in the words that are known."""
    for field, given in value.items():
        if field == "user" or field == "model":
            known = type(given) is str and given != ""
        elif field == "stream":
            known = given is True
        elif field == "stream_options":
            known = type(given) is dict and len(given) == 1 and type(given.get("include_usage")) is bool
        else:
            known = field not in _CAPS or type(given) is int
        if not known:
            return False
    return True


def _said(messages: Any) -> list[list[str]] | None:
    """Who says what; None where anything but words is said."""
    if type(messages) is not list:
        return None
    said = []
    for message in messages:
        if type(message) is not dict or len(message) != len(_MESSAGE) or not _MESSAGE.issuperset(message):
            return None
        role, content = _ROLES.get(message["role"]), message["content"]
        words = _words(content)
        if role is None or not words:
            return None
        said.append([role, *words])
    return said


def _words(content: Any) -> list[str]:
    """The texts of a message; none where there is anything else in it, or nothing."""
    if type(content) is str:
        return [content] if content else []
    if type(content) is not list:
        return []
    for part in content:
        if type(part) is not dict or len(part) != len(_PART) or not _PART.issuperset(part):
            return []
        if part["type"] != "text" or type(part["text"]) is not str or not part["text"]:
            return []
    return [*map(_text, content)]
