"""Measurements with small requests and whole replies: rates, CPU, latencies, connections, memory."""

from __future__ import annotations

import time

from bench.gateway import expect_reply
from bench.load import constant_rate
from bench.measures import CONNECTIONS, added
from bench.payload import MODEL, chat_body
from bench.session import Bench, Session, accept
from bench.stats import Latency

STEADY_CONNECTIONS = 32
MANY_CONNECTIONS = 2000
HALF_LOAD_CONNECTIONS = 64
# Above this rate our own generator would be what is measured.
HIGHEST_RATE = 12_000.0
SETTLE_SECONDS = 1.0
SOAK_SLICE_SECONDS = 10.0
SOAK_LIMIT_SECONDS = 600.0


def measure_plain(session: Session) -> None:
    """Everything with a plain upstream, from idle to the memory that is left."""
    time.sleep(SETTLE_SECONDS)
    session.record("memory_idle", session.gateway.process.memory_mb())
    expect_reply(session.gateway)
    _warm_up(session)
    rate = 0.0
    with session.attempting("requests_per_second", "cpu_per_request", "memory_loaded"):
        rate = _steady(session, "")
    for connections in CONNECTIONS:
        with session.attempting(added("p50", connections), added("p99", connections)):
            _added(session, connections)
    with session.attempting("half_load_p50", "half_load_p99"):
        _half_load(session, rate)
    with session.attempting("many_per_second", "many_p99"):
        _many(session)
    with session.attempting("handshakes_per_second"):
        _handshakes(session, "handshakes_per_second")
    time.sleep(SETTLE_SECONDS)
    session.record("memory_after", session.gateway.process.memory_mb())


def measure_tls(session: Session) -> None:
    """The steady load with TLS between gateway and upstream."""
    expect_reply(session.gateway)
    _warm_up(session)
    _steady(session, "tls_")


def measure_front_tls(session: Session) -> None:
    """A storm of handshakes at the gateway's own TLS."""
    _handshakes(session, "tls_handshakes_per_second")


def measure_soak(session: Session) -> None:
    """The steady load until enough requests were served; memory must not grow with them."""
    served, first = 0, 0.0
    deadline = time.perf_counter() + SOAK_LIMIT_SECONDS
    while served < session.bench.timing.soak_requests and time.perf_counter() < deadline:
        load = session.bench.load(
            session.gateway.target,
            chat_body(session.gateway.model),
            connections=STEADY_CONNECTIONS,
            seconds=SOAK_SLICE_SECONDS,
        )
        served += load.requests
        first = first or session.gateway.process.memory_mb()
    time.sleep(SETTLE_SECONDS)
    memory = session.gateway.process.memory_mb()
    session.record("memory_soak", memory, requests=served, after_first_slice=first)


def direct_latency(bench: Bench, connections: int) -> Latency:
    """The closed loop's latency without a gateway."""
    load = bench.load(
        bench.backends.plain.target(), chat_body(MODEL), connections=connections, seconds=bench.timing.brief
    )
    return load.latency


def _warm_up(session: Session) -> None:
    session.bench.load(
        session.gateway.target,
        chat_body(session.gateway.model),
        connections=STEADY_CONNECTIONS,
        seconds=session.bench.timing.warm,
    )


def _steady(session: Session, prefix: str) -> float:
    """Rate and CPU time under full load; the rate."""
    memory = [0.0]
    meter = session.meter()
    load = session.bench.load(
        session.gateway.target,
        chat_body(session.gateway.model),
        connections=STEADY_CONNECTIONS,
        seconds=session.bench.timing.steady,
        meanwhile=lambda: memory.append(session.gateway.process.memory_mb()),
    )
    cpu, share, others = meter.read()
    detail = {"core": share, "others": others, "failed": load.failed, "requests": load.requests}
    session.record(f"{prefix}requests_per_second", load.per_second, p99=load.latency.p99, **detail)
    session.record(f"{prefix}cpu_per_request", cpu / load.requests * 1e6, **detail)
    if not prefix:
        session.record("memory_loaded", max(memory))
    return load.per_second


def _added(session: Session, connections: int) -> None:
    direct = session.direct.connections[connections]
    load = session.bench.load(
        session.gateway.target,
        chat_body(session.gateway.model),
        connections=connections,
        seconds=session.bench.timing.brief,
    )
    through = load.latency
    detail = {"requests": load.requests, "failed": load.failed}
    session.record(
        added("p50", connections), through.p50 - direct.p50, through=through.p50, direct=direct.p50, **detail
    )
    session.record(
        added("p99", connections), through.p99 - direct.p99, through=through.p99, direct=direct.p99, **detail
    )


def _half_load(session: Session, full_rate: float) -> None:
    """A constant rate of half of what the gateway can do, through it and then directly."""
    rate = min(full_rate / 2, HIGHEST_RATE)
    seconds = session.bench.timing.steady
    gateway, upstream = session.gateway, session.bench.backends.plain.target()
    loads = [
        accept(constant_rate(target, request, rate=rate, seconds=seconds, connections=HALF_LOAD_CONNECTIONS))
        for target, request in (
            (gateway.target, gateway.unary()),
            (upstream, upstream.request(chat_body(MODEL))),
        )
    ]
    through, direct = (load.latency for load in loads)
    late = max(load.late_p99_ms for load in loads)
    detail = {"rate": rate, "requests": loads[0].requests, "late_p99_ms": late}
    session.record("half_load_p50", through.p50 - direct.p50, through=through.p50, direct=direct.p50, **detail)
    session.record("half_load_p99", through.p99 - direct.p99, through=through.p99, direct=direct.p99, **detail)


def _many(session: Session) -> None:
    load = session.bench.load(
        session.gateway.target,
        chat_body(session.gateway.model),
        connections=MANY_CONNECTIONS,
        seconds=session.bench.timing.steady,
    )
    detail = {"requests": load.requests, "failed": load.failed}
    session.record("many_per_second", load.per_second, **detail)
    session.record("many_p99", load.latency.p99, **detail)


def _handshakes(session: Session, measure: str) -> None:
    meter = session.meter()
    load = session.bench.load(
        session.gateway.target,
        chat_body(session.gateway.model),
        connections=STEADY_CONNECTIONS,
        seconds=session.bench.timing.brief,
        reconnect=True,
    )
    _, share, others = meter.read()
    session.record(measure, load.per_second, requests=load.requests, failed=load.failed, core=share, others=others)
