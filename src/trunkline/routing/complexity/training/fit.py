"""A table into a model: its parts, and how much each counts, which is learnt on examples that they had not seen.

Trees look at the features of all prompts. Open questions and those with choices have weighted sums and spaces of their
own, for what makes them hard is not the same.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from trunkline.routing.complexity.features import COLUMNS
from trunkline.routing.complexity.model import CHEAP, STEPS, VERSION, Head, Linear, Model, Space, Vectors
from trunkline.routing.complexity.scorer import apply
from trunkline.routing.complexity.space import Place
from trunkline.routing.complexity.training.blend import logistic, weigh
from trunkline.routing.complexity.training.boosting import boost
from trunkline.routing.complexity.training.folds import folds
from trunkline.routing.complexity.training.recovery import recovery, steps
from trunkline.routing.complexity.training.ridge import ridge
from trunkline.routing.complexity.training.spaces import AXES, fit_space
from trunkline.routing.complexity.training.table import Floats, Rows, Table
from trunkline.routing.complexity.trees import Tree, add_up

UNSEEN: Final = 3
"""In how many parts the data are cut for estimates that have not seen their example."""
LEAST: Final = 100
"""Examples of the operator's own from which a model can be fitted."""
LEAST_OF_A_KIND: Final = 50
"""Examples from which a kind has its own parts. Below, it has those of all."""


class TrainingError(ValueError):
    """Nothing can be fitted on these data. Says why."""


class Embedding(msgspec.Struct, frozen=True):
    """What made the vectors."""

    identity: str
    tokens: int


class _Parts(msgspec.Struct, frozen=True):
    trees: list[Tree]
    linear: list[Linear]
    spaces: list[Space]
    """By kind; none without vectors."""


def fit(table: Table, embedding: Embedding | None = None, note: str = "") -> Model:
    """A model of all rows. `embedding` is given where the table has vectors. Raises `TrainingError`."""
    own = ~table.everyday
    if own.sum() < LEAST:
        raise TrainingError(f"there are {own.sum()} examples; {LEAST} are the least, and 1,000 are better")
    if table.gains[own].sum() <= 0:
        raise TrainingError(
            "on these examples the strong model is no better than the cheap one: there is nothing to route"
        )
    parts, unseen = _fit_parts(table), _unseen(table)
    vectors = None
    if table.vectors is not None and embedding is not None:
        head = _head(table, unseen[:, [0, *range(CHEAP, unseen.shape[1])]])
        dimensions = table.vectors.shape[1]
        vectors = Vectors(embedding.identity, embedding.tokens, dimensions, min(AXES, dimensions), parts.spaces, head)
    return Model(VERSION, list(COLUMNS), note, parts.trees, parts.linear, _head(table, unseen[:, :CHEAP]), vectors)


def _fit_parts(table: Table) -> _Parts:
    values, gains, weights, vectors = table.values, table.gains, table.weights, table.vectors
    kinds = list(_by_kind(table))
    return _Parts(
        boost(values, gains, weights),
        [ridge(values[rows], gains[rows], weights[rows]) for rows in kinds],
        [fit_space(vectors[rows], values[rows], gains[rows], weights[rows]) for rows in kinds]
        if vectors is not None
        else [],
    )


def _by_kind(table: Table) -> Iterator[Rows]:
    """The rows of each kind; all, for a kind of which there are too few."""
    for choices in (False, True):
        rows = np.flatnonzero(table.choices == choices)
        yield rows if len(rows) >= LEAST_OF_A_KIND else np.arange(len(table))


def _unseen(table: Table) -> Floats:
    """What each part says of each row, when fitted without it."""
    part = np.array(folds(table.groups.tolist(), table.strata.tolist(), UNSEEN))
    found = np.zeros((len(table), CHEAP + 2 * (table.vectors is not None)))
    for number in range(UNSEEN):
        rows = np.flatnonzero(part == number)
        found[rows] = _estimates(_fit_parts(table.rows(np.flatnonzero(part != number))), table.rows(rows))
    return found


def _estimates(parts: _Parts, table: Table) -> Floats:
    values = table.values.tolist()
    trees = [add_up(parts.trees, row) for row in values]
    linear = [apply(parts.linear[int(kind)], row) for row, kind in zip(values, table.choices, strict=True)]
    found = np.array([trees, linear]).T
    if table.vectors is None:
        return found
    places = np.zeros((len(table), 2))
    for kind, space in enumerate(parts.spaces):
        mine = table.choices == bool(kind)
        if mine.any():
            places[mine] = Place(space).estimates(table.vectors[mine], table.values[mine].astype(np.float32))
    return np.hstack([found, places])


def _head(table: Table, unseen: Floats) -> Head:
    blends, gain = [], np.zeros(len(table))
    for kind, rows in enumerate(_by_kind(table)):
        blend = weigh(unseen[rows], table.gains[rows], table.weights[rows])
        mine = table.choices == bool(kind)
        gain[mine] = blend.offset + unseen[mine] @ blend.weights
        blends.append(blend)
    slope, middle = logistic(gain, np.maximum(table.gains, 0), table.weights)
    own = ~table.everyday
    likely = np.sort(1 / (1 + np.exp(slope * (middle - gain[own]))))
    curve = recovery(gain[own], table.gains[own])
    return Head(blends, slope, middle, steps(likely, STEPS), steps(curve, STEPS))
