"""What there is to compare in a request and in an answer, whatever format it is in."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class At(NamedTuple):
    """A value and its path in the document."""

    path: str
    value: Any
    by: str = ""
    """Who says a text: `system`, `user`, `assistant`. Of a call, or a result, what tells it apart from others."""


@dataclass
class Told:
    """What a request says, as its format's plain reader finds it."""

    texts: list[At] = field(default_factory=list)
    """Of instructions and messages, with who says them."""
    tools: list[At] = field(default_factory=list)
    """`(name, description, words of the schema)`."""
    calls: list[At] = field(default_factory=list)
    """`(name, arguments)`, in their order."""
    results: list[At] = field(default_factory=list)
    """Parts of what tools answered."""
    media: list[At] = field(default_factory=list)
    """Base64, addresses, ids of files, texts of documents."""
    reasoning: list[At] = field(default_factory=list)
    others: list[At] = field(default_factory=list)
    """Fields that are none of the above."""

    def leftovers(self, node: Mapping[str, Any], path: str, known: Iterable[str]) -> None:
        """Note the fields of `node` that are not `known` and say something."""
        said = set(node) - set(known)
        self.others += [At(f"{path}.{name}", node[name]) for name in sorted(said) if says(node[name])]


class Call(NamedTuple):
    """A tool that the model wants to be run."""

    name: str
    arguments: Any


@dataclass
class Heard:
    """One choice of an answer."""

    text: str = ""
    reasoning: str = ""
    calls: list[Call] = field(default_factory=list)
    stop: str = ""
    """The source's own word."""
    met: bool = False
    """The end is told to be a stop sequence's, whatever the word for it."""
    spoken: str = ""
    """What sound beside the text says."""
    ids: list[str] = field(default_factory=list)
    """Of the calls, as an SDK hears them; plain readers leave them out."""


@dataclass
class Answer:
    """A reply, or all of a stream."""

    choices: dict[int, Heard] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    """As it was reported."""
    failed: bool = False
    """It holds an error."""

    def choice(self, index: int) -> Heard:
        """The choice `index`, which begins to exist with its first mention."""
        return self.choices.setdefault(index, Heard())


def arguments(value: Any) -> Any:
    """Arguments of a call as JSON; text that is none stays text."""
    if value is None or value == "":
        return {}
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) or {}  # some servers say null for none
    except ValueError:
        return value


def says(value: Any) -> bool:
    """Whether a field says anything."""
    return value is not None and value is not False and value not in ("", [], {})


def text_of(content: Any) -> str:
    """The words of a content that is a string, a list of text parts, or the very object that was asked for."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):  # Cloudflare's answers to a schema
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict))


def texts_of(content: Any, path: str, by: str) -> list[At]:
    """The text parts of a content, each with its path."""
    if isinstance(content, str):
        return [At(path, content, by)]
    parts = enumerate(content if isinstance(content, list) else [])
    return [At(f"{path}[{number}]", part.get("text") or "", by) for number, part in parts if "text" in part]


def words_of(schema: Any) -> frozenset[str]:
    """What a JSON Schema says that no dialect can do without: properties, descriptions, values to choose from."""
    if isinstance(schema, list):
        return frozenset().union(*map(words_of, schema))
    if not isinstance(schema, dict):
        return frozenset()
    properties = schema.get("properties")
    named = properties if isinstance(properties, dict) else {}
    choices = [*(schema.get("enum") or []), schema.get("const"), schema.get("description")]
    own = frozenset(named) | {one.strip() for one in choices if isinstance(one, str)} - {""}
    below = [value for name, value in schema.items() if name not in _NO_SCHEMAS]
    return own.union(*map(words_of, [*named.values(), *below]))


_NO_SCHEMAS = ("properties", "enum", "const", "default", "example", "examples", "required")
"""Keywords below which there are no schemas, or which are seen to."""
