"""The books of many meters in memory: what Valkey and the databases do, for one process and for tests.

One exchange is one round trip, for as many meters as there are, all or nothing. It may be sent again when no reply
came: its number is known, and it is answered as before.
"""

import msgspec

from trunkline.limits.books import Answer, Ask, Books, exchange

GRACE = 2_000
"""Milliseconds for which nothing is lent after the books were found lost, so that all can say what they know."""


class Batch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one process says."""

    holder: str
    """Its name: no two processes, and no two lives of one, have the same."""
    number: int
    """Counts its batches, from 1."""
    lives: int
    """Milliseconds after which, without another batch, it will use nothing that it holds."""
    generation: int
    """Which books it knows; 0 where it does not know any."""
    asks: list[Ask]


class Reply(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What it hears."""

    now: int
    """The time of the books, in milliseconds."""
    generation: int
    alive: bool
    """False: it was not heard of for too long, so what it held is not its own any more. Nothing was entered."""
    answers: list[Answer]
    """In the order of what was asked."""


class Pool:
    """Books that live as long as this object."""

    def __init__(self, generation: int = 1) -> None:
        self.generation = generation
        self.meters: dict[str, Books] = {}
        self.alive: dict[str, int] = {}
        """Until when each process holds what it was lent."""
        self.replies: dict[str, tuple[int, Reply]] = {}
        """To the last batch of each, with its number."""
        self._grace = 0

    def exchange(self, batch: Batch, now: int) -> Reply:
        """Answer one batch at the time `now`, in milliseconds."""
        number, reply = self.replies.get(batch.holder, (0, None))
        if reply is not None and number >= batch.number:
            return reply  # it came before, or so late that nobody waits for it
        lost = batch.generation not in (0, self.generation)
        if lost:
            self._grace = now + GRACE
        if not lost and batch.number > 1 and self.alive.get(batch.holder, 0) <= now:
            return Reply(now, self.generation, False, [])
        self.alive[batch.holder] = now + batch.lives
        answers = [self._answer(batch.holder, ask, now) for ask in batch.asks]
        reply = Reply(now, self.generation, True, answers)
        self.replies[batch.holder] = (batch.number, reply)
        return reply

    def _answer(self, holder: str, ask: Ask, now: int) -> Answer:
        books = self.meters.setdefault(ask.meter, Books())
        if now < self._grace:
            ask = msgspec.structs.replace(ask, least=0, need=0, want=0)
            answer = exchange(books, ask, holder, self.alive, now)
            return msgspec.structs.replace(answer, wait=self._grace - now)
        return exchange(books, ask, holder, self.alive, now)
