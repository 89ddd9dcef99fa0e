"""What budgets say, and what they let a request cost."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.limits.budgets import Budget, affordable_output, exhausted, spending, upper_bound

DOLLAR = 10**9
NOVEMBER = 1_795_000_000.0  # 2026-11-18
AMOUNTS = st.integers(0, 10**15)


def test_an_exhausted_budget_says_which_it_is_and_when_it_begins_anew() -> None:
    team = Budget(scope="team", name="acme/support", amount=100 * DOLLAR, zone="Europe/Berlin")
    key = Budget(scope="key", name="a", amount=DOLLAR, period="day")
    spendings = [spending(team, NOVEMBER), spending(key, NOVEMBER)]
    assert exhausted(spendings, spendings[0].meter).message == (
        "The monthly budget of the team 'acme/support' has not enough left for this request. "
        "It begins anew at 2026-12-01 00:00:00+01:00."
    )
    assert exhausted(spendings, spendings[1].meter).budget == key


def test_prepaid_credit_has_no_periods() -> None:
    credit = Budget(scope="org", name="acme", prepaid=True)
    now = spending(credit, NOVEMBER)
    assert now.meter == spending(credit, NOVEMBER + 10**8).meter
    assert now.thresholds == ()
    assert exhausted([now], now.meter).message == (
        "The prepaid credit of the org 'acme' has not enough left for this request."
    )


def test_a_new_period_is_a_new_meter_and_a_new_amount_is_not() -> None:
    budget = Budget(scope="org", name="acme", amount=5 * DOLLAR)
    now = spending(budget, NOVEMBER)
    assert now.span.ends is not None
    assert now.holds(now.span.ends - 1)
    assert not now.holds(now.span.ends)
    assert spending(budget, now.span.ends).meter.id != now.meter.id
    more = Budget(scope="org", name="acme", amount=6 * DOLLAR)
    assert spending(more, NOVEMBER).meter.id == now.meter.id


def test_a_budget_that_only_tells_refuses_nothing() -> None:
    soft = spending(Budget(scope="org", name="acme", amount=DOLLAR, hard=False, alerts=(33, 100)), NOVEMBER)
    assert soft.meter.limit > 10**18
    assert soft.thresholds == ((33, 330_000_000), (100, DOLLAR))


@given(AMOUNTS, AMOUNTS, st.integers(0, 10**12), st.integers(1, 10**6), st.integers(1, 100))
def test_the_output_that_can_be_paid_for_is_the_most_and_never_costs_more(
    left: int, fixed: int, price: int, wanted: int, least: int
) -> None:
    output = affordable_output(left, fixed, price, wanted, least)
    if output is None:
        assert wanted < least or upper_bound(fixed, price, least) > left
    else:
        assert least <= output <= wanted
        assert upper_bound(fixed, price, output) <= left
        assert output == wanted or upper_bound(fixed, price, output + 1) > left
