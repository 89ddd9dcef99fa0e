"""`trunkline reconcile`: does the provider's account of its usage say what the ledger says?"""

from decimal import Decimal
from pathlib import Path

import click
import msgspec

from trunkline.cli import options
from trunkline.cli.failure import FAILED, Wrong, told
from trunkline.cli.opened import opened
from trunkline.ledger.exporting import amount
from trunkline.ledger.reconciling import ASPECTS, FIGURES, Aspect, Difference, Entry, Unreadable, aspects_of, compare
from trunkline.ledger.reconciling import read as read_entries

MEANINGS = (*ASPECTS, *FIGURES)


@click.command("reconcile")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--provider", required=True, metavar="NAME", help="Whose file it is: a provider of the ledger.")
@click.option(
    "--by",
    "aspects",
    multiple=True,
    type=click.Choice(ASPECTS),
    help="What to tell apart; may be repeated.  [default: what the file tells apart]",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    type=options.Pair("a meaning and its column, such as cost=paid"),
    metavar="MEANING=COLUMN",
    help=f"Which column of a CSV is which: {', '.join(MEANINGS)}.",
)
@click.option(
    "--same",
    "names",
    multiple=True,
    type=options.Pair("their name and ours, such as key_abc=backend"),
    metavar="THEIRS=OURS",
    help="A model or key that is called otherwise in the file.",
)
@click.option("--tolerance", default="0", metavar="PERCENT", help="The difference to be borne.  [default: 0]")
@options.json_option
@options.config_option
@options.data_option
def command(
    path: Path,
    provider: str,
    aspects: tuple[str, ...],
    columns: tuple[tuple[str, str], ...],
    names: tuple[tuple[str, str], ...],
    tolerance: str,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Compare the ledger with a provider's own account of its usage.

    It fails where they differ. FILE is what OpenAI's or Anthropic's usage or cost API answers (JSON; several pages may
    stand below each other), or any CSV with a day and some of: requests, input and output tokens, cached tokens, cost
    in US dollars. All days (UTC) of the file are compared, from the first to the last; only figures that the file has.
    `-` is standard input.
    """
    share = _share(tolerance)
    unknown = [meaning for meaning, _ in columns if meaning not in MEANINGS]
    if unknown:
        raise Wrong(f"{unknown[0]!r} is none of {', '.join(MEANINGS)}.")
    with told():
        entries = [_renamed(entry, dict(names)) for entry in _read(path, dict(columns))]
    by = tuple(each for each in ASPECTS if each in aspects) or aspects_of(entries)
    days = [entry.day for entry in entries]
    with opened(config, data) as place, told():
        lines = [line for line in place.store.daily(min(days), max(days)) if line.provider == provider]
    found = compare(entries, lines, by, share)
    if as_json:
        shown = [msgspec.structs.asdict(each) | {"place": dict(zip(by, each.place, strict=True))} for each in found]
        click.echo(msgspec.json.encode({"by": by, "first": min(days), "last": max(days), "differences": shown}))
    elif found:
        _table(by, found)
    else:
        click.echo(f"The ledger and {provider} agree, from {min(days)} to {max(days)}.")
    if found:
        raise SystemExit(FAILED)


def _read(path: Path, columns: dict[str, str]) -> list[Entry]:
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            entries = read_entries(file.read(), columns)
    except UnicodeDecodeError:
        raise Wrong(f"{path}: it is no text in UTF-8.") from None
    except Unreadable as error:
        raise Wrong(f"{path}: {error}.") from None
    if not entries:
        raise Wrong(f"{path}: nothing is in it.")
    return entries


def _renamed(entry: Entry, names: dict[str, str]) -> Entry:
    return msgspec.structs.replace(
        entry, model=names.get(entry.model, entry.model), key=names.get(entry.key, entry.key)
    )


def _share(percent: str) -> Decimal:
    text = percent.removesuffix("%")
    if not text.replace(".", "", 1).isdecimal():
        raise Wrong(f"{percent!r} is no percentage.")
    return Decimal(text) / 100


def _table(by: tuple[Aspect, ...], found: list[Difference]) -> None:
    from trunkline.cli.tables import show

    figures = ["provider", "ledger", "difference"]
    rows = [
        [*each.place, each.figure, *(_written(each, it) for it in (each.theirs, each.ours, each.ours - each.theirs))]
        for each in found
    ]
    show([*by, "figure", *figures], rows, right=figures)


def _written(difference: Difference, value: int) -> str:
    return amount(value) if difference.figure == "cost" else f"{value:,}"
