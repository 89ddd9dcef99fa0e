"""The operator's prices, as the configuration has them, for the price catalogue."""

from trunkline.config import prices, schema
from trunkline.formats.billing import NANO, Unit
from trunkline.ledger.catalogue import Catalogue, Hours, Override
from trunkline.ledger.prices import PER, RATES, Rates


def catalogue_of(config: schema.Config) -> Catalogue:
    """Every price there is: the catalogue's, and over it the configuration's."""
    models = {}
    for name, price in config.prices.items():
        provider, _, model = name.partition("/")
        models[provider, model] = _override(price, config)
    whole = {name: _override(it.price, config) for name, it in config.providers.items() if it.price is not None}
    return Catalogue(models, whole)


def _override(price: prices.Price, config: schema.Config) -> Override:
    worth = NANO if price.currency == "USD" else config.currencies[price.currency]

    def rates(listed: prices.TokenPrices) -> Rates:
        return Rates(**{name: _dollars(getattr(listed, name), worth) for name in RATES})

    return Override(
        rates=rates(price),
        per_request=_dollars(price.per_request, worth),
        minimum=_dollars(price.minimum, worth),
        units=_units(price.units, worth) if price.units is not None else (),
        tiers=tuple((tier.above, rates(tier)) for tier in sorted(price.tiers, key=lambda tier: tier.above)),
        services=tuple((name, rates(listed)) for name, listed in price.services.items()),
        hours=tuple(Hours(part.begin, part.end, rates(part)) for part in price.hours),
        since=price.since.date() if price.since is not None else None,
    )


def _dollars(amount: int | None, worth: int) -> int | None:
    """Nano-units of a currency in nano-dollars, half up. `worth`: nano-dollars that one unit of it is worth."""
    return None if amount is None else (amount * worth + NANO // 2) // NANO


def _units(listed: prices.UnitPrices, worth: int) -> tuple[tuple[Unit, int], ...]:
    """What so many as `PER` says of each unit cost. The configuration says it of one, and of a second."""
    named = ((unit, getattr(listed, "second" if unit == "millisecond" else unit, None)) for unit in PER)
    return tuple(
        (unit, (one * PER[unit] // (1000 if unit == "millisecond" else 1) * worth + NANO // 2) // NANO)
        for unit, one in named
        if one is not None
    )
