import threading
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.store.rows import row, uuid7

from trunkline.ledger.record import Intent, unsettled
from trunkline.store.base import Store, UsageFilter
from trunkline.store.errors import RowRejected, StoreClosed
from trunkline.store.tables.listing import AT_ONCE


def outcomes(store: Store) -> dict[str, int]:
    return {line.name: line.attempts for line in store.usage("outcome")}


def total_cost(store: Store) -> int:
    return sum(line.cost for line in store.usage(None))


def crashed(request: str) -> Intent:
    return Intent(request, 1, 1_760_000_000_000_000, "", "support", "bot", "openai", "gpt-4o", False, 9_000)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 15, 64, 85, 150])
def test_a_batch_of_any_size_is_stored_once_and_whole(store: Store, size: int) -> None:
    rows = [row(cost=n) for n in range(size)]
    store.write_attempts(rows)
    assert store.recorded((r.request, r.attempt) for r in rows) == {(r.request, r.attempt) for r in rows}
    assert outcomes(store) == ({"ok": size} if size else {})
    assert total_cost(store) == sum(range(size))


def test_writing_a_batch_again_changes_nothing(store: Store) -> None:
    rows = [row() for _ in range(70)]
    store.write_attempts(rows)
    store.write_attempts(rows)
    assert outcomes(store) == {"ok": 70}


def test_a_settled_row_takes_the_place_of_an_unsettled_one_with_all_it_says(store: Store) -> None:
    intent = crashed(uuid7(1_760_000_000_000, 1))
    store.write_attempts([unsettled(intent)])
    settled = replace(unsettled(intent), outcome="truncated", input_tokens=1, cached_tokens=2, cache_write_tokens=3)
    store.write_attempts([replace(settled, output_tokens=4, reasoning_tokens=5, cost=6)])
    (line,) = store.usage("outcome")
    assert (line.name, line.attempts, line.errors) == ("truncated", 1, 1)
    assert (line.input_tokens, line.cached_tokens, line.cache_write_tokens) == (1, 2, 3)
    assert (line.output_tokens, line.reasoning_tokens, line.cost) == (4, 5, 6)


def test_an_unsettled_row_never_takes_the_place_of_a_settled_one(store: Store) -> None:
    intent = crashed(uuid7(1_760_000_000_000, 1))
    store.write_attempts([replace(unsettled(intent), outcome="ok", cost=5)])
    store.write_attempts([unsettled(intent)])
    assert outcomes(store) == {"ok": 1}
    assert total_cost(store) == 5


def test_a_second_settled_row_is_ignored(store: Store) -> None:
    first = row(cost=5)
    store.write_attempts([first])
    store.write_attempts([replace(first, outcome="failed", cost=7)])
    assert outcomes(store) == {"ok": 1}
    assert total_cost(store) == 5


def test_a_second_unsettled_row_is_ignored(store: Store) -> None:
    intent = crashed(uuid7(1_760_000_000_000, 1))
    store.write_attempts([unsettled(intent), unsettled(replace(intent, reserved=1))])
    assert total_cost(store) == 9_000


def test_within_one_batch_the_earlier_row_counts_as_there_already(store: Store) -> None:
    intent = crashed(uuid7(1_760_000_000_000, 1))
    settled = replace(unsettled(intent), outcome="ok", cost=5)
    store.write_attempts([unsettled(intent), settled, replace(settled, cost=7), unsettled(intent)])
    assert outcomes(store) == {"ok": 1}
    assert total_cost(store) == 5


def test_attempts_of_one_request_are_kept_apart(store: Store) -> None:
    first = row(outcome="refused", status=429)
    store.write_attempts([first, replace(first, attempt=2, outcome="ok", status=200)])
    (line,) = store.usage(None)
    assert (line.requests, line.attempts, line.errors) == (1, 2, 1)


def test_recorded_tells_which_pairs_exist_settled_or_not(store: Store) -> None:
    settled, intent = row(), crashed(uuid7(1_760_000_000_000, 1))
    store.write_attempts([settled, unsettled(intent)])
    known = {(settled.request, 1), (intent.request, 1)}
    assert store.recorded([*known, (settled.request, 2), (uuid7(1, 2), 1), ("no uuid", 1)]) == known
    assert store.recorded([]) == set()


@pytest.mark.parametrize(
    "spoiled",
    [
        {"request": "not-a-uuid"},
        {"request": "ab"},
        {"cost": 2**63},
        {"label": "half \udcff"},
        {"status": "two hundred"},
    ],
    ids=["no uuid", "short id", "beyond 64 bits", "half a character", "text for a number"],
)
def test_a_row_that_no_column_can_hold_rejects_its_batch_and_only_that(
    store: Store, spoiled: dict[str, object]
) -> None:
    good = [row() for _ in range(70)]
    with pytest.raises(RowRejected, match="a row cannot be stored"):
        store.write_attempts([*good, row(**spoiled)])
    assert outcomes(store) == {}
    store.write_attempts(good)
    assert outcomes(store) == {"ok": 70}


def test_any_text_is_stored_as_it_is(store: Store) -> None:
    odd = "'; DROP TABLE attempts; -- é 🚂 {rows} ?"
    store.write_attempts([row(key=odd, label=odd)])
    assert [line.name for line in store.usage("key")] == [odd]
    assert store.usage("key", only=UsageFilter(key=odd))[0].attempts == 1


def test_a_name_with_a_zero_byte_does_not_keep_a_row_out_of_the_ledger(store: Store) -> None:
    store.write_attempts([row(), row(asked="gpt\x004o", label="\x00")])
    assert outcomes(store) == {"ok": 2}


def test_numbers_beyond_belief_do_not_keep_others_out_of_the_ledger(store: Store) -> None:
    absurd = [row(cost=2**63 - 1, input_tokens=2**63 - 1) for _ in range(3)]
    store.write_attempts([*absurd, row(cost=1)])
    store.prepare(0)
    assert total_cost(store) == 3 * 2**53 + 1


def test_threads_write_and_read_at_the_same_time(store: Store) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(10):
                store.write_attempts([row(key=name) for _ in range(20)])
                store.usage("key")
                store.version()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"thread-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {line.name: line.attempts for line in store.usage("key")} == {f"thread-{n}": 200 for n in range(8)}


def test_after_close_every_call_says_so(store: Store) -> None:
    store.close()
    store.close()
    since = datetime(2026, 1, 1, tzinfo=UTC)
    for call in (store.keys, store.version, lambda: store.usage("day", since), lambda: store.write_attempts([row()])):
        with pytest.raises(StoreClosed):
            call()


def test_rows_are_read_back_as_they_were_written_in_the_order_in_which_they_began(store: Store) -> None:
    rows = [row(stream=bool(n % 2), price="configuration", tags='{"a":"b"}', saved=n) for n in range(AT_ONCE + 3)]
    twins = [replace(rows[0], attempt=2), replace(rows[0], attempt=3)]
    store.write_attempts([*reversed(rows), *twins])
    first = datetime.fromtimestamp(rows[0].started / 1e6, UTC)
    assert list(store.attempts(first)) == [rows[0], *twins, *rows[1:]]
    later = datetime.fromtimestamp(rows[2].started / 1e6, UTC)
    assert list(store.attempts(first, later)) == [rows[0], *twins, rows[1]]
    assert next(iter(store.attempts(later))) == rows[2]
    assert list(store.attempts()) == list(store.attempts(first))
