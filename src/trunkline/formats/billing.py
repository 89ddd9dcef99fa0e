"""What a usage report tells besides its five counts: kinds of tokens that have prices of their own, units that are no
tokens, the cost itself, and that it cannot be true.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import msgspec

Unit = Literal[
    "web_search",
    "social_search",
    "file_search",
    "code_execution",
    "citation_token",
    "rerank",
    "image",
    "character",
    "millisecond",
    "output_millisecond",
    "page",
    "annotated_page",
    "pixel",
    "message",
]
"""What is counted and is no token of the conversation. Sound is in milliseconds, and apart where it is output."""

NANO = 1_000_000_000
MOST = 1_000_000_000
"""More of anything than a request can have."""
DEAREST = 1_000_000 * NANO
"""Nano-dollars. No single attempt costs a million dollars."""


class Details(msgspec.Struct, frozen=True, gc=False):
    """See this module. Tokens are parts of the count of the direction they belong to."""

    cache_write_1h: int = 0
    """Of the cache-written ones, those that are kept for an hour."""
    audio_input: int = 0
    """With the cached ones of them."""
    audio_cached: int = 0
    audio_output: int = 0
    image_input: int = 0
    """With the cached ones of them."""
    image_cached: int = 0
    image_output: int = 0
    units: tuple[tuple[Unit, int], ...] = ()
    cost: int | None = None
    """Nano-dollars, as the provider tells them."""
    impossible: bool = False
    """A count is negative, or larger than any request can have."""


NONE = Details()


def told(details: Details) -> Details | None:
    """`details`, if they tell anything."""
    return details if details != NONE else None


def beyond_belief(*counts: object) -> bool:
    """Whether any of the counts is negative or absurd. What is no number counts as missing, not as wrong."""
    return any(isinstance(count, int | float) and not 0 <= count <= MOST for count in counts)


def units(counts: Mapping[Unit, object]) -> tuple[tuple[Unit, int], ...]:
    """Those of the units of which there are any."""
    return tuple([(unit, count) for unit, count in counts.items() if type(count) is int and 0 < count <= MOST])


def nano_dollars(amount: object) -> int | None:
    """US dollars as a provider's JSON has them, rounded half up to nano-dollars; None for what can be no cost.

    A float is taken for the decimal it was written as.
    """
    if isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
        return None
    exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
    if not exact.is_finite() or not 0 <= exact * NANO <= DEAREST:
        return None
    return int((exact * NANO).to_integral_value(ROUND_HALF_UP))


def reported_cost(usage: Mapping[str, Any]) -> int | None:
    """What a usage object of OpenAI's shapes says that the request cost, in nano-dollars; None where it does not.

    `cost` is OpenRouter's, in dollars, to which what the upstream charges the operator's own key is added
    (openrouter.ai/docs/guides/usage-accounting); of Perplexity it is an object with a `total_cost`
    (docs.perplexity.ai). `cost_in_usd_ticks` is xAI's, of 10^-10 dollars (docs.x.ai/developers/cost-tracking).
    """
    ticks = usage.get("cost_in_usd_ticks")
    if type(ticks) is int and 0 < ticks <= 10 * DEAREST:
        return (ticks + 5) // 10
    cost = usage.get("cost")
    amount = nano_dollars(cost.get("total_cost") if isinstance(cost, dict) else cost)
    if amount is None or usage.get("is_byok") is not True:
        return amount
    details = usage.get("cost_details")
    return amount + (nano_dollars(details.get("upstream_inference_cost")) or 0 if isinstance(details, dict) else 0)
