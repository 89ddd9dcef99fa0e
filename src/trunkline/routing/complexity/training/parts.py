"""The three parts of a model, fitted on one set of examples.

Trees on the features, a linear model on features and vector, and the mean over the nearest examples. Open questions and
those with choices have linear models and neighbours of their own, for what makes them hard is not the same.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.model import Linear
from trunkline.routing.complexity.nearest import LEVELS, Examples, Projection, pack, unpack
from trunkline.routing.complexity.scorer import apply
from trunkline.routing.complexity.training.boosting import boost
from trunkline.routing.complexity.training.ridge import ridge
from trunkline.routing.complexity.training.table import Floats, Rows, Table
from trunkline.routing.complexity.trees import Tree, add_up

AXES: Final = 48
LEAST: Final = 50
"""Examples from which a kind has its own parts. Below, it has those of all."""
RANGE: Final = 3.0
"""Standard deviations of an axis that its sixteen levels reach to."""

Singles = NDArray[np.float32]


class Near(msgspec.Struct, frozen=True):
    """The examples as vectors. Lists are by kind."""

    mean: Singles
    axes: Singles
    steps: Singles
    codes: list[bytes]
    gains: list[Floats]
    linear: list[Linear]
    """On features and projected vector."""

    @property
    def project(self) -> Projection:
        """Vectors to points."""
        return Projection(self.mean, self.axes)


class Parts(msgspec.Struct, frozen=True):
    """All of them."""

    trees: list[Tree]
    linear: list[Linear]
    """On features alone, by kind."""
    near: Near | None


def fit_parts(table: Table) -> Parts:
    """On all rows of `table`."""
    trees = boost(table.values, table.gains, table.weights)
    kinds = list(by_kind(table))
    linear = [ridge(table.values[rows], table.gains[rows], table.weights[rows]) for rows in kinds]
    return Parts(trees, linear, _near(table, table.vectors, kinds) if table.vectors is not None else None)


def by_kind(table: Table) -> Iterator[Rows]:
    """The rows of each kind; all, for a kind of which there are too few."""
    for choices in (False, True):
        rows = np.flatnonzero(table.choices == choices)
        yield rows if len(rows) >= LEAST else np.arange(len(table))


def estimates(parts: Parts, table: Table) -> Floats:
    """What each part says of each row: trees, linear on features; with vectors also nearest, linear on both."""
    trees = [add_up(parts.trees, row) for row in table.values.tolist()]
    columns = [np.array(trees), _linear(parts.linear, table.values, table.choices)]
    if parts.near is not None and table.vectors is not None:
        points = parts.near.project(table.vectors)
        nearest = np.zeros(len(table))
        for kind, (codes, gains) in enumerate(zip(parts.near.codes, parts.near.gains, strict=True)):
            rows = np.flatnonzero(table.choices == bool(kind))
            if len(rows):
                known = Examples(unpack(codes, parts.near.steps), gains.astype(np.float32))
                nearest[rows] = known.gains(points[rows])
        columns += [nearest, _linear(parts.near.linear, np.hstack([table.values, points]), table.choices)]
    return np.stack(columns, axis=1)


def _linear(models: list[Linear], values: Floats, choices: NDArray[np.bool_]) -> Floats:
    rows = zip(values.tolist(), choices, strict=True)
    return np.array([apply(models[int(kind)], row) for row, kind in rows])


def _near(table: Table, vectors: Singles, kinds: list[Rows]) -> Near:
    mean = vectors.mean(axis=0)
    _, axes = np.linalg.eigh((vectors - mean).T @ (vectors - mean))
    main = axes.T[::-1][: min(AXES, len(axes) // 2 * 2)].astype(np.float16).astype(np.float32)
    points = Projection(mean, main)(vectors)
    spread = np.maximum(points.std(axis=0), 1e-6)
    steps = (RANGE * spread / LEVELS).astype(np.float32)
    both = np.hstack([table.values, points])
    return Near(
        mean=mean,
        axes=main,
        steps=steps,
        codes=[pack(points[rows], steps) for rows in kinds],
        gains=[table.gains[rows] for rows in kinds],
        linear=[ridge(both[rows], table.gains[rows], table.weights[rows]) for rows in kinds],
    )
