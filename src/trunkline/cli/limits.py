"""`trunkline limits`: prepaid credit, which processes hold money of budgets, and giving up those that are dead."""

import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.failure import Failure
from trunkline.cli.opened import opened
from trunkline.config.limits import SCOPES
from trunkline.limits.meter import PREPAID, Meter
from trunkline.store.limit_books import HeldBudget
from trunkline.store.money import dollars

MOST_PAID = 10**18
"""Nano-dollars."""


class Line(msgspec.Struct, frozen=True):
    """What one process holds of one budget."""

    holder: str
    budget: str
    amount: str
    """US dollars, exact."""
    seen: str
    """When the process was last heard of, ISO 8601."""
    lives: bool
    """Whether it may still spend it."""


@click.group("limits")
def command() -> None:
    """Enter payments, and show who holds money of budgets.

    What a process holds counts as spent. One that dies is settled by the next one that starts on its data directory; if
    none will, `release` gives it up.
    """


@command.command("holders")
@options.json_option
@options.config_option
@options.data_option
def holders(as_json: bool, config: Path | None, data: Path | None) -> None:
    """List what is held of budgets, and by which processes."""
    with opened(config, data) as found:
        lines = [_line(held, time.time()) for held in found.store.held_budgets()]
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(lines) + b"\n")
        return
    from trunkline.cli import tables

    rows = [(line.holder, line.budget, line.amount, line.seen, "yes" if line.lives else "no") for line in lines]
    tables.show(("holder", "budget", "held", "last heard of", "lives"), rows, right=("held",))


@command.command("release")
@click.argument("holder")
@click.option("--as-spent", is_flag=True, help="Count what it holds as spent, rather than free.")
@options.config_option
@options.data_option
def release(holder: str, as_spent: bool, config: Path | None, data: Path | None) -> None:
    """Give up HOLDER, a process that is dead and will not come back: what it holds is free again.

    What it had spent and not reported is in no budget then: at most what is listed as held. With --as-spent all of that
    counts.
    """
    with opened(config, data) as found:
        held = [each for each in found.store.held_budgets() if each.holder == holder]
        if not held:
            raise Failure(f"nothing is held by {holder!r}; `trunkline limits holders` lists who holds what")
        ends = max(each.ends for each in held)
        if ends > time.time() * 1000:
            raise Failure(f"{holder!r} may still spend what it holds, until {_moment(ends)}: wait for that")
        spent: dict[str, int] = defaultdict(int)
        for each in held if as_spent else ():
            spent[each.budget] += each.amount
        found.store.settle_holder(holder, spent)
    click.echo(f"Gave up {holder}.")


@command.command("pay-in")
@click.argument("scope", metavar="SCOPE:NAME")
@click.argument("amount")
@click.option("--reference", required=True, help="What this payment is known by, such as an invoice: counts once.")
@options.config_option
@options.data_option
def pay_in(scope: str, amount: str, reference: str, config: Path | None, data: Path | None) -> None:
    """Add AMOUNT in US dollars to the prepaid credit of a scope, such as `org:acme 50`; below 0 takes back."""
    kind, _, name = scope.partition(":")
    if kind not in SCOPES or not name:
        raise Failure(f"{scope!r} is not a scope and its name, such as org:acme")
    try:
        nanos = Decimal(amount) * 10**9
    except InvalidOperation:
        raise Failure(f"{amount!r} is no amount in US dollars") from None
    if nanos != nanos.to_integral_value() or abs(nanos) > MOST_PAID:
        raise Failure(f"{amount!r} is finer than a nano-dollar, or more than a thousand million dollars")
    budget = Meter(kind, name, "cost", 0, 0, PREPAID).id
    with opened(config, data) as found:
        if not found.store.pay_in(reference, budget, int(nanos), int(time.time() * 1000)):
            raise Failure(f"a payment with the reference {reference!r} was entered before")
        paid = found.store.paid_in(budget)
        counts = any(each.prepaid and each.scope in _scopes(kind, name) for each in found.config.budgets)
    click.echo(f"{scope} has now paid in {dollars(paid)} altogether.")
    if not counts:
        click.echo(f"Note: no budget of this configuration with `prepaid: true` is for {scope}.", err=True)


def _scopes(kind: str, name: str) -> set[tuple[str, str]]:
    """Of the rules that hold for it: its own, and those of each on its own."""
    each = f"{name.partition('=')[0]}=*" if kind == "tag" else "*"
    return {(kind, name), (kind, each)}


def _line(held: HeldBudget, now: float) -> Line:
    return Line(held.holder, held.budget, dollars(held.amount), _moment(held.seen), held.ends > now * 1000)


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat().replace("+00:00", "Z")
