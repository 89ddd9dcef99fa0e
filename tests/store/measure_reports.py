"""How quickly reports are read over many rows: `python -m tests.store.measure_reports --rows 10000000`.

The rows are made by the databases themselves: 90 days, 200 keys of 20 teams in 2 organisations, 6 models of 3
providers, a tag `feature` of 10 values on every tenth. Summing them up is timed, too. Ten million take some minutes,
and 5 GB of disk in SQLite or 8 in PostgreSQL, which are given back at the end.

Reports are also read while as many rows wait to be summed up as ever do. Processor time is that of this process and of
the server together: on a busy machine it says more than the clock.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import asdict
from tests import services
from tests.store.measure_writing import spent_by
from tests.store.rows import START, row

from trunkline.store.base import By, Store, Tag, UsageFilter
from trunkline.store.postgresql import PostgreSQLStore
from trunkline.store.sqlite import SQLiteStore

DAYS = 90
AT_ONCE = 2_000
"""Rows made by one statement."""
WAITING = 9_000
"""A little less than are summed up at once."""
TAGGED = '{"feature":"f1"}'
COLUMNS = (
    "request, attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage, "
    "input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us, "
    'org, team, "user", tags, saved'
)
VALUES = """
    1, {start} + n * {step}, '', 'key-' || (n * 7919 % 200), 'm', 'provider-' || (n * 31 % 6 / 2),
    'model-' || (n * 31 % 6), {no}, CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'ok' END, 200, '', 'stop', 'provider',
    900 + n % 1000, 100, 0, 250, 50, 4750000 + n % 977, 200000 + n % 300000, 400000 + n * 7 % 5000000,
    'org-' || (n * 7919 % 2), 'team-' || (n * 7919 % 20), 'user-' || (n * 7919 % 200),
    CASE WHEN n % 10 = 0 THEN '{{"feature":"f' || (n / 10 % 10) || '"}}' ELSE '' END, 0
"""


def fill_sqlite(store: SQLiteStore, rows: int) -> None:
    step = DAYS * 86_400_000_000 // rows
    values = VALUES.format(start=START, step=step, no=0)
    series = f"WITH RECURSIVE series (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n < {rows - 1})"
    chosen = f"SELECT unhex(printf('%012x70008%015x', ({START} + n * {step}) / 1000, n)), {values} FROM series"
    store.database.writer.execute(f"INSERT INTO attempts ({COLUMNS}) {series} {chosen}")


def fill_postgresql(store: PostgreSQLStore, rows: int) -> None:
    step = DAYS * 86_400_000_000 // rows
    values = VALUES.format(start=START, step=step, no="false")
    request = f"(lpad(to_hex(({START} + n * {step}) / 1000), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid"
    for month in range(0, DAYS + 30, 30):
        store.prepare(START // 1_000_000 + month * 86_400)
    for first in range(0, rows, AT_ONCE):
        series = f"generate_series({first}::bigint, {min(first + AT_ONCE, rows) - 1}) AS n"
        with store.database.writing("schema") as session:
            text = f"INSERT INTO attempts ({COLUMNS}) SELECT {request}, {values} FROM {series}"
            session.call(session.connection.execute(text))


def read(store: Store, spent: str, server: services.PostgreSQL | None = None) -> None:
    head = "| report | least ms | median | processor ms |\n|---|---|---|---|"
    print(f"\n{spent}\n\n{head}", flush=True)
    time_reports(store, server)
    size = WAITING // 9
    for _ in range(9):
        store.write_attempts([row(key=f"key-{n % 200}", model=f"model-{n % 6}", tags=TAGGED) for n in range(size)])
    print(f"\nWith {WAITING:,} rows more, which wait to be summed up\n\n{head}", flush=True)
    time_reports(store, server)


def time_reports(store: Store, server: services.PostgreSQL | None) -> None:
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=START)
    odd = begin + timedelta(days=10, minutes=17), begin + timedelta(days=70, minutes=43)
    week = begin, begin + timedelta(days=7)
    asked: dict[str, Callable[[], object]] = {}
    by: By
    for by in ("org", "team", "user", "key", "model", "provider", "outcome", Tag("feature"), "day"):
        asked[f"by {by.name if isinstance(by, Tag) else by}"] = lambda by=by: store.usage(by)  # type: ignore[misc]
    asked["by hour, 7 days"] = lambda: store.usage("hour", *week)
    asked["by hour, all"] = lambda: store.usage("hour")
    for only in (
        UsageFilter(key="key-7"),
        UsageFilter(user="user-7"),
        UsageFilter(model="model-1"),
        UsageFilter(org="org-1"),
        UsageFilter(team="team-1", model="model-1"),
    ):
        chosen = " and ".join(name for name, value in asdict(only).items() if value is not None)
        asked[f"by hour, one {chosen}, 7 days"] = lambda only=only: store.usage("hour", *week, only)  # type: ignore[misc]
        asked[f"by hour, one {chosen}, all"] = lambda only=only: store.usage("hour", only=only)  # type: ignore[misc]
    asked["by model, one key, cut within hours"] = lambda: store.usage("model", *odd, UsageFilter(key="key-7"))
    asked["latencies by model"] = lambda: store.latencies("model")
    asked["latencies by key"] = lambda: store.latencies("key")
    asked["latencies by hour"] = lambda: store.latencies("hour")
    for name, report in asked.items():
        taken = []
        before = spent_by(server)
        for _ in range(9):
            begun = time.perf_counter()
            report()
            taken.append(time.perf_counter() - begun)
        spent = (spent_by(server) - before) / len(taken)
        print(f"| {name} | {min(taken) * 1000:.0f} | {sorted(taken)[4] * 1000:.0f} | {spent * 1000:.0f} |", flush=True)


def measure_sqlite(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "ledger.db")
        begun = time.perf_counter()
        fill_sqlite(store, rows)
        made = time.perf_counter()
        store.prepare(0)
        summed = time.perf_counter()
        read(store, f"SQLite, {rows:,} rows: made in {made - begun:.0f} s, summed in {summed - made:.0f} s")
        store.close()


def measure_postgresql(rows: int) -> None:
    with services.running_postgresql() as server:
        store = PostgreSQLStore(server.url)
        begun = time.perf_counter()
        fill_postgresql(store, rows)
        made = time.perf_counter()
        store.prepare(0)
        summed = time.perf_counter()
        services.execute(server.url, "VACUUM ANALYZE", timeout=600)  # as the server does by itself, sooner or later
        read(store, f"PostgreSQL, {rows:,} rows: made in {made - begun:.0f} s, summed in {summed - made:.0f} s", server)
        store.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    given = options.parse_args()
    if given.only != "postgresql":
        measure_sqlite(given.rows)
    if given.only != "sqlite":
        measure_postgresql(given.rows)
