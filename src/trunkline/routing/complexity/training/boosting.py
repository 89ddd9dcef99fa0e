"""Gradient boosting of small trees for the squared error, on columns cut into bins (after LightGBM; Ke et al., 2017).

Few leaves, many columns left out of each tree and small steps: outcomes are so noisy that a tree must not trust them.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.training.table import Floats, Rows
from trunkline.routing.complexity.trees import Tree

TREES: Final = 60
CHAINS: Final = 2
"""Times that this is done, with other columns left out; the mean of all is better than one long chain."""
STEP: Final = 0.06
LEAVES: Final = 8
BINS: Final = 64
COLUMNS: Final = 0.3
"""Share of the columns that a tree may look at."""
SMALLEST: Final = 40
"""Examples in a leaf, at least; fewer where there are few at all."""
SHRINKAGE: Final = 10.0
"""Examples of no gain that every leaf has beside its own."""

Codes = NDArray[np.int64]


class _Leaf(msgspec.Struct, eq=False):
    rows: Rows
    worth: float
    """What its best split takes off the squared error."""
    column: int
    cut: int
    """The last bin that goes to the lower side."""
    parts: tuple["_Leaf", "_Leaf"] | None = None


class _Data(msgspec.Struct):
    codes: Codes
    """The bin of each value."""
    cuts: list[Floats]
    """The upper end of each bin but the last, by column."""
    residuals: Floats
    weights: Floats
    smallest: int


def boost(values: Floats, gains: Floats, weights: Floats, seed: int = 0) -> list[Tree]:
    """Trees that add up to how far a row's gain is from the mean, times `CHAINS`."""
    random = np.random.default_rng(seed)
    cuts = [_cuts(column) for column in values.T]
    codes = np.stack([np.searchsorted(cut, column) for cut, column in zip(cuts, values.T, strict=True)], axis=1)
    smallest, wanted = min(SMALLEST, max(5, len(gains) // 50)), gains - np.average(gains, weights=weights)
    trees: list[Tree] = []
    for _ in range(CHAINS):
        data = _Data(codes, cuts, wanted.copy(), weights, smallest)
        for _ in range(TREES):
            columns = random.choice(values.shape[1], max(1, int(values.shape[1] * COLUMNS)), replace=False)
            trees.append(_tree(_grow(data, np.sort(columns)), data))
    return trees


def _cuts(column: Floats) -> Floats:
    """Where the bins end: half-way between values that there are."""
    distinct = np.unique(column)
    if len(distinct) > BINS:
        distinct = np.unique(np.quantile(column, np.linspace(0, 1, BINS), method="nearest"))
    return np.asarray((distinct[1:] + distinct[:-1]) / 2, dtype=np.float64)


def _grow(data: _Data, columns: Rows) -> _Leaf:
    """A tree, by splitting the leaf where it is worth most, again and again."""
    shifted = data.codes[:, columns] + np.arange(len(columns)) * BINS
    root = _leaf(data, columns, shifted, np.arange(len(data.residuals)))
    leaves = [root]
    while len(leaves) < LEAVES:
        best = max(leaves, key=lambda leaf: leaf.worth)
        if best.worth <= 0:
            break
        low = data.codes[best.rows, best.column] <= best.cut
        one, other = (_leaf(data, columns, shifted, rows) for rows in (best.rows[low], best.rows[~low]))
        best.parts = (one, other)
        leaves.remove(best)
        leaves += best.parts
    return root


def _leaf(data: _Data, columns: Rows, shifted: Codes, rows: Rows) -> _Leaf:
    """A leaf of these rows, with the best way to split it."""
    size = len(columns) * BINS
    codes = shifted[rows].ravel()
    weights = data.weights[rows]
    sums, counts = (
        np.bincount(codes, np.repeat(each, len(columns)), size).reshape(-1, BINS).cumsum(axis=1)
        for each in (data.residuals[rows] * weights, weights)
    )
    whole, total = sums[:, -1:], weights.sum()
    worth = sums**2 / (counts + SHRINKAGE) + (whole - sums) ** 2 / (total - counts + SHRINKAGE)
    worth -= whole**2 / (total + SHRINKAGE)
    worth[(counts < data.smallest) | (total - counts < data.smallest)] = 0
    place = int(worth.argmax())
    return _Leaf(rows, float(worth.flat[place]), int(columns[place // BINS]), place % BINS)


def _tree(leaf: _Leaf, data: _Data) -> Tree:
    """The grown tree as it is evaluated; takes what it explains from the residuals."""
    if leaf.parts is None:
        weights = data.weights[leaf.rows]
        value = STEP * float(data.residuals[leaf.rows] @ weights) / (float(weights.sum()) + SHRINKAGE)
        data.residuals[leaf.rows] -= value
        return value
    low, high = leaf.parts
    return [leaf.column, float(data.cuts[leaf.column][leaf.cut]), _tree(low, data), _tree(high, data)]
