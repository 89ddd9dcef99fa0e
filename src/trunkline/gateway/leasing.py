"""Shares of limits on the event loop: asks for more in the background, and lets requests wait where they must.

Where a process has what a request needs, `Ticket.take` is all there is, and it neither waits nor sends. What is asked
for in the background goes in one batch at a time (see `trunkline.limits.holder`), to Valkey or to a store.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from trunkline.limits.amounts import Amounts
from trunkline.limits.bundle import Refusal
from trunkline.limits.holder import BEAT, Holder
from trunkline.limits.pool import Batch, Reply
from trunkline.limits.ticket import Reserved, Ticket
from trunkline.store.errors import StoreError

PATIENCE = 5.0
"""Seconds without an answer after which the books are away. Until then requests wait for them, whether they are slow,
restart, or refuse a connection; from then on nobody does, until they answer. They mostly do within a few milliseconds.
"""
AGAIN = 0.1
"""Seconds between two tries to reach books that do not answer."""
FAREWELL = 2.0
"""Seconds for which the end waits for them; what they were not told then, the next start tells them."""

WhenAway = Literal["refuse", "serve"]
"""What happens without word from the books, once what was lent is used: requests are refused, or served and counted."""


class Away(msgspec.Struct, frozen=True):
    """The books do not answer, and nothing is left of what they lent: nobody can say whether the request may pass."""

    reason: str


class Leasing:
    """One process's shares of the limits in one kind of books. `run` must be under way while requests are served."""

    def __init__(
        self,
        name: str,
        lives: float,
        exchange: Callable[[Batch], Awaitable[Reply]],
        when_away: WhenAway,
        report: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        """`name` is this process's, and no other's ever; `lives` as in `Holder`.

        `exchange` raises `StoreError` where the books do not answer; `report` is told of it once each time.
        """
        ahead = round((time.time() - time.monotonic()) * 1000)
        self.holder = Holder(name, lives, ahead, self.wake)
        self.round_trips = 0
        self._exchange = exchange
        self._when_away = when_away
        self._report = report
        self.patience = patience
        self._trouble = ""
        self._silent_since: float | None = None
        self._hungry = False
        self._call = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []

    def wake(self) -> None:
        """Something is to be asked for."""
        if not self._hungry:
            self._hungry = True
            self._call.set()

    async def admit(self, ticket: Ticket, wanted: Amounts) -> Reserved | Refusal | Away:
        """Take it, asking the books where what is here is not enough."""
        while (reserved := ticket.take(now := time.monotonic(), wanted)) is None:
            if self._silent_since is not None and now >= self._silent_since + self.patience:
                return self._without_word(ticket, now, wanted)
            refusal = ticket.want(now, wanted)
            if refusal is not None:
                return refusal
            self.wake()
            await self._next_answer(self._listen(now) + self.patience - now)
        return reserved

    async def run(self) -> None:
        """Talk to the books until cancelled."""
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    await self._call.wait()
            except TimeoutError:
                pass
            self._call.clear()
            hungry, self._hungry = self._hungry, False
            batch = self.holder.ask(time.monotonic(), hungry=hungry)
            if batch is not None:
                await self._talk(batch)

    async def close(self) -> bool:
        """Give back what is not in use; whether the books have heard it. After `run` was cancelled; waits for books
        that do not answer a moment only.
        """
        try:
            async with asyncio.timeout(FAREWELL):
                for batch in self.holder.farewell(time.monotonic()):
                    self.holder.answered(await self._exchange(batch))
        except (StoreError, TimeoutError) as error:
            self._report(str(error))
            return False
        return True

    async def _talk(self, batch: Batch) -> None:
        """Send it until it is answered."""
        waiting, self._waiting = self._waiting, []
        self._listen(time.monotonic())
        while (reply := await self._answer(batch)) is None:
            pass
        self._trouble = ""
        self._silent_since = None
        self.holder.answered(reply)
        _wake_all(waiting)

    async def _answer(self, batch: Batch) -> Reply | None:
        """None, after a while, where the books do not answer."""
        self.round_trips += 1
        try:
            return await self._exchange(batch)
        except StoreError as error:
            if not self._trouble:
                self._report(str(error))
            self._trouble = str(error)
            await asyncio.sleep(AGAIN)
            return None

    def _listen(self, now: float) -> float:
        """Since when the books owe an answer: `now`, if not before."""
        if self._silent_since is None:
            self._silent_since = now
        return self._silent_since

    async def _next_answer(self, at_most: float) -> None:
        """Wait for the answer to the batch that will be made next."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        handle = asyncio.get_running_loop().call_later(at_most, _wake_all, [answer])
        await answer
        handle.cancel()

    def _without_word(self, ticket: Ticket, now: float, wanted: Amounts) -> Reserved | Away:
        if self._when_away == "refuse":
            return Away(self._trouble or "the shared limits do not answer")
        return ticket.force(now, wanted)


def _wake_all(waiting: list[asyncio.Future[None]]) -> None:
    for answer in waiting:
        if not answer.done():
            answer.set_result(None)
