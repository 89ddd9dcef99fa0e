"""Measurements with streamed replies and with large requests."""

from __future__ import annotations

from bench.errors import Failed
from bench.gateway import expect_stream
from bench.http1 import Target
from bench.load import one_by_one
from bench.payload import MODEL, chat_body
from bench.process import CpuMeter
from bench.scripts import Pace
from bench.session import FAILURES_ALLOWED, Bench, Findings, Session
from bench.stats import Latency, latency
from bench.streams import Delays, Streams, watch

TRIED_PACE = Pace(chunks=20, interval=0.001)
RELAY_STREAMS = 500
RELAY_PACE = Pace(chunks=250, interval=0.02)
FAST_STREAMS = 64
FAST_PACE = Pace(chunks=2000, interval=0)
WATCHED_STREAMS = 150
WATCHED_PACE = Pace(chunks=4, interval=0.004, stamp=True)
STALL_SECONDS = 0.035  # a delayed acknowledgement takes 40 ms
LARGE_BODY = 1_000_000
LARGE_REQUESTS = 300
MEMORY_STREAMS = 1500
MEMORY_BODY = 150_000
MEMORY_PACE = Pace(chunks=100_000, interval=1)
RAMP_SECONDS, RAMP_LIMIT_SECONDS = 1.0, 15.0
MEMORY_RAMP_SECONDS, MEMORY_LIMIT_SECONDS = 3.0, 45.0


def measure_streaming(session: Session) -> None:
    """Everything with the streaming upstream."""
    expect_stream_at_all(session)
    delays = ("first_token_p50", "first_token_p99", "chunk_delay_p50", "chunk_delay_p99", "stalls")
    with session.attempting(*delays) as findings:
        _delays(session, findings)
    with session.attempting("cpu_per_chunk") as findings:
        relay(session, findings, cpu="cpu_per_chunk")
    with session.attempting("chunks_per_second", "cpu_per_fast_chunk") as findings:
        relay_fast(session, findings, rate="chunks_per_second", cpu="cpu_per_fast_chunk")
    with session.attempting("large_body") as findings:
        _large_body(session, findings)
    with session.attempting("memory_streams") as findings:
        _memory(session, findings)


def expect_stream_at_all(session: Session) -> None:
    """Raises `Failed` unless a short stream comes through whole."""
    _pace(session.bench, TRIED_PACE)
    expect_stream(session.gateway, TRIED_PACE.chunks)


def direct_delays(bench: Bench) -> Delays:
    """The delays of a stream without a gateway."""
    target = bench.backends.streaming.upstream.target()
    return _watch(bench, target, target.request(chat_body(MODEL, stream=True)))


def direct_large_body(bench: Bench) -> Latency:
    """How long a 1 MB request takes without a gateway."""
    target = bench.backends.streaming.upstream.target()
    return _large(bench, target, target.request(chat_body(MODEL, size=LARGE_BODY)))


def _pace(bench: Bench, pace: Pace) -> None:
    bench.backends.streaming.pace(pace)


def _watch(bench: Bench, target: Target, request: bytes) -> Delays:
    _pace(bench, WATCHED_PACE)
    return watch(target, request, streams=WATCHED_STREAMS, seconds=4 * bench.timing.brief)


def _delays(session: Session, findings: Findings) -> None:
    delays = _watch(session.bench, session.gateway.target, session.gateway.streamed())
    first, chunk = latency(delays.first), latency(delays.chunks)
    findings.add_latency("first_token", first, session.direct.first_token, count=first.count)
    findings.add_latency("chunk_delay", chunk, session.direct.chunk, count=chunk.count)
    limit = session.direct.chunk.p50 / 1000 + STALL_SECONDS
    late = sum(delay > limit for delay in delays.chunks)
    findings.add("stalls", late, count=chunk.count, worst_ms=chunk.worst)


def relay(session: Session, findings: Findings, *, cpu: str) -> None:
    """CPU time per chunk at a steady pace of many streams, the streams' own beginnings and ends included."""
    _pace(session.bench, RELAY_PACE)
    with Streams(session.gateway.target, session.gateway.streamed()) as streams:
        streams.ramp(RELAY_STREAMS, over=RAMP_SECONDS, limit=RAMP_LIMIT_SECONDS)
        detail = _window(session, streams)
        offered = RELAY_STREAMS / RELAY_PACE.interval
        findings.add(cpu, detail["cpu"] / detail["events"] * 1e6, offered=offered, **detail)


def relay_fast(session: Session, findings: Findings, *, rate: str, cpu: str) -> None:
    """Chunks relayed when the upstream writes as fast as it is read; several then come in one read."""
    _pace(session.bench, FAST_PACE)
    with Streams(session.gateway.target, session.gateway.streamed()) as streams:
        streams.ramp(FAST_STREAMS, over=0, limit=RAMP_LIMIT_SECONDS)
        detail = _window(session, streams)
        findings.add(rate, detail["rate"], **detail)
        findings.add(cpu, detail["cpu"] / detail["events"] * 1e6, **detail)


def _window(session: Session, streams: Streams) -> dict[str, float]:
    """Follow the streams for a while: the events that came, and how the gateway's core was used."""
    meter = CpuMeter(session.gateway.process)
    events, completed = streams.events, streams.completed
    seconds = streams.follow(session.bench.timing.streams)
    cpu, share = meter.read()
    events, completed = streams.events - events, streams.completed - completed
    if events == 0:
        raise Failed("relayed no chunk")
    if streams.failed > FAILURES_ALLOWED * streams.started:
        raise Failed(f"{streams.failed} streams broke, of {streams.started} that had begun")
    return {
        "cpu": cpu,
        "core": share,
        "rate": events / seconds,
        "events": events,
        "begun": streams.started,
        "completed": completed,
        "failed": streams.failed,
    }


def _large_body(session: Session, findings: Findings) -> None:
    through = _large(session.bench, session.gateway.target, session.gateway.unary(LARGE_BODY))
    direct = session.direct.large_body
    findings.add("large_body", through.p50 - direct.p50, through=through.p50, direct=direct.p50, count=through.count)


def _large(bench: Bench, target: Target, request: bytes) -> Latency:
    return one_by_one(target, request, seconds=bench.timing.brief, limit=LARGE_REQUESTS).latency


def _memory(session: Session, findings: Findings) -> None:
    """Memory while many streams with large requests are open at once."""
    _pace(session.bench, MEMORY_PACE)
    request = session.gateway.streamed(MEMORY_BODY)
    before = session.gateway.process.memory_mb()
    with Streams(session.gateway.target, request) as streams:
        streams.ramp(MEMORY_STREAMS, over=MEMORY_RAMP_SECONDS, limit=MEMORY_LIMIT_SECONDS)
        if streams.started < MEMORY_STREAMS:
            raise Failed(f"{streams.started} of {MEMORY_STREAMS} streams had begun in {MEMORY_LIMIT_SECONDS:.0f} s")
        streams.follow(1)
        findings.add("memory_streams", session.gateway.process.memory_mb(), before=before)
