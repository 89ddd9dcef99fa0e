"""The shared books of limits and budgets, in every database."""

import threading
from collections.abc import Callable, Sequence

from trunkline.limits.amounts import amounts, usage
from trunkline.limits.books import Ask
from trunkline.limits.holder import Holder
from trunkline.limits.meter import MINUTE, Meter, slot_of
from trunkline.limits.pool import Batch, Reply
from trunkline.limits.ticket import Ticket
from trunkline.store.base import Store

DOLLAR = 10**9
BUDGET = Meter("team", "acme/support", "cost", 10 * DOLLAR, period="month 2026-11-01")
PREPAID = Meter("org", "acme", "cost", 2**61, period="prepaid")


def ask(meter: Meter, need: int, hold: int = 0, spent: int = 0, want: int = 0) -> Ask:
    return Ask(meter.id, meter.limit, meter.window, [(0, spent)] if spent else [], hold, min(need, 1), need, want)


def say(store: Store, holder: str, number: int, *asks: Ask) -> Reply:
    return store.exchange_budgets(Batch(holder, number, 60_000, 0, list(asks)), {})


class Process:
    """A process's budgets, in a thread of its own."""

    def __init__(self, store: Store, name: str, meters: Sequence[Meter], cost: Callable[[int], int]) -> None:
        self.store, self.cost = store, cost
        self.holder = Holder(name, 60.0, 0, lambda: None)
        self.ticket = Ticket(self.holder, meters, lambda: None)
        self.spent = self.count = self.round_trips = 0

    def talk(self) -> None:
        batch = self.holder.ask(1.0 + self.round_trips, hungry=True)
        assert batch is not None
        self.round_trips += 1
        self.holder.answered(self.store.exchange_budgets(batch, {}))

    def spend(self, requests: int) -> None:
        """So many requests, each of which reserves a cent and costs what `cost` says."""
        reserve, cent = amounts(cost=10_000_000), 10_000_000
        self.talk()  # or nothing may be used
        for number in range(requests):
            now = 1.0 + self.round_trips
            reserved = self.ticket.take(now, reserve)
            if reserved is None:
                if self.ticket.want(now, reserve) is not None:
                    return
                self.talk()
                reserved = self.ticket.take(now, reserve)
                if reserved is None:
                    return
            spent = self.cost(number)
            assert spent <= cent
            reserved.settle(now, usage(cost=spent))
            self.spent += spent
            self.count += 1

    def leave(self) -> None:
        for batch in self.holder.farewell(10**6):
            self.holder.answered(self.store.exchange_budgets(batch, {}))


def test_rates_are_exact_over_processes_that_share_a_store(store: Store) -> None:
    meter = Meter("key", "a", "requests", 100, MINUTE)
    granted = []

    def process(name: str) -> None:
        for number in range(1, 6):
            batch = Batch(name, number, 60_000, 0, [Ask(meter.id, 100, MINUTE, [], 10 * (number - 1), 1, 10, 0)])
            granted.append(store.exchange_limits(batch).answers[0].granted)

    threads = [threading.Thread(target=process, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 100


def test_what_was_used_is_dated_by_the_clock_of_the_store(store: Store) -> None:
    meter = Meter("key", "a", "requests", 100, MINUTE)
    joined = store.exchange_limits(Batch("a", 1, 60_000, 0, [Ask(meter.id, 100, MINUTE, [], 0, 1, 60, 0)]))
    long_ago = slot_of(joined.now - MINUTE, MINUTE) - 1
    marks = [(slot_of(joined.now, MINUTE), 20), (long_ago, 40)]
    reply = store.exchange_limits(Batch("a", 2, 60_000, 0, [Ask(meter.id, 100, MINUTE, marks, 0, 1, 100, 0)]))
    assert reply.answers[0].granted == 80
    assert store.prune_limits() == 0


def test_a_batch_that_comes_again_is_entered_once(store: Store) -> None:
    first = say(store, "a", 1, ask(BUDGET, 4 * DOLLAR))
    assert say(store, "a", 1, ask(BUDGET, 4 * DOLLAR)) == first
    again = say(store, "a", 2, ask(BUDGET, 0, hold=3 * DOLLAR, spent=DOLLAR))
    assert say(store, "a", 2, ask(BUDGET, 0, hold=3 * DOLLAR, spent=DOLLAR)) == again
    assert store.spent([BUDGET.id]) == {BUDGET.id: DOLLAR}


def test_a_budget_is_never_overshot_and_nearly_all_of_it_can_be_spent(store: Store) -> None:
    processes = [
        Process(store, f"p{n}", [BUDGET], lambda number: 10_000_000 - number % 7 * 1_000_000) for n in range(4)
    ]
    threads = [threading.Thread(target=process.spend, args=(2000,)) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = sum(process.spent for process in processes)
    assert 9.5 * DOLLAR <= spent <= 10 * DOLLAR
    for process in processes:
        process.leave()
    assert store.spent([BUDGET.id]) == {BUDGET.id: spent}
    assert store.held_budgets() == []


def test_what_a_dead_process_held_counts_as_spent_until_it_is_settled(store: Store) -> None:
    say(store, "dead", 1, ask(BUDGET, 6 * DOLLAR))
    assert say(store, "b", 1, ask(BUDGET, 10 * DOLLAR)).answers[0].granted == 4 * DOLLAR
    (held,) = [each for each in store.held_budgets() if each.holder == "dead"]
    assert (held.budget, held.amount, held.ends - held.seen) == (BUDGET.id, 6 * DOLLAR, 60_000)
    assert store.settle_holder("dead", {BUDGET.id: 2 * DOLLAR})
    assert not store.settle_holder("dead", {BUDGET.id: 2 * DOLLAR})
    assert say(store, "b", 2, ask(BUDGET, 6 * DOLLAR, hold=4 * DOLLAR)).answers[0].granted == 4 * DOLLAR
    assert store.spent([BUDGET.id]) == {BUDGET.id: 2 * DOLLAR}


def test_a_process_that_was_given_up_and_lives_gets_nothing_under_its_old_name(store: Store) -> None:
    process = Process(store, "p", [BUDGET], lambda _: 10_000_000)
    process.spend(5)
    assert store.settle_holder("p.1", {})
    process.talk()
    assert process.holder.name == "p.2"
    assert process.ticket.take(0, amounts(cost=1)) is None
    process.talk()
    process.spend(5)
    process.leave()
    assert store.spent([BUDGET.id]) == {BUDGET.id: process.spent} == {BUDGET.id: 100_000_000}


def test_prepaid_credit_is_what_was_paid_in_and_never_below_zero(store: Store) -> None:
    assert say(store, "a", 1, ask(PREPAID, DOLLAR)).answers[0].granted == 0
    assert store.pay_in("invoice-1", PREPAID.id, 3 * DOLLAR, 0)
    assert not store.pay_in("invoice-1", PREPAID.id, 3 * DOLLAR, 0), "it came twice"
    assert say(store, "a", 2, ask(PREPAID, 5 * DOLLAR)).answers[0].granted == 3 * DOLLAR
    assert say(store, "a", 3, ask(PREPAID, DOLLAR, spent=3 * DOLLAR)).answers[0].granted == 0
    assert store.pay_in("invoice-2", PREPAID.id, 2 * DOLLAR, 0)
    assert say(store, "a", 4, ask(PREPAID, DOLLAR)).answers[0].granted == DOLLAR
    assert store.paid_in(PREPAID.id) == 5 * DOLLAR


def test_each_part_of_a_budget_is_told_of_once(store: Store) -> None:
    thresholds = {BUDGET.id: [(50, 5 * DOLLAR), (80, 8 * DOLLAR), (100, 10 * DOLLAR)]}

    def spend(number: int, amount: int) -> None:
        store.exchange_budgets(Batch("a", number, 1000, 0, [ask(BUDGET, 0, spent=amount)]), thresholds)

    spend(1, 4 * DOLLAR)
    assert store.untold_alerts() == []
    spend(2, 5 * DOLLAR)
    alerts = store.untold_alerts()
    assert [(alert.budget, alert.percent) for alert in alerts] == [(BUDGET.id, 50), (BUDGET.id, 80)]
    assert store.tell_alert(alerts[0], 1)
    assert not store.tell_alert(alerts[0], 2), "another process tells"
    spend(3, 1)
    assert [alert.percent for alert in store.untold_alerts()] == [80]


def test_what_is_spent_does_not_come_back(store: Store) -> None:
    say(store, "a", 1, ask(BUDGET, 0, spent=2 * DOLLAR))
    say(store, "a", 2, ask(BUDGET, 0, spent=-DOLLAR))
    assert store.spent([BUDGET.id]) == {BUDGET.id: 2 * DOLLAR}


def test_a_report_of_more_than_there_is_leaves_nothing_for_anybody(store: Store) -> None:
    say(store, "a", 1, ask(BUDGET, 0, spent=10**15))
    assert say(store, "b", 1, ask(BUDGET, 1)).answers[0].granted == 0
