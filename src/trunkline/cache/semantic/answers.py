"""When two answers are the same answer: the rule by which the cache is judged, and by which it learns."""

from functools import cached_property
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.cache.semantic.facts import Facts, facts

ALIKE: Final = 0.85
"""The cosine from which two free texts are taken to say the same."""


class Answer(msgspec.Struct, frozen=True, dict=True):
    """The text of a reply, and its vector, which has length 1."""

    text: str
    vector: NDArray[np.float32]

    @cached_property
    def facts(self) -> Facts:
        """What of it must agree: found out, in about 1 ms, when it is first compared with one that is near enough."""
        return facts(self.text)


def answer(text: str, vector: NDArray[np.float32]) -> Answer:
    """The answer of a text."""
    return Answer(text, vector)


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same.

    They do when their texts are equal but for space and case. Otherwise their vectors must be at least `ALIKE`, and
    they must hold the same numbers, dates, units, identifiers and quoted strings, and neither may deny what the other
    does not. Names and the order of words may differ: two tellings of one thing differ in both.
    """
    if " ".join(one.text.split()).casefold() == " ".join(other.text.split()).casefold():
        return True
    if float(one.vector @ other.vector) < ALIKE:
        return False
    ours, theirs = one.facts, other.facts
    return (
        set(ours.numbers) == set(theirs.numbers)
        and ours.exact == theirs.exact
        and ours.marks == theirs.marks
        and ours.negated == theirs.negated
        and ours.rest == theirs.rest
    )
