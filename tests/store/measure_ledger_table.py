"""What writing the ledger costs, for the shapes its table could have: `python -m tests.store.measure_ledger_table`.

The numbers and the choice are in docs/decisions/0003-ledger-table.md. Processor time is that of the writing thread; the
variants take turns in several rounds, and the least is the fairest, since other work on the machine only adds to it.
"""

import argparse
import os
import random
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import apsw
import msgspec
from msgspec.structs import astuple, replace
from tests.store.rows import START, row, uuid7

from trunkline.ledger.record import Row
from trunkline.store import migrations, sqlite_file, statements

SQL = statements.load("sqlite")
SCHEMA = "".join(migration.sql for migration in migrations.load("sqlite"))


class Variant(msgspec.Struct, frozen=True):
    blob: bool = True
    rowid: bool = True
    index: bool = True
    pieces: bool = True

    def __str__(self) -> str:
        shape = f"{'blob' if self.blob else 'text'}, {'rowid' if self.rowid else 'without rowid'}"
        way = "pieces" if self.pieces else "executemany"
        return f"{shape}{', index' if self.index else ''}, {way}"

    def schema(self) -> str:
        schema = SCHEMA
        if not self.rowid:
            schema = schema.replace("(request, attempt)\n) STRICT", "(request, attempt)\n) STRICT, WITHOUT ROWID")
        if not self.blob:
            schema = schema.replace("BLOB    NOT NULL CHECK (length(request) = 16)", "TEXT    NOT NULL")
        if not self.index:
            schema += "DROP INDEX attempts_by_start;"
        return schema

    def statement(self, size: int) -> str:
        one = SQL["attempt_row"] if self.blob else SQL["attempt_row"].replace("unhex(?, '-')", "?")
        return SQL["write_attempts"].replace("{rows}", ", ".join([one] * size))


CHOSEN = Variant()
SHAPES = [
    CHOSEN,
    Variant(index=False),
    Variant(rowid=False),
    Variant(rowid=False, index=False),
    Variant(blob=False),
    Variant(blob=False, rowid=False),
]
ROW_BY_ROW = Variant(pieces=False)
PIECES = (64, 16, 4, 1)


def settled_rows(count: int) -> list[Row]:
    """Attempts that started 71 µs apart (14,000 a second) and were settled a little out of order."""
    chance = random.Random(1)
    rows = [
        row(
            request=uuid7((START + n * 71) // 1000, chance.getrandbits(62)), started=START + n * 71, key=f"key-{n % 20}"
        )
        for n in range(count)
    ]
    late = {r.request: n + chance.random() * 300 for n, r in enumerate(rows)}
    return sorted(rows, key=lambda r: late[r.request])


@contextmanager
def new_table(variant: Variant) -> Iterator[apsw.Connection]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{uuid.uuid4()}.db"
        sqlite_file.prepare_place(path)
        db = sqlite_file.connect(path)
        db.pragma("journal_mode", "wal")
        db.execute(variant.schema())
        yield db
        db.close()


def write(db: apsw.Connection, variant: Variant, rows: Sequence[Row], batch: int) -> float:
    """Write the rows in batches; processor time of this thread in µs for each row."""
    statement = {size: variant.statement(size) for size in PIECES}
    begun = time.thread_time()
    for first in range(0, len(rows), batch):
        with sqlite_file.transaction(db):
            start, end = first, min(first + batch, len(rows))
            if not variant.pieces:
                db.executemany(statement[1], map(astuple, rows[start:end]))
                continue
            for size in PIECES:
                while end - start >= size:
                    db.execute(statement[size], tuple(chain.from_iterable(map(astuple, rows[start : start + size]))))
                    start += size
    return (time.thread_time() - begun) / len(rows) * 1e6


@contextmanager
def busy_thread() -> Iterator[None]:
    """A thread like an event loop: some 20 µs of Python, then a system call, and so on."""
    stop = threading.Event()

    def loop() -> None:
        read, written = os.pipe()
        while not stop.is_set():
            sum(range(800))
            os.write(written, b".")
            os.read(read, 1)
        os.close(read)
        os.close(written)

    thread = threading.Thread(target=loop)
    thread.start()
    yield
    stop.set()
    thread.join()


def measure_shapes(rows: Sequence[Row], rounds: int) -> None:
    print("| table | batch | least µs/row | median | bytes/row |\n|---|---|---|---|---|")
    for batch in (100, 500):
        spent: dict[Variant, list[float]] = {variant: [] for variant in [*SHAPES, ROW_BY_ROW]}
        size: dict[Variant, float] = {}
        for _ in range(rounds):
            for variant, times in spent.items():
                with new_table(variant) as db:
                    times.append(write(db, variant, rows, batch))
                    size[variant] = db.pragma("page_count") * db.pragma("page_size") / len(rows)
        for variant, times in spent.items():
            cost = f"{min(times):.2f} | {statistics.median(times):.2f} | {size[variant]:.0f}"
            print(f"| {variant} | {batch} | {cost} |")


def measure_replacement(rows: Sequence[Row], rounds: int) -> None:
    intents = [replace(r, outcome="unsettled", cost=9_000) for r in rows]
    spent = []
    for _ in range(rounds):
        with new_table(CHOSEN) as db:
            write(db, CHOSEN, intents, 100)
            spent.append(write(db, CHOSEN, rows, 100))
    print(f"\nSettling a row that was written as unsettled, batches of 100: {min(spent):.2f} µs/row")


def measure_company(rows: Sequence[Row], rounds: int) -> None:
    print("\n| beside a busy thread, batches of 100 | cores | least µs/row | median | time for a batch, median ms |")
    print("|---|---|---|---|---|")
    everywhere = os.sched_getaffinity(0)
    for cores in (everywhere, {min(everywhere)}):
        os.sched_setaffinity(0, cores)
        spent: dict[Variant, list[float]] = {CHOSEN: [], ROW_BY_ROW: []}
        waited: dict[Variant, list[float]] = {CHOSEN: [], ROW_BY_ROW: []}
        for _ in range(rounds):
            for variant, times in spent.items():
                with new_table(variant) as db, busy_thread():
                    begun = time.perf_counter()
                    times.append(write(db, variant, rows, 100))
                    waited[variant].append((time.perf_counter() - begun) / len(rows) * 100_000)
        for variant, times in spent.items():
            batch = statistics.median(waited[variant])
            print(f"| {variant} | {len(cores)} | {min(times):.2f} | {statistics.median(times):.2f} | {batch:.1f} |")
    os.sched_setaffinity(0, everywhere)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    ledger = settled_rows(given.rows)
    print(f"SQLite {apsw.sqlite_lib_version()}, {given.rounds} rounds of {given.rows:,} rows\n")
    measure_shapes(ledger, given.rounds)
    measure_replacement(ledger, given.rounds)
    measure_company(ledger[:3000], min(given.rounds, 5))
