"""Budgets of extra attempts."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.routing.allowance import MOST, Allowance

steps = st.lists(st.one_of(st.just("earn"), st.just("take"), st.floats(0, 100)), max_size=400)


@given(steps, st.sampled_from([0.0, 0.05, 0.1, 1.0]), st.sampled_from([0.0, 10.0]), st.sampled_from([0.0, 0.1]))
def test_extra_attempts_never_exceed_their_share(
    what: list[str | float], share: float, start: float, trickle: float
) -> None:
    allowance = Allowance(share, start=start, trickle=trickle)
    now, ordinary, extra = 0.0, 0, 0
    for step in what:
        if step == "earn":
            allowance.earn()
            ordinary += 1
        elif step == "take":
            extra += allowance.take(now)
        else:
            now += float(step)
        assert extra <= start + share * ordinary + trickle * now + 1e-6


def test_the_share_is_used_to_the_full() -> None:
    allowance, extra = Allowance(0.05), 0
    for _ in range(10_000):
        allowance.earn()
        extra += allowance.take(0.0)
    assert 498 <= extra <= 500


def test_what_is_saved_up_is_bounded() -> None:
    allowance = Allowance(1.0, trickle=1.0)
    for _ in range(1000):
        allowance.earn()
    allowance.take(0.0)
    assert sum(allowance.take(1e9) for _ in range(1000)) == MOST
