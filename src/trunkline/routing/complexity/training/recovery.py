"""How much of the gap in quality between two models a router recovers (Ong et al., 2024, arXiv 2406.18665).

PGR, the performance gap recovered, is (accuracy - weak accuracy) / (strong accuracy - weak accuracy) when a share of
the prompts goes to the strong model; APGR is the area under it over all shares. Choosing at random gives the straight
line and 0.50.
"""

import numpy as np

from trunkline.routing.complexity.training.table import Floats


def recovery(scores: Floats, gains: Floats) -> Floats:
    """PGR at each share from none to all, in steps of one prompt; the hardest go to the strong model first.

    Of prompts with the same score each is as likely as the other. The gains must add up to more than 0.
    """
    _, ranks, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    fair = np.bincount(ranks, gains) / counts  # mean gain of those with the same score
    recovered = np.cumsum(fair[np.sort(ranks)]) / gains.sum()
    return np.concatenate([[0.0], recovered])


def area(scores: Floats, gains: Floats) -> float:
    """APGR."""
    return float(np.trapezoid(recovery(scores, gains), dx=1 / len(gains)))


def steps(curve: Floats, count: int) -> list[float]:
    """A curve or sorted values at `count` places of the same distance, both ends included."""
    places = np.linspace(0, len(curve) - 1, count)
    return [float(value) for value in np.interp(places, np.arange(len(curve)), curve)]
