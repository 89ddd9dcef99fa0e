"""An upstream that speaks one format, refuses what the real one refuses, and answers what it was told to."""

import hashlib
import json
from typing import Any, Protocol

from tests.agents.words import Answer, Talk
from tests.compatibility import upstream as sockets
from tests.recorded.strict.rules import Rules

Json = dict[str, Any]


class Speaker(Protocol):
    """One provider's way to speak its format. It remembers what it said, to know its own proofs again."""

    name: str
    provider: Json
    """Its entry in Trunkline's configuration, without the address."""
    base: str
    """Path of the base URL."""

    def forget(self) -> None:
        """Nothing was said yet."""

    def hear(self, path: str, body: Json) -> Talk:
        """What a request says. Raises `AssertionError` in the words of the real one for what that refuses."""

    def stream(self, answer: Answer) -> str:
        """An answer as a stream of events."""

    def error(self, message: str) -> Json:
        """Body of a refusal of the request."""


class Upstream(sockets.Upstream):
    """A speaker on a socket."""

    def __init__(self, speaker: Speaker) -> None:
        self.voice = speaker
        self.heard: list[Talk] = []
        self.bodies: list[Json] = []
        self._script: list[Answer] = []
        super().__init__(speaker)  # type: ignore[arg-type]  # of whose speakers it needs the base alone

    def follow(self, *script: Answer) -> None:
        """Forget what was heard and said, and answer with these from now on."""
        self.voice.forget()
        self.heard, self.bodies, self.problems, self._script = [], [], [], list(script)

    def answer(self, path: str, body: Json) -> tuple[int, str, bytes]:
        self.bodies.append(body)
        try:
            talk = self.voice.hear(path, body)
            assert self._script, "more was asked than the script has"
        except (AssertionError, KeyError, TypeError, ValueError) as problem:
            said = str(problem) if isinstance(problem, AssertionError) else f"{type(problem).__name__}: {problem}"
            self.problems.append(said)
            return 400, "application/json", json.dumps(self.voice.error(said)).encode()
        self.heard.append(talk)
        return 200, "text/event-stream", self.voice.stream(self._script.pop(0)).encode()


def refuse(broken: Rules) -> None:
    """Raise for the first of the rules that a request breaks."""
    for rule in broken:
        raise AssertionError(f"{rule.rule} at {rule.at}")


def check_schema(schema: Json, at: str) -> None:
    """What OpenAI asks of a function's schema also where it is not strict: `invalid_function_parameters` otherwise."""
    top = {"oneOf", "anyOf", "allOf", "enum", "not"} & schema.keys()
    assert schema.get("type") == "object", f"schema must be a JSON Schema of 'type: \"object\"' at {at}"
    assert not top, f"schema must not have {top} at the top level at {at}"


def letters(*seed: object, length: int = 24) -> str:
    """Letters that look like those of an id, the same for the same seed."""
    return hashlib.sha256(repr(seed).encode()).hexdigest()[:length]


def pieces(text: str, size: int = 9) -> list[str]:
    """`text` as a model writes it; nothing for an empty one."""
    return [text[start : start + size] for start in range(0, len(text), size)]


def events(*values: Json, named: bool = False) -> str:
    """Values as server-sent events, with the name of each where the format has it."""
    head = "event: {}\ndata: {}\n\n" if named else "{}data: {}\n\n"
    return "".join(
        head.format(value["type"] if named else "", json.dumps(value, ensure_ascii=False)) for value in values
    )
