"""What became of the labelled examples nearest to a prompt. Imports numpy: import it where a vector is at hand."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.model import Vectors

NEIGHBOURS: Final = 100
"""Examples that are averaged: outcomes are noisy, so it takes many."""
LEAST_SHARE: Final = 5
"""But no more than one in this many, where there are few."""
LEVELS: Final = 7.5
"""Sixteen levels, around 0."""

Floats = NDArray[np.float32]


class Projection:
    """Vectors on the axes along which the examples differ most, at length 1."""

    def __init__(self, mean: Floats, axes: Floats) -> None:
        self._mean = mean
        self._axes = axes

    def __call__(self, vectors: Floats) -> Floats:
        """A row for each row."""
        projected = (vectors - self._mean) @ self._axes.T
        norms = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.asarray(projected / np.maximum(norms, 1e-6), dtype=np.float32)


class Examples:
    """The projected examples of one kind, and what was gained with the strong model for each."""

    def __init__(self, points: Floats, gains: Floats) -> None:
        self._points = points
        self._gains = gains
        self._count = min(NEIGHBOURS, max(1, len(gains) // LEAST_SHARE))

    def gains(self, projected: Floats) -> Floats:
        """Mean gain of the nearest examples, for each row; 0 where there are none at all."""
        if not len(self._gains):
            return np.zeros(len(projected), dtype=np.float32)
        likeness = projected @ self._points.T
        nearest = np.argpartition(-likeness, self._count - 1, axis=1)[:, : self._count]
        return np.asarray(self._gains[nearest].mean(axis=1), dtype=np.float32)


def pack(points: Floats, steps: Floats) -> bytes:
    """Projected points in four bits an axis."""
    levels = np.clip(np.round(points / steps + LEVELS), 0, 15).astype(np.uint8)
    return (levels[:, 0::2] | levels[:, 1::2] << 4).tobytes()


def unpack(codes: bytes, steps: Floats) -> Floats:
    """What `pack` made, nearly as it was."""
    halves = np.frombuffer(codes, dtype=np.uint8).reshape(-1, len(steps) // 2)
    levels = np.stack([halves & 15, halves >> 4], axis=2).reshape(len(halves), len(steps))
    return np.asarray((levels - LEVELS) * steps, dtype=np.float32)


class Neighbourhood:
    """All of that, as a model file holds it."""

    def __init__(self, vectors: Vectors) -> None:
        steps = np.frombuffer(vectors.steps, dtype="<f4")
        axes = np.frombuffer(vectors.axes, dtype="<f2").astype(np.float32).reshape(len(steps), vectors.dimensions)
        self.project = Projection(np.frombuffer(vectors.mean, dtype="<f4"), axes)
        self.kinds = [
            Examples(unpack(codes, steps), np.frombuffer(gains, dtype=np.int8).astype(np.float32) / np.float32(100))
            for codes, gains in zip(vectors.codes, vectors.gains, strict=True)
        ]
