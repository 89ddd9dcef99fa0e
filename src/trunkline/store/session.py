"""What the tables ask of a database: named statements, within a transaction or outside of one.

A group of tables is a class in `store/tables/` that is written once; what differs between the databases is its file of
statements in `store/sql/<dialect>/`, where the first parameter is `?1` or `$1`. To add a group: a migration and a file
of statements for each dialect, a class here, its name among the bases of both stores, and its protocol in `base.py`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

Lane = Literal["lookups", "contents", "reports"]
"""Connections of their own, so that long reports and large contents never keep a revoked key working."""


class Session(Protocol):
    """One connection, held by one thread. Every method raises errors of `trunkline.store.errors`."""

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""

    def one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        """The first of them."""

    def change(self, statement: str, *values: object) -> int:
        """How many rows a statement added, changed or deleted. Raises RowRejected where a value fits no column."""

    def change_each(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each of several rows of values. Raises RowRejected likewise."""


class Database(Protocol):
    """Where the sessions come from."""

    def reading(self, lane: Lane) -> AbstractContextManager[Session]:
        """A session that sees what is committed."""

    def writing(self) -> AbstractContextManager[Session]:
        """A session in a transaction: committed when the block ends, and undone when it raises."""

    def scrub(self, table: str) -> None:
        """Leave nothing of what was changed or deleted in a (small) table."""
