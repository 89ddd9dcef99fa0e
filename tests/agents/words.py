"""What a model says in one turn, and what a conversation holds: in no format's words.

A *session* scripts both sides: what the agent's user and tools say, and with what the model answers. An *upstream*
says the answers in its own format and keeps what it was asked as a `Talk`; the same is read out of what the agent sent,
by other code. The two must agree: nothing is lost, and nothing stands elsewhere.
"""

import json
from typing import Any

import msgspec

SHOWN = "(shown)"
"""In place of the text of a tool's result that is nothing but pictures: a format may have to say something there."""


class Think(msgspec.Struct, frozen=True):
    """Reasoning; `proof` is what its provider wants back with it: a signature, or the reasoning itself encrypted."""

    text: str
    proof: str = ""


class Say(msgspec.Struct, frozen=True):
    """Words."""

    text: str


class Use(msgspec.Struct, frozen=True):
    """A call of a tool."""

    name: str
    arguments: dict[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """What the model says in one turn."""

    number: int
    """Of the turn: ids and proofs are made of it."""
    pieces: tuple[Think | Say | Use, ...]
    cut: bool = False
    """The cap on output was met."""

    @property
    def thoughts(self) -> list[Think]:
        return [piece for piece in self.pieces if isinstance(piece, Think)]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Say))

    @property
    def calls(self) -> list[Use]:
        return [piece for piece in self.pieces if isinstance(piece, Use)]

    @property
    def input(self) -> int:
        """Tokens of the prompt, of which `cached` were cached."""
        return 20_000 + 1_000 * self.number

    @property
    def cached(self) -> int:
        return 15_000 + 1_000 * self.number

    @property
    def output(self) -> int:
        return 100 + self.number


class Talk(msgspec.Struct):
    """What a request says."""

    system: str = ""
    said: list[tuple[str, ...]] = []
    """`user` and `assistant` with their words, `call` with name and arguments, `result` with its text, in order."""
    pictures: list[bytes] = []
    """Of the user and of tools' results, in order."""
    tools: list[tuple[str, str, dict[str, Any]]] = []
    """Name, description, JSON Schema."""
    proofs: list[str] = []
    """Of reasoning that came back to the one who made it."""
    thoughts: list[str] = []
    """Reasoning that came back in words."""

    def say(self, kind: str, *words: str) -> None:
        """Add what was said; white space alone says nothing, and what the assistant says in a row is one text."""
        if kind in ("user", "assistant") and not words[0].strip():
            return
        if kind == "assistant" and self.said and self.said[-1][0] == kind:
            self.said[-1] = (kind, self.said[-1][1] + words[0])
        else:
            self.said.append((kind, *words))


def arguments(value: str | dict[str, Any]) -> str:
    """Arguments of a call, the same for the same value."""
    return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True, ensure_ascii=False)


def differences(asked: Talk, heard: Talk) -> list[str]:
    """Where what an upstream heard is not what the agent asked. Proofs are left to whoever knows the script."""
    found = []
    if asked.system.split() != heard.system.split():
        found.append(f"system: {heard.system[:300]!r} is not {asked.system[:300]!r}")
    if len(asked.said) != len(heard.said):
        found.append(f"{len(asked.said)} things were said, {len(heard.said)} heard: {_kinds(asked)} {_kinds(heard)}")
    for number, (one, other) in enumerate(zip(asked.said, heard.said, strict=False)):
        if one != other and (one[-1] != SHOWN or other[0] != one[0]):
            found.append(f"{number}: {_short(other)} was heard where {_short(one)} was said")
    if asked.pictures != heard.pictures:
        found.append(f"pictures: {[len(p) for p in heard.pictures]} bytes, not {[len(p) for p in asked.pictures]}")
    if [name for name, _, _ in asked.tools] != [name for name, _, _ in heard.tools]:
        found.append(f"tools: {[name for name, _, _ in heard.tools]}")
    found += [f"tool {one}: {two}" for one, two in zip(asked.tools, heard.tools, strict=False) if one != two]
    return found


def _kinds(talk: Talk) -> str:
    return " ".join(kind[0] for kind, *_ in talk.said)


def _short(said: tuple[str, ...]) -> str:
    return repr(tuple(word if len(word) < 120 else f"{word[:60]} … {word[-60:]} ({len(word)})" for word in said))
