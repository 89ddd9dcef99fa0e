"""A client may leave at any moment, in any way: its upstream is let go within 100 ms, the ledger says what it has cost,
and nothing is left behind."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.faults import certificates
from tests.faults.client import RawClient, chat_request, connect, request
from tests.faults.gateway import INPUT_PRICE, OUTPUT_PRICE, RunningGateway, ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.server import FaultServer

from trunkline.gateway.charging import ASSUMED_OUTPUT
from trunkline.ledger.record import Row
from trunkline.transport.pool import Pool

AT_ONCE = 0.1
"""Seconds within which the upstream's socket is closed."""


async def leave(raw: RawClient) -> None:
    raw.leave()


async def reset(raw: RawClient) -> None:
    raw.reset()


async def half_close(raw: RawClient) -> None:
    await raw.half_close()


WAYS = [leave, reset, half_close]
"""A client that will send no more is taken to have left, as nginx does: one that still reads is not told apart."""

Way = Callable[[RawClient], Awaitable[None]]


def check_charged(row: Row, *, produced: bool) -> None:
    """What was sent is charged, and what was produced, estimated, for no usage came. What does not stream may go on
    without us, and is charged as if it had.
    """
    assert (row.outcome, row.error, row.usage) == ("cancelled", "", "estimated")
    assert row.input_tokens > 0
    assert row.output_tokens == ASSUMED_OUTPUT if not row.stream else (row.output_tokens > 0) == produced
    assert row.cost == row.input_tokens * INPUT_PRICE + row.output_tokens * OUTPUT_PRICE


@asynccontextmanager
async def both(fault: str = "normal", *, tls: bool = False) -> AsyncIterator[tuple[FaultServer, RunningGateway]]:
    """An upstream and a gateway that leave nothing behind."""
    certificate: certificates.Certificate | None = "good" if tls else None
    async with no_leaks(), FaultServer(fault, certificate=certificate) as up, gateway(up.url) as gw:
        yield up, gw


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cut", [0, 1, 20, 90, 110, 150])
async def test_a_client_that_leaves_before_its_request_is_whole_is_forgotten(cut: int, way: Way) -> None:
    data = chat_request("up/normal")
    assert cut < len(data)
    async with both() as (up, gw):
        async with connect(gw.port) as raw:
            await raw.send(data[:cut] or b"")
            await way(raw)
        async with connect(gw.port) as raw:
            check(await ask(raw, "up/next"), WHOLE, stream=False)
        assert [asked.model for asked in up.requests] == ["next"]
        assert len(await gw.rows()) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_leaves_while_it_waits_frees_the_upstream(stream: bool, tls: bool, way: Way) -> None:
    async with both(tls=tls) as (up, gw), connect(gw.port) as raw:
        await raw.send(chat_request("up/held", stream=stream))
        asked = await up.request()
        await way(raw)
        await up.closed(asked.connection, within=AT_ONCE)
        (row,) = await gw.rows()
        check_charged(row, produced=False)
        assert (row.stream, row.status, row.first_byte_us) == (stream, 0, -1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tls", [False, True])
async def test_a_client_that_leaves_in_mid_stream_frees_the_upstream(tls: bool, way: Way) -> None:
    async with both(tls=tls) as (up, gw), connect(gw.port) as raw:
        await raw.send(chat_request("up/held_mid_stream", stream=True))
        await raw.response_head()
        for _ in range(4):
            assert await raw.event()
        await way(raw)
        await up.closed(up.requests[0].connection, within=AT_ONCE)
        (row,) = await gw.rows()
        check_charged(row, produced=True)
        assert row.status == 200
        assert 0 < row.first_byte_us <= row.total_us


@pytest.mark.parametrize("way", [leave, reset])
async def test_a_client_that_leaves_while_an_answer_comes_in_pieces_frees_the_upstream(way: Way) -> None:
    async with both() as (up, gw), connect(gw.port) as raw:
        await raw.send(chat_request("up/length_stall"))
        asked = await up.request()
        await way(raw)
        await up.closed(asked.connection, within=AT_ONCE)
        (row,) = await gw.rows()
        assert row.outcome == "cancelled"


@pytest.mark.parametrize("way", WAYS)
async def test_a_client_that_leaves_during_its_first_of_many_requests_begins_no_other(way: Way) -> None:
    async with both() as (up, gw), connect(gw.port) as raw:
        await raw.send(chat_request("up/held") + chat_request("up/second") * 100)
        asked = await up.request()
        await way(raw)
        await up.closed(asked.connection, within=AT_ONCE)
        assert [row.model for row in await gw.rows()] == ["held"]
        assert len(up.requests) == 1


@pytest.mark.parametrize("way", [leave, reset])
async def test_a_client_that_leaves_between_its_answers_leaves_only_settled_rows(way: Way) -> None:
    async with both() as (up, gw), connect(gw.port) as raw:
        await raw.send(chat_request("up/normal") * 20)
        for _ in range(5):
            check(await raw.response(), WHOLE, stream=False)
        await way(raw)
        rows = await gw.rows()
        assert len(rows) == len(up.requests) <= 20
        assert {row.outcome for row in rows} <= {"ok", "cancelled"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_may_leave_at_any_turn_of_the_event_loop(stream: bool, way: Way) -> None:
    async with both() as (up, gw):
        for turns in range(60):
            async with connect(gw.port) as raw:
                await raw.send(chat_request("up/normal", stream=stream))
                for _ in range(turns):
                    await asyncio.sleep(0)
                await way(raw)
            await gw.idle()
        rows = await gw.rows()
        assert {row.outcome for row in rows} == {"ok", "cancelled"}
        assert len(up.requests) <= len(rows) <= 60
        pool = gw.process.gateway.snapshot.deployments["up"].upstreams[0]
        assert isinstance(pool, Pool)
        assert pool.lines == set(pool.idle)
        assert len([seen for seen in up.connections if seen.ended is None]) == len(pool.idle) <= 1


async def test_a_client_that_leaves_before_the_upstream_has_answered_leaves_a_line_that_is_not_used_again() -> None:
    async with both() as (up, gw):
        async with connect(gw.port) as raw:
            await raw.send(chat_request("up/held"))
            await up.request()
        async with connect(gw.port) as raw:
            check(await ask(raw, "up/normal"), WHOLE, stream=False)
        assert len(up.connections) == 2


async def test_a_client_that_leaves_after_its_answer_costs_nothing_more() -> None:
    async with both() as (up, gw):
        for stream in (False, True):
            async with connect(gw.port) as raw:
                check(await ask(raw, "up/one_write" if stream else "up/any", stream=stream), WHOLE, stream=stream)
        assert [row.outcome for row in await gw.rows()] == ["ok", "ok"]
        assert len(up.connections) == 1


async def test_what_is_left_of_a_stream_whose_end_was_seen_is_not_charged_as_cancelled() -> None:
    """The usage had come: it is the provider's, not an estimate."""
    async with both() as (_, gw), connect(gw.port) as raw:
        await raw.send(chat_request("up/done_then_cut", stream=True))
        await raw.response_head()
        while b"[DONE]" not in await raw.event():
            pass
        raw.reset()
        (row,) = await gw.rows()
        assert (row.outcome, row.usage, row.output_tokens) == ("ok", "provider", 9)


# Clients that are slow


async def test_a_client_that_reads_a_byte_at_a_time_holds_its_upstream_up_and_nothing_else() -> None:
    async with both() as (up, gw), connect(gw.port, receive_buffer=4096) as raw:
        await raw.send(chat_request("up/firehose", stream=True))
        wire = (await up.connection()).wire
        assert await wire.stuck() < 8 << 20
        for _ in range(200):
            await raw.take(1)
        async with connect(gw.port) as other:
            check(await ask(other, "up/normal"), WHOLE, stream=False)
        raw.leave()
        await up.closed(up.connections[0], within=AT_ONCE)
        (row, _) = await gw.rows()
        check_charged(row, produced=True)


async def test_a_client_that_reads_on_after_a_pause_gets_everything() -> None:
    """Nothing is lost or doubled when the upstream is held up and let go many times."""
    async with both() as (up, gw), connect(gw.port, receive_buffer=4096) as raw:
        await raw.send(chat_request("up/firehose", stream=True))
        await raw.response_head()
        first = await raw.event()
        wire = (await up.connection()).wire
        for _ in range(3):
            await wire.stuck(quiet=0.05)
            for _ in range(200):
                event = await raw.event()
                assert event == first


async def test_a_client_that_stops_reading_a_large_answer_is_dropped_in_time() -> None:
    async with (
        no_leaks(),
        FaultServer() as up,
        gateway(up.url, server={"timeouts": {"write_stall": "1s"}}) as gw,  # by then all buffers on the way are full
        connect(gw.port, receive_buffer=4096) as raw,
    ):
        await raw.send(chat_request("up/firehose", stream=True))
        await raw.response_head()
        await (await up.connection()).wire.stuck(quiet=0.05)
        await up.closed(up.connections[0], within=2.3)
        (row,) = await gw.rows()
        check_charged(row, produced=True)
        assert not gw.process.server.connections


# TLS towards clients


@asynccontextmanager
async def secured(**settings: object) -> AsyncIterator[tuple[FaultServer, RunningGateway]]:
    with tempfile.TemporaryDirectory() as folder:
        chain, key = certificates.write_pair(Path(folder))
        server = {"tls": {"cert": str(chain), "key": str(key)}, **settings}
        async with no_leaks(), FaultServer() as up, gateway(up.url, server=server) as gw:
            yield up, gw


@pytest.mark.parametrize("stream", [False, True])
async def test_tls_clients_are_served_byte_by_byte_and_pipelined(stream: bool) -> None:
    async with secured() as (_, gw), connect(gw.port, tls=certificates.client_context()) as raw:
        await raw.send_slowly(chat_request("up/normal", stream=stream), 7)
        check(await raw.response(), WHOLE, stream=stream)
        await raw.send(chat_request("up/normal", stream=stream) * 20)
        for _ in range(20):
            check(await raw.response(), WHOLE, stream=stream)


@pytest.mark.parametrize("way", [leave, reset])
async def test_a_tls_client_that_leaves_in_mid_stream_frees_the_upstream(way: Way) -> None:
    async with secured() as (up, gw), connect(gw.port, tls=certificates.client_context()) as raw:
        await raw.send(chat_request("up/held_mid_stream", stream=True))
        await raw.response_head()
        await raw.event()
        await way(raw)
        await up.closed(up.requests[0].connection, within=AT_ONCE)
        (row,) = await gw.rows()
        check_charged(row, produced=True)


async def test_a_tls_client_that_does_not_read_holds_its_upstream_up() -> None:
    context = certificates.client_context()
    async with secured() as (up, gw), connect(gw.port, tls=context, receive_buffer=4096) as raw:
        await raw.send(chat_request("up/firehose", stream=True))
        assert await (await up.connection()).wire.stuck() < 8 << 20
        raw.leave()
        await up.closed(up.connections[0], within=AT_ONCE)


async def test_what_is_not_tls_is_dropped() -> None:
    async with secured(timeouts={"headers": "200ms"}) as (_, gw):
        for hello in (request("GET", "/health/live"), b"\x16\x03\x01", b"", b"\0" * 1000):
            async with connect(gw.port) as raw:
                await raw.send(hello)
                await raw.closed(within=2)
        async with connect(gw.port, tls=certificates.client_context()) as raw:
            await raw.send(request("GET", "/health/live"))
            assert (await raw.response()).status == 200
