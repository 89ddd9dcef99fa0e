"""What a client may take its time for, and what it gets while nothing comes."""

import asyncio
import time
from typing import Any

import pytest
from tests.faults.client import RawClient, chat_request, connect, request
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.raw_requests import BODY, CL, TE, USUAL, check_refused, head
from tests.faults.server import FaultServer

LIVE = request("GET", "/health/live")
LATEST = 1.5
"""Seconds by which an end may be late: a GRAIN, and what a busy machine adds."""


def patience(**times: str) -> dict[str, Any]:
    """A server that waits so long for clients."""
    return {"timeouts": {"headers": "10s", "body": "10s", "idle": "10s"} | times}


async def seconds_until_closed(raw: RawClient) -> float:
    began = time.monotonic()
    await raw.closed(within=5)
    return time.monotonic() - began


@pytest.mark.parametrize("sent", [b"GET", b"GET /health/live HTTP/1.1\r\nhost: loc", chat_request("up/x")[:-180]])
async def test_half_a_header_and_then_nothing_is_told_and_closed(sent: bytes) -> None:
    async with no_leaks(), gateway(server=patience(headers="200ms")) as gw, connect(gw.port) as raw:
        began = time.monotonic()
        await raw.send(sent)
        check_refused(await raw.response(), 408, "request_timeout")
        await raw.closed()
        assert 0.19 < time.monotonic() - began < 0.2 + LATEST


async def test_a_header_that_trickles_in_does_not_get_more_time() -> None:
    async with no_leaks(), gateway(server=patience(headers="300ms")) as gw, connect(gw.port) as raw:
        began = time.monotonic()
        await raw.send(LIVE[:-2] + b"x-a: ")
        trickle = asyncio.create_task(send_every(raw, b"b", seconds=0.02))
        check_refused(await raw.response(), 408, "request_timeout")
        assert 0.29 < time.monotonic() - began < 0.3 + LATEST
        trickle.cancel()
        await asyncio.wait([trickle])


async def send_every(raw: RawClient, data: bytes, *, seconds: float) -> None:
    while True:
        await raw.send(data)
        await asyncio.sleep(seconds)


async def test_a_connection_on_which_nothing_comes_is_closed_without_a_word() -> None:
    async with no_leaks(), gateway(server=patience(headers="200ms")) as gw, connect(gw.port) as raw:
        assert 0.19 < await seconds_until_closed(raw) < 0.2 + LATEST
        assert raw.leftover == b""


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    async with no_leaks(), gateway(server=patience(idle="300ms", headers="10s")) as gw, connect(gw.port) as raw:
        for _ in range(2):
            await raw.send(LIVE)
            assert (await raw.response()).status == 200
            await asyncio.sleep(0.1)
        assert 0.15 < await seconds_until_closed(raw) < 0.3 + LATEST
        assert raw.leftover == b""


@pytest.mark.parametrize(
    "start", [head(*USUAL, CL) + BODY[:-1], head(*USUAL, TE), head(*USUAL, CL, "expect: 100-continue")]
)
async def test_a_body_that_does_not_come_is_told_and_closed(start: bytes) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=patience(body="200ms")) as gw:
        async with connect(gw.port) as raw:
            began = time.monotonic()
            await raw.send(start)
            check_refused(await raw.response(), 408, "request_timeout")
            await raw.closed()
            assert 0.19 < time.monotonic() - began < 0.2 + LATEST
        assert up.requests == []
        assert await gw.rows() == []


async def test_a_large_body_gets_the_time_it_needs() -> None:
    """One that comes at more than 16 kB a second is not too slow, however long it takes."""
    body = BODY + b" " * 100_000
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, server=patience(body="200ms")) as gw,
        connect(gw.port) as raw,
    ):
        await raw.send(head(*USUAL, f"content-length: {len(body)}"))
        for start in range(0, len(body), 10_000):
            await raw.send(body[start : start + 10_000])
            await asyncio.sleep(0.05)
        check(await raw.response(), WHOLE, stream=False)


async def test_a_client_that_waits_for_its_answer_is_not_idle() -> None:
    times = patience(headers="100ms", body="100ms", idle="100ms")
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=times) as gw, connect(gw.port) as raw:
        await raw.send(chat_request("up/held"))
        await up.request()
        await asyncio.sleep(0.4)
        up.release()
        check(await raw.response(), WHOLE, stream=False)


# Keep-alives on a silent stream


async def test_comments_go_out_while_nothing_comes() -> None:
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, server={"keep_alive": "60ms"}) as gw,
        connect(gw.port) as raw,
    ):
        await raw.send(chat_request("up/held", stream=True))
        head_of_answer = await raw.response_head()
        assert head_of_answer.status == 200
        assert [await raw.event() for _ in range(3)] == [b": keep-alive\n\n"] * 3
        up.release()
        while await raw.part():
            pass
        check(head_of_answer, WHOLE, stream=True)


async def test_comments_go_out_in_mid_stream_too() -> None:
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, server={"keep_alive": "60ms"}) as gw,
        connect(gw.port) as raw,
    ):
        await raw.send(chat_request("up/held_mid_stream", stream=True))
        response = await raw.response_head()
        while await raw.event() != b": keep-alive\n\n":
            pass
        assert await raw.event() == b": keep-alive\n\n"
        up.release()
        while await raw.part():
            pass
        check(response, WHOLE, stream=True)


async def test_a_stream_without_silence_has_no_comments() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        assert b": keep-alive" not in (await ask(raw, "up/one_byte_pieces", stream=True)).body


async def test_a_failure_after_a_comment_is_an_event_and_can_still_be_made_good() -> None:
    config = {"server": {"keep_alive": "60ms"}, "deadline": {"first_token": "200ms"}, "retries": {"attempts": 2}}
    async with no_leaks(), FaultServer() as up, gateway(up.url, **config) as gw, connect(gw.port) as raw:
        up.play("mute")
        check(await ask(raw, "up/normal", stream=True), WHOLE, stream=True)
        up.play("mute", "mute")
        response = await ask(raw, "up/normal", stream=True)
        assert response.status == 200
        (event,) = response.data()
        assert '"code":"upstream_timeout"' in event
        assert [row.outcome for row in await gw.rows()] == ["failed", "ok", "failed", "failed"]


async def test_a_whole_answer_that_takes_its_time_has_no_comments() -> None:
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, server={"keep_alive": "50ms"}) as gw,
        connect(gw.port) as raw,
    ):
        await raw.send(chat_request("up/held"))
        await up.request()
        await asyncio.sleep(0.2)
        up.release()
        check(await raw.response(), WHOLE, stream=False)
