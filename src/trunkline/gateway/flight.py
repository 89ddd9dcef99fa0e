"""One call of a model that several requests share.

The call runs by itself, as a copy of the first request's journey whose delivery is recorded rather than sent; that
request follows the recording like all others. So whoever leaves, leaves alone: the call ends early only when nobody
follows it any more.

    request ──► Follower ─┐
    request ──► Follower ─┴── Flight ◄── Recording ◄── the call's journey
"""

import copy
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Protocol

import msgspec

from trunkline.config.cache import Split
from trunkline.formats.conversation import Reply, Usage
from trunkline.formats.format import Asked
from trunkline.gateway.delivery import Delivery
from trunkline.gateway.errors import GatewayError, InternalError
from trunkline.gateway.fronts import Front
from trunkline.gateway.said import Said
from trunkline.gateway.state import Journey
from trunkline.ledger.record import UNPRICED, Row
from trunkline.transport.request import Producer, Request
from trunkline.transport.strand import Strand

Ask = Callable[[Journey], Awaitable[None]]
CallName = bytes | tuple[bytes, int | None]
"""An Idempotency-Key, or what an answer is kept under with the cap on its output."""


class Follows(Protocol):
    """A request that waits for a flight."""

    def begin(self) -> None:
        """The stream has begun."""

    def take(self, data: bytes) -> None:
        """A piece of it."""

    def land(self) -> None:
        """It is over: there is an answer, or an error."""

    def pay(self, share: int) -> None:
        """What this request owes for the call, in nano-dollars."""


class Unseen(Request):
    """The first request as its call has it: what it said, and nobody to answer to."""

    peer = ""
    gone = False

    def __init__(self, request: Request) -> None:  # of a connection it has none
        self.method, self.target, self.headers = request.method, request.target, request.headers
        self.producer: Producer | None = None


class Recording(Delivery):
    """Takes the place of the delivery to a client."""

    __slots__ = ("_flight",)

    def __init__(self, journey: Journey, flight: "Flight") -> None:
        super().__init__(journey.request, journey.gateway, journey.delivery.request_id)
        self._flight = flight

    def expect_stream(self, interval: float, now: float) -> None:
        """Nobody waits here."""

    def begin(self, head: bytes) -> None:
        self._flight.begin(head)

    def write(self, data: bytes, now: float) -> None:
        del now
        if self.copy is not None:
            self.copy.add(data)
        self._flight.take(data)

    def end(self) -> None:
        """The call's end says so."""

    def whole(self, head: bytes, body: bytes) -> None:
        if self.copy is not None:
            self.copy.add(body)
        self._flight.head, self._flight.pieces, self._flight.whole = head, [body], True


class Flight:
    """The recording, and who follows it."""

    def __init__(self, first: Journey, body: bytes, split: Split, *, stays: bool) -> None:
        """`stays`: it goes on when nobody follows it, for its outcome has a name."""
        self.body = body
        """The request of which it is the call, to tell it from others."""
        self.stays = stays
        self.head = b""
        self.pieces: list[bytes] = []
        self.begun = False
        self.whole = False
        """The answer is no stream."""
        self.outgrown = False
        """It is too large to be followed from its beginning, and to be kept."""
        self.over = False
        self.error: GatewayError | None = None
        self.call = first.twin()
        """The journey of the call."""
        self.row: Row | None = None
        """Of the attempt that answered, with all that it cost."""
        self.usage: Usage | None = None
        self.on_landing: Callable[[Flight], None] | None = None
        self.leader: Follows | None = None
        """The request whose call it is."""
        self._split = split
        self.followers: list[Follows] = []
        self._strand: Strand | None = None
        self._reply: Reply | None = None
        self._size = 0
        self._delivery = first.delivery
        call = self.call
        call.request = Unseen(first.request)
        call.delivery = Recording(call, self)
        call.flight = self
        call.following = copy.copy(first.following)
        place = first.front.place
        place = msgspec.structs.replace(place, array=False) if place.array else place
        call.speak(Front(first.front.format, place))

    @property
    def front(self) -> Front:
        """What the recording speaks."""
        return self.call.front

    @property
    def asked(self) -> Asked:
        """What was asked first."""
        return self.call.asked

    def start(self, ask: Ask) -> None:
        """Let the call begin. It may be over when this returns."""
        self._strand = Strand(self._run(ask), self.call.gateway.loop)

    def join(self, follower: Follows) -> None:
        """Follow: what has come so far comes at once."""
        self.followers.append(follower)
        if self.begun:
            follower.begin()
            follower.take(b"".join(self.pieces))
        if self.over:
            follower.land()

    def leave(self, follower: Follows) -> None:
        """Follow no more. Without any follower the call is given up."""
        if follower in self.followers:
            self.followers.remove(follower)
        if not self.followers and not self.over and not self.stays and self._strand is not None:
            self._strand.cancel()

    def cut(self) -> None:
        """The process ends."""
        if not self.over and self._strand is not None:
            self._strand.cancel()

    # what the call does

    def begin(self, head: bytes) -> None:
        """The stream begins."""
        self.head, self.begun = head, True
        for follower in list(self.followers):
            follower.begin()

    def take(self, data: bytes) -> None:
        """A piece of the stream. One that grows past the limit of replies is handed on, but not kept."""
        self._size += len(data)
        if self._size <= self.call.snapshot.reply_limit:
            self.pieces.append(data)
        else:
            self.outgrown = True
            self.pieces.clear()
        for follower in list(self.followers):
            follower.take(data)

    def charged(self, row: Row) -> Row:
        """The row of an attempt as it is to be recorded, after those who share it have had their part."""
        if row.outcome != "ok" or self.over:  # then it has lost a race
            return row
        self.row = row
        if row.usage == "provider":
            self.usage = Usage(
                row.input_tokens, row.cached_tokens, row.cache_write_tokens, row.output_tokens, row.reasoning_tokens
            )
        others = [follower for follower in self.followers if follower is not self.leader]
        if self._split != "even" or not others or row.cost == UNPRICED:
            return row
        share = row.cost // (len(others) + 1)
        for follower in others:
            follower.pay(share)
        return msgspec.structs.replace(row, cost=row.cost - share * len(others))

    def said(self) -> Said | None:
        """The answer, once it is over; None where there is none that can be kept."""
        if self.error is not None or self.outgrown:
            return None
        return Said(self.front.format, b"".join(self.pieces), self.whole, self.usage)

    def reply(self) -> Reply | None:
        """The same, read; None where it cannot be."""
        if self._reply is None:
            said = self.said()
            self._reply = said.reply() if said is not None else None
        return self._reply

    async def _run(self, ask: Ask) -> None:
        try:
            await ask(self.call)
        except GatewayError as error:
            self.error = error
        finally:
            self.over = True
            call = self.call
            if call.losers is None:
                call.gateway.limiting.settle(call)
            else:
                call.losers.then(partial(call.gateway.limiting.settle, call))
            if call.beside is not None:
                call.beside.over(monotonic(), well=self.error is None and self.row is not None)
            if self.row is None and self.error is None:  # cancelled, or a bug that the event loop is told
                self.error = InternalError("The call that this request shared was given up. Try again.")
            self._land()

    def _land(self) -> None:
        """Tell who waits for it that it is over, whatever comes of keeping the answer."""
        try:
            if self.on_landing is not None:
                self.on_landing(self)
        finally:
            for follower in list(self.followers):
                follower.land()
            self._let_go()

    def _let_go(self) -> None:
        """Nothing is left for the cycle collector."""
        self.on_landing = self.leader = self._strand = None
        self.call.flight, self.call.delivery = None, self._delivery
