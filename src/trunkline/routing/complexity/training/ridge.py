"""Linear regression with a penalty on its weights, which generalised cross-validation chooses (Golub et al., 1979)."""

from typing import Final

import numpy as np

from trunkline.routing.complexity.model import Linear
from trunkline.routing.complexity.training.table import Floats

PENALTIES: Final = 10.0 ** np.arange(0, 5.01, 0.25)
WIDEST: Final = 8.0
"""No value may be further from the mean than about this many units, so that a rare one does not pull the line."""
BOUNDS: Final = (0.005, 0.995)
"""Between which ranks of its own results on the data a linear model is kept."""


def ridge(values: Floats, gains: Floats, weights: Floats) -> Linear:
    """Weights for the columns of `values`, as they are: the units are made and undone here."""
    share = weights / weights.sum()
    centre = share @ values
    scale = np.maximum(values.std(axis=0), np.ptp(values, axis=0) / WIDEST)
    scale[scale == 0] = 1.0
    units, mean = (values - centre) / scale, share @ gains
    root = np.sqrt(weights)
    line = _solve(units * root[:, None], (gains - mean) * root) / scale
    results = mean + (values - centre) @ line
    least, most = np.quantile(results, BOUNDS)
    return Linear(line.tolist(), float(mean - centre @ line), float(least), float(most))


def _solve(units: Floats, wanted: Floats) -> Floats:
    count = len(wanted)
    powers, axes = np.linalg.eigh(units.T @ units)
    powers = np.maximum(powers, 0)
    along = axes.T @ (units.T @ wanted)
    shrunk = along[:, None] / (powers[:, None] + PENALTIES)
    errors = wanted @ wanted - 2 * along @ shrunk + powers @ shrunk**2
    freedom = 1 + (powers[:, None] / (powers[:, None] + PENALTIES)).sum(axis=0)
    left = np.maximum(count - freedom, 1e-9)
    return np.asarray(axes @ shrunk[:, int((errors / left**2).argmin())], dtype=np.float64)
