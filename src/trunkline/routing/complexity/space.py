"""Where a prompt lies among the labelled examples, and what was gained there. Imports numpy: import it with a vector.

Vectors are projected on the axes along which the examples of a kind differ most. Two estimates are made of the point:
the mean gain of the nearest examples, and a sum over landmarks (centres of clusters of examples, features included),
each with what it was found to be worth and as strongly as it is near: a Gaussian kernel's regression (Nyström's way).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.model import Space

NEIGHBOURS: Final = 100
"""Examples that are averaged: outcomes are noisy, so it takes many."""
LEAST_SHARE: Final = 5
"""But no more than one in this many, where there are few."""
POINT: Final = 127.0
AXIS: Final = 256.0
"""Steps of the stored numbers in 1."""
FARTHEST: Final = 4.0
"""Units that a feature may be from its centre."""
UNIT: Final = 0.6
"""How far apart the features of two prompts usually are, where their points are as far apart as can be."""

Floats = NDArray[np.float32]


class Place:
    """One kind's space, in memory."""

    def __init__(self, space: Space) -> None:
        self._mean = np.frombuffer(space.mean, dtype="<f4")
        self._axes = unpack(space.axes, len(self._mean), AXIS).T
        self._centres = np.array(space.centres, dtype=np.float32)
        self._scales = np.array(space.scales, dtype=np.float32)
        self._landmarks = unpack(space.landmarks, self._axes.shape[1] + len(self._centres), POINT)
        self._pulls = np.array(space.pulls, dtype=np.float32)
        self._offset = space.offset
        self._examples = unpack(space.examples, self._axes.shape[1], POINT).T
        self._gains = np.frombuffer(space.gains, dtype=np.int8).astype(np.float32) / np.float32(100)
        self._count = min(NEIGHBOURS, max(1, len(self._gains) // LEAST_SHARE))

    def estimates(self, vectors: Floats, values: Floats) -> Floats:
        """By landmarks and by nearest examples: two columns, a row for each vector with its features."""
        points = project(vectors, self._mean, self._axes)
        whole = np.hstack([points, in_units(values, self._centres, self._scales)])
        by_landmarks = nearness(whole, self._landmarks) @ self._pulls + self._offset
        likeness = points @ self._examples
        nearest = np.argpartition(likeness, -self._count, axis=1)[:, -self._count :]
        return np.stack([by_landmarks, self._gains[nearest].mean(axis=1)], axis=1)


def project(vectors: Floats, mean: Floats, axes: Floats) -> Floats:
    """Points of length 1."""
    points = (vectors - mean) @ axes
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-6), dtype=np.float32)


def in_units(values: Floats, centres: Floats, scales: Floats) -> Floats:
    """Features, as they stand beside a point's coordinates."""
    most = FARTHEST * UNIT / np.sqrt(values.shape[1])
    return np.asarray(np.clip((values - centres) * scales, -most, most), dtype=np.float32)


def nearness(points: Floats, landmarks: Floats) -> Floats:
    """1 at a landmark, less the farther away: a row for each point."""
    squares = (points**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1) - 2 * points @ landmarks.T
    return np.asarray(np.exp(-np.maximum(squares, 0)), dtype=np.float32)


def pack(numbers: Floats, steps: float) -> bytes:
    """As int8, nearly as they were."""
    return np.clip(np.round(numbers * steps), -127, 127).astype(np.int8).tobytes()


def unpack(data: bytes, columns: int, steps: float) -> Floats:
    """What `pack` made, in rows."""
    return np.frombuffer(data, dtype=np.int8).reshape(-1, columns).astype(np.float32) / np.float32(steps)
