"""A process's connections to its SQLite file: one that writes, and a few that read."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import apsw

from trunkline.store import sqlite_file, statements
from trunkline.store.errors import RowRejected
from trunkline.store.session import Lane

SQL = statements.load("sqlite")

_UNFIT = (apsw.ConstraintError, apsw.TooBigError, OverflowError, TypeError, UnicodeEncodeError)
"""What SQLite and apsw say of a value that fits no column."""


class SQLiteSession:
    """Implements `trunkline.store.session.Session`, on a connection that is lent to it."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self.connection = connection
        self._path = path

    def all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(SQL[statement], values).fetchall()

    def one(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        return self.connection.execute(SQL[statement], values).fetchone()

    def change(self, statement: str, *values: Any) -> int:
        self.run(SQL[statement], values)
        return self.connection.changes()

    def change_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._fitting():
            self.connection.executemany(SQL[statement], rows)

    def run(self, text: str, values: tuple[Any, ...]) -> None:
        """Run a statement that was put together from named ones."""
        with self._fitting():
            self.connection.execute(text, values)

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        try:
            yield
        except _UNFIT as error:
            raise RowRejected(f"{self._path}: a row cannot be stored ({error})") from error


class SQLiteDatabase:
    """Implements `trunkline.store.session.Database`; makes the file and brings its schema up to date as needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer_lock = threading.Lock()
        sqlite_file.prepare_place(path)
        with self._errors():
            self.writer = sqlite_file.connect(path)
            try:
                sqlite_file.migrate(self.writer, path)
                self.readers = {lane: sqlite_file.Readers(path, 2) for lane in get_args(Lane)}
            except BaseException:
                self.writer.close()
                raise

    def close(self) -> None:
        """See `Store`."""
        with self._writer_lock:
            self.writer.close()
        for readers in self.readers.values():
            readers.close()

    @contextmanager
    def writing(self) -> Iterator[SQLiteSession]:
        with self._errors(), self._writer_lock, sqlite_file.transaction(self.writer):
            yield SQLiteSession(self.writer, self.path)

    @contextmanager
    def reading(self, lane: Lane) -> Iterator[SQLiteSession]:
        with self._errors(), self.readers[lane].lend() as connection:
            yield SQLiteSession(connection, self.path)

    def scrub(self, table: str) -> None:
        with self._errors(), self._writer_lock:
            # The file itself keeps nothing that was deleted (`secure_delete`), but the log still has the old pages:
            # bring it into the file, and cut it.
            self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise sqlite_file.meaning(error, self.path) from error
