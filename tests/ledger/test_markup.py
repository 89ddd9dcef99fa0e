"""What a tenant is charged is exact, and never more than was reserved for it."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from trunkline.ledger.markup import FREE, HIGHEST, affordable_cost, markup_on, most_charged
from trunkline.ledger.record import UNPRICED

costs = st.integers(0, 10**18)
markups = st.integers(FREE, HIGHEST)


@given(costs, markups)
def test_a_charge_is_within_half_a_nano_dollar_of_exact_arithmetic(cost: int, markup: int) -> None:
    exact = cost * (1 + Fraction(markup, 1_000_000))
    assert abs(cost + markup_on(cost, markup) - exact) <= Fraction(1, 2)


@given(costs, costs, markups)
def test_no_charge_is_above_the_most_that_is_charged_for_what_costs_as_much_or_more(
    one: int, other: int, markup: int
) -> None:
    cost, bound = sorted((one, other))
    assert cost + markup_on(cost, markup) <= most_charged(bound, markup)


@given(costs, markups)
def test_what_is_affordable_is_charged_no_more_than_is_left(left: int, markup: int) -> None:
    cost = affordable_cost(left, markup)
    assert most_charged(cost, markup) <= left
    assert markup == FREE or most_charged(cost + 1, markup) > left


def test_what_has_no_price_has_no_markup() -> None:
    assert markup_on(UNPRICED, 500_000) == 0
