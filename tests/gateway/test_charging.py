"""What is charged for a usage, and what for one that is missing or cannot be."""

import pytest

from trunkline.formats.billing import Details
from trunkline.formats.conversation import Usage
from trunkline.formats.format import Asked
from trunkline.gateway.charging import ASSUMED_OUTPUT, charged, reservation
from trunkline.ledger.prices import Price
from trunkline.ledger.record import Outcome, UsageSource

PRICE = Price(1_000_000, 2_000_000, 1_000_000, 1_000_000, 2_000_000, origin="configuration")
ASKED = Asked("m", stream=False, stream_options={}, usage_wanted=False, choices=1, output_cap=None, size=3000)
RESERVED = 1000 + 2 * ASSUMED_OUTPUT


def charge(
    usage: Usage,
    source: UsageSource = "provider",
    *,
    price: Price | None = PRICE,
    tier: str = "",
    context: int | None = 100_000,
    outcome: Outcome = "ok",
) -> tuple[UsageSource, int, str]:
    return charged(ASKED, price, usage, source, tier, context, outcome)


def test_usage_is_charged_at_its_price_and_the_row_says_which() -> None:
    assert charge(Usage(input=700, output=10)) == ("provider", 720, "configuration")
    assert reservation(ASKED, PRICE) == RESERVED


@pytest.mark.parametrize(
    "usage",
    [
        Usage(details=Details(impossible=True)),  # a negative count, as a format has read it
        Usage(input=200_000, output=1),  # more than the bytes, and more than the context
        Usage(input=1, output=200_000),
        Usage(input=10, cached=11),
        Usage(input=10, cached=6, cache_write=6),
        Usage(output=3, reasoning=4),
    ],
)
def test_usage_that_cannot_be_is_flagged_and_charged_at_the_reservation(usage: Usage) -> None:
    assert charge(usage) == ("impossible", RESERVED, "reservation")
    assert charge(usage, price=None) == ("impossible", -1, "")


def test_a_prompt_may_be_longer_than_its_bytes_for_it_may_name_files() -> None:
    assert charge(Usage(input=90_000))[0] == "provider"
    assert charge(Usage(input=900_000), context=1_000_000)[0] == "provider"
    assert charge(Usage(input=900_000), context=None)[0] == "provider"
    assert charge(Usage(input=900_000_000), context=None)[0] == "impossible"


def test_a_whole_answer_without_usage_costs_its_reservation_at_least() -> None:
    assert charge(Usage(input=750, output=5), "estimated") == ("estimated", RESERVED, "reservation")
    long = Usage(input=750, output=100_000)
    assert charge(long, "estimated") == ("estimated", PRICE.cost(long), "reservation")
    assert charge(Usage(input=750), "estimated", outcome="cancelled") == ("estimated", 750, "configuration")


def test_what_the_provider_says_it_cost_is_what_it_cost() -> None:
    reported = Usage(input=5, output=5, details=Details(cost=123))
    assert charge(reported) == ("provider", 123, "reported")
    assert charge(reported, price=None) == ("provider", 123, "reported")


def test_nothing_produced_costs_nothing_and_no_price_is_no_zero() -> None:
    assert charge(Usage(), "none") == ("none", 0, "")
    assert charge(Usage(input=5), price=None) == ("provider", -1, "")


def test_a_unit_without_a_price_is_named() -> None:
    searched = Usage(input=5, details=Details(units=(("web_search", 1),)))
    assert charge(searched) == ("provider", 5, "configuration, without web_search")


def test_what_is_priced_by_something_that_was_not_counted_is_unpriced() -> None:
    by_time = Price(0, 0, 0, 0, 0, units=(("millisecond", 3_600_000),), origin="configuration")
    assert charge(Usage(input=5), price=by_time) == ("provider", -1, "")
    heard = Usage(input=5, details=Details(units=(("millisecond", 1000),)))
    assert charge(heard, price=by_time) == ("provider", 1000, "configuration")
