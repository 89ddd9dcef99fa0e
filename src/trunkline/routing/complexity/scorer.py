"""The scorer: how likely it is that the cheap model is not enough."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from math import exp
from operator import mul
from typing import TYPE_CHECKING, Self

from trunkline.routing.complexity import model as file
from trunkline.routing.complexity.features import Features
from trunkline.routing.complexity.model import Head, Linear, Model
from trunkline.routing.complexity.trees import add_up

if TYPE_CHECKING:
    from trunkline.routing.complexity.nearest import Floats, Neighbourhood


class Scorer:
    """Made of a model file; never changes. Without vectors it needs no numpy."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.note = model.note
        """What it was fitted on."""
        self.embedder = model.vectors.embedder if model.vectors is not None else ""
        """`Embedder.identity` of the model whose vectors it takes; empty where it takes none."""
        self.tokens = model.vectors.tokens if model.vectors is not None else 0
        """How many tokens of a prompt's text such a vector is made of."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Of the content of a model file. Raises `ModelError`."""
        return cls(file.read(data))

    def score(self, features: Features, vector: "Sequence[float] | Floats | None" = None) -> float:
        """Probability, from 0 to 1, that the strong model is right where the cheap one is wrong.

        `vector` is that of `Prompt.text`, made by `embedder` of `tokens` tokens.
        """
        trees = add_up(self._model.trees, features.values)
        if vector is None:
            head, nearest = self._model.cheap, 0.0
            values = features.values
        else:
            head, (projected, nearest) = self._head(embedded=True), self._near(vector, features.choices)
            values = features.values + projected
        linear, blend = head.linear[features.choices], head.blend[features.choices]
        gain = blend.offset + blend.trees * trees + blend.linear * apply(linear, values) + blend.nearest * nearest
        odds: float = exp(head.slope * (head.middle - gain))
        return 1 / (1 + odds)

    def threshold(self, share: float, *, embedded: bool = False) -> float:
        """The score from which on a request is hard, so that `share` (0 to 1) of requests like the data's are."""
        return _at(self._head(embedded).scores, 1 - share) if share > 0 else 1.0

    def scores(self, *, embedded: bool = False) -> Sequence[float]:
        """The data's scores by rank, lowest first; what `Share` begins with."""
        return self._head(embedded).scores

    def recovered(self, share: float, *, embedded: bool = False) -> float:
        """How much of the quality gap between both models was recovered with `share` of calls to the strong one."""
        return _at(self._head(embedded).recovered, share)

    def share_for(self, quality: float, *, embedded: bool = False) -> float:
        """The least share of strong calls that recovers `quality` (0 to 1) of the gap; the other way round."""
        return bisect_left(_rising(self._head(embedded).recovered), quality) / (file.STEPS - 1) if quality < 1 else 1.0

    def _head(self, embedded: bool) -> Head:
        if not embedded:
            return self._model.cheap
        if self._model.vectors is None:
            raise ValueError("this model was fitted without an embedder")
        return self._model.vectors.head

    def _near(self, vector: "Sequence[float] | Floats", choices: bool) -> tuple[list[float], float]:
        import numpy as np

        projected = self._neighbourhood.project(np.asarray(vector, dtype=np.float32)[None])
        (gain,) = self._neighbourhood.kinds[choices].gains(projected)
        return projected[0].tolist(), float(gain)

    @cached_property
    def _neighbourhood(self) -> "Neighbourhood":
        from trunkline.routing.complexity.nearest import Neighbourhood

        assert self._model.vectors is not None  # `_head` has looked
        return Neighbourhood(self._model.vectors)


def apply(linear: Linear, values: Sequence[float]) -> float:
    """The weighted sum, within its bounds."""
    total: float = linear.offset + sum(map(mul, linear.weights, values))
    return min(max(total, linear.least), linear.most)


def _at(curve: Sequence[float], where: float) -> float:
    """The curve's value, between its points on the straight line."""
    place = min(max(where, 0.0), 1.0) * (len(curve) - 1)
    low = min(int(place), len(curve) - 2)
    return curve[low] + (curve[low + 1] - curve[low]) * (place - low)


def _rising(curve: Sequence[float]) -> list[float]:
    """The curve without its dips: a share that recovers less than a smaller one does is not worth its price."""
    best, rising = curve[0], []
    for value in curve:
        best = max(best, value)
        rising.append(best)
    return rising
