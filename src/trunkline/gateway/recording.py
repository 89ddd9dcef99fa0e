"""The side of an attempt that is recorded: an intent in the journal before its first byte goes out, a row in the ledger
and what it showed of the model's health when it has ended.
"""

import contextlib
import time
from time import monotonic

from trunkline.formats.conversation import Usage
from trunkline.formats.format import Asked
from trunkline.gateway.charging import charged, intent_of, reservation, row_of, used
from trunkline.gateway.deployments import Door
from trunkline.gateway.errors import GatewayError, LedgerUnavailable
from trunkline.gateway.failing import kind_of
from trunkline.gateway.judging import is_empty, read_reply
from trunkline.gateway.limiting import Hold
from trunkline.gateway.reception import Reception
from trunkline.gateway.state import Journey
from trunkline.ledger.journal import Segment
from trunkline.ledger.prices import Price
from trunkline.ledger.record import UNPRICED, Outcome
from trunkline.routing.plan import Candidate
from trunkline.routing.tickets import Change, Ticket
from trunkline.transport.exchange import Exchange

EARLY = 0.01
"""Seconds by which a timer may be early."""
NOT_TOLD = Usage()


class Recorded:
    """What an attempt knows of itself that is recorded."""

    candidate: Candidate
    reserved = UNPRICED
    """Nano-dollars that it may cost, once it is about to be sent."""
    _asked: Asked
    _began = 0.0
    """Of the monotonic clock."""
    _door: Door
    _hold: Hold | None = None
    _journey: Journey
    _markup = 0
    """Of whoever is charged, in millionths."""
    _number = 0
    _outrun = False
    _price: Price | None = None
    _reception: Reception | None = None
    _segment: Segment | None = None
    _started = 0
    """Unix time, microseconds."""
    _ticket: Ticket

    def _intend(self, exchange: Exchange) -> None:
        """On disk before the first byte goes out; what cannot be recorded is not sent."""
        journey, target = self._journey, self.candidate.target
        hold = self._hold
        bound = hold.bound if hold is not None else None
        self.reserved = bound if bound is not None else reservation(self._asked, self._price)
        if hold is not None:
            hold.cover()
        try:
            self._segment = journey.gateway.ledger.intend(
                intent_of(journey, target, self._number, self._started, self.reserved, self._markup)
            )
        except OSError as error:
            exchange.abort()
            journey.gateway.metrics.event("ledger_failures", "journal")
            journey.note(f"journal: {error.strerror or error}")
            raise LedgerUnavailable(
                "This gateway cannot record requests now, so it sends none. Tell its operator."
            ) from None

    def _settle(self, outcome: Outcome, error: GatewayError | None) -> None:
        """Record how it ended, what it cost, and what it showed of the model's health."""
        journey, reception, target = self._journey, self._reception, self.candidate.target
        now = monotonic()
        usage, source = used(self._asked, reception, outcome, self._door.facts)
        if source == "provider" and not usage.output and outcome == "ok" and self._said_something(usage):
            source = "impossible"
        tier = reception.tier if reception is not None else ""
        charge = charged(self._asked, self._price, usage, source, tier, self.candidate.abilities.context, outcome)
        source = charge[0]
        if source == "impossible":
            journey.note(f"usage: {target} reports what cannot be: {usage.input} in, {usage.output} out")
        hold = self._hold
        bound = hold.bound if hold is not None else None
        if bound is not None and charge[1] > bound:  # it cannot have used that much: the usage is kept, not believed
            journey.note(f"usage: {target} tells of more than is possible, {charge[1]} nano-dollars")
            charge = (source, bound, charge[2])
        code = (error.code or error.kind) if error is not None and outcome != "cancelled" else ""
        times = (self._started, self._began, now)
        row = row_of(journey, target, self._number, times, outcome, code, reception, usage, charge, self._markup)
        if hold is not None:
            hold.settle(row, now)
        journey.settle(row, self._segment)
        self._learned(self._tell(outcome, error, usage if source == "provider" else NOT_TOLD, now), error)

    def _said_something(self, usage: Usage) -> bool:
        """Whether there is an answer that cannot have taken no tokens, and no cost that says so."""
        reception = self._reception
        if reception is None or (usage.details is not None and usage.details.cost is not None):
            return False
        if reception.scanner is not None:
            return reception.scanner.estimate() > 0
        with contextlib.suppress(ValueError):
            return not is_empty(read_reply(self._journey.front.format, reception.body))
        return False

    def _tell(self, outcome: Outcome, error: GatewayError | None, told: Usage, now: float) -> Change | None:
        """What the end of the attempt shows of the model's health, and whether that changes anything."""
        ticket, reception = self._ticket, self._reception
        left = self._door.limits.read(reception.headers, time.time) if reception is not None else None
        if error is None and outcome == "ok":
            return ticket.end("ok", now, input=told.input, output=told.output, cached=told.cached, left=left)
        kind = kind_of(error, reception, outcome, hurried=now >= self._journey.latest - EARLY)
        return ticket.end(
            "outrun" if self._outrun and kind == "cancelled" else kind,
            now,
            input=told.input,
            output=told.output,
            cached=told.cached,
            retry_after=error.retry_after if error is not None else None,
            left=left,
        )

    def _learned(self, change: str | None, error: GatewayError | None = None) -> None:
        """What the operator should know of a model's health."""
        if change is None:
            return
        journey, target = self._journey, self.candidate.target
        if change == "key.benched":
            journey.gateway.metrics.event("benched_keys", target.provider)
            why = (error.code or "") if error is not None else "upstream_auth"
            journey.event("provider_key.benched", provider=target.provider, why=why)
        elif change != "lane.cooling":
            journey.gateway.metrics.event("breaker_changes", change.partition(".")[2])
            journey.event(change, provider=target.provider, model=target.model)
