"""Where prices come from: the `genai-prices` catalogue, and over it what the operator says.

The catalogue's `TieredPrices` apply a tier's price to *all* tokens once the input is longer than its start. Prices of
it may hold from a date on, or for some hours of the day (UTC); which does is settled when one is looked up, and it is
looked up anew when that ends.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec

from trunkline.formats.billing import NANO, Unit
from trunkline.ledger.prices import Price, Rates, rates_of

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

FRESH_FOR = 3600.0
"""Seconds after which a price is looked up anew at the latest."""
REMEMBERED = 10_000
"""Prices kept. Callers choose names of models, so it must be bounded."""


class Hours(msgspec.Struct, frozen=True):
    """Prices for a part of each day, UTC; it may end on the next day."""

    begin: time
    end: time
    rates: Rates

    def hold(self, at: time) -> bool:
        """Whether they hold at that time of the day."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator says of a price; where nothing is said, it is as in the catalogue."""

    rates: Rates = Rates()
    per_request: int | None = None
    minimum: int | None = None
    units: tuple[tuple[Unit, int], ...] = ()
    tiers: tuple[tuple[int, Rates], ...] = ()
    services: tuple[tuple[str, Rates], ...] = ()
    hours: tuple[Hours, ...] = ()
    since: date | None = None
    """From when (UTC) it holds; before, it is as if it were not there. None: always."""

    def over(self, base: Price | None, at: datetime) -> Price | None:
        """This price at a moment, and `base` where it says nothing. None if neither prices input and output."""
        if self.since is not None and at.date() < self.since:
            return base
        rates = self._at(at.time())
        if base is None:
            if rates.input is None or rates.output is None:
                return self._by_units()
            return self._with_all(rates, Price(0, 0, 0, 0, 0))
        new = rates.input is not None or rates.output is not None
        if new:  # what the catalogue says of long prompts and other services does not go with it
            base = msgspec.structs.replace(base, tiers=(), services=())
        return self._with_all(rates.over(rates_of(base)), base)

    def _at(self, moment: time) -> Rates:
        rates = self.rates
        for hours in self.hours:
            if hours.hold(moment):
                rates = hours.rates.over(rates)
        return rates

    def _by_units(self) -> Price | None:
        """What costs nothing by the token, but by the unit or the request."""
        if not self.units and not self.per_request:
            return None
        return self._with_all(Rates(input=0, output=0), Price(0, 0, 0, 0, 0))

    def _with_all(self, rates: Rates, base: Price) -> Price:
        tiers = tuple((above, self._one(tier.over(rates), base)) for above, tier in self.tiers)
        services = tuple(
            (name, msgspec.structs.replace(self._one(own.over(rates), base), tiers=())) for name, own in self.services
        )
        kept = tuple(each for each in base.services if each[0] not in {name for name, _ in services})
        return msgspec.structs.replace(
            self._one(rates, base), tiers=tiers or base.tiers, services=services + kept, origin=self.origin
        )

    def _one(self, rates: Rates, base: Price) -> Price:
        """Of one tier of one service."""
        return msgspec.structs.replace(
            rates.price(),
            per_request=base.per_request if self.per_request is None else self.per_request,
            minimum=base.minimum if self.minimum is None else self.minimum,
            units=tuple({**dict(base.units), **dict(self.units)}.items()),
            origin=self.origin,
        )

    @property
    def origin(self) -> str:
        """What a row says of where its price comes from."""
        return f"configuration {self.since}" if self.since else "configuration"

    def turns(self) -> Iterable[time]:
        """The times of the day at which it changes."""
        return (moment for hours in self.hours for moment in (hours.begin, hours.end))


class Catalogue:
    """Prices by provider and model, looked up once an hour each, and when they change.

    `models` are what the operator says of one model of one provider, `providers` of all models of one.
    """

    def __init__(
        self, models: Mapping[tuple[str, str], Override] | None = None, providers: Mapping[str, Override] | None = None
    ) -> None:
        self._models = dict(models or {})
        self._providers = dict(providers or {})
        self._found: dict[tuple[str, str], tuple[float, Price | None]] = {}

    def known(self, provider: str, model: str, now: float) -> tuple[bool, Price | None]:
        """Whether the price is looked up and still holds, and the price, None for an unpriced one. Never waits."""
        found = self._found.get((provider, model))
        if found is None or now > found[0]:
            return False, None
        return True, found[1]

    def latest(self, provider: str, model: str) -> Price | None:
        """The price as it was last looked up, however long ago; None if it never was, or there is none."""
        found = self._found.get((provider, model))
        return found[1] if found is not None else None

    def look_up(self, provider: str, source: str, model: str, now: float, at: datetime) -> Price | None:
        """Find the price of a provider's model at the moment `at`, for which the clock that is asked later says `now`.

        `source` is the provider's id in the catalogue, or empty. The first call loads the catalogue, some half a
        second: for worker threads. None: unpriced.
        """
        at = at.astimezone(UTC)
        base, turns = _from_catalogue(source, model, at) if source else (None, set())
        for override in (self._providers.get(provider), self._models.get((provider, model))):
            if override is not None:
                base = override.over(base, at)
                turns |= {*override.turns()}
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        self._found[provider, model] = (now + _holds(turns, at), base)
        return base


def _holds(turns: Iterable[time], at: datetime) -> float:
    """Seconds for which a price that changes at these times of the day holds; never past the day, for its date."""
    day = datetime.combine(at.date(), time(), UTC)
    ends = [day + timedelta(days=1)]
    ends += [moment for turn in turns if (moment := datetime.combine(at.date(), turn, UTC)) > at]
    return min(FRESH_FOR, (min(ends) - at).total_seconds())


def load_catalogue() -> None:
    """Import the catalogue, which takes some half a second, before it is needed. For worker threads."""
    from genai_prices.data_snapshot import get_snapshot

    get_snapshot()


def _from_catalogue(provider: str, model: str, at: datetime) -> tuple[Price | None, set[time]]:
    """A price, and the times of the day at which it changes."""
    from genai_prices.data_snapshot import get_snapshot  # here, because it is large and slow to import

    try:
        _, info = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None, set()
    return fold_model(info, at), set(_turns(info))


def fold_model(info: "ModelInfo", at: datetime) -> Price | None:
    """A model of the catalogue as integers, at a moment, with its other service tiers; None where it has no price."""
    standard = info.get_prices(at)
    price = fold(standard)
    if price is None:
        return None
    services: dict[str, Price] = {}
    for variant in info.price_variants or ():
        service = _SERVICES.get(tuple(variant.when.items()))
        own = info.get_prices(at, variant.when) if service else standard
        folded = fold(own) if own != standard else None
        if service and folded is not None:
            services.setdefault(service, folded)
    origin = f"{_version()} {since}" if (since := _since(info, at)) else _version()
    return msgspec.structs.replace(price, services=tuple(services.items()), origin=origin)


_SERVICES: dict[tuple[tuple[str, str], ...], str] = {
    (("processing", "batch"),): "batch",
    (("service_tier", "flex"),): "flex",
    (("service_tier", "priority"),): "priority",
    (("service_tier", "fast"),): "fast",
    (("speed", "fast"),): "fast",
}
"""The service tiers for which the catalogue has variants of a price."""


@cache
def _version() -> str:
    return f"genai-prices {version('genai-prices')}"


def _conditions(info: "ModelInfo") -> list[Any]:
    listed = [] if not isinstance(info.prices, list) else info.prices
    return [each.constraint for each in [*listed, *(info.price_variants or ())] if each.constraint is not None]


def _since(info: "ModelInfo", at: datetime) -> date | None:
    """The date from which the price holds, where the catalogue says one."""
    dates = [each.start_date for each in _conditions(info) if hasattr(each, "start_date") and each.active(at)]
    return max(dates, default=None)


_ANY_DAY = date(2026, 1, 1)


def _turns(info: "ModelInfo") -> Iterable[time]:
    for each in _conditions(info):
        for moment in (getattr(each, "start_time", None), getattr(each, "end_time", None)):
            if moment is not None:
                yield (datetime.combine(_ANY_DAY, moment, moment.tzinfo or UTC).astimezone(UTC).time())


def fold(prices: "ModelPrice") -> Price | None:
    """A catalogue entry as integers; None where nothing in it has a price."""
    from genai_prices.types import TieredPrices

    named = {name: getattr(prices, name) for name in (*_RATES.values(), *_PRICED, "requests_kcount")}
    if all(value is None for value in named.values()):
        return None
    starts = sorted({t.start for value in named.values() if isinstance(value, TieredPrices) for t in value.tiers})

    def at(tokens: int) -> Price:
        def rate(name: str) -> int | None:
            value = named[name]
            if isinstance(value, TieredPrices):
                value = next((t.price for t in reversed(value.tiers) if tokens > t.start), value.base)
            return None if value is None else nano(value)

        rates = Rates(**{ours: rate(theirs) for ours, theirs in _RATES.items()})
        units = {unit: listed for name, unit in _PRICED.items() if (listed := rate(name)) is not None}
        per_request = ((rate("requests_kcount") or 0) + 500) // 1000
        return msgspec.structs.replace(rates.price(), units=tuple(units.items()), per_request=per_request)

    return msgspec.structs.replace(at(0), tiers=tuple((start, at(start + 1)) for start in starts))


_RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_cached": "cache_audio_read_mtok",
    "audio_output": "output_audio_mtok",
    "image_input": "input_image_mtok",
    "image_cached": "cache_image_read_mtok",
    "image_output": "output_image_mtok",
}
"""The catalogue's names of prices of tokens."""
_PRICED: dict[str, Unit] = {
    "web_searches_kcount": "web_search",
    "social_searches_kcount": "social_search",
    "storage_searches_kcount": "file_search",
    "code_executions_kcount": "code_execution",
    "output_citation_mtok": "citation_token",
    "rerank_searches_kcount": "rerank",
    "input_mchars": "character",
    "audio_hours": "millisecond",
    "input_audio_hours": "millisecond",
    "output_audio_hours": "output_millisecond",
    "input_document_kpages": "page",
    "input_annotated_document_kpages": "annotated_page",
    "input_gpixels": "pixel",
    "input_text_messages_kcount": "message",
}
"""… and of units, each for as many as `prices.PER` says."""


def nano(dollars: Decimal) -> int:
    """Dollars as nano-dollars, to the nearest."""
    return int((dollars * NANO).to_integral_value(ROUND_HALF_EVEN))
