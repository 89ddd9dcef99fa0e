"""What the neighbours of a question say: which known answer it has, and how much speaks for that.

Every neighbour votes for its own answer, with a weight that falls by a factor of e for each `REACH` that it is less
similar. One more voter stands for the answer that nobody has yet, with the weight of a neighbour at `FLOOR`, and with
more of it while few questions are known: that no rival is near means little where hardly any has been seen.
"""

import math
from collections.abc import Iterable
from typing import Final

import msgspec

FLOOR: Final = 0.6
REACH: Final = 0.05
"""Cosines, as MiniLM and its relatives give them (decision 0014)."""
UNSEEN: Final = 60.0
HALF: Final = 200.0
"""Weight of the unknown answer at the beginning, and after how many questions that is halved."""


class Vote(msgspec.Struct, frozen=True):
    """The answer that most speaks for."""

    answer: int
    odds: float
    """The logarithm of the winner's weight to that of all others together."""
    lead: float
    """How much more similar its nearest neighbour is than the nearest of another answer."""


def count(neighbours: Iterable[tuple[int, float]], known: int) -> Vote | None:
    """The vote of `neighbours`, each an answer and a cosine, among `known` questions. None where there are none."""
    weights: dict[int, float] = {}
    nearest: dict[int, float] = {}
    for answer, cosine in neighbours:
        weights[answer] = weights.get(answer, 0.0) + math.exp((cosine - FLOOR) / REACH)
        nearest[answer] = max(nearest.get(answer, -1.0), cosine)
    if not weights:
        return None
    winner = max(weights, key=weights.__getitem__)
    unknown = 1.0 + UNSEEN * math.exp2(-known / HALF)
    others = sum(weights.values()) - weights[winner] + unknown
    rival = max((cosine for answer, cosine in nearest.items() if answer != winner), default=FLOOR)
    return Vote(winner, math.log(weights[winner] / others), nearest[winner] - max(rival, FLOOR))
