"""The server's bounds that no configuration of the gateway reaches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.faults.client import connect, request
from tests.faults.leaks import no_leaks
from tests.transport.application import Application

from trunkline.transport.connection import WRITE_BUFFER, Limits
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.request import Request
from trunkline.transport.server import Server

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
GET = request("GET", "/a")


class ServerUnderTest(Server):
    application: Application


@asynccontextmanager
async def server(
    limits: Limits, application: Application | None = None
) -> AsyncIterator[tuple["ServerUnderTest", int]]:
    async with no_leaks():
        deadlines = Deadlines()
        stop = deadlines.start(asyncio.get_running_loop())
        found = ServerUnderTest(application or Application(), limits, deadlines)
        _, port = await found.listen("127.0.0.1", 0)
        try:
            yield found, port
        finally:
            await found.close()
            stop()


async def test_connections_above_the_bound_are_turned_away_and_counted() -> None:
    async with server(Limits(connections=3)) as (found, port):
        async with connect(port) as one, connect(port) as two, connect(port) as three:
            for raw in (one, two, three):
                await raw.send(GET)
                assert (await raw.response()).status == 200
            async with connect(port) as fourth:
                await fourth.closed()
                assert fourth.leftover == b""
            assert found.turned_away == 1
            await three.send(GET)
            assert (await three.response()).status == 200
        async with connect(port) as raw:
            await raw.send(GET)
            assert (await raw.response()).status == 200


@pytest.mark.parametrize("status", [418, 498, 529, 999])
async def test_a_status_that_nobody_has_registered_is_one(status: int) -> None:
    async with server(Limits()) as (_, port), connect(port) as raw:
        await raw.send(request("GET", f"/status/{status}") + GET)
        assert [(await raw.response()).status, (await raw.response()).status] == [status, 200]


async def test_a_connection_is_ended_after_so_many_requests() -> None:
    async with server(Limits(requests=3)) as (found, port), connect(port) as raw:
        await raw.send(GET * 5)
        responses = [await raw.response() for _ in range(3)]
        assert [response.header("connection") for response in responses] == [None, None, "close"]
        await raw.closed()
        assert raw.leftover == b""
        assert len(found.application.seen) == 3


async def test_answers_are_counted_while_they_are_under_way() -> None:
    async with server(Limits()) as (found, port), connect(port) as raw:
        await raw.send(request("POST", "/a", body=b"x" * 10, headers=[("expect", "100-continue")])[:-10])
        await raw.take(len(CONTINUE))
        assert found.in_flight == 1
        await raw.send(b"x" * 10)
        assert (await raw.response()).status == 200
        assert found.in_flight == 0


class Filling(Application):
    """Answers until the kernel takes no more, and a little beyond."""

    async def handle(self, request: Request) -> None:
        request.keep_alive = False
        request.start(200, b"")
        transport = request._connection._transport
        for _ in range(10_000):
            if transport.get_write_buffer_size():
                break
            request.write(b"x" * 16_000)
        request.end()
        assert 0 < transport.get_write_buffer_size() < WRITE_BUFFER


async def test_a_client_that_never_takes_the_end_of_its_answer_is_dropped() -> None:
    limits = Limits(write_stall=0.2)
    async with server(limits, Filling()) as (found, port), connect(port, receive_buffer=4096) as raw:
        await raw.send(GET)
        await raw.response_head()
        await asyncio.sleep(0.05)
        assert found.connections
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not found.connections:
                break
        assert not found.connections


async def test_a_client_that_sends_but_does_not_read_gets_no_more_time() -> None:
    async with server(Limits(write_stall=0.3)) as (found, port), connect(port, receive_buffer=4096) as raw:
        began = asyncio.get_running_loop().time()
        body = b"x" * (8 << 20)
        await raw.send(request("POST", "/a", body=body))
        while found.connections and asyncio.get_running_loop().time() < began + 5:
            with contextlib.suppress(ConnectionError):
                await raw.send(b"G")
            await asyncio.sleep(0.05)
        assert not found.connections
        assert asyncio.get_running_loop().time() < began + 3


async def test_a_handler_that_fails_ends_only_its_own_connection() -> None:
    unseen: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(str(context.get("exception"))))
    async with server(Limits()) as (found, port), connect(port) as bad, connect(port) as good:
        await bad.send(request("GET", "/bug"))
        await bad.closed()
        await good.send(GET)
        assert (await good.response()).status == 200
        assert found.in_flight == 0
    assert unseen == ["a bug"]
