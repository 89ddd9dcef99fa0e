"""The server's bounds that no configuration of the gateway reaches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.client import connect, request
from tests.faults.leaks import no_leaks
from tests.transport.application import Application

from trunkline.transport.connection import Limits
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.server import Server

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
GET = request("GET", "/a")


@asynccontextmanager
async def server(limits: Limits) -> AsyncIterator[tuple[Server, int]]:
    async with no_leaks():
        deadlines = Deadlines()
        stop = deadlines.start(asyncio.get_running_loop())
        found = Server(Application(), limits, deadlines)
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


async def test_a_connection_is_ended_after_so_many_requests() -> None:
    async with server(Limits(requests=3)) as (_, port), connect(port) as raw:
        await raw.send(GET * 5)
        responses = [await raw.response() for _ in range(3)]
        assert [response.header("connection") for response in responses] == [None, None, "close"]
        await raw.closed()
        assert raw.leftover == b""


async def test_answers_are_counted_while_they_are_under_way() -> None:
    async with server(Limits()) as (found, port), connect(port) as raw:
        await raw.send(request("POST", "/a", body=b"x" * 10, headers=[("expect", "100-continue")])[:-10])
        await raw.take(len(CONTINUE))
        assert found.in_flight == 1
        await raw.send(b"x" * 10)
        assert (await raw.response()).status == 200
        assert found.in_flight == 0


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
