"""A process's connections to its SQLite file: one that writes, and a few that read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from trunkline.store import sqlite_file, statements

SQL = statements.load("sqlite")


class Connections:
    """Opens the file, making it and bringing its schema up to date as needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer_lock = threading.Lock()
        sqlite_file.prepare_place(path)
        with self._errors():
            self._writer = sqlite_file.connect(path)
            try:
                sqlite_file.migrate(self._writer, path)
                # Pools of their own, so that long reports and large contents never keep a revoked key working.
                self._lookups = sqlite_file.Readers(path, 2)
                self._contents = sqlite_file.Readers(path, 2)
                self._reports = sqlite_file.Readers(path, 2)
            except BaseException:
                self._writer.close()
                raise

    def close(self) -> None:
        """See `Store`."""
        with self._writer_lock:
            self._writer.close()
        for readers in (self._lookups, self._contents, self._reports):
            readers.close()

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        with self._errors(), self._writer_lock, sqlite_file.transaction(self._writer):
            yield self._writer

    @contextmanager
    def _reading(self, readers: sqlite_file.Readers) -> Iterator[apsw.Connection]:
        with self._errors(), readers.lend() as db:
            yield db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise sqlite_file.meaning(error, self._path) from error
