"""The data plane: what is served at which path, and what is recorded of every request."""

import asyncio
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address
from time import monotonic

from trunkline.formats.format import Problem
from trunkline.gateway.brought import Pools
from trunkline.gateway.caching import Caching
from trunkline.gateway.endpoints import Endpoint, find, origin_form
from trunkline.gateway.errors import (
    GatewayError,
    InternalError,
    MethodNotAllowed,
    RateLimited,
    ShuttingDown,
    TransportRefused,
    UnknownPath,
    UpstreamError,
)
from trunkline.gateway.fetching import Fetcher
from trunkline.gateway.fronts import likely
from trunkline.gateway.headers import header_text
from trunkline.gateway.identity import Keys
from trunkline.gateway.limiting import Limiting
from trunkline.gateway.losers import Losers
from trunkline.gateway.questions import Questions
from trunkline.gateway.remembered import Remembered
from trunkline.gateway.shadowing import Shadows
from trunkline.gateway.snapshot import Snapshot
from trunkline.gateway.state import Journey
from trunkline.gateway.transcripts import Transcripts
from trunkline.ledger.ledger import Ledger
from trunkline.routing.health import Health
from trunkline.routing.plan import Target
from trunkline.telemetry.metrics import Metrics
from trunkline.telemetry.request_log import RequestLog
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.request import Refusal, Request
from trunkline.transport.server import Server

TARGETS = 10_000
"""Targets whose header lines are remembered. Callers choose names of models, so it must be bounded."""
CLIENT_GONE = 499
"""Status in the log and the metrics of a request whose client left (nginx's)."""

Report = Callable[..., None]


class Gateway:
    """Answers requests. Holds what they share, each thing with one owner: the snapshot, the keys, the ledger, the
    counters.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        keys: Keys,
        ledger: Ledger,
        remembered: Remembered,
        health: Health,
        limiting: Limiting,
        deadlines: Deadlines,
        metrics: Metrics,
        log: RequestLog | None,
        report: Report,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.snapshot = snapshot
        self.keys = keys
        self.ledger = ledger
        self.remembered = remembered
        self.health = health
        self.limiting = limiting
        self.deadlines = deadlines
        self.metrics = metrics
        self.log = log
        self.fetcher = Fetcher(deadlines)
        self.questions = Questions(deadlines)
        self.guard_decisions: dict[tuple[str, ...], float] = {}
        """How often which rule decided what."""
        self.report = report
        """Tells the operator of an event: `report(name, **facts)`."""
        self.server: Server
        self.shadows = Shadows(self)
        self.losers: set[Losers] = set()
        """Attempts whose requests have their answers, and which may still have one of their own."""
        self.brought: Pools = {}
        """Keys with providers that tenants have brought, as `health` knows them."""
        self.caching: Caching
        """Answers that are kept, and calls that are shared."""
        self.transcripts: Transcripts
        """What is kept in full, on its way to the store."""
        self._target_heads: dict[Target, bytes] = {}
        self.ready = True
        """Red while the process is going away."""

    # transport.server.Application

    async def handle(self, request: Request) -> None:
        """One request, from arrival to record."""
        journey = Journey(self, request)
        status = 200
        error: GatewayError | None = None
        try:
            await self._endpoint(journey)(journey)
        except GatewayError as caught:
            error = caught
        except Refusal as refusal:
            error = TransportRefused(refusal.status, refusal.code, str(refusal))
            refusal.__traceback__ = None
        except asyncio.CancelledError:
            status = CLIENT_GONE
            if request.gone:
                raise
            error = ShuttingDown("This gateway is shutting down and could not wait for the answer. Try again.")
        except Exception as bug:  # noqa: BLE001  # the edge of a request: whatever it is, the client is told and the log has it
            self.report("request.bug", request=journey.id, exception=bug)
            error = InternalError(f"Trunkline failed at this request. Its log has the reason under {journey.id}.")
        finally:
            journey.delivery.close()
            if error is not None and not request.gone:
                status = error.status
                journey.delivery.fail(
                    error,
                    _remedy(error) + (journey.answer_head(None) if journey.attempts or journey.explained else b""),
                )
            if error is not None:
                error.__traceback__ = None  # it holds the frames that hold it: nothing is left for the cycle collector
            if journey.losers is None:
                self._conclude(journey, status, error, monotonic())
            else:
                journey.losers.then(partial(self._conclude, journey, status, error, monotonic()))

    def refusal(self, path: bytes, refusal: Refusal) -> tuple[bytes, bytes]:
        """The answer to what never became a request."""
        self.metrics.event("errors", refusal.code)
        front = likely(path)
        problem = Problem(refusal.status, str(refusal), "invalid_request_error", code=refusal.code)
        body = front.told(front.format.write_error(problem))
        return b"content-type: application/json\r\nx-should-retry: false\r\n", body

    def target_head(self, target: Target) -> bytes:
        """Header lines that name the provider and the model of an answer."""
        lines = self._target_heads.get(target)
        if lines is None:
            if len(self._target_heads) >= TARGETS:
                self._target_heads.clear()
            names = tuple(map(header_text, (target.provider, target.model)))
            lines = self._target_heads[target] = b"x-trunkline-provider: %b\r\nx-trunkline-model: %b\r\n" % names
        return lines

    def unready(self) -> list[str]:
        """Why no new requests should come here; empty when they may."""
        reasons = [] if self.ready else ["shutting down"]
        return [*reasons, "the ledger's store takes nothing"] if self.ledger.full else reasons

    def _endpoint(self, journey: Journey) -> Endpoint:
        request = journey.request
        methods = find(request.target)
        if methods is None and (path := origin_form(request.target)) is not None:
            request.target = path
            methods = find(path)
        if methods is None:
            journey.speak(likely(request.target))
            shown = request.target.partition(b"?")[0].decode("latin-1")
            raise UnknownPath(f"Nothing is served at {shown}. The API is below /v1, as OpenAI's is.")
        endpoint = methods.get(b"GET" if request.method == b"HEAD" else request.method)
        if endpoint is None:
            journey.speak(likely(request.target))
            allowed = ", ".join(method.decode() for method in methods)
            method, shown = request.method.decode("latin-1"), request.target.partition(b"?")[0].decode("latin-1")
            raise MethodNotAllowed(f"{shown} takes {allowed}, not {method}.", allowed)
        return endpoint

    def _conclude(self, journey: Journey, status: int, error: GatewayError | None, ended: float) -> None:
        """All its attempts have ended; the answer had at `ended`."""
        if journey.settles:
            self.limiting.settle(journey)
        if journey.counted or error is not None:
            self._record(journey, status, error, ended - journey.arrived)
        if journey.beside is not None:
            journey.beside.over(ended, well=error is None and status == 200)

    def _record(self, journey: Journey, status: int, error: GatewayError | None, seconds: float) -> None:
        """Counters, and the line in the log."""
        metrics, asked, request = self.metrics, journey.asked, journey.request
        if journey.guarding is not None:
            journey.guarding.record(journey)
        overhead = journey.overhead()
        target = journey.target
        provider, served = (target.provider, target.model) if target is not None else ("", "")
        first = journey.first if asked.stream else None
        metrics.request(asked.model, provider, status, asked.stream, seconds, overhead, first)
        code = (error.code or error.kind) if error is not None else ""
        if code:
            metrics.event("errors", code)
        if status == CLIENT_GONE:
            metrics.event("client_disconnects", "waiting" if journey.first is None else "receiving")
        if self.log is not None:
            self.log.line(
                request=journey.id,
                label=journey.label,
                client=self.client(request),
                key=journey.caller.key,
                path=request.target.partition(b"?")[0].decode("latin-1"),
                model=asked.model,
                provider=provider,
                served=served,
                status=status,
                stream=asked.stream,
                attempts=journey.attempts,
                seconds=seconds,
                first=journey.first,
                overhead=overhead,
                cost=journey.cost,
                error=code,
                detail="; ".join(journey.notes) if journey.notes else "",
            )

    def client(self, request: Request) -> str:
        """The client's address: as a trusted proxy says, else the socket's."""
        forwarded = request.headers.get(b"x-forwarded-for")
        if forwarded is None:
            return request.peer
        trusted = self.snapshot.config.server.trusted_proxies
        if not trusted:
            return request.peer
        hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",")]
        for hop in reversed([*hops, request.peer]):
            if not _within(hop, trusted):
                return hop[:64]
        return request.peer


def _within(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _remedy(error: GatewayError) -> bytes:
    """Headers that tell a client whether to come back. What we have tried ourselves, an SDK need not try again."""
    lines = b"allow: %b\r\n" % error.allow.encode() if isinstance(error, MethodNotAllowed) else b""
    if error.retry_after is not None:
        lines += b"retry-after: %d\r\n" % max(1, -int(-error.retry_after // 1))
    if isinstance(error, UpstreamError) or (error.status < 500 and not isinstance(error, RateLimited)):
        lines += b"x-should-retry: false\r\n"
    return lines
