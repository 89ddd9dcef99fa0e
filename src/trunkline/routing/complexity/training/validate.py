"""How good a model is on prompts it was not fitted on, by cross-validation."""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from trunkline.routing.complexity.model import STEPS, Model
from trunkline.routing.complexity.scorer import Scorer
from trunkline.routing.complexity.training.fit import Embedding, fit
from trunkline.routing.complexity.training.folds import folds
from trunkline.routing.complexity.training.recovery import area, recovery, steps
from trunkline.routing.complexity.training.table import Floats, Table

PARTS: Final = 5


class Quality(msgspec.Struct, frozen=True):
    """How good one way to score is on one set of prompts."""

    set: str
    """Empty for all prompts together."""
    embedded: bool
    """Scored with a vector."""
    prompts: int
    area: float
    """APGR; 0.50 is chance."""
    recovered: list[float]
    """PGR by share of strong calls, at each hundredth."""


def unseen_scores(table: Table, embedding: Embedding | None = None, seed: int = 0) -> dict[bool, Floats]:
    """Scores of all rows, each by a model that was fitted without it and its near duplicates; by whether embedded.

    Everything that is chosen on data (also how the parts are weighed) is chosen without the part that is scored.
    """
    part = np.array(folds(table.groups.tolist(), table.strata.tolist(), PARTS, seed))
    found = {embedded: np.zeros(len(table)) for embedded in ((False, True) if embedding is not None else (False,))}
    for number in range(PARTS):
        rows = np.flatnonzero(part == number)
        model = fit(table.rows(np.flatnonzero(part != number)), embedding)
        for embedded, scores in found.items():
            scores[rows] = score_rows(model, table.rows(rows), embedded=embedded)
    return found


def score_rows(model: Model, table: Table, *, embedded: bool) -> Floats:
    """The scores of the rows of `table`, as a gateway would score them."""
    scorer = Scorer(model)
    vectors = table.vectors if embedded else None
    rows = range(len(table))
    return np.array([scorer.score(table.features(row), None if vectors is None else vectors[row]) for row in rows])


def qualities(table: Table, scores: dict[bool, Floats]) -> Iterator[Quality]:
    """Of all prompts, then of each named set in which the strong model is better; not of everyday ones."""
    named = np.array(table.sets)
    own = ~table.everyday
    for name in ["", *sorted(set(named[own].tolist()) - {""})]:
        rows = np.flatnonzero(own & (named == name) if name else own)
        gains = table.gains[rows]
        if gains.sum() > 0:
            for embedded, found in scores.items():
                curve = recovery(found[rows], gains)
                yield Quality(name, embedded, len(rows), area(found[rows], gains), steps(curve, STEPS))
