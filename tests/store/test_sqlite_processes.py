"""Several processes on one file, and processes that die."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import apsw
from tests.store.child import BATCH
from tests.store.rows import row

from trunkline.store import open_store
from trunkline.store.base import TAG_VALUES, Tag
from trunkline.store.sqlite_database import SQL
from trunkline.store.sqlite_file import MIGRATIONS, connect, migrate, prepare_place

ROOT = Path(__file__).parents[2]


@contextmanager
def child(task: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.store.child", task, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def rows_by_label(path: Path) -> dict[str, int]:
    db = apsw.Connection(str(path))
    counted: dict[Any, Any] = {}
    counted.update(db.execute("SELECT label, count(*) FROM attempts GROUP BY label"))
    db.close()
    return counted


def is_sound(path: Path) -> bool:
    store = open_store(f"sqlite://{path}")
    problems = store.check()
    store.close()
    return problems == []


def test_four_processes_that_open_a_new_store_at_once_migrate_it_once(path: Path) -> None:
    for attempt in range(3):
        file = path.with_name(f"attempt-{attempt}.db")
        with ExitStack() as stack:
            family = [stack.enter_context(child("open_when_told", file)) for _ in range(4)]
            assert [next_line(process) for process in family] == ["ready"] * 4
            for process in family:
                go(process)
            assert [process.communicate(timeout=30) for process in family] == [("version 1\n", "")] * 4
        db = apsw.Connection(str(file))
        applied = db.execute("SELECT number, name FROM trunkline_migrations ORDER BY number").fetchall()
        assert applied == [(migration.number, migration.name) for migration in MIGRATIONS]
        db.close()
        assert is_sound(file)


def test_processes_that_write_at_once_lose_and_double_nothing(path: Path) -> None:
    with child("write", path, "left", 15) as left, child("write", path, "right", 15) as right:
        for process in (left, right):
            assert next_line(process) == "ready"
        for process in (left, right):
            go(process)
        for process in (left, right):
            said, complaints = process.communicate(timeout=60)
            assert (said.splitlines(), complaints) == ([f"wrote {n}" for n in range(15)], "")
    written = {f"{writer}-{n}": BATCH for writer in ("left", "right", "everyone") for n in range(15)}
    assert rows_by_label(path) == written
    assert is_sound(path)


def test_a_process_that_dies_within_a_batch_leaves_none_of_it(path: Path) -> None:
    with child("die_within_a_batch", path) as process:
        assert process.communicate(timeout=30) == ("wrote 0\n", "")
    assert process.returncode == -9
    assert rows_by_label(path) == {"writer-0": BATCH}
    assert is_sound(path)


def test_a_process_killed_while_it_writes_leaves_whole_batches_and_all_it_told_of(path: Path) -> None:
    for life in range(5):
        file = path.with_name(f"life-{life}.db")
        with child("write_for_ever", file) as process:
            told = [next_line(process) for _ in range(3 + 4 * life)]
            process.kill()
            told += process.communicate()[0].splitlines()
        found = rows_by_label(file)
        assert set(found.values()) == {BATCH}
        assert set(found) >= {line.replace("wrote ", "writer-") for line in told}
        assert is_sound(file)


def test_when_a_commit_does_not_fit_the_disk_its_batch_is_not_there_and_the_next_one_can_be(path: Path) -> None:
    with child("outgrow_the_disk", path) as process:
        said, complaints = process.communicate(timeout=30)
    assert complaints == ""
    failure, after = said.splitlines()
    assert failure in {"StoreFull transient=True", "StoreUnavailable transient=True"}
    written = int(after.split()[1])
    assert written >= 2
    assert rows_by_label(path) == {f"writer-{n}": BATCH for n in range(written)}
    assert is_sound(path)


def test_a_release_that_knows_of_no_mark_ups_sums_up_those_of_this_one(path: Path) -> None:
    prepare_place(path)
    db = connect(path)
    migrate(db, path, [it for it in MIGRATIONS if it.number < 25])
    db.execute(SQL["make_summing"])
    store = open_store(f"sqlite://{path}")
    store.write_attempts([row(cost=5, markup=n, tags='{"app":"chat"}') for n in range(-1, 4)])
    before = [store.usage(by) for by in ("day", "hour", Tag("app"))]
    db.execute(SQL["new_tag_values"], (0, 5, TAG_VALUES))
    db.execute(SQL["sum_up"], (0, 5))
    for statement in ("add_to_hours", "add_to_days", "empty_summing"):
        db.execute(SQL[statement])
    db.execute(SQL["summed_up_to"], (5,))
    assert [store.usage(by) for by in ("day", "hour", Tag("app"))] == before
    assert [line.markup for line in store.usage(None)] == [5]
    assert db.execute(SQL["unsummed"], (10, 0)).fetchall() == []
    store.close()
