"""A process that spends a budget as fast as it can: `python -m tests.store.spender STORE NAME`.

Each request reserves a cent and costs half of one or more. What it has spent is printed, a line each time, after the
request; it ends when nothing is left.
"""

import sys
import time

from trunkline.limits.amounts import amounts, usage
from trunkline.limits.holder import Holder
from trunkline.limits.meter import Meter
from trunkline.limits.ticket import Ticket
from trunkline.store import open_store

DOLLAR = 10**9
BUDGET = Meter("team", "acme/support", "cost", 10 * DOLLAR, period="month 2026-11-01")
CENT = 10_000_000


def spend(url: str, name: str) -> None:
    store, holder = open_store(url), Holder(name, 60.0, 0, lambda: None)
    ticket = Ticket(holder, [BUDGET], lambda: None)
    wanted, spent, number, denied = amounts(cost=CENT), 0, 0, 0
    while denied < 3:
        now = time.monotonic()
        reserved = ticket.take(now, wanted)
        if reserved is not None:
            number += 1
            cost = CENT // 2 + number % 7 * CENT // 14
            print(spent := spent + cost, flush=True)
            reserved.settle(now, usage(cost=cost))
            denied = 0
        else:
            ticket.want(now, wanted)
            denied += 1
            batch = holder.ask(time.monotonic(), hungry=True)
            assert batch is not None
            holder.answered(store.exchange_budgets(batch, {}))
    for batch in holder.farewell(time.monotonic()):
        holder.answered(store.exchange_budgets(batch, {}))
    store.close()


if __name__ == "__main__":
    spend(*sys.argv[1:])
