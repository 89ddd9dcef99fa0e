"""Percentiles, spreads and ratios."""

from __future__ import annotations

import pytest
from bench.stats import latency, percentile, ratio, spread
from hypothesis import given
from hypothesis import strategies as st

FINITE = st.floats(min_value=-1e6, max_value=1e6)


def test_percentiles_lie_between_their_neighbours() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 0) == 1
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.5
    assert percentile([1.0, 2.0, 3.0, 4.0], 100) == 4
    assert percentile([7.0], 99) == 7


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


@given(st.lists(FINITE, min_size=1), st.floats(0, 100), st.floats(0, 100))
def test_a_higher_percentile_is_never_lower(values: list[float], one: float, other: float) -> None:
    ordered = sorted(values)
    low, high = sorted((one, other))
    assert ordered[0] <= percentile(ordered, low) <= percentile(ordered, high) + 1e-6
    assert percentile(ordered, high) <= ordered[-1] + 1e-6


def test_latencies_are_summed_up_in_milliseconds() -> None:
    found = latency([0.003, 0.001, 0.002])
    assert (found.p50, found.worst, found.count) == (2, 3, 3)
    assert found.p90 == pytest.approx(2.8)


def test_a_spread_is_the_median_and_both_ends() -> None:
    found = spread([5, 1, 3])
    assert (found.median, found.low, found.high) == (3, 1, 5)


def test_a_ratio_compares_within_rounds() -> None:
    # The machine was twice as slow in the second round; the ratio does not see it.
    found = ratio({1: 200, 2: 100, 3: 210}, {1: 100, 2: 50, 4: 1})
    assert found == spread([2, 2])


def test_there_is_no_ratio_without_a_shared_round_or_to_nothing() -> None:
    assert ratio({1: 2}, {2: 1}) is None
    assert ratio({1: 2}, {1: 0}) is None
    assert ratio({1: -0.1, 2: 1}, {1: 1, 2: 1}) is None
