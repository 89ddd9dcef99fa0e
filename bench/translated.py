"""Measurements with an OpenAI client whose requests are translated for another API, and the replies back."""

from __future__ import annotations

import json
import subprocess

from bench.apis import Api
from bench.conversation import conversation_body
from bench.errors import Failed, Unavailable
from bench.gateway import expect_reply, expect_tool_call
from bench.http1 import Target
from bench.load import one_by_one
from bench.payload import MODEL, tool_body
from bench.plain import steady, warm_up
from bench.process import pinned
from bench.session import Bench, Findings, Session
from bench.streaming import expect_stream_at_all, relay, relay_fast
from bench.venue import ROOT, without_paths

LONG_REQUESTS = 300
IN_PROCESS_SECONDS = 60.0


def measure_translated(api: Api, session: Session) -> None:
    """The steady load of small requests."""
    expect_reply(session.gateway)
    warm_up(session)
    with session.attempting(f"{api.name}_requests_per_second", f"{api.name}_cpu_per_request") as findings:
        steady(session, findings, f"{api.name}_")


def measure_translated_streams(api: Api, session: Session) -> None:
    """Tool calls, a long conversation, and streams at the paces of those that are only relayed."""
    name = api.name
    with session.attempting(f"{name}_tool_requests_per_second", f"{name}_tool_cpu_per_request") as findings:
        expect_tool_call(session.gateway)
        body = tool_body(session.gateway.model)
        warm_up(session, body)
        steady(session, findings, f"{name}_tool_", body)
    with session.attempting(f"{name}_conversation") as findings:
        _conversation(session, findings, f"{name}_conversation")
    with session.attempting(f"{name}_in_process") as findings:
        _in_process(session, findings, api)
    with session.attempting(f"{name}_cpu_per_fast_event", f"{name}_events_per_second") as fast:
        expect_stream_at_all(session)
        relay_fast(session, fast, rate=f"{name}_events_per_second", cpu=f"{name}_cpu_per_fast_event")
    # Last, since a slow gateway works on what was given up for a long while after it.
    with session.attempting(f"{name}_cpu_per_event") as findings:
        if not fast.found:  # else it is known to stream rightly
            expect_stream_at_all(session)
        relay(session, findings, cpu=f"{name}_cpu_per_event")


def direct_conversation(bench: Bench) -> float:
    """By how many milliseconds a long request takes longer than a small one without a gateway."""
    target = bench.backends.streaming.upstream.target()
    return _longer(bench, target, MODEL)["longer"]


def _conversation(session: Session, findings: Findings, measure: str) -> None:
    through = _longer(session.bench, session.gateway.target, session.gateway.model)
    direct = session.direct.conversation
    findings.add(measure, through.pop("longer") - direct, direct=direct, **through)


def _longer(bench: Bench, target: Target, model: str) -> dict[str, float]:
    """Milliseconds of a long request, of a small one, and how much longer the long one takes; medians.

    Both have tools and are answered with the same tool call, so that only the request differs.
    """
    long, small = (
        one_by_one(target, target.request(body), seconds=bench.timing.brief, limit=LONG_REQUESTS).latency.p50
        for body in (conversation_body(model), tool_body(model))
    )
    return {"long": long, "small": small, "longer": long - small}


def _in_process(session: Session, findings: Findings, api: Api) -> None:
    """What the gateway's own functions take for that, called on its core without any socket."""
    command = session.gateway.in_process
    if not command:
        raise Unavailable("only Trunkline's own functions are called by themselves")
    with pinned(session.bench.venue.gateway_core):
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=IN_PROCESS_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"its timing did not end in {IN_PROCESS_SECONDS:.0f} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["(it said nothing)"]
        raise Failed(f"its timing failed: {without_paths(lines[-1])}")
    parts: dict[str, float] = json.loads(done.stdout)[api.name]
    findings.add(f"{api.name}_in_process", parts.pop("whole"), **parts)
