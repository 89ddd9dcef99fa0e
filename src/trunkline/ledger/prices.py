"""What tokens cost: prices folded into integers once, so that charging an attempt is a few multiplications.

The figures come from the `genai-prices` catalogue (its `TieredPrices` apply a tier's price to *all* tokens once the
input is longer than its start), or from the operator. Nothing here is a float.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

import msgspec

from trunkline.formats.conversation import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

NANO = 1_000_000_000
MILLION = 1_000_000
FRESH_FOR = 3600.0
"""Seconds after which a folded price is looked up anew: catalogue prices may depend on the date."""
REMEMBERED = 10_000
"""Prices kept. Callers choose names of models, so it must be bounded."""


class Price(msgspec.Struct, frozen=True, gc=False):
    """Nano-dollars per million tokens of each kind, and per request."""

    input: int
    output: int
    cached: int
    cache_write: int
    reasoning: int
    per_request: int = 0
    tiers: tuple[tuple[int, "Price"], ...] = ()
    """(input tokens above which it applies, the price for all tokens then), rising."""

    def cost(self, usage: Usage) -> int:
        """Nano-dollars, rounded once, half up."""
        price = self
        for start, tier in self.tiers:
            if usage.input > start:
                price = tier
        millionths = usage.input * price.input + usage.output * price.output
        if usage.cached or usage.cache_write or usage.reasoning:  # parts of the two, at prices of their own
            cached = min(usage.cached, usage.input)
            written = min(usage.cache_write, usage.input - cached)
            reasoning = min(usage.reasoning, usage.output)
            millionths += (
                cached * (price.cached - price.input)
                + written * (price.cache_write - price.input)
                + reasoning * (price.reasoning - price.output)
            )
        return price.per_request + (millionths + MILLION // 2) // MILLION


class Override(msgspec.Struct, frozen=True):
    """What an operator says of a price; None: as in the catalogue."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    per_request: int | None = None

    def over(self, base: Price | None) -> Price | None:
        """This price where it says something, `base` where it does not; None if neither prices input and output."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        if base is not None:
            tiers = () if "input" in given or "output" in given else base.tiers
            return msgspec.structs.replace(base, **given, tiers=tiers)
        if self.input is None or self.output is None:
            return None
        return build(
            input=self.input,
            output=self.output,
            cached=self.cached,
            cache_write=self.cache_write,
            reasoning=self.reasoning,
            per_request=self.per_request or 0,
        )


class Catalogue:
    """Prices by provider and model, looked up once an hour each.

    `models` are what the operator says of one model of one provider, `providers` of all models of one.
    """

    def __init__(
        self, models: Mapping[tuple[str, str], Override] | None = None, providers: Mapping[str, Override] | None = None
    ) -> None:
        self._models = dict(models or {})
        self._providers = dict(providers or {})
        self._found: dict[tuple[str, str], tuple[float, Price | None]] = {}

    def known(self, provider: str, model: str, now: float) -> tuple[bool, Price | None]:
        """Whether the price is looked up and fresh, and the price, None for an unpriced one. Never waits."""
        found = self._found.get((provider, model))
        if found is None or now - found[0] > FRESH_FOR:
            return False, None
        return True, found[1]

    def latest(self, provider: str, model: str) -> Price | None:
        """The price as it was last looked up, however long ago; None if it never was, or there is none."""
        found = self._found.get((provider, model))
        return found[1] if found is not None else None

    def look_up(self, provider: str, source: str, model: str, now: float) -> Price | None:
        """Find and fold the price of a provider's model; `source` is the provider's id in the catalogue, or empty.

        The first call loads the catalogue, some half a second: for worker threads. None: unpriced.
        """
        base = _from_catalogue(source, model) if source else None
        for override in (self._providers.get(provider), self._models.get((provider, model))):
            base = override.over(base) if override is not None else base
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[provider, model] = (now, base)
        return base


def load_catalogue() -> None:
    """Import the catalogue, which takes some half a second, before it is needed. For worker threads."""
    from genai_prices.data_snapshot import get_snapshot

    get_snapshot()


def _from_catalogue(catalogue: str, model: str) -> Price | None:
    from genai_prices.data_snapshot import get_snapshot  # here, because it is large and slow to import

    try:
        _, info = get_snapshot().find_provider_model(model, None, catalogue, None)
    except LookupError:
        return None
    return fold(info.get_prices(datetime.now(UTC)))


def fold(prices: "ModelPrice") -> Price | None:
    """A catalogue entry as integers; None where it does not price both directions by the token."""
    from genai_prices.types import TieredPrices

    named = {name: getattr(prices, name) for name in _UNITS}
    if named["input_mtok"] is None and named["output_mtok"] is None:
        return None
    starts = sorted({t.start for value in named.values() if isinstance(value, TieredPrices) for t in value.tiers})

    def at(tokens: int) -> Price:
        def rate(name: str) -> int | None:
            value = named[name]
            if isinstance(value, TieredPrices):
                value = next((t.price for t in reversed(value.tiers) if tokens > t.start), value.base)
            return None if value is None else nano(value)

        per_thousand = rate("requests_kcount") or 0
        return build(
            input=rate("input_mtok") or 0,
            output=rate("output_mtok") or 0,
            cached=rate("cache_read_mtok"),
            cache_write=rate("cache_write_mtok"),
            reasoning=rate("output_reasoning_mtok"),
            per_request=(per_thousand + 500) // 1000,
        )

    base = at(0)
    return msgspec.structs.replace(base, tiers=tuple((start, at(start + 1)) for start in starts))


_UNITS = (
    "input_mtok",
    "output_mtok",
    "cache_read_mtok",
    "cache_write_mtok",
    "output_reasoning_mtok",
    "requests_kcount",
)


def build(
    *,
    input: int,  # noqa: A002  # the field's name
    output: int,
    cached: int | None,
    cache_write: int | None,
    reasoning: int | None,
    per_request: int,
) -> Price:
    """A price whose unnamed kinds cost what the kind they belong to costs."""
    return Price(
        input=input,
        output=output,
        cached=input if cached is None else cached,
        cache_write=input if cache_write is None else cache_write,
        reasoning=output if reasoning is None else reasoning,
        per_request=per_request,
    )


def nano(dollars: Decimal) -> int:
    """Dollars as nano-dollars, to the nearest."""
    return int((dollars * NANO).to_integral_value(ROUND_HALF_EVEN))
