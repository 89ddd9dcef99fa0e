"""One kind's examples as a space: axes, landmarks and what they are worth, and some of the examples themselves."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.model import Space
from trunkline.routing.complexity.space import AXIS, POINT, UNIT, Floats, in_units, nearness, pack, project, unpack
from trunkline.routing.complexity.training.table import Floats as Doubles

AXES: Final = 96
LANDMARKS: Final = 256
EXAMPLES: Final = 1000
"""Examples that are kept, at most, so that a model's size has a bound."""
CLUSTERED: Final = 4000
"""Examples that landmarks are found among, at most."""
ROUNDS: Final = 6
PENALTY: Final = 5.0
"""On what landmarks are worth, in the kernel's norm."""
WIDEST: Final = 8.0
"""No value may be further from the mean than about this many units, so that a rare one does not stand out too much."""


def fit_space(vectors: Floats, values: Doubles, gains: Doubles, weights: Doubles) -> Space:
    """Of these examples. What is stored in few bits is rounded first, so that the rest is fitted to that."""
    random = np.random.default_rng(0)
    mean, axes = _axes(vectors, weights)
    centres, scales = _units(values, weights)
    points = project(vectors, mean, axes)
    whole = np.hstack([points, in_units(values.astype(np.float32), centres, scales)])
    some = random.permutation(len(whole))
    clusters = _clusters(whole[some[:CLUSTERED]], min(LANDMARKS, max(1, len(whole) // 2)))
    landmarks = unpack(pack(clusters, POINT), whole.shape[1], POINT)
    pulls, offset = _worth(whole, landmarks, gains, weights)
    kept = some[:EXAMPLES]
    return Space(
        mean=mean.astype("<f4").tobytes(),
        axes=pack(axes.T, AXIS),
        centres=centres.tolist(),
        scales=scales.tolist(),
        landmarks=pack(landmarks, POINT),
        pulls=pulls.tolist(),
        offset=offset,
        examples=pack(points[kept], POINT),
        gains=np.round(gains[kept] * 100).astype(np.int8).tobytes(),
    )


def _axes(vectors: Floats, weights: Doubles) -> tuple[Floats, Floats]:
    """The mean, and the axes of the greatest differences, a column each."""
    mean = np.average(vectors, axis=0, weights=weights).astype(np.float32)
    away = vectors - mean
    _, axes = np.linalg.eigh((away * weights[:, None]).T @ away)
    most = axes[:, ::-1][:, :AXES]
    return mean, unpack(pack(most, AXIS), most.shape[1], AXIS)


def _units(values: Doubles, weights: Doubles) -> tuple[Floats, Floats]:
    """What features are centred at and multiplied with: of two prompts, all together differ by about `UNIT`."""
    mean = np.average(values, axis=0, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    spread = np.maximum(deviation, np.ptp(values, axis=0) / WIDEST)
    scales = np.where(spread > 0, UNIT / np.sqrt(values.shape[1]) / np.where(spread > 0, spread, 1), 0)
    return mean.astype(np.float32), scales.astype(np.float32)


def _clusters(points: Floats, count: int) -> Floats:
    """Centres of clusters (k-means, by Lloyd's algorithm). The points are in no order."""
    centres: Floats = points[:count]
    for _ in range(ROUNDS):
        nearest = np.argmax(points @ centres.T - (centres**2).sum(axis=1) / 2, axis=1)
        order = np.argsort(nearest, kind="stable")
        _, begins = np.unique(nearest[order], return_index=True)
        sums = np.add.reduceat(points[order], begins, axis=0)
        counts = np.diff(begins, append=len(points))  # a cluster that lost all its points is gone
        centres = np.asarray(sums / counts[:, None], dtype=np.float32)
    return centres


def _worth(points: Floats, landmarks: Floats, gains: Doubles, weights: Doubles) -> tuple[NDArray[np.float64], float]:
    """What each landmark is worth, and the offset."""
    near = nearness(points, landmarks).astype(np.float64)
    share = weights / weights.sum()
    middle, mean = share @ near, float(share @ gains)
    centred = near - middle
    heavy = centred * weights[:, None]
    bound = PENALTY * nearness(landmarks, landmarks) + 1e-6 * np.eye(len(landmarks))
    pulls = np.linalg.solve(heavy.T @ centred + bound, heavy.T @ (gains - mean))
    return pulls, mean - float(middle @ pulls)
