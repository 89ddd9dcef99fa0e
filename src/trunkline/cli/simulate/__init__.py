"""`trunkline simulate`: what would another configuration have cost?"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.check import put_together
from trunkline.cli.failure import told
from trunkline.cli.opened import opened
from trunkline.cli.simulate.replay import Replay, Result, Side, undecidable
from trunkline.store.money import dollars

WEEK: Final = timedelta(days=7)
ASSUMPTIONS: Final = (
    "Tokens are as recorded, whichever model answers; what was cached counts as cached only at the same model.",
    "Prices are today's; what was recorded was paid at those of then, failed attempts included.",
    "All models are well, so the first choice answers. Of a race all are paid in full, of a hedge its share.",
    "An answer takes as long as that model's did on average; times are of requests whose new model has been seen.",
    "Requests that had no answer or a usage that cannot be true, and shadows, are left out.",
    "What requests wished of their own route is not recorded, nor which belong together (`sticky`).",
    "For `complexity`, the wanted share of requests is hard, drawn by chance.",
)


@click.command("simulate")
@click.option(
    "--policy",
    required=True,
    type=click.Path(path_type=Path),
    help="The configuration to try.",
)
@click.option(
    "--since",
    type=options.Moment(-1),
    help="Replay what began then or later: a date (UTC), or a time ago.  [default: 7d]",
)
@click.option("--until", type=options.Moment(-1), help="Replay what began before then, likewise.")
@options.json_option
@options.config_option
@options.data_option
def command(
    policy: Path,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Replay recorded requests with another configuration.

    Shows how cost, latency and the models that answer would have changed, and what is assumed. The ledger has tokens,
    times and prices of every request, but nothing of what was said: conditions that look at it are listed, and taken
    not to hold. Nothing is sent, and nothing is changed.
    """
    since = since or datetime.now(UTC) - WEEK
    environment = options.environment()
    with opened(config, data) as place, told():
        tried = setup.read_config(setup.Options(config=policy), environment)
        snapshot = asyncio.run(put_together(tried, environment))
        replay = Replay(snapshot, place.store.attempts(since, until))
        result = replay.run(place.store.attempts(since, until))
    undecided = list(undecidable(tried.models))
    if as_json:
        click.echo(msgspec.json.encode(_as_json(result, since, until, undecided)))
    else:
        _show(result, policy, undecided)


def _as_json(result: Result, since: datetime, until: datetime | None, undecided: list[str]) -> dict[str, Any]:
    return {
        "since": since.isoformat(),
        "until": until and until.isoformat(),
        "requests": result.requests,
        "unanswered": result.unanswered,
        "disbelieved": result.disbelieved,
        "refused": result.refused,
        "undecided": result.undecided,
        "timed": result.timed,
        "before": _side(result, result.before),
        "after": _side(result, result.after),
        "models": result.models,
        "undecidable": undecided,
        "assumptions": ASSUMPTIONS,
    }


def _side(result: Result, side: Side) -> dict[str, Any]:
    mean = side.seconds / result.timed if result.timed else None
    return {"cost": dollars(side.cost).replace("$", ""), "unpriced": side.unpriced, "mean_seconds": mean}


def _show(result: Result, policy: Path, undecided: list[str]) -> None:
    from trunkline.cli.tables import show

    click.echo(f"{result.requests:,} recorded requests, with {policy}:")
    before, after, timed = result.before, result.after, result.timed
    rows = [["cost", dollars(before.cost), dollars(after.cost), _change(before.cost, after.cost)]]
    if timed:
        means = [f"{side.seconds / timed:.2f} s" for side in (before, after)]
        rows.append(["mean latency", *means, _change(before.seconds, after.seconds)])
    show(["", "recorded", "simulated", "change"], rows, right=["recorded", "simulated", "change"])
    mix = sorted(result.models.items(), key=lambda item: (-item[1].after, -item[1].before, item[0]))
    shares = [[name, *(_share(part, result) for part in (model.before, model.after))] for name, model in mix]
    show(["model", "recorded", "simulated"], shares, right=["recorded", "simulated"])
    for line in _notes(result, undecided):
        click.echo(line)
    click.echo("\n".join(["Assumed:", *(f"- {each}" for each in ASSUMPTIONS)]))


def _notes(result: Result, undecided: list[str]) -> list[str]:
    lines = []
    before, after = result.before.unpriced, result.after.unpriced
    if before or after:
        lines.append(f"Without a price, and left out of the cost: {before:,} recorded and {after:,} simulated.")
    if result.timed < result.requests:
        lines.append(f"Latency is of {result.timed:,} requests: of the others, the new models have never answered.")
    if result.unanswered:
        lines.append(f"Left out, for they had no answer: {result.unanswered:,}.")
    if result.disbelieved:
        lines.append(f"Left out, for their usage cannot be true: {result.disbelieved:,}.")
    for name, count in result.refused.most_common():
        lines.append(f"Refused, for there would be nobody to ask for {name!r}: {count:,}.")
    if undecided:
        lines.append(f"Conditions that cannot be decided, and are taken not to hold ({result.undecided:,} requests):")
        lines += [f"- {each}" for each in undecided]
    return lines


def _change(before: float, after: float) -> str:
    return f"{(after - before) / before:+.1%}" if before else ""


def _share(part: int, result: Result) -> str:
    return f"{part / result.requests:.1%}"
