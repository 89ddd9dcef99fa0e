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
_SAID_BY_NOTHING: dict[str, Any] = {"properties": {}, "required": []}
"""What a schema of an object means that does not say it."""


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
    """`user` and `assistant` with their words; `call` with name and arguments; `result` with the number of its call and
    its text. In order, but for results of one turn, which stand in the order of their calls.
    """
    failed: list[str] = []
    """Numbers of the calls whose results say that they failed."""
    pictures: list[bytes] = []
    """Of the user and of tools' results, in order."""
    tools: list[tuple[str, str, dict[str, Any]]] = []
    """Name, description, JSON Schema."""
    proofs: list[str] = []
    """Of reasoning that came back to the one who made it."""
    thoughts: list[str] = []
    """Reasoning that came back in words."""
    calls: dict[str, str] = {}
    """Number of each call, by its id; of the last one, where an id is used again."""

    def say(self, kind: str, words: str) -> None:
        """Add what was said; white space alone says nothing, and what the assistant says in a row is one text."""
        if not words.strip():
            return
        if kind == "assistant" and self.said and self.said[-1][0] == kind:
            words = self.said.pop()[1] + words
        self.said.append((kind, words))

    def instruct(self, words: str) -> None:
        """Add what the operator said: before anybody else, or in the middle, where others hear it from the user."""
        if self.said:
            self.say("user", f"<system-reminder>\n{words}\n</system-reminder>")
        else:
            self.system += f"\n{words}"

    def call(self, call_id: str, name: str, written: str | dict[str, Any]) -> None:
        """Add a call."""
        self.calls[call_id] = f"{sum(kind == 'call' for kind, *_ in self.said):03}"
        self.said.append(("call", name, arguments(written)))

    def result(self, call_id: str, words: str, *, failed: bool = False) -> None:
        """Add a result behind those of earlier calls of its turn."""
        number = self.calls[call_id]
        place = len(self.said)
        while self.said[place - 1][0] == "result" and self.said[place - 1][1] > number:
            place -= 1
        self.said.insert(place, ("result", number, words))
        self.failed += [number] if failed else []


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
        if one != other and (one[-1] != SHOWN or one[:-1] != other[:-1]):
            found.append(f"{number}: {_short(other)} was heard where {_short(one)} was said")
    if asked.pictures != heard.pictures:
        found.append(f"pictures: {[len(p) for p in heard.pictures]} bytes, not {[len(p) for p in asked.pictures]}")
    if [name for name, _, _ in asked.tools] != [name for name, _, _ in heard.tools]:
        found.append(f"tools: {[name for name, _, _ in heard.tools]}")
    for tool, known in zip(asked.tools, heard.tools, strict=False):
        if tool[:2] != known[:2] or {**_SAID_BY_NOTHING, **tool[2]} != {**_SAID_BY_NOTHING, **known[2]}:
            found.append(f"tool {tool} has become {known}")
    return found


def _kinds(talk: Talk) -> str:
    return " ".join(kind[0] for kind, *_ in talk.said)


def _short(said: tuple[str, ...]) -> str:
    return repr(tuple(word if len(word) < 120 else f"{word[:60]} … {word[-60:]} ({len(word)})" for word in said))
