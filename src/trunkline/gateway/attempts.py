"""Running a plan: one attempt after the other until one answers, streamed and not in the same way.

Each attempt makes its own record: an intent in the journal before its first byte goes upstream, a row when it has
ended, however it ended. A failure before the first output can be made good by another attempt; after it, it is told.
"""

import asyncio
import itertools
import random
import time
from time import monotonic

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.format import ShapeError
from trunkline.formats.losses import CannotCarry
from trunkline.gateway.alternatives import with_hint
from trunkline.gateway.credentials import LoginRefused, ProviderKey
from trunkline.gateway.deployments import BENCHED_FOR, Deployment, ImpossibleModel
from trunkline.gateway.errors import (
    CannotExpress,
    GatewayError,
    LedgerUnavailable,
    Tried,
    UpstreamAuth,
    UpstreamBroken,
    UpstreamError,
    UpstreamModelRefused,
    UpstreamQuota,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
    all_failed,
)
from trunkline.gateway.reception import Reception, error_of
from trunkline.gateway.state import Journey
from trunkline.ledger.journal import Segment
from trunkline.ledger.prices import Price
from trunkline.ledger.record import UNPRICED, Intent, Outcome, Row, UsageSource
from trunkline.routing.plan import Retries, Route, Target
from trunkline.transport.exchange import Call, Exchange, Fault, Times

ASSUMED_OUTPUT = 4096
"""Tokens a reply is reserved at where the caller sets no cap."""
BYTES_A_TOKEN = 3
"""Of a request; few enough that the reservation is seldom too small."""


async def run(journey: Journey, route: Route) -> None:
    """Attempts along `route` until one has answered. Raises the last error, with all attempts listed.

    A target whose API has no words for the request is passed over: nothing is sent, and it counts as no attempt.
    """
    retries, standing = route.retries, list(route.targets)
    most = max(retries.attempts, len(standing))  # every target has its turn
    last: GatewayError | None = None
    unfit: CannotExpress | None = None
    for turn in itertools.count(1):
        for target in tuple(standing):
            number = journey.attempts + 1
            try:
                await Attempt(journey, target, route, number).run()
            except CannotExpress as error:
                journey.attempts = number - 1
                unfit = unfit or error
                standing.remove(target)
                journey.passed_over = {**journey.passed_over, target: error.code or error.kind}
            except GatewayError as error:
                last = error
                journey.tried += (Tried(target.provider, target.model, error.code or error.kind),)
                if not isinstance(error, UpstreamError) or journey.delivering or journey.attempts >= most:
                    raise _told(journey, error) from None
                if isinstance(error, UpstreamAuth | UpstreamQuota) and not _has_another_key(journey, error):
                    standing.remove(target)  # it will refuse the next one as well
                journey.gateway.metrics.event("retries", error.code or error.kind)
            else:
                return
        if last is None and unfit is not None:
            raise _told(journey, await with_hint(journey, unfit))
        if last is not None and not standing:
            raise _told(journey, last)
        if last is not None:
            await _pause(journey, last, retries, turn)


def _told(journey: Journey, error: GatewayError) -> GatewayError:
    """`error` with all that was tried, and all that was not, in its message."""
    error = all_failed(error, journey.tried)
    if journey.passed_over and len(journey.passed_over) + len(journey.tried) > 1:
        listed = ", ".join(f"{target} ({code})" for target, code in journey.passed_over.items())
        error.message += f" Passed over: {listed}."
    return error


def _has_another_key(journey: Journey, error: GatewayError) -> bool:
    return journey.key_left and not isinstance(error, UpstreamModelRefused)


async def _pause(journey: Journey, error: GatewayError, retries: Retries, turn: int) -> None:
    """Wait before the targets are tried again, all having had so many turns. Raises `error` if it would be too long."""
    if isinstance(error, UpstreamAuth | UpstreamQuota):
        return  # another key
    wait = min(retries.most, retries.backoff * 2 ** (turn - 1)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
    if error.retry_after is not None:
        if error.retry_after > retries.longest_wait:
            raise _told(journey, error)
        wait = max(wait, error.retry_after)
    if journey.line_was_stale:
        return  # the other side had closed an idle line: a new one will do
    if monotonic() + wait >= journey.ends:
        raise _told(journey, error)
    await asyncio.sleep(wait)


class Attempt:
    """One try of one target."""

    __slots__ = (
        "_began",
        "_bridge",
        "_deployment",
        "_door",
        "_journey",
        "_number",
        "_price",
        "_reception",
        "_request",
        "_segment",
        "_sent",
        "_started",
        "_target",
        "_times",
    )

    def __init__(self, journey: Journey, target: Target, route: Route, number: int) -> None:
        self._journey = journey
        self._target = target
        self._number = number
        self._deployment: Deployment = journey.snapshot.deployments[target.provider]
        self._bridge = journey.bridge(target)
        self._door = self._deployment.door(journey.front, target.model)
        self._times = route.times or self._deployment.times
        self._price: Price | None = None
        self._request: Call
        self._reception: Reception | None = None
        self._segment: Segment | None = None
        self._began = 0.0  # monotonic
        self._sent = 0.0
        self._started = 0  # Unix time, microseconds

    async def run(self) -> None:
        """Send the request and deliver the reply. Raises `GatewayError`."""
        journey, deployment = self._journey, self._deployment
        self._began = now = monotonic()
        self._started = time.time_ns() // 1000
        journey.target = self._target
        journey.key_left = journey.line_was_stale = False
        journey.attempts = self._number
        journey.ends = journey.arrived + self._times.total
        times = self._time_left(now)
        key = deployment.key(now)
        if key is None:
            raise _benched(deployment, self._target)
        self._price = await journey.price(deployment, self._target.model)
        if key.stale or not self._bridge.passes:
            await self._prepare(key)
            times = self._time_left(monotonic())
        if times.total <= 0:
            raise UpstreamTimeout(f"The request was not answered within {self._times.total:g} s.")
        await journey.fits(deployment, self._target.model)
        self._request = self._call(key)
        exchange, fresh = await self._line(times.connect)
        if fresh:
            times = self._time_left(monotonic())  # connecting has taken its part
        self._intend(exchange)
        error = await self._exchange(exchange, self._request, times)
        if error is not None:
            self._learn(error, key, fresh)
            raise error
        self._deliver_end()

    async def _prepare(self, key: ProviderKey) -> None:
        """What may take its time before the request can be written."""
        if key.stale:
            await self._log_in(key)
        if not self._bridge.passes:
            await self._journey.inline(self._deployment, self._door, self._target.model)

    async def _log_in(self, key: ProviderKey) -> None:
        try:
            await key.renew()
        except Fault as fault:
            self._journey.note(f"login: {fault.detail}")
            raise UpstreamUnreachable(f"The login of {self._target} cannot be reached.") from None
        except LoginRefused as error:
            self._journey.note(f"login: {error}")
            self._deployment.bench(key, "auth", monotonic())
            raise UpstreamAuth(
                f"{self._target} refuses the login this gateway has for it. Tell its operator."
            ) from None

    def _call(self, key: ProviderKey) -> Call:
        """The request as bytes. Raises `CannotExpress`."""
        journey, bridge, model = self._journey, self._bridge, self._target.model
        try:
            body = bridge.body(journey.document, journey.asked, model)
        except (CannotCarry, ShapeError) as error:
            raise CannotExpress(f"{self._target}: {error}", param=error.param) from None
        if bridge.dropped != journey.dropped:
            journey.leave_out(bridge.dropped)
        if journey.following is not None:
            journey.following.answered_by(passes=bridge.passes, keeps=self._door.facts.keeps_responses)
        try:
            return self._door.call(model, key, journey.passed(bridge), body, stream=journey.asked.stream)
        except ImpossibleModel as error:
            raise CannotExpress(f"{self._target}: {error}", param="model", code="invalid_value") from None

    async def _exchange(self, exchange: Exchange, call: Call, times: Times) -> GatewayError | None:
        """Send, and take the reply. Settles, whatever happens: also when the client leaves, which cancels this."""
        journey = self._journey
        reception = self._reception = Reception(
            journey.asked,
            self._bridge,
            self._door.facts,
            str(self._target),
            exchange,
            self,
            journey.snapshot.reply_limit,
        )
        outcome: Outcome = "cancelled"
        error: GatewayError | None = None
        self._sent = monotonic()
        try:
            journey.request.producer = exchange
            exchange.send(call, reception, times)
            del call, self._request  # the line has it; it may be large, and the reply may take long
            error = await reception.outcome
            outcome = _outcome(error, produced=reception.produced)
        finally:
            if outcome == "cancelled":
                exchange.abort()
            reception.detach()
            if journey.first is None:
                journey.waited += monotonic() - self._sent
            self._settle(outcome, error)
        return error

    def _time_left(self, now: float) -> Times:
        """What is left of the request's deadlines. A reply that is not streamed has no first token to wait for."""
        times, journey = self._times, self._journey
        total = journey.ends - now
        first = times.first_token if journey.asked.stream else total
        return Times(min(times.connect, total), first, times.gap, total, times.total)

    async def _line(self, timeout: float) -> tuple[Exchange, bool]:
        """A line to upstream, and whether it is a new one."""
        upstream = self._door.upstream
        exchange = upstream.ready()
        if exchange is not None:
            return exchange, False
        try:
            return await upstream.open(timeout), True
        except Fault as fault:
            error = error_of(fault, str(self._target))
            self._journey.note(fault.detail)
            self._journey.waited += monotonic() - self._began
            self._settle("unreached", error)
            raise error from None

    def _intend(self, exchange: Exchange) -> None:
        """On disk before the first byte goes out; what cannot be recorded is not sent."""
        journey = self._journey
        intent = Intent(
            journey.id,
            self._number,
            self._started,
            journey.label,
            journey.caller.key,
            journey.asked.model,
            self._target.provider,
            self._target.model,
            journey.asked.stream,
            self._reservation(),
        )
        try:
            self._segment = journey.gateway.ledger.intend(intent)
        except OSError as error:
            exchange.abort()
            journey.gateway.metrics.event("ledger_failures", "journal")
            journey.note(f"journal: {error.strerror or error}")
            raise LedgerUnavailable(
                "This gateway cannot record requests now, so it sends none. Tell its operator."
            ) from None

    def _reservation(self) -> int:
        asked = self._journey.asked
        if self._price is None:
            return UNPRICED
        output = asked.output_cap or ASSUMED_OUTPUT * asked.choices
        return self._price.cost(Usage(input=asked.size // BYTES_A_TOKEN, output=output))

    # reception.Sink: the relay of a stream

    def first(self, held: bytes) -> None:
        journey = self._journey
        journey.first_output(monotonic() - self._sent)
        journey.delivery.failing = self._bridge.fail
        journey.delivery.begin(journey.answer_head(None))
        journey.delivering = True
        journey.forget_body()
        self.more(held)

    def more(self, data: bytes) -> None:
        journey = self._journey
        if journey.following is not None:
            data = journey.following.streamed(data)
        journey.delivery.write(data, monotonic())

    # the end

    def _deliver_end(self) -> None:
        journey, reception = self._journey, self._reception
        whole = reception.body if reception is not None and not journey.asked.stream else None
        following = journey.following
        if following is not None:
            whole = following.whole(whole) if whole is not None else None
            kept_there = self._bridge.passes and self._door.facts.keeps_responses
            following.keep(self._target, minted_upstream=kept_there, keep=journey.snapshot.config.responses.keep)
        if whole is None:
            journey.delivery.end()
        else:
            journey.first_output(0.0)
            journey.delivery.whole(journey.answer_head(journey.cost), whole)

    def _learn(self, error: GatewayError, key: ProviderKey, fresh: bool) -> None:
        """What a failure says about the provider's key and the line."""
        journey, reception = self._journey, self._reception
        now = monotonic()
        verdict = reception.verdict if reception is not None else None
        if verdict is not None and verdict in BENCHED_FOR:
            self._deployment.bench(key, verdict, now)
            journey.gateway.metrics.event("benched_keys", self._target.provider)
            journey.event("provider_key.benched", provider=self._target.provider, why=error.code or "")
        journey.key_left = not key.nobody and self._deployment.usable(now)
        journey.line_was_stale = (
            isinstance(error, UpstreamBroken) and not fresh and not (reception and reception.status)
        )

    def _settle(self, outcome: Outcome, error: GatewayError | None) -> None:
        """Record how it ended and what it cost."""
        journey, reception = self._journey, self._reception
        now = monotonic()
        usage, source = _usage(journey, reception, outcome)
        cost = UNPRICED if self._price is None else 0 if source == "none" else self._price.cost(usage)
        row = Row(  # by position: a struct takes names at eight times the time
            journey.id,
            self._number,
            self._started,
            journey.label,
            journey.caller.key,
            journey.asked.model,
            self._target.provider,
            self._target.model,
            journey.asked.stream,
            outcome,
            reception.status if reception is not None else 0,
            (error.code or error.kind) if error is not None and outcome != "cancelled" else "",
            reception.finish if reception is not None else "",
            source,
            usage.input,
            usage.cached,
            usage.cache_write,
            usage.output,
            usage.reasoning,
            cost,
            _since(self._began, reception.first_byte) if reception is not None else -1,
            int((now - self._began) * 1e6),
        )
        journey.settle(row, self._segment)


def _since(began: float, then: float) -> int:
    return int((then - began) * 1e6) if then else -1


def _usage(journey: Journey, reception: Reception | None, outcome: Outcome) -> tuple[Usage, UsageSource]:
    """What the provider says, or what can be told from what was produced.

    A request that was sent and then left alone (the client went, the time was up) has cost its input at least.
    """
    if reception is None:
        return Usage(), "none"
    size = journey.asked.size // 4
    scanner = reception.scanner
    told = reception.usage or (scanner.usage if scanner is not None else None)
    if told is not None:
        produced = scanner.estimate() if scanner is not None and outcome != "ok" else 0
        if told.output >= produced:
            return told, "provider"
        return msgspec.structs.replace(told, output=produced), "estimated"  # the input is told first, the output last
    if scanner is not None and scanner.started:
        return Usage(input=size, output=scanner.estimate()), "estimated"
    if reception.produced:
        return Usage(input=size, output=len(reception.body) // 4), "estimated"
    if outcome == "cancelled" or reception.timed_out:
        return Usage(input=size), "estimated"
    return Usage(), "none"


def _outcome(error: GatewayError | None, *, produced: bool) -> Outcome:
    if error is None:
        return "ok"
    if produced:
        return "truncated"
    if isinstance(error, UpstreamRefused | UpstreamAuth | UpstreamQuota) or error.code in _TOLD:
        return "refused"
    return "failed"


_TOLD = frozenset({"rate_limit_exceeded", "upstream_server_error"})
"""Errors that the provider told, rather than broke down."""


def _benched(deployment: Deployment, target: Target) -> GatewayError:
    if deployment.why_benched() == "quota":
        return UpstreamQuota(f"This gateway's account with {target} has no credit left. Tell its operator.")
    return UpstreamAuth(f"{target} refuses the credentials this gateway has for it. Tell its operator.")
