"""The schema in PostgreSQL: brought up to date under a lock, and the parts of the ledger that each hold a month."""

import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from trunkline.store.errors import SchemaUnknown
from trunkline.store.migrations import Applied, Migration, load, pending
from trunkline.store.postgresql_database import SCHEMA, PostgreSQLDatabase, PostgreSQLSession

MIGRATIONS = load("postgresql")

_LOCK = 0x7472756E6B6C696E
"""Of the changes to the schema: any number that other programs hardly use; this one reads "trunklin"."""

_TABLES = """
SELECT count(*), count(*) FILTER (WHERE relname = 'trunkline_migrations')
FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
"""
_APPLIED = "SELECT number, checksum, compatible FROM trunkline_migrations"
_APPLY = "INSERT INTO trunkline_migrations (number, name, checksum, applied, compatible) VALUES ($1, $2, $3, $4, $5)"


def migrate(database: PostgreSQLDatabase, known: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the schema up to this release's. Processes that open the store at once do it one after the other."""
    with database.reading("reports") as session:
        if not unapplied(session, database.place, known):
            return
    with database.writing(SCHEMA) as session:
        connection, call = session.connection, session.call
        call(connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        outdated = unapplied(session, database.place, known)  # asked again: another process may have been first
        for migration in outdated:
            call(connection.execute(migration.sql))
        now = int(time.time())
        call(connection.executemany(_APPLY, [(it.number, it.name, it.checksum, now, it.compatible) for it in outdated]))


def unapplied(session: PostgreSQLSession, place: str, known: Sequence[Migration] = MIGRATIONS) -> list[Migration]:
    """The migrations that this store has not had yet. Raises SchemaTooNew, or SchemaUnknown for a foreign database."""
    tables, ours = session.call(session.connection.fetchrow(_TABLES))
    if tables and not ours:
        raise SchemaUnknown(f"{place} has tables, but not Trunkline's")
    rows = session.call(session.connection.fetch(_APPLIED)) if ours else []
    return pending({row["number"]: Applied(**row) for row in rows}, known, place)


def add_parts(database: PostgreSQLDatabase, now: int) -> None:
    """Have a part for the month of `now` and for the two that follow."""
    with database.reading("lookups") as session:
        there = {name for (name,) in session.all("parts")}
    month = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(3):
        following = _next(month)
        name = f"attempts_{month:%Y_%m}"
        if name not in there:
            _add_part(database, name, _first_id(month), _first_id(following))
        month = following


def drop_parts(database: PostgreSQLDatabase, before: int) -> int:
    """Drop the parts whose every attempt began before a Unix time; how many attempts they held, about."""
    dropped = 0
    with database.writing() as session:
        for (name,) in session.all("parts"):
            end = _next(datetime.strptime(f"{name}+0000", "attempts_%Y_%m%z"))
            if end.timestamp() + _LONGEST_REQUEST > before:
                break
            held = int(session.call(session.connection.fetchval(f"SELECT count(*) FROM {name}")))  # noqa: S608  # ours
            session.call(session.connection.execute("LOCK TABLE ONLY attempts IN ACCESS EXCLUSIVE MODE"))
            if session.call(session.connection.fetchval(_UNSUMMED.format(part=name))):
                break
            session.call(session.connection.execute(f"DROP TABLE {name}"))
            dropped += held
    return dropped


_UNSUMMED = "SELECT EXISTS (SELECT 1 FROM {part} WHERE batch = ANY (ARRAY(SELECT batch FROM unsummed)))"
"""Whether anything in a part is not in the sums yet."""


_LONGEST_REQUEST = 86400
"""Seconds: parts are by the time of the request, and an attempt may begin later."""


def _add_part(database: PostgreSQLDatabase, name: str, first: uuid.UUID, end: uuid.UUID) -> None:
    with database.writing() as session:
        connection, call = session.connection, session.call
        call(connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        if not session.one("rows_in_other", first, end):
            bounds = f"FROM ('{first}') TO ('{end}')"
            call(connection.execute(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF attempts FOR VALUES {bounds}"))


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _first_id(moment: datetime) -> uuid.UUID:
    """The lowest id that begins with this time: RFC 9562 has it in the first 48 bits, in milliseconds."""
    return uuid.UUID(int=int(moment.timestamp()) * 1000 << 80)
