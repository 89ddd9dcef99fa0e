"""What is PostgreSQL's own: its server restarts and stalls, and several processes and releases share it."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace
from tests import services
from tests.store.rows import HOUR, START, TAGGED, batch, row, uuid7
from tests.store.totals import assert_totals_are_those_of_hours

from trunkline.ledger.record import Intent, Row, unsettled
from trunkline.store import open_store
from trunkline.store.base import TAG_VALUES, Tag
from trunkline.store.errors import SchemaUnknown, StoreAddress, StoreClosed, StoreError, StoreUnavailable
from trunkline.store.postgresql import PostgreSQLStore
from trunkline.store.postgresql_schema import MIGRATIONS, migrate


@pytest.fixture
def store(postgresql_url: str) -> Iterator[PostgreSQLStore]:
    opened = PostgreSQLStore(postgresql_url)
    yield opened
    opened.close()


def attempts(store: PostgreSQLStore) -> int:
    return sum(line.attempts for line in store.usage(None))


def test_a_restart_of_the_server_loses_and_doubles_nothing(own_postgresql: services.PostgreSQL) -> None:
    store = PostgreSQLStore(own_postgresql.url)
    failures: list[StoreError] = []
    done = threading.Event()
    written = 0

    def write() -> None:
        """As the ledger does: what fails is tried again, until it succeeds."""
        nonlocal written
        number = 0
        while not done.is_set() or number < 20:
            try:
                store.write_attempts(batch(number, 50))
            except StoreError as error:
                failures.append(error)
                time.sleep(0.05)
            else:
                number += 1
                written += 50

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        for mode in ("fast", "immediate"):
            own_postgresql.stop(mode)
            own_postgresql.start()
        done.set()
        writing.result(60)
    assert failures
    assert all(failure.transient for failure in failures)
    assert attempts(store) == written == services.execute(own_postgresql.url, "SELECT count(*) FROM attempts")[0][0]
    store.close()


def test_a_server_that_stands_still_is_given_up_and_what_was_under_way_is_not_doubled(
    own_postgresql: services.PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PostgreSQLStore(own_postgresql.url)
    store.write_attempts(batch(1, 10))
    for kind in ("writer", "lookups"):
        monkeypatch.setitem(store.database.seconds, kind, 0.3)
    with own_postgresql.paused():
        with pytest.raises(StoreUnavailable, match="no answer in time"):
            store.write_attempts(batch(2, 10))
        with pytest.raises(StoreUnavailable):
            store.version()
    monkeypatch.undo()
    store.write_attempts(batch(2, 10))
    assert attempts(store) == 20
    store.close()


def test_writers_that_write_the_same_rows_at_once_write_them_once(postgresql_url: str) -> None:
    stores = [PostgreSQLStore(postgresql_url) for _ in range(3)]

    def write(store: PostgreSQLStore) -> None:
        for number in range(8):
            store.write_attempts(batch(number, 40))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, stores))
    assert attempts(stores[0]) == 8 * 40
    for store in stores:
        store.close()


def test_what_is_settled_while_it_is_summed_up_counts_once(store: PostgreSQLStore) -> None:
    intents = [Intent(uuid7(START // 1000, n), 1, START, "", "app", "m", "up", "m", False, 100) for n in range(400)]

    def settle(first: int) -> None:
        for start in range(first, 400, 50):
            store.write_attempts([replace(unsettled(it), outcome="ok", cost=7) for it in intents[start : start + 25]])

    def sum_up() -> None:
        for _ in range(10):
            store.prepare(START // 1_000_000)

    for start in range(0, 400, 100):
        store.write_attempts([unsettled(it) for it in intents[start : start + 100]])
    with ThreadPoolExecutor(3) as pool:
        for under_way in (pool.submit(settle, 0), pool.submit(sum_up), pool.submit(settle, 25)):
            under_way.result(60)
    for _ in range(2):
        (line,) = store.usage("outcome")
        assert (line.name, line.attempts, line.requests, line.cost) == ("ok", 400, 400, 2800)
        store.prepare(START // 1_000_000)


def test_processes_that_make_a_new_store_at_once_make_it_once(postgresql_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(PostgreSQLStore, [postgresql_url] * 4))
    for store in stores:
        store.close()
    applied = services.execute(postgresql_url, "SELECT number FROM trunkline_migrations ORDER BY number")
    assert applied == [(migration.number,) for migration in MIGRATIONS]


def test_the_release_before_works_beside_this_one_and_its_rows_are_summed(
    postgresql_url: str, store: PostgreSQLStore
) -> None:
    migrate(store.database, MIGRATIONS[:2])  # as a replica of that release does when it starts anew
    values = f"'{uuid7(START // 1000, 1)}', 1, {START}, '', 'app', 'm', 'openai', 'm', false, 'ok', 200, '', 'stop',"
    services.execute(postgresql_url, f"INSERT INTO attempts VALUES ({values} 'provider', 1, 0, 0, 1, 0, 7, 1, 1)")
    store.write_attempts([row(cost=5)])
    assert [line.cost for line in store.usage("day")] == [12]


def test_a_release_that_knows_of_no_mark_ups_writes_rows_and_sums_up_those_of_this_one(store: PostgreSQLStore) -> None:
    store.write_attempts([row(cost=5, markup=n, tags='{"app":"chat"}') for n in range(-1, 4)])
    before = [store.usage(by) for by in ("day", "hour", Tag("app"))]
    known = ", ".join(f'"{name}"' for name in Row.__struct_fields__ if name != "markup")
    with store.database.writing() as session:
        run = session.connection.execute
        session.call(run("CREATE TEMP TABLE arriving (LIKE attempts) ON COMMIT DROP"))
        session.call(run(f"INSERT INTO arriving ({known}) SELECT {known} FROM attempts"))
        batches = [batch for batch, _ in session.all("take_unsummed", 100)]
        session.change("new_tag_values", batches, TAG_VALUES)
        session.change("sum_up", batches)
    assert [store.usage(by) for by in ("day", "hour", Tag("app"))] == before
    assert [line.markup for line in store.usage(None)] == [5]
    with store.database.reading("lookups") as session:
        assert session.one("unsummed") == (0,)


def test_the_totals_of_a_store_that_had_none_are_those_of_its_hours(
    postgresql_url: str, store: PostgreSQLStore
) -> None:
    for function in ("add_begun_hours", "add_changed_hours", "add_begun_markups", "add_changed_markups"):
        services.execute(postgresql_url, f"DROP FUNCTION {function} CASCADE")
    services.execute(postgresql_url, "DROP TABLE usage_totals")
    services.execute(postgresql_url, "DELETE FROM trunkline_migrations WHERE number = 35")
    store.write_attempts([row(started=START + n * HOUR // 7, markup=n % 5 - 1, tags=TAGGED) for n in range(300)])
    store.prepare(0)
    migrate(store.database)
    store.write_attempts([row(started=START + n * HOUR // 3, markup=n % 3) for n in range(60)])
    store.prepare(0)
    assert_totals_are_those_of_hours(store, 360)


def test_the_ledger_has_a_part_for_each_month_and_old_ones_are_dropped_whole(
    postgresql_url: str, store: PostgreSQLStore
) -> None:
    november = 1_762_000_000
    store.prepare(START // 1_000_000)
    store.write_attempts([row(), row(), row(request=uuid7(november * 1000, 1), started=november * 1_000_000)])
    held = services.execute(
        postgresql_url, "SELECT tableoid::regclass::text, count(*) FROM attempts GROUP BY 1 ORDER BY 1"
    )
    assert held == [("attempts_2025_10", 2), ("attempts_2025_11", 1)]
    before = store.usage("day")
    assert store.delete_attempts(november + 10 * 86400, 100) == 0  # none of them are in the sums yet
    store.prepare(START // 1_000_000)
    assert store.delete_attempts(november + 10 * 86400, 100) == 2
    assert store.usage("day") == before
    assert store.delete_attempts(november + 10 * 86400, 100) == 1  # one by one, where a part is not old as a whole
    assert store.delete_attempts(november + 10 * 86400, 100) == 0
    store.prepare(START // 1_000_000 + 40 * 86400)
    store.write_attempts([row()])
    assert attempts(store) == 4


def test_another_programs_database_is_refused_and_left_alone(postgresql_url: str) -> None:
    services.execute(postgresql_url, "CREATE TABLE customers (name text)")
    with pytest.raises(SchemaUnknown, match="has tables, but not Trunkline's"):
        open_store(postgresql_url)
    assert services.execute(postgresql_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_what_is_wrong_with_an_address_is_told_without_its_password() -> None:
    for url in ("postgresql://me:hunter2@127.0.0.1:1/x", "postgresql://me:hunter2@127.0.0.1:99999/x"):
        with pytest.raises((StoreUnavailable, StoreAddress)) as raised:
            open_store(url)
        assert "hunter2" not in str(raised.value)


def test_a_closed_store_says_so(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        store.version()
