"""Percentiles, spreads and ratios. Pure: values in, values out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """What a set of latencies looks like, in milliseconds."""

    p50: float
    p90: float
    p99: float
    worst: float
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of repeated measurements, and how far apart they lay."""

    median: float
    low: float
    high: float


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value below which `percent` % of the ascending values lie, linear between neighbours."""
    if not ordered:
        raise ValueError("a percentile of nothing")
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def latency(seconds: Sequence[float]) -> Latency:
    """Sum up latencies given in seconds."""
    ordered = sorted(value * 1000 for value in seconds)
    return Latency(
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        worst=ordered[-1],
        count=len(ordered),
    )


def spread(values: Sequence[float]) -> Spread:
    """Median, lowest and highest of the values."""
    return Spread(statistics.median(values), min(values), max(values))


def ratio(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Spread | None:
    """`ours` divided by `theirs`, round by round, so that a slow minute of the machine strikes both sides.

    None where no round has both, or where a value is not positive: an added latency within the noise of the
    direct one has no meaningful ratio.
    """
    shared = [(ours[number], theirs[number]) for number in sorted(ours.keys() & theirs.keys())]
    if not shared or any(a <= 0 or b <= 0 for a, b in shared):
        return None
    return spread([a / b for a, b in shared])
