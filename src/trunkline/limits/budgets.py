"""Money: what a scope may spend in a period, whom to tell when, and what to do when it is spent.

Amounts are nano-dollars, as everywhere. A budget is a meter of `cost` for one period at a time, so it is lent to
processes like every limit; only that what a process holds stays taken until somebody who knows says what became of it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from trunkline.limits.meter import PREPAID, Meter
from trunkline.limits.periods import Period, Span, span

PER_MILLION = 1_000_000
"""Prices are per million tokens."""
UNLIMITED = 2**61
"""The limit of a budget that only tells: more than can be spent, and exact in every database."""

Overshoot = Literal["none", "bounded"]
"""`none`: a request reserves the most that it can cost. `bounded`: what it is expected to cost; the budget may be
overshot by what the requests under way cost more than was expected.
"""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What one scope may spend."""

    scope: str
    name: str
    amount: int = 0
    """Above 0. Of prepaid credit 0: the store knows what was paid in."""
    period: Period = "month"
    zone: str = "UTC"
    hard: bool = True
    """Whether it refuses; if not, it only tells."""
    alerts: tuple[int, ...] = (50, 80, 100)
    """Percentages of the amount, of which each is told once a period."""
    overshoot: Overshoot = "none"
    when_spent: str = ""
    """The model that answers then instead; empty: none does."""
    prepaid: bool = False
    """It holds what was paid in, has no periods, and never goes below zero."""


class Spending(msgspec.Struct, frozen=True):
    """A budget in one of its periods."""

    budget: Budget
    meter: Meter
    span: Span

    @property
    def thresholds(self) -> tuple[tuple[int, int], ...]:
        """The percentages to be told, and the amounts at which they are reached."""
        amount = self.budget.amount
        if not amount:
            return ()
        return tuple((percent, -(-amount * percent // 100)) for percent in self.budget.alerts)

    def holds(self, at: float) -> bool:
        """Whether the period is not over at the moment `at` (Unix time, seconds)."""
        return self.span.ends is None or at < self.span.ends


def spending(budget: Budget, at: float) -> Spending:
    """The budget in the period in which the moment `at` (Unix time, seconds) lies."""
    now = span("total" if budget.prepaid else budget.period, ZoneInfo(budget.zone), at)
    limit = budget.amount if budget.hard and not budget.prepaid else UNLIMITED
    name = PREPAID if budget.prepaid else now.name
    return Spending(budget, Meter(budget.scope, budget.name, "cost", limit, 0, name), now)


class Exhausted(msgspec.Struct, frozen=True):
    """Why a request may not be paid for, or what may be used in its stead."""

    budget: Budget
    resets: datetime | None
    """In the budget's time zone; None where only a payment or the operator helps."""

    @property
    def message(self) -> str:
        """For the caller: which budget, and when there is money again."""
        budget = self.budget
        kind = "The prepaid credit" if budget.prepaid else f"The {_ADJECTIVES[budget.period]} budget"
        again = f" It begins anew at {self.resets.isoformat(' ')}." if self.resets else ""
        return f"{kind} of the {budget.scope} '{budget.name}' has not enough left for this request.{again}"


_ADJECTIVES = {"day": "daily", "week": "weekly", "month": "monthly", "total": "total"}


def exhausted(spendings: Sequence[Spending], meter: Meter) -> Exhausted:
    """What to say when `meter` of one of these has too little left."""
    found = next(each for each in spendings if each.meter.id == meter.id)
    ends = found.span.ends
    return Exhausted(found.budget, None if ends is None else datetime.fromtimestamp(ends, ZoneInfo(found.budget.zone)))


def affordable_output(left: int, fixed: int, price: int, wanted: int, least: int) -> int | None:
    """The most tokens of output that `left` nano-dollars pay for, at most `wanted`; None if it is less than `least`.

    `fixed` is the most that all but the output can cost; `price` is of a million tokens of output, the dearest that the
    model can ask for.
    """
    rest = left - fixed
    if rest < 0:
        return None
    affordable = wanted if not price else min(wanted, rest * PER_MILLION // price)
    return affordable if affordable >= least else None


def upper_bound(fixed: int, price: int, output: int) -> int:
    """The most that a request with such a cap on its output can cost, in nano-dollars."""
    return fixed - (-price * output // PER_MILLION)
