"""The SQLite file: where it may lie, how a connection to it is set up, and what its errors mean to an operator."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

import apsw

from trunkline.store.errors import (
    SchemaUnknown,
    StoreBusy,
    StoreClosed,
    StoreCorrupt,
    StoreError,
    StoreExposed,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from trunkline.store.migrations import Applied, Migration, pending
from trunkline.store.migrations import load as load_migrations

BUSY_SECONDS = 5.0
"""How long to wait for another process's transaction. Ours take milliseconds."""

_WAL_SIZE_LIMIT = 64 * 1024 * 1024

MIGRATIONS = load_migrations("sqlite")

_MEANING: dict[type[apsw.Error], type[StoreError]] = {
    apsw.BusyError: StoreBusy,
    apsw.LockedError: StoreBusy,
    apsw.FullError: StoreFull,
    apsw.CantOpenError: StoreUnavailable,
    apsw.IOError: StoreUnavailable,
    apsw.ProtocolError: StoreUnavailable,
    apsw.NoMemError: StoreUnavailable,
    apsw.ReadOnlyError: StoreReadOnly,
    apsw.PermissionsError: StoreReadOnly,
    apsw.AuthError: StoreReadOnly,
    apsw.CorruptError: StoreCorrupt,
    apsw.NotADBError: StoreCorrupt,
    apsw.ConnectionClosedError: StoreClosed,
}


def meaning(error: apsw.Error, path: Path) -> StoreError:
    """The error of our tree that says what SQLite's says."""
    return _MEANING.get(type(error), StoreError)(f"{path}: {error}")


def prepare_place(path: Path) -> None:
    """Make the file, readable by its owner alone, if it is not there; refuse a place that is unsafe or of no use."""
    folder = path.parent
    if not folder.is_dir():
        raise StoreUnavailable(f"{folder} is not a directory")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise StoreReadOnly(f"{folder} cannot be written")
    if folder.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:  # the sticky bit keeps others off
        raise StoreExposed(f"{folder} can be written by every user (mode {_mode(folder)})")
    try:
        # SQLite would make it with mode 0644. It is opened here only when it is new, because closing a descriptor of a
        # file drops the locks that other connections of this process hold on it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        _check_file(path)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be created: {error.strerror}") from error


def loose_modes(path: Path) -> list[str]:
    """What else could be stricter: rights of a group are accepted (containers share volumes that way), but told."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error
    if mode & stat.S_IRWXG:
        return [f"{path} can be reached by its group (mode {_mode(path)}). If that is not meant: `chmod 600 {path}`."]
    return []


def connect(path: Path) -> apsw.Connection:
    """A connection that waits for locks and syncs every commit to the disk."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    db.set_busy_timeout(int(BUSY_SECONDS * 1000))
    db.pragma("synchronous", "full")
    db.pragma("foreign_keys", True)
    db.pragma("journal_size_limit", _WAL_SIZE_LIMIT)
    db.pragma("secure_delete", "fast")  # what is deleted leaves no traces in pages that are written anyway
    return db


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """A write that is committed when the block ends, and leaves nothing behind when it raises.

    Not apsw's own `with db`: that holds the interpreter's lock while it waits for other processes and for the disk, and
    so stops every thread.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # some errors have already undone it
            db.execute("ROLLBACK")
        raise


class Readers:
    """A few connections that cannot write, each lent to one thread at a time."""

    def __init__(self, path: Path, size: int) -> None:
        self._idle: LifoQueue[apsw.Connection] = LifoQueue()
        self._size = size
        for _ in range(size):
            db = connect(path)
            db.pragma("query_only", True)
            self._idle.put(db)

    @contextmanager
    def lend(self) -> Iterator[apsw.Connection]:
        """One that is idle now, or the next that will be."""
        db = self._idle.get()
        try:
            yield db
        finally:
            self._idle.put(db)

    def close(self) -> None:
        """Wait for those that are lent, and close all. Using one afterwards raises apsw's ConnectionClosedError."""
        connections = [self._idle.get() for _ in range(self._size)]
        for db in connections:
            db.close()
            self._idle.put(db)


def migrate(db: apsw.Connection, path: Path, known: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the schema up to this release's. Processes that open the store at once do it one after the other."""
    outdated = unapplied(db, path, known)  # before the first change: it may be another program's database
    _use_wal(db, path)
    if not outdated:
        return
    with transaction(db):
        outdated = unapplied(db, path, known)  # asked again: another process may have been first
        for migration in outdated:
            db.execute(migration.sql)
        now = int(time.time())
        db.executemany(
            "INSERT INTO trunkline_migrations (number, name, checksum, applied, compatible) VALUES (?, ?, ?, ?, ?)",
            [(it.number, it.name, it.checksum, now, it.compatible) for it in outdated],
        )


def unapplied(db: apsw.Connection, path: Path, known: Sequence[Migration] = MIGRATIONS) -> list[Migration]:
    """The migrations that this store has not had yet. Raises SchemaTooNew, or SchemaUnknown for a foreign database."""
    # One statement, so that another process's migration is seen either whole or not at all.
    tables, ours, compatible = db.execute(
        "SELECT count(*), sum(name = 'trunkline_migrations'), "
        "(SELECT count(*) FROM pragma_table_info('trunkline_migrations') WHERE name = 'compatible') FROM sqlite_schema"
    ).get
    if tables and not ours:
        raise SchemaUnknown(f"{path} is a database, but not one of Trunkline's")
    if not ours:
        return pending({}, known, str(path))
    column = "compatible" if compatible else "number"  # the first releases could not tell
    rows = db.execute(f"SELECT number, checksum, {column} FROM trunkline_migrations")  # noqa: S608  # one of two names
    return pending({number: Applied(number, *rest) for number, *rest in rows}, known, str(path))


def _use_wal(db: apsw.Connection, path: Path) -> None:
    """Turn on the write-ahead log, which stays on in the file."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = db.pragma("journal_mode", "wal")
        except apsw.BusyError:
            # Of several processes that make the same new file, all but one are told so at once: SQLite does not wait
            # for a lock where waiting could be a deadlock.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            break
    if mode != "wal":
        raise StoreUnavailable(f"{path} lies on a file system without shared memory, which SQLite's log needs")


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise StoreUnavailable(f"{path} is not a regular file")
    if path.stat().st_mode & stat.S_IRWXO:
        raise StoreExposed(f"{path} can be reached by every user (mode {_mode(path)})")
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise StoreReadOnly(f"{path} cannot be read and written")


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}"
