"""One try of one model: its line, its intent, its reply, its record.

An intent is in the journal before the first byte goes upstream, and a row in the ledger when the attempt has ended,
however it ended. What it showed of the model's health is told then, too.
"""

import time
from time import monotonic
from typing import Protocol

import msgspec

from trunkline.formats.conversation import Reply
from trunkline.formats.format import ShapeError
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.gateway.charging import outcome_of
from trunkline.gateway.credentials import LoginRefused, ProviderKey
from trunkline.gateway.deployments import Deployment, ImpossibleModel
from trunkline.gateway.errors import (
    AllUnwell,
    CannotExpress,
    GatewayError,
    LimitReached,
    Tried,
    UpstreamAuth,
    UpstreamBroken,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from trunkline.gateway.guarding import objected
from trunkline.gateway.judging import Reason, judged, read_reply, read_stream
from trunkline.gateway.reception import Reception, error_of
from trunkline.gateway.recording import EARLY, Recorded
from trunkline.gateway.resuming import bridge_to, resumed
from trunkline.gateway.state import LONG, Journey
from trunkline.ledger.record import Outcome
from trunkline.routing.plan import Candidate
from trunkline.routing.tickets import Ticket
from trunkline.transport.exchange import Call, Exchange, Fault, Times

AT_ONCE = 0.001
"""Seconds within which nothing was waited for."""
FEW = 3
"""Events with an output below which a stream that has ended is looked at: there may be nothing in them."""


class Contest(Protocol):
    """Several attempts at one request, of which one may answer."""

    whole: bool
    """Only a whole answer wins."""

    @property
    def decided(self) -> bool:
        """One of them has won."""

    def claim(self, attempt: "Attempt") -> bool:
        """`attempt` has what wins: whether it is the first to have it. The others are given up."""


class Attempt(Recorded):
    """One try of one candidate."""

    _asks = False
    """Others are asked whether the answer may be handed on."""
    _held: list[bytes] | None = None
    """What the client is not to get before its end."""
    _dropped: tuple[str, ...] = ()
    _request: Call
    _exchange_line: Exchange
    _sent = 0.0

    def __init__(
        self, journey: Journey, candidate: Candidate, picky: frozenset[Reason], contest: Contest | None = None
    ) -> None:
        """`picky`: for which reasons a whole answer is not to be handed on. Raises `CannotExpress`."""
        self._journey = journey
        self.candidate = candidate
        target = candidate.target
        self._deployment: Deployment = journey.snapshot.deployments[target.provider]
        way = journey.way(target)
        self._door = way.door
        self._bridge = bridge_to(journey, candidate, way)
        self._picky = picky
        self._contest = contest
        self._asked = journey.asked
        guarding = journey.guarding
        if guarding is not None:
            self._asks = guarding.asks_about_answers
        if (guarding is not None and guarding.holds_answers) or (contest is not None and contest.whole):
            self._held = []

    async def run(self, *, again: bool = False) -> None:
        """Send the request and deliver the reply. Raises `GatewayError`. `again`: the same model has failed at this
        request before.
        """
        journey, candidate = self._journey, self.candidate
        ticket = self._take_ticket(again=again)
        try:
            await self._go(journey.key_of(ticket, self._deployment))
        except CannotExpress:
            raise
        except LimitReached:
            journey.failed = candidate
            raise
        except GatewayError as error:
            journey.tried += (Tried(candidate.target.provider, candidate.target.model, error.code or error.kind),)
            journey.failed = candidate
            raise
        finally:
            if self._hold is not None:
                self._hold.release()
            if ticket.open:  # nothing has told its end before
                ticket.end("cancelled", monotonic())

    def _take_ticket(self, *, again: bool) -> Ticket:
        """Leave to try it, which is counted. Raises `GatewayError` where there is none."""
        journey, candidate = self._journey, self.candidate
        self._began = now = monotonic()
        journey.ends = ends = min(journey.arrived + candidate.terms.total, journey.latest)
        if now >= ends - (EARLY if journey.tried else 0.0):
            raise self._out_of_time()
        asked = self._asked
        ticket = journey.health.begin(candidate.name, now, stream=asked.stream, again=again, tokens=asked.size // 4)
        if ticket is None:
            message = f"{candidate.name} is not well, and is being tried by another request just now."
            raise AllUnwell(message, candidate.name)
        self._ticket = ticket
        self._started = time.time_ns() // 1000
        self._markup = journey.markup_of(ticket)
        journey.target = candidate.target
        journey.line_was_stale = False
        return ticket

    async def _go(self, key: ProviderKey) -> None:
        journey = self._journey
        now = self._began
        if key.stale or not self._bridge.passes or not self._is_plain(now):
            await self._prepare(key)
            now = monotonic()
        limiting = journey.gateway.limiting
        if limiting.reserves:
            self._hold = await limiting.reserve(
                journey, self._deployment, self.candidate.target, self._price, self._markup
            )
            if (later := monotonic()) - now > AT_ONCE:  # it waited for its turn, or for the books
                now = later
                if self._time_left(now).total <= 0:
                    raise self._out_of_time()
        self._request = self._call(key)
        journey.attempts = self._number = journey.attempts + 1
        times = self._time_left(now)
        exchange = self._door.upstream.ready()
        fresh = exchange is None
        if exchange is None:
            exchange = await self._open(times.connect)
            times = self._time_left(monotonic())  # connecting has taken its part
        self._intend(exchange)
        error = await self._exchange(exchange, times)
        if error is not None:
            journey.line_was_stale = (
                isinstance(error, UpstreamBroken) and not fresh and not (self._reception and self._reception.status)
            )
            raise error
        self._deliver_end()

    def _out_of_time(self) -> UpstreamTimeout:
        journey = self._journey
        return UpstreamTimeout(f"The request was not answered within {journey.ends - journey.arrived:g} s.")

    def _is_plain(self, now: float) -> bool:
        """Whether nothing stands before the request but what is known here: its price."""
        journey = self._journey
        known, self._price = journey.snapshot.catalogue.known(self._deployment.name, self.candidate.target.model, now)
        return known and journey.asked.size <= LONG

    async def _prepare(self, key: ProviderKey) -> None:
        """What may take its time before the request can be written."""
        journey, deployment, target = self._journey, self._deployment, self.candidate.target
        self._price = await journey.price(deployment, target.model)
        if key.stale:
            await self._log_in(key)
        if not self._bridge.passes:
            await journey.inline(deployment, self._door, target.model)
        if self._time_left(monotonic()).total <= 0:
            raise self._out_of_time()
        await journey.fits(deployment, target.model)

    async def _log_in(self, key: ProviderKey) -> None:
        target = self.candidate.target
        try:
            await key.renew()
        except Fault as fault:
            self._journey.note(f"login: {fault.detail}")
            raise UpstreamUnreachable(f"The login of {target} cannot be reached.") from None
        except LoginRefused as error:
            self._journey.note(f"login: {error}")
            self._learned(self._ticket.end("auth", monotonic()))
            raise UpstreamAuth(f"{target} refuses the login this gateway has for it. Tell its operator.") from None

    def _call(self, key: ProviderKey) -> Call:
        """The request as bytes. Raises `CannotExpress`."""
        journey, bridge, target = self._journey, self._bridge, self.candidate.target
        document = journey.document
        if journey.for_routers and self.candidate.served.is_router:
            document = document.with_fields(journey.for_routers)
        if self._hold is not None and self._hold.cap is not None:
            journey.capped = self._hold.cap
            self._asked = msgspec.structs.replace(journey.asked, output_cap=self._hold.cap)
            document = bridge.capped(document, self._hold.cap // journey.asked.choices)
        losses = Losses(drop_all=self.candidate.terms.drops)
        try:
            body = bridge.body(document, journey.asked, target.model, losses)
        except (CannotCarry, ShapeError) as error:
            raise CannotExpress(f"{target}: {error}", param=error.param) from None
        self._dropped = tuple(losses.dropped)
        try:
            return self._door.call(target.model, key, journey.passed(bridge), body, stream=journey.asked.stream)
        except ImpossibleModel as error:
            raise CannotExpress(f"{target}: {error}", param="model", code="invalid_value") from None

    async def _exchange(self, exchange: Exchange, times: Times) -> GatewayError | None:
        """Send, and take the reply. Settles, whatever happens: also when the client leaves, which cancels this."""
        journey, alone = self._journey, self._contest is None
        self._exchange_line = exchange
        limit = journey.snapshot.reply_limit
        reception = self._reception = Reception(
            journey.asked, self._bridge, self._door.facts, self.candidate.name, exchange, self, limit
        )
        outcome: Outcome = "cancelled"
        error: GatewayError | None = None
        self._sent = monotonic()
        try:
            if alone:
                journey.request.producer = exchange
            exchange.send(self._request, reception, times)
            del self._request  # the line has it; it may be large, and the reply may take long
            if journey.beside is not None:
                journey.beside.begin()
            error = await reception.outcome
            outcome = "ok" if error is None else outcome_of(error, produced=reception.produced)
            if error is None and self._asks and not self._lost:
                error = await self._objected(reception)
            if error is None and self._picky and not self._lost:
                error = self._judged(reception)
        finally:
            if outcome == "cancelled":
                exchange.abort()
                reception.detach()
            if alone and journey.first is None:
                journey.waited += monotonic() - self._sent
            self._settle(outcome, error)
        return error

    async def _objected(self, reception: Reception) -> GatewayError | None:
        """Why others withhold the answer, whom the policies ask about it."""
        try:
            reply = self._answer(reception)
        except ValueError as error:
            return UpstreamBroken(f"{self.candidate.target} gave an answer that cannot be looked at: {error}.")
        return await objected(self._journey, reply)

    def _judged(self, reception: Reception) -> GatewayError | None:
        """Why the answer is not to be handed on, where it is held; None if it is. What streams is on its way."""
        journey = self._journey
        if self._held is None and journey.asked.stream:
            return None
        reply = self._answer(reception)
        error = judged(reply, self._picky, self.candidate.target, wants_json=journey.wants_json)
        if error is not None and journey.second_best is None:
            journey.second_best = self
        return error

    def _answer(self, reception: Reception) -> Reply:
        """A whole answer, or a stream that is held, as the client is to get it."""
        spoken = self._journey.front.format
        if self._journey.asked.stream:
            return read_stream(spoken, b"".join(self._held or ()))
        return read_reply(spoken, reception.body)

    def _time_left(self, now: float) -> Times:
        """What is left of its deadlines and of the request's. What is not streamed has no first token to wait for."""
        times = self.candidate.times
        total = min(self._journey.ends - now, times.total - (now - self._began))
        first = times.first_token if self._asked.stream else total
        return Times(min(times.connect, total), first, times.gap, total, times.total)

    async def _open(self, timeout: float) -> Exchange:
        """A new line to upstream."""
        try:
            return await self._door.upstream.open(timeout)
        except Fault as fault:
            error = error_of(fault, str(self.candidate.target))
            self._journey.note(fault.detail)
            self._journey.waited += monotonic() - self._began
            self._settle("unreached", error)
            raise error from None

    # the reply, on its way to the client

    def _take_over(self) -> bool:
        """This attempt's reply is the answer, unless another's already is."""
        if self._contest is not None and not self._contest.claim(self):
            return False
        journey, bridge = self._journey, self._bridge
        journey.target = self.candidate.target
        journey.request.producer = self._exchange_line if journey.asked.stream else None
        if self._dropped != journey.dropped:
            journey.leave_out(self._dropped)
        if journey.following is not None and not journey.delivering:
            journey.following.answered_by(passes=bridge.passes, keeps=self._door.facts.keeps_responses)
        return True

    def first(self, held: bytes) -> None:
        """See `reception.Sink`."""
        self._learned(self._ticket.first_output(monotonic()))
        if self._held is None and self._picky and self._may_say_nothing():
            self._held = []  # until its end, which is here or near
        if self._held is not None:
            self._held.append(held)
        elif self._take_over():
            self._begin(held)

    def _may_say_nothing(self) -> bool:
        """Whether the stream, which has begun, has ended as well, after hardly anything."""
        scanner = self._reception.scanner if self._reception is not None else None
        return scanner is None or (bool(scanner.finish) and scanner.estimate() < FEW)

    def _begin(self, data: bytes) -> None:
        """The client's answer begins."""
        journey = self._journey
        journey.first_output(monotonic() - self._sent)
        journey.delivery.failing = self._bridge.fail
        if journey.delivering:
            data = resumed(journey, self.candidate.target) + data
        journey.delivery.begin(journey.answer_head(None))
        journey.delivering = True
        journey.told = self._bridge.told
        if journey.told is None:
            journey.forget_body()
        self.more(data)

    def more(self, data: bytes) -> None:
        """See `reception.Sink`."""
        if self._held is not None:
            self._held.append(data)
            return
        journey = self._journey
        if journey.following is not None:
            data = journey.following.streamed(data)
        journey.delivery.write(data, monotonic())

    @property
    def _lost(self) -> bool:
        """Another's answer is the answer."""
        return self._contest is not None and self._contest.decided

    @property
    def awaits_whole_answer(self) -> bool:
        """It was sent, and its answer, of which only the whole counts, is not whole yet."""
        reception = self._reception
        if reception is None or reception.outcome.done:
            return False
        return self._held is not None or not self._journey.asked.stream

    def outrun(self) -> None:
        """It is about to be given up, because it was late and another has answered."""
        self._outrun = True

    def deliver(self) -> None:
        """Hand on the answer that was not good enough as long as there might be a better one."""
        self._contest = None
        self._deliver_end()

    def _deliver_end(self) -> None:
        """The reply is whole."""
        journey, reception = self._journey, self._reception
        if (self._held is not None or not journey.asked.stream) and not self._take_over():
            return  # another was as quick
        if self._held is not None and journey.asked.stream:
            held, self._held = b"".join(self._held), None
            self._begin(held)
        whole = reception.body if reception is not None and not journey.asked.stream else None
        following = journey.following
        if following is not None:
            whole = following.whole(whole) if whole is not None else None
            kept_there = self._bridge.passes and self._door.facts.keeps_responses
            keep = journey.snapshot.config.responses.keep
            following.keep(self.candidate.target, minted_upstream=kept_there, keep=keep)
        if whole is None:
            journey.delivery.end()
        else:
            journey.first_output(0.0 if self._contest is None else monotonic() - self._sent)
            journey.delivery.whole(journey.answer_head(journey.most()), whole)
