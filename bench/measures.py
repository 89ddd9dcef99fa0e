"""Every figure there is: its name in the data, its title in the table, its unit, which way is better, its target.

The targets are what Trunkline sets itself, with keys and ledger on, on one core.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bench.apis import TRANSLATED, Api


class Better(Enum):
    """Which way a figure should go."""

    MORE = "more"
    LESS = "less"


@dataclass(frozen=True)
class Measure:
    """One figure of the report."""

    key: str
    title: str
    unit: str
    better: Better = Better.LESS
    digits: int = 0
    target: float | None = None

    def met(self, value: float) -> bool | None:
        """Whether the value reaches the target; None without one."""
        if self.target is None:
            return None
        return value >= self.target if self.better is Better.MORE else value <= self.target


CONNECTIONS = (1, 16, 64)
LATENCY_TARGETS_MS = {("p50", 1): 0.3}


def added(connections: int) -> str:
    """The key of an added latency in the closed loop, without its percentile."""
    return f"added_{connections}"


def _added_latencies() -> list[Measure]:
    return [
        Measure(
            f"{added(count)}_{which}",
            f"added latency, {count} connection{'s' if count > 1 else ''}, {which}",
            "ms",
            digits=3,
            target=LATENCY_TARGETS_MS.get((which, count)),
        )
        for count in CONNECTIONS
        for which in ("p50", "p99")
    ]


PLAIN = [
    Measure("requests_per_second", "requests per second", "req/s", Better.MORE, target=14_000),
    Measure("cpu_per_request", "CPU per request", "µs", digits=1),
    *_added_latencies(),
    Measure("half_load_p50", "added latency at half load, p50", "ms", digits=3),
    Measure("half_load_p99", "added latency at half load, p99", "ms", digits=3),
    Measure("many_per_second", "requests per second, 2,000 connections", "req/s", Better.MORE),
    Measure("many_p99", "latency, 2,000 connections, p99", "ms"),
    Measure("handshakes_per_second", "a connection per request", "req/s", Better.MORE),
    Measure("memory_idle", "memory, idle", "MB"),
    Measure("memory_loaded", "memory, highest under load", "MB"),
    Measure("memory_after", "memory, after the load", "MB", target=120),
]
TLS = [
    Measure("tls_requests_per_second", "requests per second, TLS upstream", "req/s", Better.MORE, target=9_000),
    Measure("tls_cpu_per_request", "CPU per request, TLS upstream", "µs", digits=1),
]
LIMITED = [
    Measure("limited_requests_per_second", "requests per second, 5 scopes of limits and budgets", "req/s", Better.MORE),
    Measure("limited_cpu_per_request", "CPU per request, 5 scopes of limits and budgets", "µs", digits=1),
    Measure("limited_cpu_added", "more CPU per request than without limits", "%", digits=1, target=15),
]
WORKERS = [
    Measure("workers_requests_per_second", "requests per second, two workers on one core", "req/s", Better.MORE),
    Measure("workers_cpu_per_request", "CPU per request, two workers", "µs", digits=1),
    Measure("workers_cpu_added", "more CPU per request than with one worker", "%", digits=1, target=10),
]
STREAMING = [
    Measure("cpu_per_chunk", "CPU per relayed chunk, 25,000 a second", "µs", digits=1, target=12),
    Measure("cpu_per_fast_chunk", "CPU per relayed chunk, at full rate", "µs", digits=1),
    Measure("chunks_per_second", "most chunks per second", "chunks/s", Better.MORE),
    Measure("first_token_p50", "added delay of the first token, p50", "ms", digits=3),
    Measure("first_token_p99", "added delay of the first token, p99", "ms", digits=3),
    Measure("chunk_delay_p50", "added delay of a chunk, p50", "ms", digits=3),
    Measure("chunk_delay_p99", "added delay of a chunk, p99", "ms", digits=3),
    Measure("stalls", "chunks that came 35 ms late or more", "of all", target=0),
    Measure("large_body", "added latency, 1 MB request body", "ms", digits=2, target=2),
    Measure("memory_streams", "memory, 1,500 streams of 150 kB requests", "MB", target=600),
]


def translated(api: Api) -> list[Measure]:
    """Whole replies of another API for an OpenAI client."""
    name, to = api.name, f"→ {api.title}:"
    return [
        Measure(f"{name}_requests_per_second", f"{to} requests per second", "req/s", Better.MORE, target=7_000),
        Measure(f"{name}_cpu_per_request", f"{to} CPU per request", "µs", digits=1),
    ]


def translated_streams(api: Api) -> list[Measure]:
    """What the streaming upstream is needed for: tool calls, long requests, streams."""
    name, to = api.name, f"→ {api.title}:"
    return [
        Measure(f"{name}_tool_requests_per_second", f"{to} requests per second, a tool call", "req/s", Better.MORE),
        Measure(f"{name}_tool_cpu_per_request", f"{to} CPU per request, a tool call", "µs", digits=1),
        Measure(f"{name}_cpu_per_event", f"{to} CPU per streamed event, 25,000 a second", "µs", digits=1, target=40),
        Measure(f"{name}_cpu_per_fast_event", f"{to} CPU per streamed event, at full rate", "µs", digits=1),
        Measure(f"{name}_events_per_second", f"{to} most streamed events per second", "events/s", Better.MORE),
        Measure(f"{name}_conversation", f"{to} added latency, 200 kB and 20 tools over 2 kB", "ms", digits=2, target=2),
        Measure(f"{name}_in_process", f"{to} 200 kB and 20 tools, in process", "ms", digits=2, target=2),
    ]


HITS = [
    Measure("hits_per_second", "hits of the exact cache per second", "req/s", Better.MORE, target=20_000),
    Measure("hit_cpu", "CPU per hit", "µs", digits=1, target=50),
    Measure("turns_per_second", "hits per second, 1,000 questions in turn", "req/s", Better.MORE),
    Measure("turn_cpu", "CPU per hit, 1,000 questions in turn", "µs", digits=1),
]
POLICY = [
    Measure("policy_per_second", "requests per second, a policy and the cache", "req/s", Better.MORE),
    Measure("policy_cpu", "CPU per request, a policy and the cache", "µs", digits=1),
]
GUARD = [
    Measure("guard_per_second", "requests per second, all checks and the cache", "req/s", Better.MORE),
    Measure("guard_cpu", "CPU per request, all checks and the cache", "µs", digits=1),
]
FRONT_TLS = [
    Measure("tls_handshakes_per_second", "a TLS connection per request", "req/s", Better.MORE),
]
START = [Measure("start", "from start to ready", "s", digits=2, target=1)]
SOAK = [Measure("memory_soak", "memory, after the soak", "MB", target=120)]

_TRANSLATION = [measure for api in TRANSLATED for measure in (*translated(api), *translated_streams(api))]

ALL = [
    *PLAIN,
    *LIMITED,
    *WORKERS,
    *TLS,
    *STREAMING,
    *HITS,
    *POLICY,
    *GUARD,
    *_TRANSLATION,
    *FRONT_TLS,
    *START,
    *SOAK,
]
BY_KEY = {measure.key: measure for measure in ALL}
