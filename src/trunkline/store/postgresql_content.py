"""The content of a PostgreSQL store, to be copied or filled in."""

from typing import Any

from trunkline.store.copying import BATCH, NOT_CONTENT, Batches, Total
from trunkline.store.postgresql_database import PostgreSQLSession

_COLUMNS = """
SELECT table_name::text, column_name::text, data_type::text
FROM information_schema.columns
JOIN pg_class ON relname = table_name AND relnamespace = current_schema()::regnamespace
WHERE table_schema = current_schema() AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY table_name, ordinal_position
"""

_SUMMED = "WHERE coalesce(batch, 0) <> ALL (ARRAY(SELECT batch FROM unsummed))"
"""The attempts that are in the sums. Others would be in neither: they came after the copy began."""


class PostgreSQLContent:
    """Implements `trunkline.store.copying.Content`, in a transaction that is open in the session."""

    def __init__(self, session: PostgreSQLSession) -> None:
        self._session = session
        self._kinds: dict[str, dict[str, str]] = {}
        for table, column, kind in self._fetch(_COLUMNS):
            if table not in NOT_CONTENT and (table, column) != ("attempts", "batch"):
                self._kinds.setdefault(table, {})[column] = kind

    def tables(self) -> dict[str, list[str]]:
        return {table: list(columns) for table, columns in self._kinds.items()}

    def numbers(self, table: str) -> list[str]:
        return [column for column, kind in self._kinds[table].items() if kind in ("bigint", "integer")]

    def dump(self, table: str, columns: list[str]) -> Batches:
        # A name of its own, for the driver remembers what a statement's rows look like.
        cursor = f"copied_{table}"
        only = _SUMMED if table == "attempts" else ""
        self._run(f"DECLARE {cursor} NO SCROLL CURSOR FOR SELECT {_listed(columns)} FROM {table} {only}")  # noqa: S608  # ours
        while batch := self._fetch(f"FETCH {BATCH} FROM {cursor}"):
            yield batch
        self._run(f"CLOSE {cursor}")

    def load(self, table: str, columns: list[str], batches: Batches) -> None:
        self._run(f"DELETE FROM {table}")  # noqa: S608  # names of the schema
        if table == "attempts":
            self._run("SELECT nextval('attempt_batches')")
        self._run(f"ALTER TABLE ONLY {table} DISABLE TRIGGER USER")  # what they would make of rows is copied, too
        switches = [at for at, name in enumerate(columns) if self._kinds[table][name] == "boolean"]
        for batch in batches:
            rows = [_switched(row, switches) for row in batch] if switches else batch
            self._session.copy(table, columns, rows)
        self._run(f"ALTER TABLE ONLY {table} ENABLE TRIGGER USER")

    def total(self, table: str, numbers: list[str]) -> Total:
        sums = "".join(f', coalesce(sum("{name}"), 0)' for name in numbers)
        only = _SUMMED if table == "attempts" else ""
        ((rows, *found),) = self._fetch(f"SELECT count(*){sums} FROM {table} {only}")  # noqa: S608  # names of the schema
        return Total(rows, dict(zip(numbers, map(int, found), strict=True)))

    def finish(self) -> None:
        """The sums are up to date in every transaction."""

    def _fetch(self, text: str) -> list[tuple[Any, ...]]:
        return list(map(tuple, self._session.call(self._session.connection.fetch(text))))

    def _run(self, text: str) -> None:
        self._session.call(self._session.connection.execute(text))


def _switched(row: tuple[Any, ...], switches: list[int]) -> tuple[Any, ...]:
    return tuple(bool(it) if at in switches else it for at, it in enumerate(row))


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
