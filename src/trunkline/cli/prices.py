"""`trunkline prices`: what each configured model costs, and where that is known from."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.check import put_together
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.gateway.snapshot import Snapshot
from trunkline.ledger.catalogue import load_catalogue
from trunkline.ledger.prices import PER, RATES, Price, rates_of
from trunkline.routing.bounds import dollars
from trunkline.routing.targets import Target

SHOWN = ("input", "output", "cached", "cache_write")


class Listed(msgspec.Struct, frozen=True):
    """A model's price, in US dollars: of a million tokens, of a request, and of one of each unit."""

    model: str
    """`provider/model`."""
    origin: str
    """`genai-prices` with its version, or `configuration`; then the day from which it holds, where that is known. Empty
    for a model without a price.
    """
    tokens: dict[str, str] = {}
    """By kind."""
    per_request: str = ""
    minimum: str = ""
    units: dict[str, str] = {}
    """By unit, what `PER` of it cost, as price lists quote it."""
    above: dict[int, dict[str, str]] = {}
    """What tokens cost where the input has more of them."""
    services: dict[str, dict[str, str]] = {}
    """What tokens cost at other service tiers."""


@click.command("prices")
@click.argument("names", nargs=-1, metavar="[MODEL]...")
@click.option("--check", is_flag=True, help="Fail if any of the models has no price.")
@options.json_option
@options.config_option
def command(names: tuple[str, ...], check: bool, as_json: bool, config: Path | None) -> None:
    """Show what models cost, and which have no price.

    Prices are those of now, and stand with where they are known from. Without MODEL, those of the models that the
    configuration names; a MODEL is such a name, or `provider/model`. What is not in the price catalogue has no price
    until the configuration gives it one, under `prices`: it is recorded as unpriced, never as free.
    """
    environment = options.environment()
    with told():
        configuration = setup.read_config(setup.Options(config=config), environment)
        snapshot = asyncio.run(put_together(configuration, environment))
    listed = [_listed(target, price) for target, price in _prices(snapshot, names)]
    if as_json:
        click.echo(msgspec.json.encode({"models": listed, "units_per": PER}))
    elif listed:
        _table(listed)
    else:
        click.echo("The configuration names no models. Ask for some: trunkline prices openai/gpt-4o")
    unpriced = [each.model for each in listed if not each.origin]
    if check and unpriced:
        raise Failure(f"without a price: {', '.join(unpriced)}. Give them one under `prices`.")


def _prices(snapshot: Snapshot, names: tuple[str, ...]) -> list[tuple[Target, Price | None]]:
    load_catalogue()
    found, at, now = [], datetime.now(UTC), time.monotonic()
    for target in _targets(snapshot, names):
        deployment = snapshot.deployments.get(target.provider)
        if deployment is None:
            raise Wrong(f"There is no provider {target.provider!r}.")
        price = snapshot.catalogue.look_up(target.provider, deployment.facts.catalogue, target.model, now, at)
        found.append((target, price))
    return found


def _targets(snapshot: Snapshot, names: tuple[str, ...]) -> list[Target]:
    """What the names come to. Raises `Wrong` for one that comes to nothing."""
    policies = snapshot.policies
    if not names:
        return sorted({*policies.targets(), *(Target(*name.split("/", 1)) for name in snapshot.config.prices)}, key=str)
    found: dict[Target, None] = {}
    for name in names:
        policy = policies.resolve(name)
        if policy is None:
            raise Wrong(f"There is no model {name!r}: it is neither in the configuration nor provider/model.")
        found |= dict.fromkeys(candidate.target for candidate in policy.candidates)
    return list(found)


def _listed(target: Target, price: Price | None) -> Listed:
    if price is None:
        return Listed(str(target), "")
    standard = _tokens(price)
    return Listed(
        str(target),
        price.origin,
        standard,
        dollars(price.per_request) if price.per_request else "",
        dollars(price.minimum) if price.minimum else "",
        {unit: dollars(rate) for unit, rate in price.units},
        {above: _differing(_tokens(tier), standard) for above, tier in price.tiers},
        {name: _differing(_tokens(own), standard) for name, own in price.services},
    )


def _tokens(price: Price) -> dict[str, str]:
    listed = {name: getattr(price, name) for name in (*SHOWN, "reasoning")} | rates_of(price).said()
    return {name: dollars(listed[name]) for name in RATES if name in listed}


def _differing(own: dict[str, str], standard: dict[str, str]) -> dict[str, str]:
    return {name: rate for name, rate in own.items() if standard.get(name) != rate}


def _table(listed: list[Listed]) -> None:
    from trunkline.cli.tables import show

    columns = ["model", *(name.replace("_", " ") for name in SHOWN), "besides", "from"]
    rows = [
        [each.model, *(each.tokens.get(name, "") for name in SHOWN), _besides(each), each.origin or "no price"]
        for each in listed
    ]
    show(columns, rows, right=columns[1 : 1 + len(SHOWN)])
    click.echo("US dollars per million tokens. `trunkline prices --json` has every figure.")


def _besides(each: Listed) -> str:
    """What else there is, in a few words."""
    more = [f"{each.per_request} a request"] if each.per_request else []
    more += [f"at least {each.minimum}"] if each.minimum else []
    own = {name: rate for name, rate in each.tokens.items() if name not in (*SHOWN, "reasoning")}
    more += [f"{name.replace('_', ' ')} {rate}" for name, rate in own.items()]
    more += [_unit(unit, rate) for unit, rate in each.units.items()]
    more += [f"other prices above {above:,} tokens" for above in each.above]
    return ", ".join([*more, *each.services])


def _unit(unit: str, rate: str) -> str:
    known: dict[str, int] = {str(name): per for name, per in PER.items()}
    words = {"millisecond": "an hour of sound", "output_millisecond": "an hour of sound made"}
    return f"{rate} {words[unit]}" if unit in words else f"{rate} for {known[unit]:,} {unit.replace('_', ' ')}s"
