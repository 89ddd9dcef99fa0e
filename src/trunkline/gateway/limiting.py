"""What a request may use and spend: taken before it begins, corrected when it has ended, whatever becomes of it.

    admit     the caller's rates and requests under way, in all its scopes at once or in none; loops and sessions
    reserve   for one attempt: the limits of the deployment, and what it may cost, of every budget
    settle    what was used in place of what was taken

Where nothing is configured, nothing of this is done.
"""

import time
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from trunkline.config import schema
from trunkline.config.limits import Loops
from trunkline.gateway.applying import Applied, Applying, Asker, Costs, expected, is_strict, rules_of
from trunkline.gateway.bounding import TEXTS, Bound, bound_of, contents_of
from trunkline.gateway.charging import reservation
from trunkline.gateway.errors import BudgetSpent, LimitsUnavailable, RateLimited
from trunkline.gateway.leasing import Away
from trunkline.gateway.lending import Lending
from trunkline.gateway.runaways import Runaways
from trunkline.gateway.waiting import Waiting
from trunkline.ledger.markup import affordable_cost, most_charged
from trunkline.ledger.prices import Price
from trunkline.ledger.record import Row
from trunkline.limits.amounts import NOTHING, Amounts, amounts, usage
from trunkline.limits.budgets import affordable_output, exhausted, upper_bound
from trunkline.limits.bundle import Refusal
from trunkline.limits.meter import DAY, HOUR, MINUTE, SECOND, Meter
from trunkline.limits.ticket import Reserved, Ticket
from trunkline.telemetry.definitions import Event

if TYPE_CHECKING:
    from trunkline.gateway.deployments import Deployment
    from trunkline.gateway.state import Journey
    from trunkline.routing.targets import Target

TRIES = 4
"""How often an attempt lowers its output to what is left of a budget, before it is refused: others spend, too."""

Clock = Callable[[], float]
"""Unix time, in seconds."""


class Hold:
    """What one attempt has taken."""

    bound: int | None = None
    """Nano-dollars that its cost cannot exceed, where some budget wants to know."""
    cap: int | None = None
    """Tokens of output, of all choices together, at which the attempt is to be capped; None: as the caller says."""
    _strict: Reserved | None = None  # of budgets that must not be overshot
    _others: tuple[Reserved, ...] = ()

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    def add(self, reserved: Reserved) -> None:
        """Something more was taken."""
        self._others += (reserved,)

    def bind(self, reserved: Reserved, bound: int) -> None:
        """It was taken of budgets that must not be overshot, as it cannot cost more than `bound`."""
        self._strict = reserved
        self.bound = bound

    def cover(self) -> None:
        """The attempt is about to be sent: see that a crash does not leave it without what pays for it."""
        if self._strict is not None:
            self._lending.cover(self._strict.ticket)

    def settle(self, row: Row, now: float) -> None:
        """The attempt has ended. What never reached its provider has used nothing."""
        sent = row.outcome != "unreached"
        self._end(usage(row.input_tokens, row.output_tokens, max(0, row.charged)) if sent else NOTHING, now)

    def release(self) -> None:
        """Nothing was sent. Does nothing once it was settled."""
        self._end(NOTHING, monotonic())

    def _end(self, used: Amounts, now: float) -> None:
        strict, others = self._strict, self._others
        if strict is not None:
            self._strict = None
            strict.settle(now, used)
            self._lending.returned += strict.amounts[-1] - used[-1]
        if others:
            self._others = ()
            for reserved in others:
                reserved.settle(now, used)


class Limiting:
    """All limits of the data plane."""

    def __init__(self, lending: Lending, event: Callable[[Event, str], None], clock: Clock = time.time) -> None:
        """`event` counts what the limits refuse: its name, and why."""
        self.lending = lending
        self._event = event
        self._clock = clock
        self._applying = Applying(lending.rates, lending.money, lending.spendings)
        self._waiting = Waiting()
        self._queues = False
        self._serves_alone = False
        self._loops = Loops()
        self._runaways: Runaways | None = None
        self._admits = False
        self.admits = False
        """Something may stand before a request."""
        self.reserves = False
        """Something may stand before an attempt."""
        self.bounds = False
        """Some budget wants to know the most that an attempt can cost."""

    def configure(self, config: schema.Config) -> None:
        """Other limits hold from now on. What is used of those that stay, stays used."""
        rules = rules_of(config)
        self._applying.configure(rules)
        self._admits, self.reserves = bool(rules.rates), bool(rules.budgets or rules.deployments)
        self.bounds = any(map(is_strict, rules.budgets))
        if config.queue is not None:
            self._waiting.places, self._waiting.patience = config.queue.places, config.queue.patience
        self._queues = config.queue is not None
        self._serves_alone = config.when_shared_away == "serve"
        if config.loops != self._loops:  # else what was counted goes on counting
            self._loops = config.loops
            self._runaways = Runaways(config.loops, self._event) if config.loops != Loops() else None
        self.admits = self._admits or self._runaways is not None
        lending = self.lending
        lending.use(*[lending.rates] * bool(rules.rates or rules.deployments), *[lending.money] * bool(rules.budgets))

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return len(self._waiting)

    # of a request

    async def admit(self, journey: "Journey") -> None:
        """Take what the request needs of its caller's limits. Raises `LimitReached` or `LimitsUnavailable`."""
        if self._runaways is not None:
            self._runaways.stop(journey)
        if not self._admits:
            return
        applied = journey.applied = self._applying.of(_asker(journey))
        ticket = applied.rates
        if ticket is None:
            return
        wanted = applied.expected(journey.asked)
        head = applied.head(journey.front.format.name, ticket)
        if not self._queues and (taken := ticket.take(now := monotonic(), wanted)) is not None:  # as nearly always
            journey.admitted = taken
            journey.delivery.head += head.at(now, self._clock)
            return
        outcome = await self._enter(journey, applied, ticket, wanted)
        if isinstance(outcome, Away):
            self._event("limited_requests", "away")
            raise LimitsUnavailable(f"This gateway cannot reach its limits: {outcome.reason}. Tell its operator.")
        journey.delivery.head += head.at(monotonic(), self._clock)
        if isinstance(outcome, Refusal):
            self._event("limited_requests", outcome.meter.unit)
            raise _refused(outcome)
        journey.admitted = outcome

    async def _enter(
        self, journey: "Journey", applied: Applied, ticket: Ticket, wanted: Amounts
    ) -> Reserved | Refusal | Away:
        rates, waiting = self.lending.rates, self._waiting
        outcome: Reserved | Refusal | Away | None = None
        room = waiting.room_of(applied.meters) if self._queues else None
        if room is None:
            outcome = await rates.admit(ticket, wanted)
            if not self._queues or not isinstance(outcome, Refusal) or outcome.never:
                return outcome
            room = outcome.meter.id
        self._event("queued_requests", "")
        attempt = partial(rates.admit, ticket, wanted)
        last = await waiting.wait(room, journey.wishes.priority, attempt) or outcome
        return last or await attempt()  # there was no place for it

    def settle(self, journey: "Journey") -> None:
        """The request has ended."""
        if journey.admitted is not None:
            journey.admitted.settle(monotonic(), usage(*journey.used))
            journey.admitted = None
            if len(self._waiting):
                self._waiting.look()
        if self._runaways is not None:
            self._runaways.charge(journey)

    # of an attempt

    async def reserve(
        self, journey: "Journey", deployment: "Deployment", target: "Target", price: Price | None, markup: int
    ) -> Hold | None:
        """Take what an attempt needs, of everything or of nothing; None where nothing stands before it. `markup` is
        what the tenant is charged on top of the price, in millionths.

        Raises `RateLimited`, `BudgetSpent` or `LimitsUnavailable`.
        """
        if not self.reserves:
            return None
        applied = journey.applied or self._applying.of(_asker(journey))
        costs = self._applying.costs(applied, target, self._clock())
        if costs.limits is None and not costs.spendings:
            return None
        hold = Hold(self.lending)
        try:
            if costs.limits is not None:
                hold.add(await self._of_deployment(costs.limits, expected(journey.asked)))
            if costs.strict is not None:
                await self._strictly(hold, costs, costs.strict, journey, deployment, target, price, markup)
            if costs.lenient is not None:
                cost = most_charged(max(0, reservation(journey.asked, price)), markup)
                hold.add(await self._leniently(costs, costs.lenient, amounts(cost=cost)))
        except BaseException:
            hold.release()
            raise
        return hold

    async def _of_deployment(self, ticket: Ticket, wanted: Amounts) -> Reserved:
        outcome = ticket.take(monotonic(), wanted) or await self.lending.rates.admit(ticket, wanted)
        if isinstance(outcome, Away):
            raise LimitsUnavailable(f"This gateway cannot reach its limits: {outcome.reason}. Tell its operator.")
        if isinstance(outcome, Refusal):
            self._event("limited_requests", "deployment")
            raise _refused(outcome)
        return outcome

    async def _strictly(
        self,
        hold: Hold,
        costs: Costs,
        ticket: Ticket,
        journey: "Journey",
        deployment: "Deployment",
        target: "Target",
        price: Price | None,
        markup: int,
    ) -> None:
        """Reserve the most that it can cost."""
        contents = TEXTS if journey.only_texts else contents_of(journey.document.write())
        strict = "a budget that applies to it must not be overshot"
        if price is None:
            raise BudgetSpent(f"{target} has no price, and {strict}. Its operator can give it one, as its `price`.")
        if contents.endless:
            raise BudgetSpent(f"{contents.endless!r} has no bound on what it costs, and {strict}. Leave it out.")
        asked = journey.asked
        known = await deployment.about(target.model) if asked.output_cap is None else None
        bound = bound_of(contents, asked, costs.dearest(price), known.max_output if known is not None else None)
        cost, output = bound.cost, bound.wanted
        charged = most_charged(cost, markup)
        reserved = ticket.take(monotonic(), amounts(cost=charged)) if charged <= costs.most else None
        if reserved is None:
            reserved, cost, output = await self._with_less(costs, ticket, bound, markup)
        hold.bind(reserved, cost)
        if output != asked.output_cap:
            hold.cap = output

    async def _with_less(self, costs: Costs, ticket: Ticket, bound: Bound, markup: int) -> tuple[Reserved, int, int]:
        """The same, waiting for what lacks, and with the output lowered to what can be paid: what was reserved, the
        most that it can cost then, and the output.
        """
        money, left, output, refusal = self.lending.money, costs.most, bound.wanted, None
        for _ in range(TRIES):
            lowered = affordable_output(affordable_cost(left, markup), bound.fixed, bound.price, output, bound.least)
            if lowered is None or (refusal is not None and lowered == output):
                break
            output = lowered
            cost = upper_bound(bound.fixed, bound.price, output)
            outcome = await money.admit(ticket, amounts(cost=most_charged(cost, markup)))
            if isinstance(outcome, Away):
                raise LimitsUnavailable(f"This gateway cannot reach its budgets: {outcome.reason}. Tell its operator.")
            if isinstance(outcome, Reserved):
                return outcome, cost, output
            refusal, left = outcome, outcome.remaining
        meter = refusal.meter if refusal is not None else min(costs.strict_meters, key=lambda each: each.limit)
        raise self._spent(costs, meter)

    async def _leniently(self, costs: Costs, ticket: Ticket, wanted: Amounts) -> Reserved:
        outcome = ticket.take(monotonic(), wanted) or await self.lending.money.admit(ticket, wanted)
        if isinstance(outcome, Away):
            if self._serves_alone:
                return ticket.force(monotonic(), wanted)
            raise LimitsUnavailable(f"This gateway cannot reach its budgets: {outcome.reason}. Tell its operator.")
        if isinstance(outcome, Refusal):
            raise self._spent(costs, outcome.meter)
        return outcome

    def _spent(self, costs: Costs, meter: Meter) -> BudgetSpent:
        self._event("limited_requests", "budget")
        found = exhausted(costs.spendings, meter)
        error = BudgetSpent(found.message, found.budget.when_spent)
        if found.resets is not None:
            error.retry_after = max(1.0, found.resets.timestamp() - self._clock())
        return error


def _asker(journey: "Journey") -> Asker:
    caller = journey.caller
    return caller.org, caller.team, caller.user, caller.key, journey.tags, journey.asked.model


_WINDOWS = {SECOND: "second", MINUTE: "minute", HOUR: "hour", DAY: "day"}
_UNITS = {"requests": "requests", "input": "tokens of input", "output": "tokens of output", "tokens": "tokens"}


def _refused(refusal: Refusal) -> RateLimited:
    """What the caller is told: which limit, what is left of it, and when it is worth trying again."""
    meter = refusal.meter
    whose = f"the {meter.scope} '{meter.name}'" if meter.name else f"this {meter.scope}"
    if meter.unit == "concurrent":
        message = f"At most {meter.limit} requests of {whose} may be under way at one time."
    else:
        message = (
            f"Limit of {whose}: {meter.limit} {_UNITS[meter.unit]} per {_WINDOWS[meter.window]}. This request needs "
            f"{refusal.asked}, and {refusal.remaining} are left."
        )
    if refusal.never:
        message += " It needs more than the limit ever allows."
    error = RateLimited(message)
    if not refusal.never:
        error.retry_after = refusal.retry_after or 1.0
    return error
