"""When two answers are the same answer: the rule by which the cache is judged, and by which it learns."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.cache.semantic.facts import Facts, facts

ALIKE: Final = 0.85
"""The cosine from which two free texts are taken to say the same."""


class Answer(msgspec.Struct, frozen=True):
    """The text of a reply, and its vector, which has length 1."""

    text: str
    vector: NDArray[np.float32]
    facts: Facts


def answer(text: str, vector: NDArray[np.float32]) -> Answer:
    """The answer of a text."""
    return Answer(text, vector, facts(text))


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same.

    They do when their texts are equal but for space and case. Otherwise their vectors must be at least `ALIKE`, and
    they must hold the same numbers, dates, units, identifiers and quoted strings, and neither may deny what the other
    does not. Names and the order of words may differ: two tellings of one thing differ in both.
    """
    if " ".join(one.text.split()).casefold() == " ".join(other.text.split()).casefold():
        return True
    ours, theirs = one.facts, other.facts
    return (
        float(one.vector @ other.vector) >= ALIKE
        and set(ours.numbers) == set(theirs.numbers)
        and ours.exact == theirs.exact
        and ours.marks == theirs.marks
        and ours.negated == theirs.negated
        and ours.rest == theirs.rest
    )
