"""How much to reason, in words and in tokens, for formats and models that know only the one or the other."""

from collections.abc import Collection
from typing import get_args

import msgspec

from trunkline.formats.conversation import Effort, Request
from trunkline.formats.dialect import Dialect

ORDER: tuple[Effort, ...] = get_args(Effort)
"""From least to most."""
BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 10_000,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 65_536,
}
"""Effort → tokens to think with. The least that Claude takes is 1,024."""


def effort_of(budget: int) -> Effort | None:
    """The least effort that gives the model as much as `budget` tokens; None where it decides (below zero)."""
    if budget < 0:
        return None
    return next((effort for effort, tokens in BUDGETS.items() if budget <= tokens), "max")


def nearest(wished: Effort, known: Collection[str], *, rather_more: bool = False) -> Effort:
    """The effort in `known` that is nearest to the one `wished`, which it is itself where none is known.

    Of two as near it is the lesser, or the greater with `rather_more`.
    """
    place = ORDER.index(wished)
    places = (number for number, effort in enumerate(ORDER) if effort in known)
    sign = -1 if rather_more else 1
    return ORDER[min(places, key=lambda one: (abs(one - place), sign * one), default=place)]


def reasons(request: Request, dialect: Dialect) -> bool:
    """Whether the model will reason over `request`."""
    wish = request.thinking
    if not dialect.thinks or wish is None:
        return dialect.reasons_unasked
    if wish.mode == "off" or wish.effort == "none" or wish.budget == 0:
        return False
    return dialect.reasons_unasked or bool(wish.effort or wish.budget or wish.mode == "on")


def while_reasoning(dialect: Dialect, request: Request) -> Dialect:
    """The dialect with what the model refuses of `request` because it reasons over it."""
    if not dialect.refuses_thinking or not reasons(request, dialect):
        return dialect
    return msgspec.structs.replace(dialect, refuses=dialect.refuses | dialect.refuses_thinking)
