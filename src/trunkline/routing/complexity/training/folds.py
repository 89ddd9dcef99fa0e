"""Parts of the data to test on, with near duplicates always in the same part."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

WORDS: Final = 5
"""Words of a shingle."""
COMMON: Final = 20
"""A shingle that more texts than this have is a form they all follow, and does not make two of them the same."""
ALIKE: Final = 0.5
"""Shared shingles over all of both (Jaccard) from which on two texts are near duplicates."""
CONTAINED: Final = 0.7
"""Shared shingles over those of the shorter one, likewise."""


def groups(texts: Sequence[str]) -> list[int]:
    """A number for each text, which near duplicates share, directly or over others."""
    shingles = _shingles(texts)
    parents = list(range(len(texts)))
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for index, mine in enumerate(shingles):
        shared = Counter(other for shingle in mine for other in holders[shingle])
        for other, count in shared.items():
            theirs = len(shingles[other])
            if count >= ALIKE * (len(mine) + theirs - count) or count >= CONTAINED * min(len(mine), theirs):
                parents[_root(parents, index)] = _root(parents, other)
        for shingle in mine:
            holders[shingle].append(index)
    return [_root(parents, index) for index in range(len(texts))]


def folds(groups: Sequence[int], strata: Sequence[int], count: int, seed: int = 0) -> list[int]:
    """Which of `count` parts each text is in: parts of nearly the same size with nearly as many of each stratum, for
    else luck with the parts would be mistaken for quality. Drawn by `seed`.
    """
    sizes, first = Counter(groups), dict(zip(reversed(groups), reversed(strata), strict=True))
    order = list(first)
    random.Random(seed).shuffle(order)  # noqa: S311  # repeatable, not secret
    order.sort(key=lambda group: (-sizes[group], first[group]))
    part = {group: place % count for place, group in enumerate(order)}
    return [part[group] for group in groups]


def _shingles(texts: Sequence[str]) -> list[set[int]]:
    numbers: dict[tuple[str, ...], int] = {}
    found = []
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        runs = {tuple(words[start : start + WORDS]) for start in range(max(1, len(words) - WORDS + 1))}
        found.append({numbers.setdefault(run, len(numbers)) for run in runs})
    times = Counter(shingle for shingles in found for shingle in shingles)
    return [{shingle for shingle in shingles if times[shingle] <= COMMON} or shingles for shingles in found]


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index
