"""What is recorded of an attempt: what it is reserved at before it begins, and what it has used when it has ended."""

import time
from time import monotonic

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.format import Asked
from trunkline.gateway.errors import GatewayError, UpstreamAuth, UpstreamQuota, UpstreamRefused
from trunkline.gateway.reception import Reception
from trunkline.gateway.state import Journey
from trunkline.ledger.markup import markup_on
from trunkline.ledger.prices import Price
from trunkline.ledger.record import REPORTED, RESERVATION, UNPRICED, Intent, Outcome, Row, UsageSource
from trunkline.providers.base import Provider
from trunkline.routing.targets import Target

ASSUMED_OUTPUT = 4096
"""Tokens a reply is reserved at where the caller sets no cap."""
BYTES_A_TOKEN = 3
"""Of a request; few enough that the reservation is seldom too small."""
ADDED = 10_000
"""Tokens that a provider may add to a prompt by itself, for tools and the like."""
CERTAINLY = 1.25
"""How much more than a model's context is more than it can have: what is known of contexts is not always exact."""
LONGEST = 20_000_000
"""Tokens of the longest context, where a model's is not known."""
TOLD = frozenset({"rate_limit_exceeded", "upstream_server_error"})
"""Errors that the provider told, rather than broke down."""


def reservation(asked: Asked, price: Price | None) -> int:
    """Nano-dollars that an attempt may cost, as an upper estimate."""
    if price is None:
        return UNPRICED
    return price.of_tokens(asked.size // BYTES_A_TOKEN, asked.output_cap or _most_output(asked))


def _most_output(asked: Asked) -> int:
    return asked.output_cap or ASSUMED_OUTPUT * asked.choices


def used(asked: Asked, reception: Reception | None, outcome: Outcome, facts: Provider) -> tuple[Usage, UsageSource]:
    """What the provider says, or what can be told from what was produced.

    A request that was sent and then left alone (the client went, the time was up, another won) has cost its input at
    least. Where the provider goes on without us and its meter with it, and for what is not streamed, it is taken for as
    long as it may have become.
    """
    if reception is None:
        return Usage(), "none"
    if outcome == "ok" and reception.usage is not None:
        return reception.usage, "provider"
    size = asked.size // 4
    scanner = reception.scanner
    told = reception.usage or (scanner.usage if scanner is not None else None)
    abandoned = outcome == "cancelled" or reception.timed_out
    stops = facts.local or facts.inside or (asked.stream and facts.stops_meter is not False)
    runs_on = abandoned and not stops
    if told is not None:
        produced = scanner.estimate() if scanner is not None and outcome != "ok" else 0
        if runs_on:
            produced = max(produced, _most_output(asked))
        if told.output >= produced:
            return told, "provider"
        return msgspec.structs.replace(told, output=produced), "estimated"  # the input is told first, the output last
    if runs_on:
        return Usage(input=size, output=_most_output(asked)), "estimated"
    if scanner is not None and scanner.started:
        return Usage(input=size, output=scanner.estimate()), "estimated"
    if reception.produced:
        return Usage(input=size, output=len(reception.body) // 4), "estimated"
    if abandoned:
        return Usage(input=size), "estimated"
    return Usage(), "none"


def charged(
    asked: Asked,
    price: Price | None,
    usage: Usage,
    source: UsageSource,
    tier: str,
    context: int | None,
    outcome: Outcome,
) -> tuple[UsageSource, int, str]:
    """Where the counts come from after all, what is charged in nano-dollars, and by what.

    What the provider says that it cost is what it cost. Usage that cannot be true, and that of a whole answer without
    any, is charged at the reservation, at least.
    """
    if source == "none":
        return source, 0, ""
    details = usage.details
    if source == "impossible" or (source == "provider" and _impossible(asked, usage, context)):
        return "impossible", reservation(asked, price), RESERVATION if price is not None else ""
    if source == "provider" and details is not None and details.cost is not None:
        return source, details.cost, REPORTED
    if price is None:
        return source, UNPRICED, ""
    cost = price.cost(usage, tier)
    if source == "estimated" and outcome == "ok":
        return source, max(cost, reservation(asked, price)), RESERVATION
    if not cost and price.units and not (price.input or price.output):
        return source, UNPRICED, ""  # it is priced by something that was not counted
    if details is not None and price.lacks(details):
        return source, cost, f"{price.origin}, without {', '.join(price.lacks(details))}"
    return source, cost, price.origin


def _impossible(asked: Asked, usage: Usage, context: int | None) -> bool:
    """Whether no answer to the request can have had such a usage.

    A prompt may be longer than its bytes, for they may name files; and longer than the context that is known of the
    model, for that may be outdated; but not both.
    """
    if usage.details is not None and usage.details.impossible:
        return True
    read, made = usage.input, usage.output
    if usage.cached + usage.cache_write > read or usage.reasoning > made:
        return True
    most = CERTAINLY * (context or LONGEST)
    return (read > asked.size + ADDED and read > most) or made > most * asked.choices


def outcome_of(error: GatewayError | None, *, produced: bool) -> Outcome:
    """How an attempt ended that was not cancelled."""
    if error is None:
        return "ok"
    if produced:
        return "truncated"
    if isinstance(error, UpstreamRefused | UpstreamAuth | UpstreamQuota) or error.code in TOLD:
        return "refused"
    return "failed"


# For the ledger. By position: a struct takes names at eight times the time.


def intent_of(journey: Journey, target: Target, number: int, started: int, reserved: int, markup: int) -> Intent:
    """What must be known of an attempt should nobody see its end."""
    caller = journey.caller
    return Intent(
        journey.id,
        number,
        started,
        journey.label,
        caller.key,
        journey.asked.model,
        target.provider,
        target.model,
        journey.asked.stream,
        reserved,
        caller.org,
        caller.team,
        caller.user,
        journey.tags,
        markup_on(reserved, markup),
    )


def row_of(
    journey: Journey,
    target: Target,
    number: int,
    times: tuple[int, float, float],
    outcome: Outcome,
    error: str,
    reception: Reception | None,
    usage: Usage,
    charge: tuple[UsageSource, int, str],
    markup: int,
) -> Row:
    """What is known of an attempt that has ended. `times`: when it began, as Unix time in microseconds; the same of the
    monotonic clock; and when it ended. `charge` is what `charged` gave; `markup` is the tenant's, in millionths.
    """
    source, cost, price = charge
    started, began, ended = times
    caller = journey.caller
    return Row(
        journey.id,
        number,
        started,
        journey.label,
        caller.key,
        journey.asked.model,
        target.provider,
        target.model,
        journey.asked.stream,
        outcome,
        reception.status if reception is not None else 0,
        error,
        reception.finish if reception is not None else "",
        source,
        usage.input,
        usage.cached,
        usage.cache_write,
        usage.output,
        usage.reasoning,
        cost,
        _since(began, reception.first_byte) if reception is not None else -1,
        int((ended - began) * 1e6),
        caller.org,
        caller.team,
        caller.user,
        journey.tags,
        0,
        price,
        markup_on(cost, markup),
    )


def row_without_call(journey: Journey, target: Target, finish: str, cost: int, saved: int) -> Row:
    """Of a request that was answered with what another one's call has brought. `cost`: its part of that call."""
    caller = journey.caller
    took = int((monotonic() - journey.arrived) * 1e6)
    return Row(
        journey.id,
        journey.attempts + 1,
        time.time_ns() // 1000 - took,
        journey.label,
        caller.key,
        journey.asked.model,
        target.provider,
        target.model,
        journey.asked.stream,
        "ok",
        200,
        "",
        finish,
        "none",
        0,
        0,
        0,
        0,
        0,
        cost,
        -1,
        took,
        caller.org,
        caller.team,
        caller.user,
        journey.tags,
        max(saved, 0),
        "",
    )


def _since(began: float, then: float) -> int:
    return int((then - began) * 1e6) if then else -1
