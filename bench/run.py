"""The order of things: every round measures the direct way, then one gateway after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bench.errors import BenchError, Unavailable
from bench.families import Family
from bench.gateway import running
from bench.measures import CONNECTIONS, added
from bench.peers import Peer
from bench.peers.registry import OURS
from bench.plain import direct_latency
from bench.process import StrangerMeter
from bench.results import Missing, Results, Sample
from bench.session import Bench, Direct, Session
from bench.stats import latency
from bench.streaming import direct_delays, direct_large_body
from bench.translated import direct_conversation

Say = Callable[[str], None]
DIRECT = "direct"


def run_rounds(bench: Bench, families: Sequence[Family], peers: Sequence[Peer], results: Results, say: Say) -> None:
    """Fill the results. Whoever fails a family is not asked again in later rounds."""
    hopeless: set[tuple[str, str]] = set()
    for number in range(1, bench.timing.rounds + 1):
        say(f"round {number} of {bench.timing.rounds}: direct")
        direct = _measure_direct(bench, results, number)
        for peer in peers:
            for family in families:
                if (peer.name, family.name) in hopeless:
                    continue
                say(f"round {number} of {bench.timing.rounds}: {peer.name}, {family.name}")
                if not _measure_family(bench, peer, family, direct, results, number):
                    hopeless.add((peer.name, family.name))


def _measure_family(bench: Bench, peer: Peer, family: Family, direct: Direct, results: Results, number: int) -> bool:
    """Start the peer and measure; false, with the reason noted for every figure without one, where that fails."""
    meter = StrangerMeter(bench.venue.cores)
    try:
        if family.setup and peer.name != OURS:
            raise Unavailable("is measured with everything optional switched off")
        upstream = family.upstream(bench.backends)
        with running(peer, upstream, bench.venue, front_tls=family.front_tls, setup=family.setup) as gateway:
            session = Session(bench, gateway, direct, results, number, partial(running, peer, upstream, bench.venue))
            session.keep("start", gateway.ready_seconds, strangers=meter.read())
            family.measure(session)
    except (BenchError, OSError) as error:
        reason = str(error) or type(error).__name__
        results.missing.extend(
            Missing(peer.name, measure.key, reason)
            for measure in family.measures
            if results.why_missing(peer.name, measure.key) is None
        )
        return False
    return True


def _measure_direct(bench: Bench, results: Results, number: int) -> Direct:
    bench.patience.wait()
    meter = StrangerMeter(bench.venue.cores)
    delays = direct_delays(bench)
    direct = Direct(
        connections={count: direct_latency(bench, count) for count in CONNECTIONS},
        first_token=latency(delays.first),
        chunk=latency(delays.chunks),
        large_body=direct_large_body(bench),
        conversation=direct_conversation(bench),
        strangers=meter.read(),
    )
    found = {added(count): latencies for count, latencies in direct.connections.items()}
    found |= {"first_token": direct.first_token, "chunk_delay": direct.chunk}
    for name, latencies in found.items():
        for which, value in (("p50", latencies.p50), ("p99", latencies.p99)):
            sample = Sample(number, DIRECT, f"{name}_{which}", value, strangers=direct.strangers)
            results.samples.append(sample)
    return direct
