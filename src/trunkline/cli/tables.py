"""Tables for people. Imports rich: import this where a table is printed."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNBOUNDED = 1000
"""Columns of a table that does not go to a terminal: what reads it should find whole lines."""


def show(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    total: Sequence[str] | None = None,
) -> None:
    """Print `rows` below the names of `columns`; those in `right` are set flush right. `total` stands apart."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    if total is not None:
        table.add_section()
        table.add_row(*map(_cell, total), style="bold")
    console.print(table)


def _cell(text: str) -> Text:
    """As it is, without what would steer a terminal: names of models come from whoever sends requests."""
    return Text("".join(character if character.isprintable() else "�" for character in text))
