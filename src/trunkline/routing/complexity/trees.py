"""Boosted trees, evaluated. Plain Python, for a decision takes a tenth of a millisecond at most and needs no numpy."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

Tree: TypeAlias = float | Sequence[Any]
"""A leaf's value; or `[column, threshold, tree up to it, tree above it]`."""

DEEPEST: Final = 16


def add_up(trees: Sequence[Tree], values: Sequence[float]) -> float:
    """What the trees say of `values`, together."""
    total = 0.0
    for tree in trees:
        while not isinstance(tree, float):
            column, threshold, low, high = tree
            tree = low if values[column] <= threshold else high
        total += tree
    return total


def is_sound(tree: object, columns: int, depth: int = 0) -> bool:
    """Whether `tree` can be evaluated on that many values."""
    if type(tree) is float:
        return True
    if not isinstance(tree, list) or len(tree) != 4 or depth == DEEPEST:
        return False
    column, threshold, low, high = tree
    known = type(column) is int and 0 <= column < columns and type(threshold) is float
    return known and is_sound(low, columns, depth + 1) and is_sound(high, columns, depth + 1)
