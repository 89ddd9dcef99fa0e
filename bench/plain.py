"""Measurements with small requests and whole replies: rates, CPU, latencies, connections, memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from bench.errors import Failed
from bench.gateway import Gateway, expect_reply
from bench.load import Load, constant_rate
from bench.measures import CONNECTIONS, added
from bench.payload import MODEL, chat_body
from bench.process import CpuMeter
from bench.session import Bench, Findings, Session, accept
from bench.stats import Latency

STEADY_CONNECTIONS = 32
MANY_CONNECTIONS = 2000
HALF_LOAD_CONNECTIONS = 64
# Above this rate our own generator would be what is measured.
HIGHEST_RATE = 12_000.0
SETTLE_SECONDS = 1.0
PAIRS = 7
SOAK_SLICE_SECONDS = 10.0
SOAK_LIMIT_SECONDS = 600.0


def measure_plain(session: Session) -> None:
    """Everything with a plain upstream, from idle to the memory that is left."""
    time.sleep(SETTLE_SECONDS)
    session.keep("memory_idle", session.gateway.process.memory_mb())
    expect_reply(session.gateway)
    warm_up(session)
    rate = 0.0
    with session.attempting("requests_per_second", "cpu_per_request", "memory_loaded") as findings:
        memory = [0.0]
        rate = steady(session, findings, "", meanwhile=lambda: memory.append(session.gateway.process.memory_mb()))
        findings.add("memory_loaded", max(memory))
    for connections in CONNECTIONS:
        with session.attempting(f"{added(connections)}_p50", f"{added(connections)}_p99") as findings:
            _added(session, findings, connections)
    with session.attempting("half_load_p50", "half_load_p99") as findings:
        _half_load(session, findings, rate)
    with session.attempting("handshakes_per_second") as findings:
        _handshakes(session, findings, "handshakes_per_second")
    # Last, since a slow gateway works on what was given up for a long while after it.
    with session.attempting("many_per_second", "many_p99") as findings:
        _many(session, findings)
    time.sleep(SETTLE_SECONDS)
    session.keep("memory_after", session.gateway.process.memory_mb())


def measure_tls(session: Session) -> None:
    """The steady load with TLS between gateway and upstream."""
    expect_reply(session.gateway)
    warm_up(session)
    with session.attempting("tls_requests_per_second", "tls_cpu_per_request") as findings:
        steady(session, findings, "tls_")


def measure_limited(session: Session) -> None:
    """The steady load with limits and budgets in five scopes."""
    expect_reply(session.gateway)
    warm_up(session)
    with session.attempting("limited_requests_per_second", "limited_cpu_per_request") as findings:
        steady(session, findings, "limited_")
    _more_cpu(session, "limited_cpu_added")


def measure_workers(session: Session) -> None:
    """The steady load with two workers, which share the gateway's core."""
    expect_reply(session.gateway)
    warm_up(session)
    with session.attempting("workers_requests_per_second", "workers_cpu_per_request") as findings:
        steady(session, findings, "workers_")
    _more_cpu(session, "workers_cpu_added")


def _more_cpu(session: Session, measure: str) -> None:
    """By how many percent more CPU a request takes than with a plain gateway: the median of some pairs.

    Both run, and are asked by turns: what a request takes differs by more from one minute to the next.
    """
    with session.attempting(measure) as findings, session.plainly() as plain:
        expect_reply(plain)
        pairs = [(_cpu_of_a_request(session, plain), _cpu_of_a_request(session, session.gateway)) for _ in range(PAIRS)]
        ratios = [more / usual for usual, more in pairs]
        findings.add(measure, 100 * (median(ratios) - 1), lowest=min(ratios), highest=max(ratios))


def _cpu_of_a_request(session: Session, gateway: Gateway) -> float:
    """Seconds under full load, to which it is brought first."""
    body, timing = chat_body(gateway.model), session.bench.timing
    session.bench.load(gateway.target, body, connections=STEADY_CONNECTIONS, seconds=timing.warm)
    meter = CpuMeter(gateway.process)
    load = session.bench.load(gateway.target, body, connections=STEADY_CONNECTIONS, seconds=timing.brief)
    return meter.read()[0] / load.requests


def measure_front_tls(session: Session) -> None:
    """A storm of handshakes at the gateway's own TLS."""
    expect_reply(session.gateway)
    with session.attempting("tls_handshakes_per_second") as findings:
        _handshakes(session, findings, "tls_handshakes_per_second")


def measure_soak(session: Session) -> None:
    """The steady load until enough requests were served; memory must not grow with them."""
    served, first = 0, 0.0
    deadline = time.perf_counter() + SOAK_LIMIT_SECONDS
    while served < session.bench.timing.soak_requests and time.perf_counter() < deadline:
        load = _load(session, connections=STEADY_CONNECTIONS, seconds=SOAK_SLICE_SECONDS)
        served += load.requests
        first = first or session.gateway.process.memory_mb()
    time.sleep(SETTLE_SECONDS)
    memory = session.gateway.process.memory_mb()
    session.keep("memory_soak", memory, requests=served, after_first_slice=first)


def direct_latency(bench: Bench, connections: int) -> Latency:
    """The closed loop's latency without a gateway."""
    load = bench.load(
        bench.backends.plain.target(), chat_body(MODEL), connections=connections, seconds=bench.timing.brief
    )
    return load.latency


def warm_up(session: Session, body: bytes | None = None, *, turns: int = 0) -> None:
    """Full load before anything is measured."""
    _load(session, body, connections=STEADY_CONNECTIONS, seconds=session.bench.timing.warm, turns=turns)


def steady(
    session: Session,
    findings: Findings,
    prefix: str,
    body: bytes | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> float:
    """Rate and CPU time under full load, as the figures with this prefix; the rate."""
    return full_load(
        session, findings, f"{prefix}requests_per_second", f"{prefix}cpu_per_request", body, meanwhile=meanwhile
    )


def full_load(
    session: Session,
    findings: Findings,
    rate: str,
    cpu: str,
    body: bytes | None = None,
    *,
    turns: int = 0,
    meanwhile: Callable[[], None] | None = None,
) -> float:
    """The same, as the figures with these names. `turns`: see `Bench.load`."""
    meter = CpuMeter(session.gateway.process)
    load = _load(
        session,
        body,
        connections=STEADY_CONNECTIONS,
        seconds=session.bench.timing.steady,
        turns=turns,
        meanwhile=meanwhile,
    )
    used, share = meter.read()
    detail = {"core": share, "failed": load.failed, "requests": load.requests}
    findings.add(rate, load.per_second, p99=load.latency.p99, **detail)
    findings.add(cpu, used / load.requests * 1e6, **detail)
    return load.per_second


def _added(session: Session, findings: Findings, connections: int) -> None:
    direct = session.direct.connections[connections]
    load = _load(session, connections=connections, seconds=session.bench.timing.brief)
    findings.add_latency(added(connections), load.latency, direct, requests=load.requests, failed=load.failed)


def _half_load(session: Session, findings: Findings, full_rate: float) -> None:
    """A constant rate of half of what the gateway can do, through it and then directly."""
    if not full_rate:
        raise Failed("its full load could not be measured")
    rate = min(full_rate / 2, HIGHEST_RATE)
    gateway, upstream = session.gateway, session.bench.backends.plain.target()
    through, direct = (
        accept(
            constant_rate(
                target,
                request,
                rate=rate,
                seconds=session.bench.timing.steady,
                connections=HALF_LOAD_CONNECTIONS,
            )
        )
        for target, request in (
            (gateway.target, gateway.unary()),
            (upstream, upstream.request(chat_body(MODEL))),
        )
    )
    late = max(through.late_p99_ms, direct.late_p99_ms)
    detail = {"rate": rate, "requests": through.requests, "failed": through.failed, "late_p99_ms": late}
    findings.add_latency("half_load", through.latency, direct.latency, **detail)


def _many(session: Session, findings: Findings) -> None:
    load = _load(session, connections=MANY_CONNECTIONS, seconds=session.bench.timing.steady)
    detail = {"requests": load.requests, "failed": load.failed}
    findings.add("many_per_second", load.per_second, **detail)
    findings.add("many_p99", load.latency.p99, **detail)


def _handshakes(session: Session, findings: Findings, measure: str) -> None:
    meter = CpuMeter(session.gateway.process)
    load = _load(session, connections=STEADY_CONNECTIONS, seconds=session.bench.timing.brief, reconnect=True)
    _, share = meter.read()
    findings.add(measure, load.per_second, requests=load.requests, failed=load.failed, core=share)


def _load(
    session: Session,
    body: bytes | None = None,
    *,
    connections: int,
    seconds: float,
    reconnect: bool = False,
    turns: int = 0,
    meanwhile: Callable[[], None] | None = None,
) -> Load:
    """Requests to this gateway in a closed loop, the small one if there is no other `body`."""
    return session.bench.load(
        session.gateway.target,
        body or chat_body(session.gateway.model),
        connections=connections,
        seconds=seconds,
        reconnect=reconnect,
        turns=turns,
        meanwhile=meanwhile,
    )
