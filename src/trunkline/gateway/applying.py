"""Which limits and budgets apply to a request, made ready to be taken: once for each caller, model and target.

What was made is kept, the latest first, so that a request looks it up and takes it, and nothing more.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

import msgspec

from trunkline.config import schema
from trunkline.formats.format import Asked
from trunkline.gateway.bounding import Dearest, dearest
from trunkline.gateway.leasing import Leasing
from trunkline.gateway.limit_rules import budget_of, rule_of
from trunkline.gateway.rate_headers import RateHeaders
from trunkline.ledger.prices import Price
from trunkline.ledger.record import Intent
from trunkline.limits.amounts import Amounts
from trunkline.limits.budgets import Budget, Spending, spending
from trunkline.limits.meter import Meter
from trunkline.limits.rules import EACH, OTHERS, Cardinality, Rule, Scopes, budgets, meters
from trunkline.limits.ticket import Ticket
from trunkline.routing.targets import Target

KEPT = 10_000
"""Combinations of caller and model that are kept. Who is forgotten is made ready anew."""
EXPECTED_OUTPUT: Final = 1024
"""Tokens that an answer is expected to be at most, for limits of tokens, which are corrected afterwards."""
ENDLESS: Final = 1 << 60
TARGETS = 100
"""Targets of each, likewise."""
LATE = 5.0
"""Seconds by which an attempt may have reserved after it began: by then the next period may have begun."""

Asker = tuple[str, str, str, str, str, str]
"""Organisation, team, user, key, tags as JSON, and the model asked for."""


class Rules(msgspec.Struct, frozen=True):
    """What the configuration says."""

    rates: tuple[Rule, ...] = ()
    deployments: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()


def rules_of(config: schema.Config) -> Rules:
    """The rules of a configuration."""
    every = [rule_of(rates) for rates in config.limits]
    return Rules(
        tuple(rule for rule in every if rule.scope != "deployment"),
        tuple(rule for rule in every if rule.scope == "deployment"),
        tuple(budget_of(budget) for budget in config.budgets),
    )


def scopes_of(asker: Asker, target: Target | None = None) -> Scopes:
    """The names of all scopes that a request belongs to."""
    org, team, user, key, tags, model = asker
    named = {"org": org, "team": team if "/" in team or not org else f"{org}/{team}", "user": user, "key": key}
    scopes = {scope: [name] for scope, name in named.items() if name and (scope != "team" or team)}
    scopes["model"] = [model]
    if tags:
        scopes["tag"] = [f"{name}={value}" for name, value in msgspec.json.decode(tags).items()]
    if target is not None:
        scopes["deployment"] = [str(target)]
    return scopes


class Charges:
    """Who pays for what, as the rules are now: implements `trunkline.ledger.holding.Charges`."""

    def __init__(self, rules: Rules) -> None:
        self._budgets = rules.budgets

    def of(self, intent: Intent) -> set[str]:
        """The ids of all budgets to which an attempt was charged; where that may be one of two, both."""
        asker = (intent.org, intent.team, intent.user, intent.key, intent.tags, intent.asked)
        applying = budgets(self._budgets, scopes_of(asker, Target(intent.provider, intent.model)), Cardinality())
        began = intent.started / 1e6
        return {spending(budget, at).meter.id for budget in applying for at in (began, began + LATE)}

    def knows(self, budget: str) -> bool:
        """Whether `of` would name this budget. What many share that could not be told apart, it would not."""
        if OTHERS in budget:
            return False
        return any(budget.startswith(f"{rule.scope}:{rule.name.partition(EACH)[0]}") for rule in self._budgets)


class Costs:
    """What stands between one kind of request and one target: the target's limits, and all budgets."""

    __slots__ = (
        "_begins",
        "_dearest",
        "_ends",
        "_price",
        "lenient",
        "limits",
        "most",
        "spendings",
        "strict",
        "strict_meters",
    )

    def __init__(
        self, limits: Ticket | None, spendings: Sequence[Spending], strict: Ticket | None, lenient: Ticket | None
    ) -> None:
        self.limits = limits
        self.strict = strict
        """Budgets that must not be overshot."""
        self.lenient = lenient
        self.spendings = spendings
        self.strict_meters = [each.meter for each in spendings if is_strict(each.budget)]
        self.most = min((meter.limit for meter in self.strict_meters), default=0)
        """The most that all strict ones allow in a whole period."""
        self._price: Price | None = None
        self._dearest: Dearest = (0, 0, 0)
        self._begins = max((each.span.begins for each in spendings), default=-inf)
        self._ends = min((each.span.ends for each in spendings if each.span.ends is not None), default=inf)

    def dearest(self, price: Price) -> Dearest:
        """See `trunkline.gateway.bounding.dearest`: kept, as the price of a target seldom changes."""
        if price is not self._price:
            self._price, self._dearest = price, dearest(price)
        return self._dearest

    def holds(self, at: float) -> bool:
        """Whether these are the periods of that moment, Unix time."""
        return self._begins <= at < self._ends


def expected(asked: Asked, most_output: int = EXPECTED_OUTPUT, most_tokens: int = ENDLESS) -> Amounts:
    """What a request will probably take: of output at most `most_output`, and of both together `most_tokens`."""
    read = asked.size // 4
    made = min(asked.output_cap or most_output, most_output)
    if read + made > most_tokens:
        made = max(0, most_tokens - read)
    return (1, read, made, read + made, 1, 0)


class Applied:
    """The limits of one kind of request: of one caller, for one model."""

    __slots__ = ("_heads", "_most_output", "_most_tokens", "asker", "costs", "meters", "rates")

    def __init__(self, asker: Asker, rates: Ticket | None, applying: Sequence[Meter]) -> None:
        self.asker = asker
        self.rates = rates
        self.meters = frozenset(meter.id for meter in applying)
        self.costs: dict[Target, Costs] = {}
        self._heads: dict[str, RateHeaders] = {}
        self._most_output = min([EXPECTED_OUTPUT, *(meter.limit for meter in applying if meter.unit == "output")])
        self._most_tokens = min([ENDLESS, *(meter.limit for meter in applying if meter.unit == "tokens")])

    def expected(self, asked: Asked) -> Amounts:
        """What a request takes; of output no more than the limits can ever allow, for it may well be less."""
        return expected(asked, self._most_output, self._most_tokens)

    def head(self, format_name: str, ticket: Ticket) -> RateHeaders:
        """How a client of this format is told where it stands with `rates`, which are `ticket`."""
        head = self._heads.get(format_name)
        if head is None:
            head = self._heads[format_name] = RateHeaders(ticket, format_name)
        return head


def is_strict(budget: Budget) -> bool:
    """Whether it must not be overshot."""
    return budget.prepaid or (budget.hard and budget.overshoot == "none")


class Applying:
    """All that is ready."""

    def __init__(self, rates: Leasing, money: Leasing, spendings: dict[str, Spending]) -> None:
        """`spendings` is filled with the budgets in use, by the ids of their meters."""
        self.rules = Rules()
        self._rates = rates
        self._money = money
        self._spendings = spendings
        self._tags = Cardinality()
        self._models = Cardinality()
        self._applied: dict[Asker, Applied] = {}

    def configure(self, rules: Rules) -> None:
        """Other rules hold from now on; what is taken stays taken."""
        self.rules = rules
        self._applied.clear()

    def of(self, asker: Asker) -> Applied:
        """What applies to a request."""
        applied = self._applied.get(asker)
        if applied is None:
            if len(self._applied) >= KEPT:
                del self._applied[next(iter(self._applied))]
            applying = meters(self.rules.rates, scopes_of(self._bounded(asker)), self._tags)
            applied = self._applied[asker] = Applied(asker, self._ticket(self._rates, applying), applying)
        return applied

    def costs(self, applied: Applied, target: Target, at: float) -> Costs:
        """What stands before an attempt at `target`, at the moment `at` (Unix time)."""
        costs = applied.costs.get(target)
        if costs is None or not costs.holds(at):
            if len(applied.costs) >= TARGETS:
                applied.costs.clear()
            costs = applied.costs[target] = self._costs(self._bounded(applied.asker), target, at)
        return costs

    def _costs(self, asker: Asker, target: Target, at: float) -> Costs:
        scopes = scopes_of(asker, target)
        found = [spending(budget, at) for budget in budgets(self.rules.budgets, scopes, self._tags)]
        while len(self._spendings) > KEPT:
            del self._spendings[next(iter(self._spendings))]
        self._spendings.update((each.meter.id, each) for each in found)
        strict = [each.meter for each in found if is_strict(each.budget)]
        lenient = [each.meter for each in found if not is_strict(each.budget)]
        limits = self._ticket(self._rates, meters(self.rules.deployments, scopes, self._tags))
        return Costs(limits, found, self._ticket(self._money, strict), self._ticket(self._money, lenient))

    def _ticket(self, leasing: Leasing, applying: Sequence[Meter]) -> Ticket | None:
        return Ticket(leasing.holder, applying, leasing.wake) if applying else None

    def _bounded(self, asker: Asker) -> Asker:
        """Callers may make up names of models, as of tags: beyond some, they share what one has."""
        *who, model = asker
        org, team, user, key, tags = who
        return org, team, user, key, tags, self._models.bounded(f"model={model}").removeprefix("model=")
