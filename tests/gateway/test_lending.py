"""What attempts return of a budget pays for others, and a crash must not leave it overshot: a real ledger and store."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest
from msgspec.structs import replace

from trunkline.gateway.lending import Lending
from trunkline.gateway.limiting import Hold
from trunkline.ledger.holding import Mark
from trunkline.ledger.journal import orphans
from trunkline.ledger.ledger import Ledger
from trunkline.ledger.record import Intent, Row
from trunkline.limits.amounts import amounts
from trunkline.limits.meter import Meter
from trunkline.limits.ticket import Reserved, Ticket
from trunkline.store import open_store

CENT = 10_000_000
INTENT = Intent("", 1, 0, "", "key", "asked", "up", "model", False, CENT)
ROW = Row("", 1, 0, "", "key", "asked", "up", "model", False, "ok", 200, "", "stop", "provider", 1, 0, 0, 0, 0, 0, 1, 1)


class Spending:
    """Attempts that reserve a cent each, and turn out to cost nothing."""

    def __init__(self, folder: Path, cents: int) -> None:
        self.folder = folder
        self.store = open_store(f"sqlite://{folder / 'trunkline.db'}")
        self.ledger = Ledger(self.store, folder, os.getpid(), print)
        self.lending = Lending(self.store, None, "refuse", Mark(folder, os.getpid()), self.ledger, print)
        self.budget = Meter("key", "a", "cost", cents * CENT, period="2026-11-01")
        self.ticket = Ticket(self.lending.money.holder, [self.budget], self.lending.money.wake)
        self.count = self.recorded = 0
        self.lending.use(self.lending.money)

    async def attempt(self) -> None:
        request = str(UUID(int=self.count))
        self.count += 1
        reserved = await self.lending.money.admit(self.ticket, amounts(cost=CENT))
        assert isinstance(reserved, Reserved)
        hold = Hold(self.lending)
        hold.bind(reserved, CENT)
        before = self.lending.returned
        hold.cover()
        self.recorded += self.lending.returned < before
        segment = self.ledger.intend(replace(INTENT, request=request))
        row = replace(ROW, request=request)
        hold.settle(row, monotonic())
        self.ledger.settle(row, segment)

    def charged_after_a_crash(self) -> int:
        """Nano-dollars: what the next start would charge for the attempts of which the journal tells no end."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy, ignore=lambda _, names: [name for name in names if "journal" not in name])
        left = list(orphans(copy))
        rows = {attempt for each in left for attempt in each.rows}
        return sum(
            intent.reserved for each in left for intent in each.intents if (intent.request, intent.attempt) not in rows
        )

    def lent(self) -> int:
        return sum(each.amount for each in self.store.held_budgets())


@asynccontextmanager
async def spending(folder: Path, cents: int) -> AsyncIterator[Spending]:
    made = Spending(folder, cents)
    try:
        yield made
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await made.lending.close()
        await made.ledger.close()
        made.store.close()


@pytest.mark.parametrize("cents", [3, 100, 10**6])
async def test_after_a_crash_no_more_is_charged_than_was_lent(tmp_path: Path, cents: int) -> None:
    async with spending(tmp_path, cents) as made:
        for _ in range(300):
            await made.attempt()
            assert made.charged_after_a_crash() <= made.lent()
        assert made.recorded > 3


async def test_far_from_the_end_of_a_budget_that_takes_few_writes(tmp_path: Path) -> None:
    async with spending(tmp_path, 10**6) as made:
        for _ in range(2000):
            await made.attempt()
        assert 0 < made.recorded < 2000 / 20
