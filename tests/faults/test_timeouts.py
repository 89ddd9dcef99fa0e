"""Deadlines of an upstream: each ends what it is for, in time, and says so; none ends what is only slow."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.faults import http1, replies
from tests.faults.client import Response, chat_request, connect
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import FAILED, STALLED, TIMED_OUT, WHOLE, check
from tests.faults.server import FaultServer

LONG = {"connect": "15s", "first_token": "15s", "gap": "15s", "total": "15s"}
LATEST = 1.5
"""Seconds by which an end may be late: a GRAIN, and what a busy machine adds."""


def upstream(answer: Callable[[Exchange], Awaitable[None]]) -> Fault:
    return Fault("slow", "Takes its time.", None, None, answer=answer)


async def timed(question: Awaitable[Response]) -> tuple[Response, float]:
    began = time.monotonic()
    return await question, time.monotonic() - began


ONE_DEADLINE = [
    ("tls_mute", False, "connect", TIMED_OUT),
    ("mute", True, "first_token", TIMED_OUT),
    ("hints_for_ever", True, "first_token", TIMED_OUT),
    ("stall_before_events", True, "first_token", TIMED_OUT),
    ("stall_mid_stream", True, "gap", STALLED),
    ("stall_mid_stream", True, "total", STALLED),
    ("mute", True, "total", TIMED_OUT),
    ("mute", False, "total", TIMED_OUT),
    ("length_stall", False, "total", TIMED_OUT),
]


@pytest.mark.parametrize(("name", "stream", "deadline", "outcome"), ONE_DEADLINE)
async def test_a_deadline_is_kept_and_never_early(name: str, stream: bool, deadline: str, outcome: Any) -> None:
    settings = LONG | {deadline: "200ms"}
    async with no_leaks(), FaultServer(name) as up, gateway(up.url, deadline=settings) as gw, connect(gw.port) as raw:
        model = "up/any" if name == "tls_mute" else f"up/{name}"
        response, took = await timed(ask(raw, model, stream=stream))
        check(response, outcome, stream=stream)
        assert 0.19 < took < 0.2 + LATEST
        assert b"0.2 s" in response.body or deadline == "connect"
        end = await up.closed(await up.connection(), within=0.1)
        assert end.how in ("fin", "reset")


async def test_what_carries_no_output_is_not_a_first_token() -> None:
    async def answer(x: Exchange) -> None:
        await x.start_stream()
        while x.connection.ended is None:
            await x.send_chunks(b": still thinking\n\n", x.events[0])
            await asyncio.sleep(0.01)

    settings = LONG | {"first_token": "200ms"}
    async with (
        no_leaks(),
        FaultServer(upstream(answer)) as up,
        gateway(up.url, deadline=settings) as gw,
        connect(gw.port) as raw,
    ):
        check(await ask(raw, "up/any", stream=True), TIMED_OUT, stream=True)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_slow_answer_is_whole_if_no_silence_is_too_long(stream: bool) -> None:
    async def answer(x: Exchange) -> None:
        head = http1.head(200, [("content-type", "text/event-stream")] if stream else [], version="HTTP/1.0")
        body = b"".join(x.events) if stream else x.chat
        for start in range(0, len(body), len(body) // 20):
            await asyncio.sleep(0.03)
            await x.send(head + body[start : start + len(body) // 20])
            head = b""
        await x.close()

    settings = LONG | {"first_token": "400ms", "gap": "400ms"}
    async with (
        no_leaks(),
        FaultServer(upstream(answer)) as up,
        gateway(up.url, deadline=settings) as gw,
        connect(gw.port) as raw,
    ):
        response, took = await timed(ask(raw, "up/any", stream=stream))
        check(response, WHOLE, stream=stream)
        assert took > 0.4


async def test_a_stream_without_end_is_over_when_the_total_is() -> None:
    async def answer(x: Exchange) -> None:
        event = replies.event({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]})
        await x.start_stream()
        await x.send_chunks(*x.events[:3])
        while x.connection.ended is None:
            await x.send_chunks(event)
            await asyncio.sleep(0.01)

    settings = LONG | {"total": "300ms"}
    async with (
        no_leaks(),
        FaultServer(upstream(answer)) as up,
        gateway(up.url, deadline=settings) as gw,
        connect(gw.port) as raw,
    ):
        response, took = await timed(ask(raw, "up/any", stream=True))
        check(response, STALLED, stream=True)
        assert 0.29 < took < 0.3 + LATEST


async def test_the_total_is_for_all_attempts_together() -> None:
    config = {
        "deadline": LONG | {"total": "300ms"},
        "retries": {"attempts": 50, "backoff": "20ms", "max_backoff": "20ms"},
    }
    async with no_leaks(), FaultServer() as up, gateway(up.url, **config) as gw, connect(gw.port) as raw:
        response, took = await timed(ask(raw, "up/error_500"))
        assert response.status in (502, 504)
        assert took < 0.3 + LATEST
        assert len(await gw.rows()) == len(up.requests) < 50


async def test_a_wait_that_would_outlast_the_total_is_not_begun() -> None:
    config = {"deadline": LONG | {"total": "2s"}, "retries": {"attempts": 2, "backoff": "10s", "max_backoff": "10s"}}
    async with no_leaks(), FaultServer() as up, gateway(up.url, **config) as gw, connect(gw.port) as raw:
        response, took = await timed(ask(raw, "up/error_500"))
        check(response, FAILED, stream=False)
        assert took < LATEST


async def test_connecting_takes_no_longer_than_the_total() -> None:
    settings = LONG | {"total": "200ms"}
    async with (
        no_leaks(),
        FaultServer("tls_mute") as up,
        gateway(up.url, deadline=settings) as gw,
        connect(gw.port) as raw,
    ):
        response, took = await timed(ask(raw, "up/any"))
        check(response, TIMED_OUT, stream=False)
        assert took < 0.2 + LATEST


async def test_each_attempt_has_its_own_time_for_the_first_token() -> None:
    config = {"deadline": LONG | {"first_token": "150ms"}, "retries": {"attempts": 2}}
    async with no_leaks(), FaultServer() as up, gateway(up.url, **config) as gw, connect(gw.port) as raw:
        up.play("mute")
        check(await ask(raw, "up/normal", stream=True), WHOLE, stream=True)
        assert [row.outcome for row in await gw.rows()] == ["failed", "ok"]


async def test_a_model_may_have_deadlines_of_its_own() -> None:
    models = {"hasty": {"route": "fallback", "of": ["up/mute"], "deadline": {"total": "100ms"}}}
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, deadline=LONG, models=models) as gw,
        connect(gw.port) as raw,
    ):
        check(await ask(raw, "hasty"), TIMED_OUT, stream=False)


async def test_a_client_that_does_not_read_is_not_the_upstreams_silence() -> None:
    """While the client holds the stream up, the gap does not count."""
    settings = LONG | {"gap": "100ms"}
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, deadline=settings) as gw,
        connect(gw.port, receive_buffer=4096) as raw,
    ):
        await raw.send(chat_request("up/firehose", stream=True))
        await raw.response_head()
        wire = (await up.connection()).wire
        await wire.stuck(quiet=0.3)
        assert up.connections[0].ended is None
        before = wire.sent
        for _ in range(100):
            assert await raw.part()
        assert wire.sent >= before
        raw.leave()
        await up.closed(up.connections[0], within=0.1)
