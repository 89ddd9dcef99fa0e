"""What the tests of conversations that move share: the script of a route over several providers."""

from typing import Any, NamedTuple

import pytest
from tests.agents.house import House, Kind
from tests.agents.session import think
from tests.agents.words import Answer, Say, Use

MIDWAY = pytest.mark.parametrize("midway", [False, True], ids=["between turns", "in a turn"])


class Step(NamedTuple):
    """One request: who is asked, and what it answers."""

    kind: Kind
    answer: Answer


def route(*legs: str) -> Any:
    """The parameter for a way over `legs`."""
    return pytest.param(legs, id="-".join(legs))


def script(house: House, legs: tuple[str, ...], *, midway: bool) -> list[Step]:
    """On each leg the model calls two tools, and then says something to their results.

    Midway it only calls them: the results go to the model of the next leg.
    """
    steps: list[Step] = []
    for kind in (house.kinds[leg] for leg in legs):
        for calls in [True] if midway else [True, False]:
            number = len(steps) + 1
            used = [Use("Glob", {"pattern": f"{number}"}), Use("Bash", {"command": f"run {number}"})] if calls else []
            thought, words = think(kind.family, number, f"Thought {number}."), Say(f"Text {number}.")
            steps.append(Step(kind, Answer(number, (thought, words, *used))))
    for kind in {step.kind.slug: step.kind for step in steps}.values():
        kind.upstream.follow(*(step.answer for step in steps if step.kind is kind))
    return steps


def proofs_of(kind: Kind, before: list[Step]) -> list[str]:
    """The proofs that `kind` has given in the steps so far: all of them must come back to it, and nobody else's."""
    return [thought.proof for step in before if step.kind is kind for thought in step.answer.thoughts if thought.proof]
