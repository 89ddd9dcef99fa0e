"""`trunkline usage`: what was spent, on what, by whom."""

import csv
import math
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.opened import opened
from trunkline.store.base import DIMENSIONS, By, LatencyLine, Tag, UsageFilter, UsageLine
from trunkline.store.money import dollars

NOTHING: Final = UsageLine("", *[0] * 11)
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
    saved: str
    """US dollars that answers from the cache did not cost."""
    p50_ms: float | None
    """Within how many milliseconds half of the attempts ended; so do the others. None without any, or past 120 s."""
    p90_ms: float | None
    p99_ms: float | None
    charged: str
    """US dollars that tenants are charged: the cost, with their mark-ups and discounts."""


class Breakdown(click.ParamType[By]):
    """What to tell apart: a dimension, or a tag's values."""

    name = "DIMENSION"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> By:
        """`feature` is short for `tag:feature`."""
        if isinstance(value, str) and value in DIMENSIONS:
            return value
        if value == "feature":
            return Tag("feature")
        if isinstance(value, str) and value.startswith("tag:") and value != "tag:":
            return Tag(value.removeprefix("tag:"))
        return self.fail(f"{value!r} is none of {', '.join(DIMENSIONS)}, feature, tag:NAME", param, ctx)


@click.command("usage")
@click.option(
    "--by",
    type=Breakdown(),
    default="model",
    show_default=True,
    help=f"What to tell apart: {', '.join(DIMENSIONS)}, feature, or tag:NAME. Days and hours are UTC's.",
)
@click.option(
    "--since", type=options.Moment(-1), help="Count what began then or later: a date (UTC), or a time ago such as 7d."
)
@click.option("--until", type=options.Moment(-1), help="Count what began before then, likewise.")
@click.option("--org", metavar="NAME", help="Only this organisation's.")
@click.option("--team", metavar="NAME", help="Only this team's.")
@click.option("--user", metavar="NAME", help="Only this user's.")
@click.option("--key", metavar="NAME", help="Only this key's.")
@click.option("--model", metavar="NAME", help="Only this model's, by the provider's name for it.")
@click.option("--provider", metavar="NAME", help="Only this provider's.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@options.json_option
@options.config_option
@options.data_option
def command(
    by: By,
    since: datetime | None,
    until: datetime | None,
    org: str | None,
    team: str | None,
    user: str | None,
    key: str | None,
    model: str | None,
    provider: str | None,
    as_csv: bool,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Show spend, tokens, latencies by model, key, team, tag or day.

    Money is exact. An attempt whose model has no price is counted as unpriced, never as free. Attempts whose end nobody
    saw, for the process was killed, count at what was reserved for them. A request counts where its first attempt
    went; with `--by tag:NAME`, only what has the tag is shown. Percentiles are as near as the steps that are counted.
    """
    only = UsageFilter(org=org, team=team, user=user, key=key, model=model, provider=provider)
    with opened(config, data) as place:
        lines = place.store.usage(by, since, until, only)
        total = next(iter(place.store.usage(None, since, until, only)), NOTHING)
        times = {line.name: line for line in place.store.latencies(by, since, until, only)}
    if as_json:
        span = {"since": since and since.isoformat(), "until": until and until.isoformat()}
        shown = [_line(line, times) for line in lines]
        click.echo(msgspec.json.encode({"by": _name(by), **span, "lines": shown, "total": _line(total, times)}))
    elif as_csv:
        _write_csv(_name(by), (_line(line, times) for line in lines))
    elif not lines:
        click.echo("Nothing is recorded" + (" of this." if only != UsageFilter() or since or until else " yet."))
    else:
        _table(_name(by), lines, total, times)


def _name(by: By) -> str:
    return f"tag:{by.name}" if isinstance(by, Tag) else by


def _percentiles(times: LatencyLine | None) -> list[float | None]:
    found = [times.percentile(share) if times else None for share in (0.5, 0.9, 0.99)]
    return [round(it, 1) if it is not None and math.isfinite(it) else None for it in found]


def _line(line: UsageLine, times: Mapping[str, LatencyLine]) -> Line:
    half, most, nearly_all = _percentiles(times.get(line.name))
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
        dollars(line.saved).replace("$", ""),
        half,
        most,
        nearly_all,
        dollars(line.charged).replace("$", ""),
    )


def _write_csv(by: str, lines: Iterable[Line]) -> None:
    names = Line.__struct_fields__
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([by, *names[1:]])
    writer.writerows(msgspec.structs.astuple(line) for line in lines)


def _table(by: str, lines: list[UsageLine], total: UsageLine, times: Mapping[str, LatencyLine]) -> None:
    from trunkline.cli.tables import show

    differs = any(line.markup for line in lines)

    def shown(line: UsageLine) -> list[str]:
        return [*_figures(line), *([dollars(line.charged)] if differs else [])]

    figures = ["requests", "attempts", "errors", "input", "cached", "output", "reasoning", "cost"]
    figures += [*(["charged"] if differs else []), "p50", "p99"]
    show(
        [by, *figures],
        [[line.name or NOT_SET.get(by, ""), *shown(line), *_times(times.get(line.name))] for line in lines],
        right=figures,
        total=["total", *shown(total), "", ""],
    )


def _times(line: LatencyLine | None) -> list[str]:
    half, _, most = _percentiles(line)
    return ["" if it is None else f"{it / 1000:.2f} s" for it in (half, most)]


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
