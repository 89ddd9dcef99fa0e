"""Which requests are hard, so that the operator's share of them is, whatever his traffic is like."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence
from typing import Final

WINDOW: Final = 1000
"""Scores that are remembered: the share holds within a hundredth, and changes of traffic are soon followed."""
DEBT: Final = 10.0
"""Decisions that are made up for, at most, among requests of the same score."""


class Share:
    """Compares a score with those of the last requests. Deterministic; bounded in memory and time (about 2 µs)."""

    def __init__(self, share: float, expected: Sequence[float], window: int = WINDOW) -> None:
        """`expected` are scores to begin with (`Scorer.scores`): they count like a request each, and age like one."""
        self.share = share
        self._window = window
        self._recent = deque(_shuffled(expected)[-window:])
        self._ranked = sorted(self._recent)
        self._owed = 0.0

    @property
    def threshold(self) -> float:
        """The score above which a request is hard."""
        rank = len(self._ranked) - round(self.share * len(self._ranked))
        return self._ranked[rank - 1] if rank > 0 else -1.0

    def takes(self, score: float) -> bool:
        """Whether a request of this score, which is remembered, is among the hard ones."""
        self._remember(score)
        count, hardest = len(self._ranked), self.share * len(self._ranked)
        above, from_here = count - bisect_right(self._ranked, score), count - bisect_left(self._ranked, score)
        self._owed += self.share
        # Requests of one score straddle the border together, so some of them are taken, and no chance is needed.
        taken = from_here <= hardest or (above < hardest and self._owed >= 0.5)
        self._owed = min(max(self._owed - taken, -DEBT), DEBT)
        return taken

    def _remember(self, score: float) -> None:
        self._recent.append(score)
        insort(self._ranked, score)
        if len(self._recent) > self._window:
            del self._ranked[bisect_left(self._ranked, self._recent.popleft())]


def _shuffled(scores: Sequence[float]) -> list[float]:
    """In an order of which every stretch is like the whole, so that forgetting them one by one changes nothing."""
    step = next(step for step in range(int(len(scores) * 0.618) or 1, len(scores) + 2) if _coprime(step, len(scores)))
    return [scores[index * step % len(scores)] for index in range(len(scores))]


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1
