"""What is recorded of an attempt: what it is reserved at before it begins, and what it has used when it has ended."""

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.format import Asked
from trunkline.gateway.errors import GatewayError, UpstreamAuth, UpstreamQuota, UpstreamRefused
from trunkline.gateway.reception import Reception
from trunkline.gateway.state import Journey
from trunkline.ledger.prices import Price
from trunkline.ledger.record import UNPRICED, Intent, Outcome, Row, UsageSource
from trunkline.routing.targets import Target

ASSUMED_OUTPUT = 4096
"""Tokens a reply is reserved at where the caller sets no cap."""
BYTES_A_TOKEN = 3
"""Of a request; few enough that the reservation is seldom too small."""
TOLD = frozenset({"rate_limit_exceeded", "upstream_server_error"})
"""Errors that the provider told, rather than broke down."""


def reservation(asked: Asked, price: Price | None) -> int:
    """Nano-dollars that an attempt may cost, as an upper estimate."""
    if price is None:
        return UNPRICED
    return price.cost(Usage(input=asked.size // BYTES_A_TOKEN, output=_most_output(asked)))


def _most_output(asked: Asked) -> int:
    return asked.output_cap or ASSUMED_OUTPUT * asked.choices


def used(asked: Asked, reception: Reception | None, outcome: Outcome, *, stops: bool) -> tuple[Usage, UsageSource]:
    """What the provider says, or what can be told from what was produced.

    A request that was sent and then left alone (the client went, the time was up, another won) has cost its input at
    least. Where the provider goes on without us and its meter with it (`stops` is false), and for what is not streamed,
    it is taken for as long as it may have become.
    """
    if reception is None:
        return Usage(), "none"
    size = asked.size // 4
    scanner = reception.scanner
    told = reception.usage or (scanner.usage if scanner is not None else None)
    abandoned = outcome == "cancelled" or reception.timed_out
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


def intent_of(journey: Journey, target: Target, number: int, started: int, reserved: int) -> Intent:
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
    source: UsageSource,
    cost: int,
) -> Row:
    """What is known of an attempt that has ended. `times`: when it began, as Unix time in microseconds; the same of the
    monotonic clock; and when it ended.
    """
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
    )


def _since(began: float, then: float) -> int:
    return int((then - began) * 1e6) if then else -1
