"""How quickly the ledger is written in either database: `python -m tests.store.measure_writing`.

Beside it the driver alone, row by row into a table without sums, as `executemany` does it. The ways take turns in
several rounds, and the best round is the fairest, since other work on the machine only adds to it. A round is as many
rows as are added to the sums at once, so their share is in it. Processor time is that of this process and that of the
server's processes, for each row.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw
import asyncpg
from msgspec.structs import astuple
from tests import services
from tests.store.rows import row

from trunkline.ledger.record import Row
from trunkline.store import open_store

Write = Callable[[Sequence[Row]], None]

ROUND = 40_000
"""Rows."""


def rows(count: int) -> list[Row]:
    """Of 50 keys and 5 models, with two tags."""
    return [
        row(
            key=f"key-{random.randrange(50)}",
            model=f"model-{random.randrange(5)}",
            total_us=random.randrange(5_000_000),
            tags=f'{{"feature":"f{random.randrange(5)}","env":"prod"}}',
        )
        for _ in range(count)
    ]


def plain_sqlite(path: str) -> Write:
    db = apsw.Connection(path)
    db.pragma("journal_mode", "wal")
    db.pragma("synchronous", "full")
    width = len(Row.__struct_fields__)
    db.execute(f"CREATE TABLE plain ({', '.join(f'c{n}' for n in range(width))}, PRIMARY KEY (c0, c1))")
    statement = f"INSERT INTO plain VALUES ({', '.join('?' * width)}) ON CONFLICT DO NOTHING"

    def write(batch: Sequence[Row]) -> None:
        with db:
            db.executemany(statement, map(astuple, batch))

    return write


def plain_postgresql(url: str) -> Write:
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(url))
    loop.run_until_complete(connection.execute("CREATE TABLE plain (LIKE attempts INCLUDING INDEXES)"))
    values = ", ".join(f"${n + 1}" for n in range(len(Row.__struct_fields__)))
    statement = f"INSERT INTO plain VALUES ({values}) ON CONFLICT DO NOTHING"

    def write(batch: Sequence[Row]) -> None:
        loop.run_until_complete(connection.executemany(statement, list(map(astuple, batch))))

    return write


def spent_by(server: services.PostgreSQL | None) -> float:
    """Processor seconds of this process, and of a server's processes that are alive."""
    if server is None:
        return time.process_time()
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in server.children]
    return time.process_time() + sum(int(stat[11]) + int(stat[12]) for stat in stats) / 100


def measure(ways: dict[str, Write], server: services.PostgreSQL, size: int, rounds: int) -> None:
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(rounds):
        for name, write in ways.items():
            batches = [rows(size) for _ in range(ROUND // size)]
            here, there, begun = time.process_time(), spent_by(server), time.perf_counter()
            for batch in batches:
                write(batch)
            taken = time.perf_counter() - begun
            here = time.process_time() - here
            figures = taken, here, spent_by(server) - there - here
            best[name] = tuple(map(min, best.get(name, figures), figures))  # type: ignore[assignment]
    for name, (taken, here, there) in best.items():
        ours, theirs = (f"{seconds / ROUND * 1e6:.1f}" for seconds in (here, there))
        print(f"| {name} | {size} | {ROUND / taken:,.0f} | {ours} | {theirs} |", flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=4)
    given = options.parse_args()
    print("| way | batch | rows/s | here, µs/row | server, µs/row |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, services.running_postgresql(sync=True) as server:
        sqlite, postgresql = open_store(f"sqlite://{folder}/ledger.db"), open_store(server.url)
        ways = {
            "SQLite": sqlite.write_attempts,
            "SQLite, apsw alone": plain_sqlite(f"{folder}/plain.db"),
            "PostgreSQL": postgresql.write_attempts,
            "PostgreSQL, asyncpg alone": plain_postgresql(server.url),
        }
        for size in (500, 2000):
            measure(ways, server, size, given.rounds)
        sqlite.close()
        postgresql.close()
