"""What every measurement is given: the running gateway, the direct figures of the round, and where to put its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from bench import wrk
from bench.backends import Backends
from bench.errors import BenchError, Failed, Unavailable
from bench.gateway import Gateway
from bench.http1 import Target
from bench.load import Load, closed_loop
from bench.process import StrangerMeter
from bench.quiet import Patience
from bench.results import Missing, Results, Sample
from bench.stats import Latency
from bench.venue import Venue

FAILURES_ALLOWED = 0.01


@dataclass(frozen=True)
class Timing:
    """How long things are measured, in seconds."""

    rounds: int = 3
    warm: float = 3
    steady: float = 4
    brief: float = 2
    streams: float = 4
    soak_requests: int = 0

    @staticmethod
    def quick() -> Timing:
        """For a look in between: one round, half as long."""
        return Timing(rounds=1, warm=1, steady=2, brief=1, streams=2)


@dataclass(frozen=True)
class Bench:
    """One run: where, against what, for how long."""

    venue: Venue
    backends: Backends
    timing: Timing
    patience: Patience

    def load(
        self,
        target: Target,
        body: bytes,
        *,
        connections: int,
        seconds: float,
        reconnect: bool = False,
        turns: int = 0,
        meanwhile: Callable[[], None] | None = None,
    ) -> Load:
        """A closed loop by wrk, or by ourselves where it is missing; raises `Failed` if too much of it fails.

        `turns`: so many different requests follow one another, by a word in the body.
        """
        if wrk.installed():
            load = wrk.run(
                self.venue,
                target,
                body,
                connections=connections,
                seconds=seconds,
                reconnect=reconnect,
                turns=turns,
                meanwhile=meanwhile,
            )
        elif target.ca or turns:
            why = "does not speak TLS" if target.ca else "sends one request only"
            raise Unavailable(f"needs wrk, which is not installed: our own generator {why}")
        else:
            request = target.request(body, close=reconnect)
            load = closed_loop(target, request, seconds=seconds, connections=connections, reconnect=reconnect)
            if meanwhile:
                meanwhile()
        return accept(load)


def accept(load: Load) -> Load:
    """The load, unless too much of it failed."""
    if load.failed > FAILURES_ALLOWED * (load.requests + load.failed):
        raise Failed(f"{load.failed} of {load.requests + load.failed} requests failed")
    return load


@dataclass(frozen=True)
class Direct:
    """The same round without a gateway: what is taken off to get an added latency."""

    connections: dict[int, Latency]
    first_token: Latency
    chunk: Latency
    large_body: Latency
    conversation: float
    """Milliseconds by which a request of 200 kB takes longer than a small one."""
    strangers: float
    """The share of a core that other programs took meanwhile."""


@dataclass(frozen=True)
class Session:
    """One gateway in one round."""

    bench: Bench
    gateway: Gateway
    direct: Direct
    results: Results
    round: int
    plainly: Callable[[], AbstractContextManager[Gateway]]
    """Starts the same gateway with everything optional switched off, beside this one."""

    def keep(self, measure: str, value: float, *, strangers: float = 0.0, **detail: float) -> None:
        """Keep a sample of this gateway in this round."""
        sample = Sample(self.round, self.gateway.name, measure, value, detail, strangers)
        self.results.samples.append(sample)

    @contextmanager
    def attempting(self, *measures: str) -> Iterator[Findings]:
        """Do a measurement; where it cannot be done, note why and go on with the next.

        Raises `Failed` all the same when the gateway has ended, since nothing after that can be measured.
        """
        self.bench.patience.wait()
        findings, meter = Findings(), StrangerMeter(self.bench.venue.cores)
        try:
            yield findings
        except (BenchError, OSError) as error:
            reason = str(error) or type(error).__name__
            self.results.missing.extend(Missing(self.gateway.name, measure, reason) for measure in measures)
            if self.gateway.process.ended is not None:
                raise Failed(f"the gateway ended: {self.gateway.process.last_words()}") from error
            return
        strangers = meter.read()
        for measure, value, detail in findings.found:
            disturbance = max(strangers, self.direct.strangers) if "direct" in detail else strangers
            self.keep(measure, value, strangers=disturbance, **detail)


@dataclass
class Findings:
    """What one attempt found so far."""

    found: list[tuple[str, float, dict[str, float]]] = field(default_factory=list)

    def add(self, measure: str, value: float, **detail: float) -> None:
        """A figure, and what it was made from."""
        self.found.append((measure, value, detail))

    def add_latency(self, name: str, through: Latency, direct: Latency, **detail: float) -> None:
        """The added latency at the median and at the 99th percentile: `<name>_p50` and `<name>_p99`."""
        for which in ("p50", "p99"):
            with_gateway, without = getattr(through, which), getattr(direct, which)
            self.add(f"{name}_{which}", with_gateway - without, through=with_gateway, direct=without, **detail)
