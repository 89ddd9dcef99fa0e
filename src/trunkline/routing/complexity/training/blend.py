"""How much each part's estimate counts, from estimates of examples that the parts had not seen."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.model import Blend
from trunkline.routing.complexity.training.table import Floats

FREEDOM: Final = 0.5
"""How far weights are expected to differ from a common one, as a share of it. Few examples can hardly move them."""
FAINT: Final = 1e-3
"""The common weight where the parts tell nothing."""


def weigh(estimates: Floats, gains: Floats, weights: Floats) -> Blend:
    """Of the columns of `estimates`; no column counts less than nothing."""
    share = weights / weights.sum()
    centre, mean = share @ estimates, share @ gains
    spread = np.sqrt(share @ (estimates - centre) ** 2)
    told = spread > 1e-9
    units = (estimates - centre) / np.where(told, spread, 1.0)
    wanted, together, heavy = gains - mean, units.sum(axis=1), units * weights[:, None]
    common = max(float(wanted @ (weights * together)) / max(float(together @ (weights * together)), 1e-9), FAINT)
    penalty = float(share @ wanted**2) / (common * FREEDOM) ** 2
    own = np.linalg.solve(heavy.T @ units + penalty * np.eye(len(spread)), heavy.T @ (wanted - common * together))
    found = np.where(told, np.maximum(common + own, 0.0) / np.where(told, spread, 1.0), 0.0)
    return Blend(found.tolist(), float(mean - centre @ found))


def logistic(estimates: Floats, hard: Floats, counts: Floats) -> tuple[float, float]:
    """Slope and middle of the curve from estimate to probability that fits `hard` (0 to 1) best (Platt, 1999)."""
    centre, spread = float(estimates.mean()), max(float(estimates.std()), 1e-9)
    units = np.stack([np.ones(len(estimates)), (estimates - centre) / spread], axis=1)
    weights: NDArray[np.float64] = np.zeros(2)
    for _ in range(30):
        likely = 1 / (1 + np.exp(-units @ weights))
        curve = (units * (counts * likely * (1 - likely))[:, None]).T @ units + 1e-3 * np.eye(2)
        weights += np.linalg.solve(curve, units.T @ (counts * (hard - likely)) - 1e-3 * weights)
    slope = max(float(weights[1]), 0.05) / spread  # rising, whatever the data say: the order must be kept
    return slope, centre - float(weights[0]) / slope
