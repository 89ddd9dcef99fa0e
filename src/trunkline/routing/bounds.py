"""What may not be overstepped: where data may go, what a model may cost, and what a request may ask for itself."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from trunkline.config import names
from trunkline.ledger.prices import Price

Wish = Literal["models", "provider", "route", "timeout", "tags", "priority"]
"""What a request may ask: other models (`models`), which providers and in which order (`provider`, `:floor`, `:nitro`),
another route (`x-trunkline-route`), less time, tags of its own, and how urgent it is.
"""
WISHES: Final[frozenset[Wish]] = frozenset(get_args(Wish))


class DataFacts(msgspec.Struct, frozen=True):
    """What a provider does with what it is sent, as the operator says. None and empty: not known."""

    regions: tuple[str, ...] = ()
    """Where it is processed: any of these."""
    retention: float | None = None
    """Seconds for which it is kept; 0: not at all."""
    training: bool | None = None
    """Whether models are trained on it."""


class DataPolicy(msgspec.Struct, frozen=True):
    """What must be so. What is not known of a provider is not so."""

    regions: tuple[str, ...] = ()
    """It must be processed in one of these; empty: anywhere. `eu` is also `eu-central-1`."""
    retention: float | None = None
    """At most so long."""
    training: bool | None = None
    """False: it must not be trained on."""


class Cap(msgspec.Struct, frozen=True):
    """The most that a model may cost: nano-dollars per million tokens, and per request."""

    input: int | None = None
    output: int | None = None
    per_request: int | None = None


class Asker(msgspec.Struct, frozen=True):
    """Who asks, and within which bounds."""

    key: str = ""
    models: tuple[str, ...] = ()
    """Names it may ask for, `*` standing for any characters; empty: all."""
    tags: Mapping[str, str] = {}
    may: frozenset[Wish] = WISHES
    data: DataPolicy | None = None
    cap: Cap | None = None
    within: tuple[tuple[str, ...], ...] = ()
    """Lists like `models`, of those it belongs to: a name must be in every one. None of them without `models`."""

    def may_name(self, name: str) -> bool:
        """Whether it may ask for the model `name`."""
        if not self.models:
            return True
        return all(_fits(name, patterns) for patterns in (self.models, *self.within))


ANYBODY: Final = Asker()


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(names.match(pattern, name) is not None for pattern in patterns)


def broken_by(policy: DataPolicy, facts: DataFacts) -> str:
    """What of `policy` a provider does not keep, in words; empty if it keeps all of it."""
    if policy.regions and not any(_within(here, region) for here in facts.regions for region in policy.regions):
        here = f"it is in {' or '.join(facts.regions)}" if facts.regions else "nothing says where it is"
        return f"{here}, and it must be in {' or '.join(policy.regions)}"
    if policy.training is False and facts.training is not False:
        return "it trains models on what it is sent" if facts.training else "nothing says that it does not train on it"
    if policy.retention is not None and (facts.retention is None or facts.retention > policy.retention):
        kept = (
            "nothing says how long it keeps" if facts.retention is None else f"for {_length(facts.retention)} it keeps"
        )
        return f"{kept} what it is sent, and allowed is {_length(policy.retention)}"
    return ""


def _within(here: str, region: str) -> bool:
    """`eu-central-1` is within `eu`."""
    return here == region or here.startswith(f"{region}-")


def _length(seconds: float) -> str:
    if not seconds:
        return "not at all"
    return f"{seconds / 86_400:g} days" if seconds >= 86_400 else f"{seconds:g} s"


def dearer(cap: Cap, price: Price | None) -> str:
    """Where `price` is above `cap`, in words; empty if it is not. What has no price is above every cap."""
    if price is None:
        return "its price is not known, and there is a cap"
    if (
        (cap.input is None or price.input <= cap.input)
        and (cap.output is None or price.output <= cap.output)
        and (cap.per_request is None or price.per_request <= cap.per_request)
    ):
        return ""
    for limit, cost, what in (
        (cap.input, price.input, "a million tokens of input"),
        (cap.output, price.output, "a million tokens of output"),
        (cap.per_request, price.per_request, "a request"),
    ):
        if limit is not None and cost > limit:
            return f"{what} costs {dollars(cost)} USD, and at most {dollars(limit)} are allowed"
    return ""


def dollars(nano: int) -> str:
    """Nano-dollars as dollars, exactly, without zeros at the end."""
    whole, rest = divmod(nano, 1_000_000_000)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")
