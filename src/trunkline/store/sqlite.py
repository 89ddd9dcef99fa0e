"""The store in one SQLite file. The tables that need nothing of SQLite's own are in `tables/`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import apsw
from msgspec.structs import astuple

from trunkline.ledger.record import Row
from trunkline.store import sqlite_file
from trunkline.store.base import TAG_VALUES
from trunkline.store.copying import Content
from trunkline.store.errors import StoreCorrupt, StoreError
from trunkline.store.sqlite_content import SQLiteContent
from trunkline.store.sqlite_database import SQL, SQLiteDatabase, SQLiteSession
from trunkline.store.tables.budgets import BudgetTables
from trunkline.store.tables.keys import KeyTables
from trunkline.store.tables.leases import LeaseTables
from trunkline.store.tables.listing import ListingTables
from trunkline.store.tables.request_log import ErasingTables, RequestLogTables
from trunkline.store.tables.sealed import ResponseTables, VaultTables
from trunkline.store.tables.semantic_entries import SemanticTables
from trunkline.store.tables.tenants import TenantTables
from trunkline.store.tables.usage import UsageTables

# A batch is cut into pieces of these sizes, each written by one statement: the interpreter's lock is let go and fought
# for again once a piece instead of once a row. docs/decisions/0003-ledger-table.md has the measurement.
_PIECES = (64, 16, 4, 1)
_WRITE = {size: SQL["write_attempts"].replace("{rows}", ", ".join([SQL["attempt_row"]] * size)) for size in _PIECES}

_SUM_FROM, _SUM_AT_ONCE = 10_000, 20_000
"""Attempts that are added to the sums together: enough that a line is touched for many of them, and not so many that
others wait long for their turn to write. Reports read what is not in the sums yet row by row.
"""


class SQLiteStore(
    KeyTables,
    TenantTables,
    VaultTables,
    ResponseTables,
    RequestLogTables,
    ErasingTables,
    SemanticTables,
    LeaseTables,
    BudgetTables,
    UsageTables,
    ListingTables,
):
    """Implements `trunkline.store.base.Store`."""

    def __init__(self, path: Path) -> None:
        self.database: SQLiteDatabase = SQLiteDatabase(path)
        with self.database.writing() as session:
            session.change("make_summing")

    def write_attempts(self, rows: Sequence[Row]) -> None:
        with self.database.writing() as session:
            start = 0
            for size in _PIECES:
                while len(rows) - start >= size:
                    values = chain.from_iterable(map(astuple, rows[start : start + size]))
                    session.run(_WRITE[size], tuple(values))
                    start += size
            _sum_up(session)

    def prepare(self, now: int) -> None:
        more = True
        while more:
            with self.database.writing() as session:
                more = _sum_up(session, 1)

    def delete_attempts(self, before: int, most: int) -> int:
        with self.database.writing() as session:
            return session.change("delete_attempts", before * 1_000_000, most)

    @contextmanager
    def snapshot(self) -> Iterator[Content]:
        """See `trunkline.store.copying.Copyable`."""
        self.prepare(0)
        with self.database.reading("reports") as session:
            db = session.connection
            db.execute("BEGIN")
            try:
                yield SQLiteContent(db)
            finally:
                db.execute("ROLLBACK")

    @contextmanager
    def refill(self) -> Iterator[Content]:
        """See `trunkline.store.copying.Copyable`."""
        with self.database.writing() as session:
            db = session.connection
            db.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)  # what they would make of rows is copied, too
            try:
                yield SQLiteContent(db)
            finally:
                db.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)

    def check(self) -> list[str]:
        problems: list[str] = []
        for examine in (self._examine_modes, self._examine_content, self._examine_writing):
            try:
                problems += examine()
            except StoreError as error:
                problems.append(str(error))
        return problems

    def close(self) -> None:
        self.database.close()

    def _examine_modes(self) -> list[str]:
        return sqlite_file.loose_modes(self.database.path)

    def _examine_content(self) -> list[str]:
        path = self.database.path
        with self.database.reading("reports") as session:
            db = session.connection
            damage = [
                str(StoreCorrupt(f"{path}: {line}")) for (line,) in db.execute("PRAGMA quick_check(10)") if line != "ok"
            ]
            sqlite_file.unapplied(db, path)
            mode = db.pragma("journal_mode")
        if mode != "wal":
            damage.append(f"{path} has journal mode {mode}, not wal. Restart Trunkline to set it.")
        return damage

    def _examine_writing(self) -> list[str]:
        with self.database.writing() as session:
            session.change("write_nothing")
        return []


def _sum_up(session: SQLiteSession, at_least: int = _SUM_FROM) -> bool:
    """Add to the sums what was written since the last time, by whichever process or release; whether there was any."""
    span = session.one("unsummed", _SUM_AT_ONCE, at_least - 1)
    if span is None:
        return False
    session.change("new_tag_values", *span, TAG_VALUES)
    session.change("sum_up", *span)
    session.change("add_to_hours")
    session.change("add_to_days")
    session.change("empty_summing")
    session.change("summed_up_to", span[1])
    return True
