"""`trunkline export`: the ledger for spreadsheets, data warehouses and FinOps tools."""

import csv
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal, TextIO

import click

from trunkline.cli import options
from trunkline.cli.failure import Wrong, told
from trunkline.cli.opened import opened
from trunkline.ledger.exporting import (
    DAY_COLUMNS,
    FOCUS_COLUMNS,
    ROW_COLUMNS,
    TEXT_COLUMNS,
    Lines,
    day_lines,
    focus_lines,
    row_lines,
)
from trunkline.store.base import Store

Of = Literal["rows", "days"]
FIRST = date(1970, 1, 1)


@click.command("export")
@click.option("--format", "form", type=click.Choice(["csv", "focus", "parquet"]), default="csv", show_default=True)
@click.option(
    "--of",
    type=click.Choice(["rows", "days"]),
    help="Every attempt, or sums by day, key, provider and model.  [default: rows; for FOCUS: days]",
)
@click.option("--since", type=options.Moment(-1), help="What began then or later: a date (UTC), or a time ago.")
@click.option("--until", type=options.Moment(-1), help="What began before then, likewise.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file.  [default: standard output]"
)
@options.config_option
@options.data_option
def command(
    form: str,
    of: Of | None,
    since: datetime | None,
    until: datetime | None,
    output: Path | None,
    config: Path | None,
    data: Path | None,
) -> None:
    """Write the ledger as CSV, as FOCUS or as Parquet.

    Money is in whole nano-dollars, in FOCUS in exact US dollars. FOCUS is the FinOps Open Cost and Usage Specification
    1.2, as CSV: a line for each day and each key at each model. Days are whole days of UTC. Parquet needs
    `pip install trunkline[parquet]` and a file.
    """
    if form == "focus" and of == "rows":
        raise Wrong("FOCUS has sums of days, not rows.")
    if form == "parquet" and output is None:
        raise Wrong("Parquet goes into a file: say which, with --output.")
    by_day = form == "focus" or of == "days"
    with opened(config, data) as place, told():
        columns, lines = _days(place.store, form, since, until) if by_day else _rows(place.store, since, until)
        if form == "parquet":
            assert output is not None  # see above
            _write_parquet(output, columns, lines)
        elif output is None:
            _write_csv(sys.stdout, columns, lines)
        else:
            with output.open("w", encoding="utf-8", newline="") as file:
                _write_csv(file, columns, lines)


def _rows(store: Store, since: datetime | None, until: datetime | None) -> tuple[Sequence[str], Lines]:
    return ROW_COLUMNS, row_lines(store.attempts(since, until))


def _days(store: Store, form: str, since: datetime | None, until: datetime | None) -> tuple[Sequence[str], Lines]:
    """The whole days that begin within the span."""
    first = _day(since) if since is not None else FIRST
    last = (_day(until) if until is not None else datetime.now(UTC).date() + timedelta(days=1)) - timedelta(days=1)
    lines = store.daily(first, last)
    return (FOCUS_COLUMNS, focus_lines(lines)) if form == "focus" else (DAY_COLUMNS, day_lines(lines))


def _day(moment: datetime) -> date:
    """The first day that begins then or later."""
    return (moment.astimezone(UTC) + timedelta(days=1, microseconds=-1)).date()


def _write_csv(file: TextIO, columns: Sequence[str], lines: Lines) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in line] for line in lines)


def _harmless(cell: str | int) -> str | int:
    """As it is, but for what a spreadsheet would take for a formula: models' names come from whoever sends requests."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _write_parquet(path: Path, columns: Sequence[str], lines: Lines) -> None:
    from trunkline.cli.parquet import write  # here, for it imports a large library

    write(path, {name: name in TEXT_COLUMNS for name in columns}, lines)
