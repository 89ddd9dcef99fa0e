"""A process's shares of all limits: rates from Valkey or the store, money from the store; and their end."""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from trunkline.gateway.leasing import Leasing, WhenAway
from trunkline.ledger.holding import Mark
from trunkline.ledger.ledger import Ledger
from trunkline.limits.budgets import Spending
from trunkline.limits.holder import MOST
from trunkline.limits.pool import Batch, Reply
from trunkline.limits.ticket import Ticket
from trunkline.store.base import Store

if TYPE_CHECKING:
    from trunkline.store.valkey import Valkey

RATES_LIVE, MONEY_LIVES = 10.0, 60.0
"""Seconds for which a process may use what it was lent without word from those who keep it."""


class Lending:
    """Runs while there are limits."""

    def __init__(
        self,
        store: Store,
        shared: str | None,
        when_away: WhenAway,
        mark: Mark,
        ledger: Ledger,
        trouble: Callable[[str, str], None],
    ) -> None:
        """`shared` is the address of a Valkey; `trouble` is told what does not answer, and why."""
        self.spendings: dict[str, Spending] = {}
        """Budgets in use, by the ids of their meters."""
        self.store = store
        self._mark = mark
        self._ledger = ledger
        self._valkey = _valkey(shared) if shared is not None else None
        exchange = self._valkey.exchange if self._valkey is not None else self._exchange_limits
        name = process_name()
        self.rates = Leasing(name, RATES_LIVE, exchange, when_away, lambda text: trouble("rates", text))
        self.money = Leasing(name, MONEY_LIVES, self._exchange_money, "refuse", lambda text: trouble("budgets", text))
        self._name = name
        self._batch: Batch | None = None
        self._tells_all = False  # that batch does, of what was spent before it
        self._running: dict[Leasing, asyncio.Task[None]] = {}
        self.returned = 0
        """Nano-dollars that attempts turned out not to need of what they had reserved, since the end of all that had
        ended was on record last.
        """

    @property
    def round_trips(self) -> int:
        """To the books, so far."""
        return self.rates.round_trips + self.money.round_trips

    def use(self, *leasings: Leasing) -> None:
        """See that these talk to their books."""
        for leasing in leasings:
            if leasing not in self._running:
                self._running[leasing] = asyncio.get_running_loop().create_task(leasing.run())

    def cover(self, ticket: Ticket) -> None:
        """Something was taken with this ticket, of budgets that must not be overshot, and is about to be spent.

        It may be paid by what others returned. After a crash they are charged all that they had reserved, unless their
        ends are on record by then. That is seen to as soon as what is left does not cover it.
        """
        if self.returned > ticket.left[-1] and self.returned > ticket.money:
            self._on_record()

    def _on_record(self) -> None:
        self._ledger.keep_ends()
        self.returned = 0

    async def close(self) -> None:
        """Give everything back. What was spent and cannot be told is told at the next start."""
        for leasing, task in self._running.items():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            given_back = await leasing.close()
            if leasing is self.money:
                self._mark.close(settled=given_back)
                if given_back:
                    self._ledger.nothing_held()
        if self._valkey is not None:
            await self._valkey.close()

    async def _exchange_limits(self, batch: Batch) -> Reply:
        return await asyncio.to_thread(self.store.exchange_limits, batch)

    async def _exchange_money(self, batch: Batch) -> Reply:
        known = self.spendings
        told = {ask.meter: known[ask.meter].thresholds for ask in batch.asks if ask.meter in known}
        thresholds = {meter: amounts for meter, amounts in told.items() if amounts}
        if batch is not self._batch:  # and not sent again
            self._batch = batch
            self._mark.hold(self._name)
            self._on_record()  # some of what they returned may be given back
            self._tells_all = len(batch.asks) < MOST
            if self._tells_all:
                made = self._mark.now()
                self._ledger.telling()
                self._mark.reports(batch.holder, batch.number, made)
        reply = await asyncio.to_thread(self.store.exchange_budgets, batch, thresholds)
        if self._tells_all and reply.alive:
            self._ledger.told()
        return reply


def _valkey(url: str) -> "Valkey":
    from trunkline.store.valkey import Valkey  # with its library, which only those who have one are to wait for

    return Valkey(url)


def process_name() -> str:
    """No other process has it, ever, anywhere."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
