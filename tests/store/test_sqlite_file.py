"""The SQLite file: where it may lie, and what an operator is told when something is wrong with it."""

import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from tests.store.rows import HOUR, START, TAGGED, row
from tests.store.totals import assert_totals_are_those_of_hours

from trunkline.store import open_store
from trunkline.store.base import KeyRecord
from trunkline.store.errors import (
    SchemaTooNew,
    SchemaUnknown,
    StoreAddress,
    StoreBusy,
    StoreCorrupt,
    StoreExposed,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from trunkline.store.migrations import Migration
from trunkline.store.sqlite import SQLiteStore
from trunkline.store.sqlite_file import MIGRATIONS, connect, migrate, prepare_place

NOBODY = 65534
FUTURE = "INSERT INTO trunkline_migrations VALUES (?, 'of_the_future', 'abc', 1, ?)"
NEXT = MIGRATIONS[-1].number + 1
"""The number of the first migration of a later release."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def attempts(store: SQLiteStore) -> int:
    return sum(line.attempts for line in store.usage(None))


@contextmanager
def opened(path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(path)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory of a user without privileges, as whom the test goes on (root may write everywhere)."""
    with tempfile.TemporaryDirectory() as name:
        privileged = os.geteuid() == 0
        if privileged:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            if privileged:
                os.seteuid(0)
            Path(name).chmod(0o700)


@pytest.mark.parametrize("url", ["sqlite://{}", "sqlite:///{}"])
def test_a_store_is_opened_by_its_absolute_path(path: Path, url: str) -> None:
    spaced = path.with_name("a store.db")
    open_store(url.format(spaced).replace(" ", "%20")).close()
    assert spaced.exists()


@pytest.mark.parametrize(
    "url",
    ["", "trunkline.db", "/var/trunkline.db", "sqlite://trunkline.db", "sqlite:trunkline.db", "sqlite:///", "sqlite://",
     "sqlite:///data/x.db?mode=ro", "mysql://trunkline:hunter2@db/trunkline"],
)  # fmt: skip
def test_any_other_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreAddress, match="sqlite:///absolute/path") as told:
        open_store(url)
    assert "hunter2" not in str(told.value)


def test_the_file_and_its_companions_are_for_their_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(path) as store:
            store.write_attempts([row()])
            assert {file.name: mode(file) for file in path.parent.iterdir()} == {
                "trunkline.db": 0o600,
                "trunkline.db-wal": 0o600,
                "trunkline.db-shm": 0o600,
            }
    finally:
        os.umask(before)


def test_commits_wait_for_the_disk_and_the_log_is_a_write_ahead_one(path: Path) -> None:
    with opened(path) as store:
        assert store.database.writer.pragma("journal_mode") == "wal"
        assert store.database.writer.pragma("synchronous") == 2
        assert store.database.writer.pragma("foreign_keys") == 1


def test_threads_that_open_a_new_store_at_once_wait_for_each_other(path: Path) -> None:
    for attempt in range(20):
        file = path.with_name(f"attempt-{attempt}.db")
        together = threading.Barrier(4)

        def open_with_the_others(file: Path = file, together: threading.Barrier = together) -> int:
            together.wait(timeout=30)
            with opened(file) as store:
                return store.version()

        with ThreadPoolExecutor(4) as pool:
            versions = [pool.submit(open_with_the_others) for _ in range(4)]
            assert [version.result() for version in versions] == [1] * 4


def test_what_was_written_is_there_after_opening_again(path: Path) -> None:
    with opened(path) as store:
        store.write_attempts([row()])
        store.add_key(KeyRecord(name="support", digest=b"\x01" * 32, hint="abcd", created=1))
        version = store.version()
    with opened(path) as store:
        assert attempts(store) == 1
        (key,) = store.keys()
        assert key.name == "support"
        assert store.version() == version


@pytest.mark.parametrize("rights", [0o604, 0o602, 0o666])
def test_a_file_that_every_user_can_reach_is_refused(path: Path, rights: int) -> None:
    SQLiteStore(path).close()
    path.chmod(rights)
    with pytest.raises(StoreExposed, match=f"mode {rights:04o}.*chmod o-rwx"):
        SQLiteStore(path)


def test_a_directory_that_every_user_can_write_is_refused_unless_it_is_sticky(path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(StoreExposed, match="mode 0777"):
        SQLiteStore(path)
    path.parent.chmod(0o1777)
    SQLiteStore(path).close()


def test_a_file_that_its_group_can_reach_is_opened_and_told_of_by_check(path: Path) -> None:
    SQLiteStore(path).close()
    path.chmod(0o660)
    with opened(path) as store:
        (problem,) = store.check()
    assert "mode 0660" in problem
    assert f"chmod 600 {path}" in problem


@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
def test_a_directory_that_may_not_be_written_is_refused(folder: Path, existing: bool) -> None:
    path = folder / "trunkline.db"
    if existing:
        SQLiteStore(path).close()
    folder.chmod(0o500)
    with pytest.raises(StoreReadOnly, match=f"{folder} cannot be written.*right to write"):
        SQLiteStore(path)


def test_a_file_that_may_not_be_written_is_refused(folder: Path) -> None:
    path = folder / "trunkline.db"
    SQLiteStore(path).close()
    path.chmod(0o400)
    with pytest.raises(StoreReadOnly, match="cannot be read and written"):
        SQLiteStore(path)


def test_a_directory_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="missing is not a directory"):
        SQLiteStore(path.parent / "missing" / "trunkline.db")


def test_a_path_that_is_no_file_is_told(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreUnavailable, match="not a regular file"):
        SQLiteStore(path)


def test_a_full_disk_is_told_loses_nothing_and_is_got_over(path: Path) -> None:
    with opened(path) as store:
        store.write_attempts([row() for _ in range(100)])
        roomy = store.database.writer.pragma("max_page_count")
        store.database.writer.pragma("max_page_count", store.database.writer.pragma("page_count"))
        rows = [row() for _ in range(1000)]
        with pytest.raises(StoreFull, match=r"full.*Free space") as told:
            store.write_attempts(rows)
        assert told.value.transient
        assert attempts(store) == 100
        store.database.writer.pragma("max_page_count", roomy)
        store.write_attempts(rows)
        assert attempts(store) == 1100


def test_a_lock_that_is_not_let_go_is_told(path: Path) -> None:
    with opened(path) as store:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        store.database.writer.set_busy_timeout(20)
        with pytest.raises(StoreBusy, match="process that holds it open") as told:
            store.write_attempts([row()])
        assert told.value.transient
        assert attempts(store) == 0
        other.execute("ROLLBACK")
        other.close()
        store.write_attempts([row()])
        assert attempts(store) == 1


def test_a_write_that_waits_for_a_lock_lets_other_threads_run(path: Path) -> None:
    with opened(path) as store, ThreadPoolExecutor(1) as pool:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        about_to_write = threading.Event()

        def write() -> None:
            about_to_write.set()
            store.write_attempts([row()])

        written = pool.submit(write)
        about_to_write.wait(timeout=30)
        other.execute("ROLLBACK")  # never reached while the writer waits, if it waited with the interpreter's lock
        written.result(timeout=30)
        other.close()
        assert attempts(store) == 1


def test_a_file_that_is_no_database_is_told(path: Path) -> None:
    path.write_text("provider keys, one on each line\n" * 100)
    path.chmod(0o600)
    with pytest.raises(StoreCorrupt, match="restore the last good backup"):
        SQLiteStore(path)


def test_another_programs_database_is_refused_and_left_as_it_is(path: Path) -> None:
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE songs (title)")
    db.close()
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(SchemaUnknown, match="not one of Trunkline's"):
        SQLiteStore(path)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_release_is_refused_and_left_as_it_is(path: Path) -> None:
    with opened(path) as store:
        store.database.writer.execute(FUTURE, (NEXT, NEXT))
    before = path.read_bytes()
    told = rf"schema {NEXT}, made by a newer release .* up to {NEXT - 1}\. Run that release"
    with pytest.raises(SchemaTooNew, match=told):
        SQLiteStore(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    broken = Migration(NEXT, "broken", "CREATE TABLE half (x); CREATE TABLE half (x);")
    with opened(path) as store:
        with pytest.raises(apsw.SQLError, match="half already exists"):
            migrate(store.database.writer, path, [*MIGRATIONS, broken])
        assert store.check() == []
        assert not store.database.writer.table_exists("main", "half")


def test_a_later_migration_is_applied_to_a_store_in_use(path: Path) -> None:
    later = Migration(NEXT, "later", "CREATE TABLE later (x)")
    with opened(path) as store, opened(path) as other:
        other.write_attempts([row()])
        migrate(store.database.writer, path, [*MIGRATIONS, later])
        migrate(other.database.writer, path, [*MIGRATIONS, later])
        assert other.database.writer.table_exists("main", "later")
        assert attempts(store) == 1


def test_a_store_of_the_first_release_is_brought_up_to_date_with_what_is_in_it(path: Path) -> None:
    prepare_place(path)
    db = connect(path)
    db.execute(MIGRATIONS[0].sql)
    applied = (MIGRATIONS[0].name, MIGRATIONS[0].checksum)
    db.execute("INSERT INTO trunkline_migrations (number, name, checksum, applied) VALUES (1, ?, ?, 0)", applied)
    db.execute("INSERT INTO keys VALUES (zeroblob(32), 'support', 'x9f2', 0, NULL, NULL, '[]', '{}')")
    db.close()
    with opened(path) as store:
        [key] = store.keys()
        assert key.name == "support"
        assert store.vault_check() is None
        assert store.check() == []


def test_the_totals_of_a_store_that_had_none_are_those_of_its_hours(path: Path) -> None:
    with opened(path) as store:
        db = store.database.writer
        for trigger in ("hour_begun", "hour_changed", "markup_begun", "markup_changed"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("DROP TABLE usage_totals")
        db.execute("DELETE FROM trunkline_migrations WHERE number = 35")
        store.write_attempts([row(started=START + n * HOUR // 7, markup=n % 5 - 1, tags=TAGGED) for n in range(300)])
        store.prepare(0)
    with opened(path) as store:
        store.write_attempts([row(started=START + n * HOUR // 3, markup=n % 3) for n in range(60)])
        store.prepare(0)
        assert_totals_are_those_of_hours(store, 360)


def test_a_sound_store_has_no_problems(path: Path) -> None:
    with opened(path) as store:
        store.write_attempts([row() for _ in range(100)])
        assert store.check() == []


def test_check_tells_of_damage_within_the_file(path: Path) -> None:
    with opened(path) as store:
        store.write_attempts([row() for _ in range(2000)])
    content = bytearray(path.read_bytes())
    content[-40 * 4096 : -20 * 4096] = b"\xaa" * (20 * 4096)
    path.write_bytes(content)
    with opened(path) as store:
        problems = store.check()
    assert problems
    assert all("restore the last good backup" in problem for problem in problems)


def test_check_tells_of_a_store_that_cannot_be_written(path: Path) -> None:
    with opened(path) as store:
        store.database.writer.pragma("query_only", True)
        (problem,) = store.check()
    assert "right to write" in problem


def test_check_tells_that_a_newer_release_has_migrated_the_store_meanwhile(path: Path) -> None:
    with opened(path) as store:
        store.database.writer.execute(FUTURE, (NEXT, NEXT))
        (problem,) = store.check()
    assert "newer release" in problem


def test_check_tells_when_the_file_has_gone(path: Path) -> None:
    with opened(path) as store:
        path.rename(path.with_name("elsewhere.db"))
        assert any("No such file" in problem for problem in store.check())


def test_a_long_report_does_not_keep_keys_from_being_looked_up(path: Path) -> None:
    with opened(path) as store, store.database.readers["reports"].lend(), store.database.readers["reports"].lend():
        assert store.version() == 1
        assert store.key_by_digest(b"\x01" * 32) is None


def test_a_copy_of_a_store_that_was_being_written_is_opened(path: Path) -> None:
    copy = path.with_name("copy.db")
    with opened(path) as store:
        store.write_attempts([row()])
        shutil.copy(path, copy)
        shutil.copy(f"{path}-wal", f"{copy}-wal")
    with opened(copy) as store:
        assert attempts(store) == 1
