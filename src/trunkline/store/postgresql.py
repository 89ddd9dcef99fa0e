"""The store in a PostgreSQL database. The tables that need nothing of PostgreSQL's own are in `tables/`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from asyncpg.exceptions import CharacterNotInRepertoireError
from msgspec.structs import asdict, astuple, replace

from trunkline.ledger.record import Row
from trunkline.store.base import TAG_VALUES
from trunkline.store.copying import Content
from trunkline.store.errors import DatabaseTooOld, StoreError
from trunkline.store.postgresql_content import PostgreSQLContent
from trunkline.store.postgresql_database import SCHEMA, PostgreSQLDatabase
from trunkline.store.postgresql_schema import add_parts, drop_parts, migrate, unapplied
from trunkline.store.tables.budgets import BudgetTables
from trunkline.store.tables.keys import KeyTables
from trunkline.store.tables.leases import LeaseTables
from trunkline.store.tables.listing import ListingTables
from trunkline.store.tables.request_log import ErasingTables, RequestLogTables
from trunkline.store.tables.sealed import ResponseTables, VaultTables
from trunkline.store.tables.semantic_entries import SemanticTables
from trunkline.store.tables.tenants import TenantTables
from trunkline.store.tables.usage import UsageTables

OLDEST = 14
"""The oldest major version that has all that the schema uses."""

_PATIENT = "SET LOCAL idle_in_transaction_session_timeout = 0"
"""The other store of a copy may take its time."""
_COLUMNS = Row.__struct_fields__

_SUM_FROM, _SUM_AT_ONCE = 10_000, 40_000
"""Attempts that are added to the sums together: enough that a line is touched for many of them, and no more than a
report reads quickly row by row.
"""


class PostgreSQLStore(
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

    def __init__(self, url: str) -> None:
        self.database: PostgreSQLDatabase = PostgreSQLDatabase(url)
        try:
            self._check_version()
            migrate(self.database)
        except BaseException:
            self.database.close()
            raise

    def write_attempts(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        try:
            self._write(rows)
        except StoreError as error:
            if not isinstance(error.__cause__, CharacterNotInRepertoireError):
                raise
            self._write(list(map(_without_nul, rows)))

    def _write(self, rows: Sequence[Row]) -> None:
        with self.database.writing() as session:
            session.copy("incoming", _COLUMNS, map(astuple, rows))
            session.change("take_incoming")
        with suppress(StoreError):  # the rows are there: who writes next sums up, or says what is wrong
            self._sum_up(_SUM_FROM)

    def _sum_up(self, at_least: int, *, wait: bool = False) -> bool:
        """Add to the sums what was written since the last time, by whichever process or release; whether there was any,
        and nobody else does it (unless we `wait` for that).
        """
        with self.database.reading("lookups") as session:
            found = session.one("unsummed")
        if found is None or found[0] < at_least:
            return False
        with self.database.writing() as session:
            alone = session.one("sum_alone", wait)
            if alone is None or not alone[0]:
                return False
            taken = session.all("take_unsummed", _SUM_AT_ONCE)
            batches = [batch for batch, _ in taken]
            session.change("new_tag_values", batches, TAG_VALUES)
            session.change("sum_up", batches)
            if charged_otherwise := [batch for batch, marked_up in taken if marked_up]:
                session.change("sum_up_markups", charged_otherwise)
        return True

    def _sum_up_all(self) -> None:
        while self._sum_up(1, wait=True):
            pass

    def prepare(self, now: int) -> None:
        add_parts(self.database, now)
        self._sum_up_all()

    def delete_attempts(self, before: int, most: int) -> int:
        dropped = drop_parts(self.database, before)
        if dropped:
            return dropped
        with self.database.writing() as session:
            return session.change("delete_attempts", before * 1_000_000, most)

    @contextmanager
    def snapshot(self) -> Iterator[Content]:
        """See `trunkline.store.copying.Copyable`."""
        self._sum_up_all()
        with self.database.writing(SCHEMA) as session:
            connection, call = session.connection, session.call
            call(connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            call(connection.execute(_PATIENT))
            yield PostgreSQLContent(session)

    @contextmanager
    def refill(self) -> Iterator[Content]:
        """See `trunkline.store.copying.Copyable`."""
        with self.database.writing(SCHEMA) as session:
            session.call(session.connection.execute(_PATIENT))
            yield PostgreSQLContent(session)

    def check(self) -> list[str]:
        problems = []
        try:
            with self.database.reading("reports") as session:
                unapplied(session, self.database.place)
            with self.database.writing() as session:
                session.change("write_nothing")
        except StoreError as error:
            problems.append(str(error))
        return problems

    def close(self) -> None:
        self.database.close()

    def _check_version(self) -> None:
        with self.database.reading("lookups") as session:
            version = session.connection.get_server_version()
        if version.major < OLDEST:
            raise DatabaseTooOld(f"{self.database.place} is version {version.major}")


def _without_nul(row: Row) -> Row:
    """PostgreSQL has no texts with a zero byte, but callers can put one into a name of a model."""
    texts = {name: it.replace("\0", "\ufffd") for name, it in asdict(row).items() if isinstance(it, str)}
    return replace(row, **texts)
