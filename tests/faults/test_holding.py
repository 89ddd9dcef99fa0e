"""What a dead process held of budgets is settled from what it left in its data directory."""

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from trunkline.gateway.applying import Charges, Rules
from trunkline.ledger.holding import Mark
from trunkline.ledger.journal import Journal
from trunkline.ledger.ledger import recover
from trunkline.ledger.record import Intent, Row, unsettled
from trunkline.limits.books import Ask
from trunkline.limits.budgets import Budget
from trunkline.limits.pool import Batch
from trunkline.store import open_store
from trunkline.store.base import Store

LIMIT = 1000
CHARGES = Charges(Rules(budgets=(Budget(scope="key", name="k", amount=LIMIT, period="total"),)))
HOLDER = "host:1:x.1"
BUDGET, UNKNOWN = "key:k:cost:total", "key:gone:cost:total"


def no_trouble(event: str, problem: str) -> None:
    pytest.fail(f"{event}: {problem}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite://{tmp_path / 'x.db'}")
    yield store
    store.close()


def intent(reserved: int) -> Intent:
    return Intent(str(uuid.uuid4()), 1, time.time_ns() // 1000, "", "k", "bot", "up", "m", False, reserved)


def settled(begun: Intent, cost: int, total_us: int) -> Row:
    return msgspec.structs.replace(unsettled(begun), outcome="ok", cost=cost, total_us=total_us)


def report(store: Store, number: int, used: int = 0) -> None:
    """The process tells of so much of the budget that it knows."""
    asks = [Ask(BUDGET, LIMIT, 0, [(0, used)], 600 - used, 0, 0, 0)] if number > 1 else []
    asks += [Ask(budget, LIMIT, 0, [], 0, 600, 600, 600) for budget in (BUDGET, UNKNOWN)] if number == 1 else []
    store.exchange_budgets(Batch(HOLDER, number, 60_000, 0, asks), {})


def left_behind(folder: Path, store: Store) -> tuple[Mark, Journal]:
    """A process that holds 600 of each of two budgets."""
    report(store, 1)
    mark = Mark(folder, os.getpid())
    mark.hold("host:1:x")
    return mark, Journal(folder, os.getpid())


def die(mark: Mark, journal: Journal) -> None:
    mark.close(settled=False)
    journal.close()


def test_only_what_was_not_reported_is_entered(tmp_path: Path, store: Store) -> None:
    mark, journal = left_behind(tmp_path, store)
    reported, later, under_way = intent(50), intent(60), intent(70)
    for begun in (reported, later, under_way):
        journal.begin(begun)
    mark.reports(HOLDER, 2, mark.now() + 1_000_000)
    report(store, 2, 40)
    store.write_attempts([settled(reported, 40, 10), settled(later, 30, 2_000_000)])
    die(mark, journal)
    assert recover(store, tmp_path, CHARGES, no_trouble) == 1
    assert store.spent([BUDGET, UNKNOWN]) == {BUDGET: 40 + 30 + 70, UNKNOWN: 600}
    assert not store.held_budgets()
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".journal", ".holder")]


@pytest.mark.parametrize("entered", [True, False])
def test_a_report_counts_only_if_the_store_has_heard_it(tmp_path: Path, store: Store, entered: bool) -> None:
    mark, journal = left_behind(tmp_path, store)
    first, second = intent(50), intent(60)
    journal.begin(first)
    journal.begin(second)
    mark.reports(HOLDER, 2, mark.now() + 1_000_000)
    report(store, 2, 40)
    store.write_attempts([settled(first, 40, 10), settled(second, 30, 2_000_000)])
    mark.reports(HOLDER, 3, mark.now() + 3_000_000)
    if entered:
        report(store, 3, 30)
    die(mark, journal)
    recover(store, tmp_path, CHARGES, no_trouble)
    assert store.spent([BUDGET]) == {BUDGET: 40 + 30}


def test_what_was_reported_and_not_yet_in_the_store_costs_what_it_cost(tmp_path: Path, store: Store) -> None:
    mark, journal = left_behind(tmp_path, store)
    begun = intent(500)
    row = settled(begun, 40, 10)
    journal.end([(row, journal.begin(begun))])
    mark.reports(HOLDER, 2, mark.now() + 1_000_000)
    report(store, 2, 40)
    die(mark, journal)
    assert recover(store, tmp_path, CHARGES, no_trouble) == 0
    assert store.spent([BUDGET]) == {BUDGET: 40}
    assert store.charged([(row.request, row.attempt)], 0) == {(row.request, row.attempt): 40}


def test_what_was_spent_of_what_nothing_is_lent_of_is_entered_too(tmp_path: Path, store: Store) -> None:
    mark, journal = left_behind(tmp_path, store)
    store.exchange_budgets(Batch(HOLDER, 2, 60_000, 0, [Ask(BUDGET, LIMIT, 0, [(0, 600)], 0, 0, 0, 0)]), {})
    mark.reports(HOLDER, 2, mark.now())
    journal.begin(intent(20))
    die(mark, journal)
    recover(store, tmp_path, CHARGES, no_trouble)
    assert store.spent([BUDGET]) == {BUDGET: 620}


def test_a_full_segment_stays_until_the_budgets_have_heard_of_it(tmp_path: Path, store: Store) -> None:
    mark, journal = left_behind(tmp_path, store)

    def spend(cost: int) -> Row:
        begun = intent(50)
        row = settled(begun, cost, 10)
        segment = journal.begin(begun)
        store.write_attempts([row])
        journal.done(segment)
        return row

    def fill() -> None:
        while len(list(tmp_path.glob("*.journal"))) == kept:
            journal.done(journal.begin(msgspec.structs.replace(intent(0), key="another", label="x" * 1_000_000)))

    kept = 1
    journal.telling()
    report(store, 2)
    told = spend(40)
    fill()
    mark.reports(HOLDER, 3, mark.now())
    journal.telling()
    report(store, 3, 40)
    kept = 2
    spend(30)
    fill()
    assert len(list(tmp_path.glob("*.journal"))) == 3
    journal.told()
    assert len(list(tmp_path.glob("*.journal"))) == 2
    assert store.charged([(told.request, told.attempt)], 0)
    die(mark, journal)
    recover(store, tmp_path, CHARGES, no_trouble)
    assert store.spent([BUDGET]) == {BUDGET: 40 + 30}
    assert not list(tmp_path.glob("*.journal"))


def test_whoever_holds_nothing_leaves_nothing(tmp_path: Path, store: Store) -> None:
    mark, journal = left_behind(tmp_path, store)
    journal.telling()
    journal.done(journal.begin(intent(50)))
    mark.close(settled=True)
    journal.nothing_held()
    journal.close()
    assert not list(tmp_path.glob("*.journal"))


def test_a_clock_that_is_set_forward_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = Mark(tmp_path, os.getpid())
    before, real = mark.now(), time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 10**12)
    assert before <= mark.now() < before + 10**9
    monkeypatch.setattr(time, "time_ns", lambda: real() - 10**12)
    assert mark.now() < before


def test_a_process_that_lives_is_left_alone(tmp_path: Path, store: Store) -> None:
    mark, journal = left_behind(tmp_path, store)
    recover(store, tmp_path, CHARGES, no_trouble)
    assert len(store.held_budgets()) == 2
    die(mark, journal)


def test_a_mark_that_a_power_cut_has_torn_hinders_no_start(tmp_path: Path, store: Store) -> None:
    die(*left_behind(tmp_path, store))
    [holder] = tmp_path.glob("*.holder")
    holder.write_bytes(b"")
    recover(store, tmp_path, CHARGES, no_trouble)
    assert not list(tmp_path.glob("*.holder"))
    assert len(store.held_budgets()) == 2


def test_settling_twice_changes_nothing(tmp_path: Path, store: Store) -> None:
    die(*left_behind(tmp_path, store))
    [holder] = tmp_path.glob("*.holder")
    again = holder.read_bytes()
    recover(store, tmp_path, CHARGES, no_trouble)
    once = store.spent([BUDGET, UNKNOWN])
    holder.write_bytes(again)
    recover(store, tmp_path, CHARGES, no_trouble)
    assert store.spent([BUDGET, UNKNOWN]) == once
