"""The scorer: how likely it is that the cheap model is not enough."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from math import exp
from operator import mul
from typing import TYPE_CHECKING, Self

from trunkline.routing.complexity import model as file
from trunkline.routing.complexity.features import Features
from trunkline.routing.complexity.model import Head, Linear, Model, Vectors
from trunkline.routing.complexity.trees import add_up

if TYPE_CHECKING:
    from trunkline.routing.complexity.space import Floats, Place


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
        head, kind = self._head(embedded=vector is not None), int(features.choices)
        estimates = [add_up(self._model.trees, features.values)]
        if vector is None:
            estimates.append(apply(self._model.linear[kind], features.values))
        else:
            estimates += self._near(vector, features)
        blend = head.blends[kind]
        gain = blend.offset + sum(map(mul, blend.weights, estimates))
        odds: float = exp(head.slope * (head.middle - gain))
        return 1 / (1 + odds)

    def scores(self, *, embedded: bool = False) -> Sequence[float]:
        """The data's scores by rank, lowest first; what `Ranking` begins with."""
        return self._head(embedded=embedded).scores

    def recovered(self, share: float, *, embedded: bool = False) -> float:
        """How much of the quality gap between both models was recovered with `share` of calls to the strong one."""
        curve = self._head(embedded=embedded).recovered
        place = min(max(share, 0.0), 1.0) * (file.STEPS - 1)
        low = min(int(place), file.STEPS - 2)
        return curve[low] + (curve[low + 1] - curve[low]) * (place - low)

    def share_for(self, quality: float, *, embedded: bool = False) -> float:
        """The least share of strong calls that recovers `quality` (0 to 1) of the gap; the other way round."""
        # A share that recovers less than a smaller one does is not worth its price.
        rising = list(accumulate(self._head(embedded=embedded).recovered, max))
        return bisect_left(rising, quality) / (file.STEPS - 1) if quality < 1 else 1.0

    def _head(self, *, embedded: bool) -> Head:
        return self._vectors.head if embedded else self._model.cheap

    @property
    def _vectors(self) -> Vectors:
        if self._model.vectors is None:
            raise ValueError("this model was fitted without an embedder")
        return self._model.vectors

    def _near(self, vector: "Sequence[float] | Floats", features: Features) -> list[float]:
        import numpy as np

        vectors, values = np.asarray([vector], dtype=np.float32), np.array([features.values], dtype=np.float32)
        found: list[float] = self._places[features.choices].estimates(vectors, values)[0].tolist()
        return found

    @cached_property
    def _places(self) -> "list[Place]":
        from trunkline.routing.complexity.space import Place

        return [Place(space) for space in self._vectors.spaces]


def apply(linear: Linear, values: Sequence[float]) -> float:
    """The weighted sum, within its bounds."""
    total: float = linear.offset + sum(map(mul, linear.weights, values))
    return min(max(total, linear.least), linear.most)
