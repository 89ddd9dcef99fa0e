"""A store's whole content, from one database into another: for backups, and to move from SQLite to PostgreSQL.

What is copied is what is there: every table of the schema, in one snapshot of the source and one transaction of the
target, so that an error leaves the target as empty as it was. Afterwards both are counted and summed, and compared.
"""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from trunkline.store.errors import CopyDiffers, NotEmpty

BATCH = 5000
"""Rows in memory at a time."""

NOT_CONTENT = {"trunkline_migrations", "summed", "unsummed", "semantic_entries", "semantic_number"}
"""Tables that say how far a store is, which another finds out by itself; and what is only remembered."""

Batches = Iterator[list[tuple[Any, ...]]]


class Total(msgspec.Struct, frozen=True):
    """What is compared of a table."""

    rows: int
    sums: dict[str, int]
    """Of every column of numbers."""


class Content(Protocol):
    """One store's tables, as long as a snapshot or a transaction lasts."""

    def tables(self) -> dict[str, list[str]]:
        """Every table, with its columns; those that the database itself fills in are left out."""

    def numbers(self, table: str) -> list[str]:
        """Its columns of whole numbers."""

    def dump(self, table: str, columns: list[str]) -> Batches:
        """All rows; ids of requests as UUIDs, and switches as booleans or 0 and 1."""

    def load(self, table: str, columns: list[str], batches: Batches) -> None:
        """Put rows into it, in place of what is there."""

    def total(self, table: str, numbers: list[str]) -> Total:
        """Counted and summed by the database."""

    def finish(self) -> None:
        """All tables are loaded."""


class Copyable(Protocol):
    """A store that can be copied, and copied into."""

    def snapshot(self) -> AbstractContextManager[Content]:
        """To read from."""

    def refill(self) -> AbstractContextManager[Content]:
        """To load into, in one transaction."""


def copy(source: Copyable, target: Copyable, *, data_keys: bool = True) -> dict[str, Total]:
    """Copy everything into a new store; what each table then holds. Without `data_keys` there is only a place for each
    of them: what they sealed cannot be opened until they are put back.

    Raises NotEmpty where the target holds anything, CopyDiffers where the two do not agree afterwards (then nothing is
    left in the target), and what either store raises.
    """
    totals = {}
    with source.snapshot() as old, target.refill() as new:
        there = new.tables()
        for table in there:
            if table != "version" and new.total(table, []).rows:
                raise NotEmpty(f"the store to copy into has rows in {table}")
        for table, columns in old.tables().items():
            shared = [name for name in columns if name in there[table]]
            rows = old.dump(table, shared)
            new.load(table, shared, rows if data_keys or table != "data_keys" else _places(shared, rows))
            numbers = sorted({*old.numbers(table)} & {*new.numbers(table)})
            totals[table] = old.total(table, numbers)
            if new.total(table, numbers) != totals[table]:
                raise CopyDiffers(f"{table} does not hold the same in both stores")
        new.finish()
    return totals


def _places(columns: list[str], batches: Batches) -> Batches:
    """Data keys without the keys themselves: those that are not destroyed look as if they were, at no time at all."""
    wrapped, destroyed = columns.index("wrapped"), columns.index("destroyed")
    for batch in batches:
        yield [
            tuple(None if at == wrapped else (it or 0) if at == destroyed else it for at, it in enumerate(row))
            for row in batch
        ]


def as_uuid(value: bytes) -> uuid.UUID:
    """The id of a request, of which SQLite has the bytes."""
    return uuid.UUID(bytes=value)


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as SQLite takes it."""
    return tuple(it.bytes if isinstance(it, uuid.UUID) else it for it in row)


def batches(rows: Iterator[tuple[Any, ...]]) -> Batches:
    """Rows, some at a time."""
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch
