"""Money: what is spent of every budget, and what of it is lent to which process.

What is lent counts as spent. It is lent by one conditional statement, so that the database itself keeps the promise:
what is spent and what is lent are never more than the budget together. A process that is given up is fenced: under its
old name nothing is lent to it any more, and what it still has to say of what it spent, it says under a new one.
"""

import json
from collections.abc import Mapping, Sequence

import msgspec

from trunkline.limits.books import Answer, Ask, Books, exchange
from trunkline.limits.meter import is_prepaid
from trunkline.limits.pool import Batch, Reply
from trunkline.store.errors import StoreBusy
from trunkline.store.limit_books import Alert, HeldBudget
from trunkline.store.session import Database, Session
from trunkline.store.tables.leases import GENERATION, moment

_FOREVER = 1 << 62  # nobody is given up because of the time
_REPLY = msgspec.json.Decoder(Reply)


class BudgetTables:
    """Implements what `trunkline.store.limit_books.LimitStore` says of budgets."""

    database: Database

    def exchange_budgets(self, batch: Batch, thresholds: Mapping[str, Sequence[tuple[int, int]]]) -> Reply:
        with self.database.writing() as session:
            now = moment(session)
            number, past, fenced = session.one("budget_holder", batch.holder) or (0, b"", 0)
            if number >= batch.number:
                return _REPLY.decode(past)
            if fenced or (not number and batch.number > 1):
                return Reply(now, GENERATION, False, [])
            answers = _enter(session, batch, now)
            _reach(session, thresholds, now)
            reply = Reply(now, GENERATION, True, answers)
            kept = msgspec.json.encode(reply)
            session.change("set_budget_holder", batch.holder, batch.number, kept, now, now + batch.lives)
        return reply

    def spent(self, budgets: Sequence[str]) -> dict[str, int]:
        with self.database.reading("lookups") as session:
            return dict(session.all("spent", json.dumps(list(budgets))))

    def last_batch(self, holder: str) -> int:
        with self.database.reading("lookups") as session:
            return int((session.one("last_budget_batch", holder) or (0,))[0])

    def held_budgets(self) -> list[HeldBudget]:
        with self.database.reading("lookups") as session:
            return [HeldBudget(*columns) for columns in session.all("held_budgets")]

    def settle_holder(self, holder: str, spent: Mapping[str, int]) -> bool:
        with self.database.writing() as session:
            if not session.change("fence_budget_holder", holder):
                return False
            session.change("end_budget_leases", holder)
            session.change_each("make_budget", [(budget,) for budget in sorted(spent)])
            session.change_each("spend", [(amount, budget) for budget, amount in sorted(spent.items())])
        return True

    def untold_alerts(self) -> list[Alert]:
        with self.database.reading("lookups") as session:
            return [Alert(*columns) for columns in session.all("untold_alerts")]

    def tell_alert(self, alert: Alert, at: int) -> bool:
        with self.database.writing() as session:
            return bool(session.change("tell_alert", at, alert.budget, alert.percent))

    def pay_in(self, reference: str, budget: str, amount: int, at: int) -> bool:
        with self.database.writing() as session:
            return bool(session.change("pay_in", reference, budget, amount, at))

    def paid_in(self, budget: str) -> int:
        with self.database.reading("lookups") as session:
            return sum(amount for _, amount in session.all("paid_in", json.dumps([budget])))


def _enter(session: Session, batch: Batch, now: int) -> list[Answer]:
    """Enter what was spent, and lend what may be lent."""
    ids = sorted(ask.meter for ask in batch.asks)
    session.change_each("make_budget", [(budget,) for budget in ids])
    books = {budget: Books({0: spent}, {}) for budget, spent in session.all("budgets", json.dumps(ids))}
    for budget, holder, amount in session.all("budget_leases", json.dumps(ids)):
        books[budget].held[holder] = amount
    paid = dict(session.all("paid_in", json.dumps([budget for budget in ids if is_prepaid(budget)])))
    answers = []
    for ask in batch.asks:
        if is_prepaid(ask.meter):
            ask = msgspec.structs.replace(ask, limit=paid.get(ask.meter, 0))
        answers.append(_enter_one(session, books[ask.meter], ask, batch.holder, now))
    return answers


def _enter_one(session: Session, books: Books, ask: Ask, holder: str, now: int) -> Answer:
    before = books.used[0]
    alive = dict.fromkeys([*books.held, holder], _FOREVER)
    answer = exchange(books, ask, holder, alive, now)
    if books.used[0] != before:
        session.change("spend", books.used[0] - before, ask.meter)
    held = books.held.get(holder, 0)
    if not held:
        session.change("end_budget_lease", ask.meter, holder)
    elif not session.change("lend_budget", ask.meter, holder, held, ask.hold, ask.limit):
        raise StoreBusy(f"the budget {ask.meter} was lent to another process at the same time")
    return answer


def _reach(session: Session, thresholds: Mapping[str, Sequence[tuple[int, int]]], now: int) -> None:
    """Note the parts of budgets that are reached now and were not before."""
    if thresholds:
        for budget, spent in session.all("spent", json.dumps(sorted(thresholds))):
            for percent, amount in thresholds[budget]:
                if spent >= amount:
                    session.change("reach_alert", budget, percent, now)
