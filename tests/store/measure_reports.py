"""How quickly reports are read over many rows: `python -m tests.store.measure_reports --rows 10000000`.

The rows are made by the databases themselves: 90 days, 200 keys of 20 teams in 2 organisations, 6 models of 3
providers, a tag `feature` of 10 values on every tenth. Summing them up is timed, too.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import services
from tests.store.rows import START

from trunkline.store.base import By, Store, Tag, UsageFilter
from trunkline.store.postgresql import PostgreSQLStore
from trunkline.store.sqlite import SQLiteStore

DAYS = 90
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
    values = VALUES.format(start=START, step=DAYS * 86_400_000_000 // rows, no=0)
    series = f"WITH RECURSIVE series (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n < {rows - 1})"
    chosen = f"SELECT unhex(printf('%032x', n)), {values} FROM series"
    store.database.writer.execute(f"INSERT INTO attempts ({COLUMNS}) {series} {chosen}")


def fill_postgresql(store: PostgreSQLStore, rows: int) -> None:
    values = VALUES.format(start=START, step=DAYS * 86_400_000_000 // rows, no="false")
    with store.database.writing("schema") as session:
        for first in range(0, rows, 20_000):
            series = f"generate_series({first}::bigint, {min(first + 20_000, rows) - 1}) AS n"
            text = f"INSERT INTO attempts ({COLUMNS}) SELECT gen_random_uuid(), {values} FROM {series}"
            session.call(session.connection.execute(text))
        session.call(session.connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0"))


def time_reports(store: Store) -> None:
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=START)
    odd = begin + timedelta(days=10, minutes=17), begin + timedelta(days=70, minutes=43)
    asked: dict[str, Callable[[], object]] = {}
    by: By
    for by in ("org", "team", "user", "key", "model", "provider", "outcome", "day", Tag("feature")):
        asked[f"by {by.name if isinstance(by, Tag) else by}"] = lambda by=by: store.usage(by)  # type: ignore[misc]
    asked["by hour, 7 days"] = lambda: store.usage("hour", begin, begin + timedelta(days=7))
    asked["by hour, all"] = lambda: store.usage("hour")
    asked["by model, one key, cut within hours"] = lambda: store.usage("model", *odd, UsageFilter(key="key-7"))
    asked["latencies by model"] = lambda: store.latencies("model")
    asked["latencies by key"] = lambda: store.latencies("key")
    for name, report in asked.items():
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            report()
            taken.append(time.perf_counter() - begun)
        print(f"| {name} | {min(taken) * 1000:.0f} | {sorted(taken)[2] * 1000:.0f} |", flush=True)


def measure_sqlite(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "ledger.db")
        begun = time.perf_counter()
        fill_sqlite(store, rows)
        made = time.perf_counter()
        store.prepare(0)
        spent = f"made in {made - begun:.0f} s, summed in {time.perf_counter() - made:.0f} s"
        print(f"\nSQLite, {rows:,} rows: {spent}\n\n| report | least ms | median |\n|---|---|---|", flush=True)
        time_reports(store)
        store.close()


def measure_postgresql(rows: int) -> None:
    with services.running_postgresql() as server:
        store = PostgreSQLStore(server.url)
        begun = time.perf_counter()
        fill_postgresql(store, rows)
        services.execute(server.url, "ANALYZE")
        spent = f"made and summed in {time.perf_counter() - begun:.0f} s"
        print(f"\nPostgreSQL, {rows:,} rows: {spent}\n\n| report | least ms | median |\n|---|---|---|", flush=True)
        time_reports(store)
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
