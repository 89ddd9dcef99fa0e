"""Several models asked at once, of which the first good one answers: races, and hedges against a late answer.

The others are given up in the moment in which one has what wins: their sockets are closed before the client has its
first byte, save those from which a whole answer may come any moment (`losers`); and what they cost is recorded.
"""

import asyncio
from time import monotonic

from trunkline.gateway.attempt import Attempt
from trunkline.gateway.errors import AllUnwell, CannotExpress, GatewayError, InternalError
from trunkline.gateway.judging import Reason
from trunkline.gateway.losers import Losers
from trunkline.gateway.state import Journey
from trunkline.routing.plan import Candidate, Step
from trunkline.transport.strand import Signal, Strand

NOTHING: frozenset[Reason] = frozenset({"empty", "refused"})
"""What cannot win, whatever the route says; it is taken only if nobody has a better answer."""


class Contest:
    """One step of a plan with several candidates."""

    def __init__(self, journey: Journey, step: Step) -> None:
        self._journey = journey
        self._step = step
        self.whole = step.kind == "race" and step.win == "first_complete"
        self._waiting = list(step.candidates)
        self._running: dict[Attempt, Strand | None] = {}
        self._winner: Attempt | None = None
        self._late: Candidate | None = None
        """Of a hedge: the first, once it has kept the client waiting so long that the second is asked."""
        self._last: GatewayError | None = None
        self._over: Signal[GatewayError | None] = Signal()

    @property
    def decided(self) -> bool:
        """See `attempt.Contest`."""
        return self._winner is not None

    async def run(self, *, again: bool) -> None:
        """Until one has answered, or all have failed. Raises `GatewayError`. `again`: as of an attempt."""
        began = monotonic()
        late = None
        if self._step.kind == "hedge":
            self._journey.health.hedges(self._step.route, self._step.share).earn()
            late = self._journey.gateway.loop.call_later(self._step.after, self._is_late)
            self._start(again=again)
        else:
            while self._waiting and self._winner is None:
                self._start(again=again)
        try:
            error = await self._over
        finally:
            if late is not None:
                late.cancel()
            self._give_up_all()
            if self._journey.first is None:
                self._journey.waited += monotonic() - began
        if error is not None:
            raise error

    def _start(self, *, again: bool = False) -> None:
        """Let the next candidate take part."""
        candidate = self._waiting.pop(0)
        try:
            attempt = Attempt(self._journey, candidate, _picky(candidate), self)
        except CannotExpress as error:
            self._unfit(candidate, error)
            return
        self._running[attempt] = None
        strand = Strand(self._take_part(attempt, again=again), self._journey.gateway.loop)
        if attempt in self._running:
            self._running[attempt] = strand

    def _is_late(self) -> None:
        """The first has no output yet: ask the second as well, if that is not done too often already."""
        health, step = self._journey.health, self._step
        if self._winner is None and self._waiting and health.hedges(step.route, step.share).take(monotonic()):
            self._journey.gateway.metrics.event("hedges")
            self._late = step.first
            self._start()

    async def _take_part(self, attempt: Attempt, *, again: bool) -> None:
        told = False
        try:
            try:
                await attempt.run(again=again)
            except GatewayError as error:
                told = True
                self._ended(attempt, error)
            else:
                told = True
                self._ended(attempt, None)
        except asyncio.CancelledError:
            told = True  # it was given up
        finally:
            if not told:  # the strand's owner has the bug in the log; the request must not wait for ever
                self._over.fail(InternalError(f"Trunkline failed at this request, with {attempt.candidate.name}."))

    def _ended(self, attempt: Attempt, error: GatewayError | None) -> None:
        self._running.pop(attempt, None)
        if attempt is self._winner:
            self._over.set(error)
            return
        if self._winner is not None:
            if self._journey.losers is not None:
                self._journey.losers.ended(attempt)
            return  # it was as good, and too late
        if isinstance(error, CannotExpress):
            self._unfit(attempt.candidate, error)
            return
        if error is not None and not (isinstance(error, AllUnwell) and self._last is not None):
            self._last = error
        self._next()

    def _unfit(self, candidate: Candidate, error: CannotExpress) -> None:
        """It cannot take the request: nothing was sent."""
        journey = self._journey
        journey.passed_over = {**journey.passed_over, candidate.target: error.code or error.kind}
        self._last = self._last or error
        self._next()

    def _next(self) -> None:
        """One is out. Of a hedge the second need no longer wait; and if nobody is left, all have failed."""
        if self._waiting and self._step.kind == "hedge":
            self._start()
        elif not self._waiting and not self._running:
            self._over.set(self._last)

    def claim(self, attempt: Attempt) -> bool:
        """See `attempt.Contest`."""
        if self._winner is None:
            self._winner = attempt
            self._waiting.clear()
            self._outrun()
        return self._winner is attempt

    def _outrun(self) -> None:
        """Of those who have not won, listen for a moment to who may be about to end, and give up the others."""
        close = {}
        for attempt, strand in self._running.items():
            if attempt is not self._winner and attempt.candidate is self._late:
                attempt.outrun()
            if attempt is not self._winner and strand is not None and attempt.awaits_whole_answer:
                close[attempt] = strand
        if close:
            for attempt in close:
                del self._running[attempt]
            self._journey.losers = Losers(self._journey.gateway, close)
        self._give_up_all()

    def _give_up_all(self) -> None:
        """All but the winner."""
        for attempt, strand in list(self._running.items()):
            if attempt is not self._winner and strand is not None:
                del self._running[attempt]
                strand.cancel()


def _picky(candidate: Candidate) -> frozenset[Reason]:
    """What of `candidate` cannot win."""
    return NOTHING if candidate.terms.consequence("invalid") == "stop" else NOTHING | {"invalid"}
