"""The ledger as tables for other programs: its rows and daily sums as they are, and daily sums in the columns of FOCUS.

FOCUS is the FinOps Open Cost and Usage Specification, version 1.2 (focus.finops.org): its columns of usage charges,
besides which those that are our own begin with `x_`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from trunkline.ledger.record import Row
from trunkline.store.listing import DailyLine
from trunkline.store.money import dollars

Cell = str | int
Lines = Iterator[Sequence[Cell]]

ROW_COLUMNS: Final = Row.__struct_fields__
DAY_COLUMNS: Final = DailyLine.__struct_fields__
TEXT_COLUMNS: Final = frozenset(
    {"request", "label", "key", "asked", "provider", "model", "outcome", "error", "finish", "usage", "org", "team"}
    | {"user", "tags", "price", "day"}
)
"""Those that are no whole numbers."""


def row_lines(rows: Iterable[Row]) -> Lines:
    """Attempts, in the order of `ROW_COLUMNS`; money in nano-dollars, switches as 0 and 1."""
    for row in rows:
        values = msgspec.structs.astuple(row)
        yield tuple(int(value) if isinstance(value, bool) else value for value in values)


def day_lines(days: Iterable[DailyLine]) -> Lines:
    """Daily sums, in the order of `DAY_COLUMNS`; money in nano-dollars."""
    for line in days:
        day, *rest = msgspec.structs.astuple(line)
        yield (day.isoformat(), *rest)


FOCUS_COLUMNS: Final = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_Attempts",
    "x_CachedTokens",
    "x_CacheWriteTokens",
    "x_Errors",
    "x_InputTokens",
    "x_OutputTokens",
    "x_ReasoningTokens",
    "x_Requests",
    "x_SavedCost",
    "x_UnpricedAttempts",
)


def focus_lines(days: Iterable[DailyLine]) -> Lines:
    """One usage charge for each day and each key at each model, in the order of `FOCUS_COLUMNS`.

    The list cost is what the provider charges; all other costs are what the tenant is charged.
    """
    for line in days:
        cost, charged = amount(line.cost), amount(line.charged)
        tokens = line.input_tokens + line.output_tokens
        month = line.day.replace(day=1)
        after = (month + timedelta(days=31)).replace(day=1)
        named = {"key": line.key, "team": line.team, "user": line.user}
        tags = json.dumps({f"trunkline/{name}": it for name, it in named.items() if it}, separators=(",", ":"))
        account = line.org or "default"
        yield (
            *(charged, account, account, "USD", _midnight(after), _midnight(month), "Usage", ""),
            *(f"{line.model} by {line.key or 'no key'}", "Usage-Based", _midnight(line.day + timedelta(days=1))),
            *(
                _midnight(line.day),
                tokens,
                "Tokens",
                charged,
                charged,
                line.provider,
                cost,
                "Standard",
                tokens,
                "Tokens",
            ),
            *(line.provider, line.provider, "AI and Machine Learning", line.model, "Generative AI"),
            *(f"{line.provider}/{line.model}", line.team, line.team, tags, line.attempts, line.cached_tokens),
            *(line.cache_write_tokens, line.errors, line.input_tokens, line.output_tokens, line.reasoning_tokens),
            *(line.requests, amount(line.saved), line.unpriced),
        )


def amount(nano: int) -> str:
    """Nano-dollars as US dollars, exactly, without the sign of the currency."""
    return dollars(nano).replace("$", "")


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
