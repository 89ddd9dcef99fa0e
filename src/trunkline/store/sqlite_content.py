"""The content of a SQLite store, to be copied or filled in."""

from collections.abc import Iterator
from typing import Any

import apsw

from trunkline.store.copying import NOT_CONTENT, Batches, Total, as_uuid, batches, plain

_TABLES = """
SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name
"""


class _ExactSum:
    """A sum that does not overflow: SQLite's own ends at 2^63."""

    def __init__(self) -> None:
        self._sum = 0

    def step(self, *values: Any) -> None:
        self._sum += values[0] or 0

    def final(self) -> str:
        return str(self._sum)


class SQLiteContent:
    """Implements `trunkline.store.copying.Content`, in a transaction that is open on the connection."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        db.create_aggregate_function("exact_sum", _ExactSum, 1)

    def tables(self) -> dict[str, list[str]]:
        names = [name for (name,) in self._db.execute(_TABLES) if name not in NOT_CONTENT]
        return {name: [column for column, _ in self._columns(name)] for name in names}

    def numbers(self, table: str) -> list[str]:
        return [column for column, kind in self._columns(table) if kind == "INTEGER"]

    def dump(self, table: str, columns: list[str]) -> Batches:
        # Rows that are not in the sums yet would be in neither: they came after this copy began.
        only = "WHERE id <= (SELECT attempt FROM summed) ORDER BY id" if table == "attempts" else ""
        rows: Iterator[tuple[Any, ...]] = self._db.execute(f"SELECT {_listed(columns)} FROM {table} {only}")  # noqa: S608  # names of the schema
        if table == "attempts":
            place = columns.index("request")
            rows = ((*row[:place], as_uuid(row[place]), *row[place + 1 :]) for row in rows)
        return batches(rows)

    def load(self, table: str, columns: list[str], batches: Batches) -> None:
        self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # names of the schema
        into = f"INSERT INTO {table} ({_listed(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  # likewise
        for batch in batches:
            self._db.executemany(into, map(plain, batch))

    def total(self, table: str, numbers: list[str]) -> Total:
        sums = "".join(f', exact_sum("{name}")' for name in numbers)
        only = "WHERE id <= (SELECT attempt FROM summed)" if table == "attempts" and self._summed() else ""
        rows, *found = self._db.execute(f"SELECT count(*){sums} FROM {table} {only}").fetchall()[0]  # noqa: S608  # likewise
        return Total(int(str(rows)), dict(zip(numbers, (int(str(it)) for it in found), strict=True)))

    def finish(self) -> None:
        self._db.execute("UPDATE summed SET attempt = (SELECT coalesce(max(id), 0) FROM attempts)")

    def _summed(self) -> bool:
        return bool(self._db.execute("SELECT attempt FROM summed").get)

    def _columns(self, table: str) -> list[tuple[str, str]]:
        listed = self._db.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
        return [(name, kind) for name, kind in listed if (table, name) != ("attempts", "id")]


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
