"""What an attempt costs, against arithmetic with fractions."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice, TieredPrices

from trunkline.formats.billing import Details, Unit
from trunkline.formats.conversation import Usage
from trunkline.ledger.catalogue import fold_model
from trunkline.ledger.prices import Price, Rates

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NANO = 10**9
PER: dict[str, tuple[str, int]] = {
    "web_search": ("web_searches_kcount", 1000),
    "file_search": ("storage_searches_kcount", 1000),
    "character": ("input_mchars", 10**6),
    "page": ("input_document_kpages", 1000),
}


@cache
def catalogue() -> tuple[tuple[Price, ModelPrice, str], ...]:
    """Every price of the catalogue: as it is folded, as it is listed, and the service tier it is of."""
    found = []
    for provider in get_snapshot().providers:
        for model in provider.models:
            price = fold_model(model, NOW)
            if price is None:
                continue
            found.append((price, model.get_prices(NOW), ""))
            services = {name for name, _ in price.services}
            contexts = {"batch": {"processing": "batch"}} | {
                name: {"service_tier": name} for name in ("flex", "priority")
            }
            found += [(price, model.get_prices(NOW, contexts[name]), name) for name in services & contexts.keys()]
    return tuple(found)


def exactly(listed: ModelPrice, usage: Usage) -> Fraction:
    """Nano-dollars by the catalogue's own decimals, as fractions."""

    def rate(*names: str) -> Fraction:
        for name in names:
            value = listed.__dict__.get(name)  # an attribute that is missing takes long
            if isinstance(value, TieredPrices):
                value = next((t.price for t in reversed(value.tiers) if usage.input > t.start), value.base)
            if value is not None:
                return Fraction(value) * NANO
        return Fraction(0)

    read, made, details = rate("input_mtok"), rate("output_mtok"), usage.details or Details()
    cached, written = rate("cache_read_mtok", "input_mtok"), rate("cache_write_mtok", "input_mtok")
    audio, image = details.audio_input - details.audio_cached, details.image_input - details.image_cached
    by_token = (
        (usage.input - usage.cached - usage.cache_write - audio - image) * read
        + (usage.cached - details.audio_cached - details.image_cached) * cached
        + (usage.cache_write - details.cache_write_1h) * written
        + details.cache_write_1h * rate("cache_write_1h_mtok", "cache_write_mtok", "input_mtok")
        + audio * rate("input_audio_mtok", "input_mtok")
        + image * rate("input_image_mtok", "input_mtok")
        + details.audio_cached * rate("cache_audio_read_mtok", "cache_read_mtok", "input_audio_mtok", "input_mtok")
        + details.image_cached * rate("cache_image_read_mtok", "cache_read_mtok", "input_image_mtok", "input_mtok")
        + (usage.output - usage.reasoning - details.audio_output - details.image_output) * made
        + usage.reasoning * rate("output_reasoning_mtok", "output_mtok")
        + details.audio_output * rate("output_audio_mtok", "output_mtok")
        + details.image_output * rate("output_image_mtok", "output_mtok")
    )
    by_unit = sum((count * rate(PER[unit][0]) / PER[unit][1] for unit, count in details.units), Fraction(0))
    return by_token / 10**6 + by_unit + rate("requests_kcount") / 1000


def parts(rng: random.Random, whole: int, count: int) -> list[int]:
    """Some numbers whose sum is at most `whole`."""
    left, found = whole, []
    for _ in range(count):
        found.append(rng.randint(0, left) if rng.random() < 0.5 else 0)
        left -= found[-1]
    return found


def usages(count: int, rng: random.Random) -> Iterator[Usage]:
    """Random usages, of which every second has parts."""
    units: tuple[Unit, ...] = ("web_search", "file_search", "character", "page")
    for number in range(count):
        read, made = (int(10 ** rng.uniform(0, 5.6)) for _ in range(2))
        if number % 2:
            yield Usage(read, 0, 0, made, 0)
            continue
        cached, written, audio, image = parts(rng, read, 4)
        reasoning, audio_output, image_output = parts(rng, made, 3)
        audio_cached, image_cached = parts(rng, cached, 2)
        details = Details(
            rng.randint(0, written),
            audio + audio_cached,
            audio_cached,
            audio_output,
            image + image_cached,
            image_cached,
            image_output,
            tuple((unit, rng.randint(1, 50)) for unit in units if rng.random() < 0.2),
        )
        yield Usage(read, cached, written, made, reasoning, details if number % 4 else None)


def check(count: int, seed: int) -> None:
    prices, rng, total, exact_total = catalogue(), random.Random(seed), 0, Fraction(0)
    for number, usage in enumerate(usages(count, rng)):
        price, listed, service = prices[(number * 7919 + seed) % len(prices)]
        cost, exact = price.cost(usage, service), exactly(listed, usage)
        assert abs(cost - exact) <= 1, (listed, usage, cost, exact)
        total, exact_total = total + cost, exact_total + exact
    assert abs(total - exact_total) <= count


def test_a_cost_is_within_a_nano_dollar_of_exact_arithmetic() -> None:
    assert len(catalogue()) > 2000
    check(8_000, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_million_costs_are_within_a_nano_dollar_of_exact_arithmetic() -> None:
    check(1_000_000, seed=2)


def test_every_price_of_the_catalogue_is_met_by_a_cost() -> None:
    for price, listed, service in catalogue():
        for usage in usages(1, random.Random(price.input)):
            assert abs(price.cost(usage, service) - exactly(listed, usage)) <= 1


def test_a_row_is_rounded_once_and_half_up() -> None:
    price = Price(input=400_000, output=100_000, cached=0, cache_write=0, reasoning=0)
    assert price.cost(Usage(input=1, output=1)) == 1  # 0.4 + 0.1
    assert price.cost(Usage(input=1)) == 0
    assert price.cost(Usage(input=2, output=6)) == 1  # 1.4


def test_the_price_of_a_long_prompt_holds_for_all_its_tokens() -> None:
    dear = Price(2_000_000, 0, 0, 0, 0)
    price = Price(1_000_000, 0, 0, 0, 0, tiers=((200, dear),))
    assert (price.cost(Usage(input=200)), price.cost(Usage(input=201))) == (200, 402)


def test_a_service_tier_has_its_own_prices_and_an_unknown_one_the_standard_ones() -> None:
    price = Price(1_000_000, 0, 0, 0, 0, services=(("batch", Price(500_000, 0, 0, 0, 0)),))
    costs = [price.cost(Usage(input=100), service) for service in ("", "default", "batch", "unheard_of")]
    assert costs == [100, 100, 50, 100]


def test_a_request_costs_its_minimum_at_least() -> None:
    price = Price(1_000_000, 0, 0, 0, 0, minimum=1000)
    assert (price.cost(Usage(input=1)), price.cost(Usage(input=5000))) == (1000, 5000)


def test_input_and_output_alone_cost_the_same_by_the_shorter_way() -> None:
    long = Price(5, 7, 3, 4, 7, per_request=2, minimum=9)
    price = Price(
        3_000_000, 11, 1, 2, 11, per_request=1, minimum=5, tiers=((1000, long), (1_000_000, Price(1, 1, 1, 1, 1)))
    )
    for read in (0, 1, 999, 1000, 1001, 5_000_000):
        for made in (0, 3, 2_000_000):
            assert price.of_tokens(read, made) == price.cost(Usage(input=read, output=made)), (read, made)


def test_seconds_and_searches_are_charged_by_the_unit() -> None:
    price = Price(0, 0, 0, 0, 0, units=(("millisecond", 360_000_000), ("web_search", 10 * NANO)))
    details = Details(units=(("millisecond", 1500), ("web_search", 3)))
    assert price.cost(Usage(details=details)) == 150_000 + 3 * NANO // 100
    assert price.lacks(Details(units=(("page", 1), ("web_search", 1)))) == ("page",)


def test_what_is_not_listed_costs_what_it_is_a_part_of() -> None:
    price = Rates(input=2, output=8, cached=1, audio_input=30).price()
    assert (price.cache_write, price.reasoning) == (2, 8)
    assert price.media is not None
    assert (price.media.audio_cached, price.media.audio_output, price.media.image_input) == (1, 8, 2)


def test_parts_that_are_larger_than_their_whole_cost_no_more_than_it() -> None:
    price = Rates(input=1_000_000, output=1_000_000, audio_input=9_000_000, audio_output=9_000_000).price()
    wild = Usage(10, 50, 50, 10, 50, Details(cache_write_1h=99, audio_input=99, audio_cached=99, audio_output=99))
    assert 0 <= price.cost(wild) <= 9 * 20
