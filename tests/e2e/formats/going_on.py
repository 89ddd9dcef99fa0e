"""Upstreams that go on with an answer which another broke off, each in its own way."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.compatibility.scenario import Answer
from tests.e2e.formats.upstreams import Act, Upstream, says
from tests.faults.connection import Exchange

FEW = 8
"""Characters that nobody would repeat: there is no telling a repetition of less from what happens to be alike."""


def _half_a_sentence(said: str, answer: str) -> str:
    sentence = said[said.rfind(". ", 0, len(said) - FEW) + 1 :].lstrip()
    _, _, half = sentence[len(sentence) // 2 :].partition(" ")
    return half + answer[len(said) :] if len(half) >= FEW else answer


def _tail(said: str, answer: str) -> str:
    return answer[max(0, len(said) - 24) :] if len(said) > 24 else answer


WAYS: dict[str, Callable[[str, str], str]] = {
    "exactly": lambda said, answer: answer[len(said) :],
    "anew": lambda said, answer: answer,
    "half a sentence": _half_a_sentence,
    "the tail": _tail,
    "with a preamble": lambda said, answer: f"Sure, continuing where I left off:\n\n{_tail(said, answer)}",
}
"""What a model says that is given what was `said` of an `answer`."""


def goes_on(answer: str, way: str, heard: list[str] | None = None) -> Act:
    """The rest of `answer`, in one of the `WAYS`; all of it where nothing was said before. `heard` gets what was."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        said = said_before(x.request.json())
        if heard is not None:
            heard.append(said)
        assert answer.startswith(said), f"{said!r} is not the beginning of {answer!r}"
        await says(Answer(WAYS[way](said, answer) if said else answer, input=30, output=17))(upstream, x)

    return act


def said_before(body: dict[str, Any]) -> str:
    """The words of the assistant's last message in a request of any format."""
    turns = body.get("messages") or body.get("contents") or body["input"]
    said = [turn for turn in turns if isinstance(turn, dict) and turn.get("role") in ("assistant", "model")]
    return "".join(_texts(said[-1])) if said else ""


def _texts(turn: dict[str, Any]) -> Iterator[str]:
    content = turn.get("content", turn.get("parts"))
    if isinstance(content, str):
        yield content
        return
    for part in content or ():
        if isinstance(part.get("text"), str):
            yield part["text"]
