"""A score's place among those of late, so that the operator's share of requests is hard, whatever his traffic is."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from typing import Final

WINDOW: Final = 1000
"""Scores that are remembered: the share holds within a few hundredths, and changes of traffic are soon followed."""
GOLDEN: Final = 0.6180339887498949
"""Its multiples, modulo 1, are spread evenly whenever one stops (Weyl, 1916)."""


class Ranking:
    """One for each route, for each has its own traffic. Deterministic; bounded in memory and time (about 2 µs)."""

    def __init__(self, expected: Sequence[float], window: int = WINDOW) -> None:
        """`expected` are scores to begin with (`Scorer.scores`): they count like a request each, and age like one."""
        self._window = window
        self._recent = deque(_shuffled(expected)[-window:])
        self._ranked = sorted(self._recent)
        self._turn = 0.5

    def place(self, score: float) -> float:
        """From 0 (easier than all) to 1; and remember it. What is above `1 - share` is among the hardest `share`.

        Of requests with the same score each gets another place between those that are easier and those that are harder.
        """
        low, high = bisect_left(self._ranked, score), bisect_right(self._ranked, score)
        self._turn = (self._turn + GOLDEN) % 1
        place = (low + self._turn * (high + 1 - low)) / (len(self._ranked) + 1)
        self._remember(score)
        return place

    def _remember(self, score: float) -> None:
        self._recent.append(score)
        insort(self._ranked, score)
        if len(self._recent) > self._window:
            del self._ranked[bisect_left(self._ranked, self._recent.popleft())]


def _shuffled(scores: Sequence[float]) -> list[float]:
    """In an order of which every stretch is like the whole, so that forgetting them one by one changes nothing."""
    return [score for _, score in sorted((index * GOLDEN % 1, score) for index, score in enumerate(scores))]
