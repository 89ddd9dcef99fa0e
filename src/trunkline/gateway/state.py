"""The state of one request on its way: what each stage found out, for the stages after it and for the record."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from trunkline.formats.splicing import Told
from trunkline.gateway.applying import Applied
from trunkline.gateway.credentials import ProviderKey
from trunkline.gateway.crossing import Crossing
from trunkline.gateway.delivery import Delivery
from trunkline.gateway.deployments import Deployment, Door
from trunkline.gateway.errors import ContextExceeded, Tried
from trunkline.gateway.headers import listed
from trunkline.gateway.identity import ANYBODY, Caller
from trunkline.gateway.ids import mint, sane
from trunkline.ledger.journal import Segment
from trunkline.ledger.prices import Price
from trunkline.ledger.record import UNPRICED, Row
from trunkline.limits.ticket import Reserved
from trunkline.providers.tokens import Weight, estimate, weigh
from trunkline.routing.bounds import ANYBODY as NOBODY
from trunkline.routing.bounds import Asker
from trunkline.routing.owned import AnyHealth, OwnHealth
from trunkline.routing.plan import Candidate, Target
from trunkline.routing.planner import Policy
from trunkline.routing.tickets import Ticket
from trunkline.routing.wishes import NONE, Wishes
from trunkline.tenancy.caller import Owned
from trunkline.transport.request import Request

if TYPE_CHECKING:
    from trunkline.gateway.app import Gateway
    from trunkline.gateway.attempt import Attempt
    from trunkline.gateway.flight import Flight
    from trunkline.gateway.losers import Losers
    from trunkline.gateway.shadowing import Beside

LONG = 24_000
"""Bytes from which on a request may be too long for some model."""
CERTAINLY = 1.3
"""How much longer than a model's context a request must seem to be refused: the estimate is not exact."""
ANSWER_HEAD = (
    b"%bx-trunkline-attempts: %d\r\nx-trunkline-overhead-ms: %b\r\nserver-timing: gateway;dur=%b, upstream;dur=%b\r\n"
)


class Journey(Crossing):
    """One request from its first byte to its record."""

    policy: Policy
    """What the name stands for that the request asks."""
    asker: Asker = NOBODY
    wishes: Wishes = NONE
    """What the request asks of its own route."""
    for_routers: Mapping[str, Any] = MappingProxyType({})
    """Fields of the body that say so: only a provider that is a router itself is sent them."""
    explained = b""
    """Why the plan is as it is, where the client wants to know."""
    wants_json = False
    """JSON is due, and the route says what it leads to if none comes."""
    caller: Caller = ANYBODY
    counted = False
    """It is a request for a model: it has its line in the log and its place in the counters."""

    # of the limits
    applied: Applied | None = None
    """Which they are."""
    admitted: Reserved | None = None
    """What was taken of its caller's limits."""
    settles = True
    """That is given back at its end; else when its shared call is over."""
    used = (0, 0)
    """Tokens of input and of output of all attempts so far."""
    capped: int | None = None
    """Tokens of output at which a budget has capped the answer."""
    sparing = False
    """A budget that is spent has decided who answers."""

    # of the cache
    body = b""
    """As it came, where the cache is to be asked."""
    told_of_cache = b""
    """Header lines about it."""
    flight: "Flight | None" = None
    """The shared call that this is."""

    # of the attempts
    only_texts = False
    """Nothing in the request costs but by its length, as far as somebody has looked: see `bounding`."""
    tried: tuple[Tried, ...] = ()
    passed_over: Mapping[Target, str] = MappingProxyType({})
    """Targets that cannot express the request, and the code of why."""
    target: Target | None = None
    attempts = 0
    ends = inf
    """When its time is over, for all attempts together, as the model that is asked last has it."""
    latest = inf
    """When it is over as the caller has it."""
    delivering = False
    """The first output is on its way to the client: from here on no attempt can take another's place."""
    told: Told | None = None
    """What the client has been told, where somebody else may go on with it."""
    failed: Candidate | None = None
    """Who has failed last."""
    losers: "Losers | None" = None
    """Attempts that were outrun by the answer, and may not have ended yet."""
    second_best: "Attempt | None" = None
    """An answer that was not good enough as long as there might be a better one."""
    line_was_stale = False
    """The last attempt failed on an idle line that the other side had closed."""

    beside: "Beside | None" = None
    """What is sent to other models as well, to compare them."""

    # of the record
    tags = ""
    """What it is for: a JSON object of strings, or empty."""
    waited = 0.0
    """Seconds spent waiting for upstream, up to the first output."""
    first: float | None = None
    """Seconds from arrival to the first output."""
    cost = UNPRICED
    """Nano-dollars of all attempts so far."""
    notes: tuple[str, ...] = ()
    """What the log should know, and the client should not."""
    weight: Weight | None = None
    """What a long request holds, for estimating its tokens, once some target may be too small for it."""
    dropped: tuple[str, ...] = ()
    """What the last attempt's provider had no words for, as paths in the request."""

    def __init__(self, gateway: "Gateway", request: Request) -> None:
        self.gateway = gateway
        self.snapshot = gateway.snapshot
        self.health: AnyHealth = gateway.health
        self.request = request
        self.arrived = monotonic()
        self.id = mint()
        """Minted here: the key of its rows in the ledger."""
        self.label = sane(request.headers[b"x-request-id"]) if b"x-request-id" in request.headers else ""
        """The client's own id."""
        self.delivery = Delivery(request, gateway, self.label or self.id)

    def twin(self) -> "Journey":
        """Another journey of the same request, from here on."""
        twin = object.__new__(Journey)
        twin.__dict__.update(self.__dict__)
        return twin

    def key_for(self, deployment: Deployment) -> ProviderKey | None:
        """A key for what is no attempt at a model, such as counting; None if all are refused."""
        if isinstance(self.health, OwnHealth):
            found = self.health.key(deployment.name, self.arrived)
            return self._keys_in(found[0], deployment).get(found[1]) if found is not None else None
        known = self.health.key(deployment.name, self.arrived)
        return deployment.keys.get(known) if known is not None else None

    def use_own_keys(self, owned: Owned) -> None:
        """Have the caller's providers be asked with keys of its own."""
        brought, deployments = self.gateway.brought, self.snapshot.deployments
        pools = {provider: pool for provider, pool in owned.pools.items() if pool in brought}
        only = owned.policy == "only"
        free = {name for name, each in deployments.items() if "" in each.keys} if only else ()
        self.health = OwnHealth(self.gateway.health, pools, free, only=only)

    def key_of(self, ticket: Ticket, deployment: Deployment) -> ProviderKey:
        """The key with which an attempt is made."""
        if isinstance(self.health, OwnHealth):
            return self._keys_in(ticket.name.partition("/")[0], deployment)[ticket.key]
        return deployment.keys[ticket.key]

    def markup_of(self, ticket: Ticket) -> int:
        """In millionths, what the tenant is charged on top of an attempt's cost: nothing where its own key pays."""
        if not self.caller.markup or ticket.name.partition("/")[0] in self.gateway.brought:
            return 0
        return self.caller.markup

    def _keys_in(self, pool: str, deployment: Deployment) -> Mapping[str, ProviderKey]:
        brought = self.gateway.brought.get(pool)
        return brought.keys if brought is not None else deployment.keys

    def forget_body(self) -> None:
        """No further attempt will be made."""
        del self.document
        self.neutral = None

    async def fits(self, deployment: Deployment, model: str) -> None:
        """Raises `ContextExceeded` if the request is certainly too long for `model`. Small ones are not looked at."""
        size = self.asked.size
        if size <= LONG:
            return
        known = await deployment.about(model)
        if known.context is None or size <= known.context * CERTAINLY:
            return  # no token is shorter than a byte
        if self.weight is None:
            self.weight = weigh(self.document.value or msgspec.json.decode(self.document.write()))
        tokens = estimate(self.weight, known.tokenizer)
        if tokens > known.context * CERTAINLY:
            raise ContextExceeded(
                f"This request has about {tokens:,} tokens, and {deployment.name}/{model} takes at most "
                f"{known.context:,}: about {tokens - known.context:,} too many."
            )

    async def inline(self, deployment: Deployment, door: Door, model: str) -> None:
        """Fetch what `model` takes only as bytes. Raises `CannotExpress`."""
        if "image_urls" in deployment.dialect(door, model).refuses:
            await self.gateway.fetcher.inline(self.in_full(), self.snapshot.fetch)

    async def price(self, deployment: Deployment, model: str) -> Price | None:
        """The price of a model; waits only if it was not looked up lately."""
        catalogue, now = self.snapshot.catalogue, monotonic()
        known, price = catalogue.known(deployment.name, model, now)
        if known:
            return price
        source, at = deployment.facts.catalogue, datetime.now(UTC)
        return await asyncio.to_thread(catalogue.look_up, deployment.name, source, model, now, at)

    def first_output(self, waited: float) -> None:
        """The first output has come, after `waited` more seconds of waiting for upstream."""
        if self.first is None:
            self.waited += waited
            self.first = monotonic() - self.arrived

    def most(self) -> int:
        """What it costs; of attempts that were outrun and have not ended, what they may cost."""
        most = self.losers.most if self.losers is not None else 0
        return max(self.cost, 0) + most if most else self.cost

    def overhead(self) -> float:
        """Seconds of our own, so far."""
        own = (self.first or monotonic() - self.arrived) - self.waited
        return max(0.0, own)

    def answer_head(self, cost: int | None) -> bytes:
        """Header lines that tell where the answer comes from. `cost` None: not known yet."""
        overhead = _milliseconds(self.overhead())
        target = self.target
        told = b""
        if target is not None:
            told = self.gateway.target_head(target)
        if cost is not None and cost != UNPRICED:
            told += b"x-trunkline-cost: %d.%09d\r\n" % divmod(cost, 1_000_000_000)
        if self.guarding is not None:
            told += self.guarding.head()
        if self.told_of_cache:
            told += self.told_of_cache
        if self.explained:
            told += b"x-trunkline-explain: %b\r\n" % self.explained
        if self.capped is not None:
            told += b"x-trunkline-output-cap: %d\r\n" % self.capped
        if self.dropped:
            told += b"x-trunkline-dropped: %b\r\n" % listed(self.dropped)
        return ANSWER_HEAD % (told, self.attempts, overhead, overhead, _milliseconds(self.waited))

    def leave_out(self, dropped: tuple[str, ...]) -> None:
        """What the provider at hand is not told of the request."""
        self.dropped = dropped
        if dropped:
            self.note(f"dropped: {listed(dropped).decode()}")

    def verifies(self) -> None:
        """It is a call that no client asked for, to verify what another request was told: a record of its own."""
        self.id = mint()
        self.cost, self.target, self.first, self.told_of_cache = UNPRICED, None, None, b""
        self.admitted = None
        if self.following is not None:
            self.following.kept = False
        tags = msgspec.json.decode(self.tags) if self.tags else {}
        self.tags = msgspec.json.encode({**tags, "cache": "verification"}).decode()

    def note(self, text: str) -> None:
        """Something for the log line of this request."""
        self.notes += (text,)

    def event(self, name: str, **facts: str) -> None:
        """Something the operator should see at once."""
        self.gateway.report(name, request=self.id, **facts)

    def settle(self, row: Row, segment: Segment | None) -> None:
        """An attempt has ended."""
        if self.flight is not None:
            row = self.flight.charged(row)
        if row.cost != UNPRICED:
            self.cost = row.charged if self.cost == UNPRICED else row.charged + self.cost
        read, made = self.used
        self.used = (read + row.input_tokens, made + row.output_tokens)
        gateway = self.gateway
        gateway.ledger.settle(row, segment)
        gateway.metrics.attempt(row)


def _milliseconds(seconds: float) -> bytes:
    return b"%.3f" % (seconds * 1e3)
