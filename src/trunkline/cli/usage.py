"""`trunkline usage`: what was spent, on what, by whom."""

import csv
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final, get_args

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.opened import opened
from trunkline.store.base import Dimension, UsageFilter, UsageLine
from trunkline.store.money import dollars

NOTHING: Final = UsageLine("", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
NOT_SET: Final = {"key": "(no key)"}
"""What a line without a name is called."""


class Line(msgspec.Struct, frozen=True):
    """One line as JSON and CSV have it."""

    name: str
    requests: int
    attempts: int
    errors: int
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: str
    """US dollars, exact."""
    unpriced_attempts: int
    """Attempts without a price, which `cost` does not hold."""


@click.command("usage")
@click.option(
    "--by",
    type=click.Choice(get_args(Dimension)),
    default="model",
    show_default=True,
    help="What to tell apart. `day` is the UTC day.",
)
@click.option(
    "--since", type=options.Moment(-1), help="Count what began then or later: a date (UTC), or a time ago such as 7d."
)
@click.option("--until", type=options.Moment(-1), help="Count what began before then, likewise.")
@click.option("--key", metavar="NAME", help="Only this key's.")
@click.option("--model", metavar="NAME", help="Only this model's, by the provider's name for it.")
@click.option("--provider", metavar="NAME", help="Only this provider's.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@options.json_option
@options.config_option
@options.data_option
def command(
    by: Dimension,
    since: datetime | None,
    until: datetime | None,
    key: str | None,
    model: str | None,
    provider: str | None,
    as_csv: bool,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Show spend and tokens by model, provider, key, day or outcome.

    Money is exact. An attempt whose model has no price is counted as unpriced, never as free. Attempts whose end nobody
    saw, for the process was killed, count at what was reserved for them. A request that went to several models or
    providers counts for each of them, and once in the total.
    """
    only = UsageFilter(model=model, provider=provider, key=key)
    with opened(config, data) as place:
        lines = place.store.usage(by, since, until, only)
        total = next(iter(place.store.usage(None, since, until, only)), NOTHING)
    if as_json:
        span = {"since": since and since.isoformat(), "until": until and until.isoformat()}
        click.echo(msgspec.json.encode({"by": by, **span, "lines": list(map(_line, lines)), "total": _line(total)}))
    elif as_csv:
        _write_csv(by, map(_line, lines))
    elif not lines:
        click.echo("Nothing is recorded" + (" of this." if only != UsageFilter() or since or until else " yet."))
    else:
        _table(by, lines, total)


def _line(line: UsageLine) -> Line:
    return Line(
        line.name,
        line.requests,
        line.attempts,
        line.errors,
        line.input_tokens,
        line.cached_tokens,
        line.cache_write_tokens,
        line.output_tokens,
        line.reasoning_tokens,
        dollars(line.cost).replace("$", ""),
        line.unpriced,
    )


def _write_csv(by: str, lines: Iterable[Line]) -> None:
    names = Line.__struct_fields__
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([by, *names[1:]])
    writer.writerows(msgspec.structs.astuple(line) for line in lines)


def _table(by: str, lines: list[UsageLine], total: UsageLine) -> None:
    from trunkline.cli.tables import show

    figures = ["requests", "attempts", "errors", "input", "cached", "output", "reasoning", "cost"]
    show(
        [by, *figures],
        [[line.name or NOT_SET.get(by, ""), *_figures(line)] for line in lines],
        right=figures,
        total=["total", *_figures(total)],
    )


def _figures(line: UsageLine) -> list[str]:
    counts = (line.requests, line.attempts, line.errors)
    tokens = (line.input_tokens, line.cached_tokens, line.output_tokens, line.reasoning_tokens)
    return [*(f"{number:,}" for number in (*counts, *tokens)), _cost(line)]


def _cost(line: UsageLine) -> str:
    if not line.unpriced:
        return dollars(line.cost)
    if line.unpriced == line.attempts:
        return "unpriced"
    return f"{dollars(line.cost)} + {line.unpriced:,} unpriced"
