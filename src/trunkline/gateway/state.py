"""The state of one request on its way: what each stage found out, for the stages after it and for the record."""

import asyncio
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from trunkline.formats.document import Document
from trunkline.formats.openai_chat import NOTHING, Asked, Surface, write_request
from trunkline.gateway.delivery import Delivery
from trunkline.gateway.deployments import Deployment
from trunkline.gateway.errors import Tried
from trunkline.gateway.identity import ANYBODY, Caller
from trunkline.gateway.ids import mint, sane
from trunkline.ledger.journal import Segment
from trunkline.ledger.prices import Price
from trunkline.ledger.record import UNPRICED, Row
from trunkline.providers.base import Provider
from trunkline.routing.plan import Target
from trunkline.transport.request import Request

if TYPE_CHECKING:
    from trunkline.gateway.app import Gateway

PASSED_ON = frozenset({b"traceparent", b"tracestate", b"baggage"})
"""Headers handed on to the upstream as they are (W3C Trace Context and Baggage)."""


ANSWER_HEAD = (
    b"%bx-trunkline-attempts: %d\r\nx-trunkline-overhead-ms: %b\r\nserver-timing: gateway;dur=%b, upstream;dur=%b\r\n"
)


class Journey:
    """One request from its first byte to its record."""

    surface: Surface
    document: Document
    caller: Caller = ANYBODY
    asked: Asked = NOTHING
    counted = False
    """It is a request for a model: it has its line in the log and its place in the counters."""

    # of the attempts
    tried: tuple[Tried, ...] = ()
    target: Target | None = None
    attempts = 0
    ends = inf
    """When its time is over, for all attempts together."""
    delivering = False
    """The first output is on its way to the client: from here on no attempt can take another's place."""
    key_left = False
    """The provider that refused its key has another one."""
    line_was_stale = False
    """The last attempt failed on an idle line that the other side had closed."""

    # of the record
    waited = 0.0
    """Seconds spent waiting for upstream, up to the first output."""
    first: float | None = None
    """Seconds from arrival to the first output."""
    cost = UNPRICED
    """Nano-dollars of all attempts so far."""
    notes: tuple[str, ...] = ()
    """What the log should know, and the client should not."""

    def __init__(self, gateway: "Gateway", request: Request) -> None:
        self.gateway = gateway
        self.snapshot = gateway.snapshot
        self.request = request
        self.arrived = monotonic()
        self.id = mint()
        """Minted here: the key of its rows in the ledger."""
        self.label = sane(request.headers[b"x-request-id"]) if b"x-request-id" in request.headers else ""
        """The client's own id."""
        self.delivery = Delivery(request, gateway)
        self.delivery.head = b"x-request-id: %b\r\n" % (self.label or self.id).encode()

    @property
    def passed(self) -> bytes:
        """Header lines handed on to the upstream."""
        headers = self.request.headers
        if not PASSED_ON.isdisjoint(headers):
            return b"".join([b"%b: %b\r\n" % (name, headers[name]) for name in sorted(PASSED_ON) if name in headers])
        return b""

    def body_for(self, model: str, facts: Provider) -> bytes:
        """The request's body as `model` of a provider is to get it."""
        return write_request(self.document, self.asked, model, ask_usage=facts.usage_on_request)

    def forget_body(self) -> None:
        """No further attempt will be made."""
        del self.document

    async def price(self, deployment: Deployment, model: str) -> Price | None:
        """The price of a model; waits only if it was not looked up lately."""
        catalogue, now = self.snapshot.catalogue, monotonic()
        known, price = catalogue.known(deployment.name, model, now)
        if known:
            return price
        return await asyncio.to_thread(catalogue.look_up, deployment.name, deployment.facts.catalogue, model, now)

    def first_output(self, waited: float) -> None:
        """The first output has come, after `waited` more seconds of waiting for upstream."""
        if self.first is None:
            self.waited += waited
            self.first = monotonic() - self.arrived

    def overhead(self) -> float:
        """Seconds of our own, so far."""
        return max(0.0, (self.first or monotonic() - self.arrived) - self.waited)

    def answer_head(self, cost: int | None) -> bytes:
        """Header lines that tell where the answer comes from. `cost` None: not known yet."""
        overhead = _milliseconds(self.overhead())
        target = self.target
        told = b""
        if target is not None:
            told = self.gateway.target_head(target)
        if cost is not None and cost != UNPRICED:
            told += b"x-trunkline-cost: %d.%09d\r\n" % divmod(cost, 1_000_000_000)
        return ANSWER_HEAD % (told, self.attempts, overhead, overhead, _milliseconds(self.waited))

    def note(self, text: str) -> None:
        """Something for the log line of this request."""
        self.notes += (text,)

    def event(self, name: str, **facts: str) -> None:
        """Something the operator should see at once."""
        self.gateway.report(name, request=self.id, **facts)

    def settle(self, row: Row, segment: Segment | None) -> None:
        """An attempt has ended."""
        if row.cost != UNPRICED:
            self.cost = row.cost + max(self.cost, 0)
        self.gateway.ledger.settle(row, segment)
        self.gateway.metrics.attempt(row)


def _milliseconds(seconds: float) -> bytes:
    """By integers: formatting a float takes ten times as long."""
    return b"%d.%03d" % divmod(int(seconds * 1e6), 1000)
