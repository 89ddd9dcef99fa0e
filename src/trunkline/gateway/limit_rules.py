"""The limits of the configuration, as `trunkline.limits` takes them."""

from trunkline.config import limits as configured
from trunkline.limits.budgets import Budget
from trunkline.limits.meter import Unit
from trunkline.limits.rules import Rule

_RATES: tuple[Unit, ...] = ("requests", "input", "output", "tokens")


def rule_of(rates: configured.Rates) -> Rule:
    """What one scope may use."""
    quotas = [(unit, it.limit, it.window) for unit in _RATES for it in getattr(rates, unit) or ()]
    if rates.concurrent is not None:
        quotas.append(("concurrent", rates.concurrent, 0))
    return Rule(*rates.scope, tuple(quotas))


def budget_of(budget: configured.Budget) -> Budget:
    """What one scope may spend."""
    scope, name = budget.scope
    return Budget(
        scope=scope,
        name=name,
        amount=budget.amount or 0,
        period=budget.per,
        zone=budget.zone,
        hard=budget.hard,
        alerts=tuple(sorted({*budget.alert})),
        overshoot=budget.overshoot,
        when_spent=budget.when_spent or "",
        prepaid=budget.prepaid,
    )
