"""A table into a model: its parts, and how much each counts, which is learnt on examples that they had not seen."""

from typing import Final

import msgspec
import numpy as np

from trunkline.routing.complexity.features import COLUMNS
from trunkline.routing.complexity.model import STEPS, Blend, Head, Linear, Model, Vectors
from trunkline.routing.complexity.training.blend import logistic, weigh
from trunkline.routing.complexity.training.folds import folds
from trunkline.routing.complexity.training.parts import Near, by_kind, estimates, fit_parts
from trunkline.routing.complexity.training.recovery import recovery, steps
from trunkline.routing.complexity.training.table import Floats, Table

UNSEEN: Final = 4
"""In how many parts the data are cut for estimates that have not seen their example."""
LEAST: Final = 100
"""Examples of the operator's own from which a model can be fitted."""


class TrainingError(ValueError):
    """Nothing can be fitted on these data. Says why."""


class Embedding(msgspec.Struct, frozen=True):
    """What made the vectors."""

    identity: str
    tokens: int


def fit(table: Table, embedding: Embedding | None = None, note: str = "") -> Model:
    """A model of all rows. `embedding` is given where the table has vectors. Raises `TrainingError`."""
    own = ~table.everyday
    if own.sum() < LEAST:
        raise TrainingError(f"there are {own.sum()} examples; {LEAST} are the least, and 1,000 are better")
    if table.gains[own].sum() <= 0:
        raise TrainingError(
            "on these examples the strong model is no better than the weak one: there is nothing to route"
        )
    parts, unseen = fit_parts(table), _unseen(table)
    cheap = _head(table, parts.linear, unseen[:, [0, 1]])
    vectors = None
    if parts.near is not None and embedding is not None:
        vectors = _vectors(parts.near, embedding, _head(table, parts.near.linear, unseen[:, [0, 3, 2]]))
    return Model(list(COLUMNS), note, parts.trees, cheap, vectors)


def _unseen(table: Table) -> Floats:
    part = np.array(folds(table.groups.tolist(), UNSEEN))
    found: Floats | None = None
    for number in range(UNSEEN):
        rows = np.flatnonzero(part == number)
        said = estimates(fit_parts(table.rows(np.flatnonzero(part != number))), table.rows(rows))
        found = np.zeros((len(table), said.shape[1])) if found is None else found
        found[rows] = said
    assert found is not None  # there is more than one part
    return found


def _head(table: Table, linear: list[Linear], unseen: Floats) -> Head:
    """`unseen`: trees, linear and, where there are vectors, nearest."""
    blends, gain = [], np.zeros(len(table))
    for kind, rows in enumerate(by_kind(table)):
        weights, offset = weigh(unseen[rows], table.gains[rows])
        trees, straight, nearest = [*weights.tolist(), 0.0][:3]
        blends.append(Blend(trees, straight, nearest, offset))
        mine = table.choices == bool(kind)
        gain[mine] = offset + unseen[mine] @ weights
    slope, middle = logistic(gain, np.maximum(table.gains, 0))
    own = ~table.everyday
    likely = np.sort(1 / (1 + np.exp(slope * (middle - gain[own]))))
    return Head(
        linear=linear,
        blend=blends,
        slope=slope,
        middle=middle,
        scores=steps(likely, STEPS),
        recovered=steps(recovery(gain[own], table.gains[own]), STEPS),
    )


def _vectors(near: Near, embedding: Embedding, head: Head) -> Vectors:
    return Vectors(
        embedder=embedding.identity,
        tokens=embedding.tokens,
        dimensions=len(near.mean),
        mean=near.mean.astype("<f4").tobytes(),
        axes=near.axes.astype("<f2").tobytes(),
        steps=near.steps.astype("<f4").tobytes(),
        codes=near.codes,
        gains=[np.round(gains * 100).astype(np.int8).tobytes() for gains in near.gains],
        head=head,
    )
