"""What was lately."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from trunkline.routing.windows import Mean, Recent, Times

moments = st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60)


@given(moments)
def test_a_window_counts_what_is_not_older_than_it_is_long(steps: list[tuple[float, bool]]) -> None:
    recent, now, seen = Recent(10.0), 100.0, list[tuple[int, bool]]()
    for step, failed in steps:
        now += step
        recent.count(now, failed=failed)
        seen.append((int(now), failed))
    recent.move(now)
    lately = [failed for second, failed in seen if second > int(now) - 10]
    assert (recent.total, recent.failed) == (len(lately), sum(lately))


def test_a_long_pause_empties_the_window() -> None:
    recent = Recent(10.0)
    recent.count(5.0, failed=True)
    recent.move(1e9)
    assert (recent.total, recent.failed) == (0, 0)


@given(st.lists(st.floats(0.002, 900), min_size=20, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_right_to_the_width_of_a_bucket(seconds: list[float], share: float) -> None:
    times = Times()
    for each in seconds:
        times.add(each, 0.0)
    exact = sorted(seconds)[ceil(len(seconds) * share) - 1]
    found = times.quantile(share)
    assert found is not None
    assert abs(found / exact - 1) < 0.09


def test_few_times_have_no_quantile() -> None:
    times = Times()
    for _ in range(19):
        times.add(1.0, 0.0)
    assert times.quantile(0.5) is None
    assert times.mean == 1.0


def test_old_times_are_forgotten_while_new_ones_come() -> None:
    times, now = Times(), 1000.0
    for _ in range(100):
        times.add(5.0, now)
    for _ in range(300):
        now += 1
        times.add(0.1, now)
    assert (times.quantile(0.99) or 9) < 0.2
    assert (times.mean or 9) < 0.2
    assert times.count <= 200


def test_times_beyond_all_bounds_are_kept_within_them() -> None:
    times = Times()
    for each in (0.0, -1.0, 1e9):
        for _ in range(20):
            times.add(each, 0.0)
    assert (times.quantile(0.1) or 9) < 0.002
    assert (times.quantile(0.99) or 0) > 1000


def test_a_mean_moves_to_what_comes() -> None:
    mean = Mean()
    for _ in range(100):
        mean.add(3.0)
    assert (mean.value or 0.0) == 3.0
    for _ in range(100):
        mean.add(7.0)
    assert 6.99 < (mean.value or 0.0) <= 7.0
