"""PostgreSQL stands still, is locked, restarts or has no room left, while a gateway works: requests are answered as
long as their rows can wait, and afterwards every attempt that the upstream saw is in the ledger once, and in its sums.

How long the writer waits for an answer is shortened from 20 s, so that a stall of a second is what one of half a minute
is: the statement is given up, its connection with it, and what was under way is written again.
"""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import asyncpg
import pytest
from tests import aio, services
from tests.faults.client import RawClient, chat_body, connect, request
from tests.faults.connection import Request
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer
from tests.store.rows import row, uuid7

from trunkline.ledger import ledger
from trunkline.store import open_store
from trunkline.store.postgresql_database import SECONDS

MOST_WAITING = 300
HALF_A_PAGE = 4096
"""Bytes. Where PostgreSQL can write no more than that of a page, it says that the disk is full."""
WITHIN = 30.0
"""Seconds in which a server that is back must have all rows."""


class Traffic:
    """Requests with numbers of their own; which of them the upstream saw, and how they were answered."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._numbers = itertools.count()

    def witness(self, asked: Request) -> None:
        self.seen[asked.header("baggage") or ""] += 1

    async def ask(self, raw: RawClient) -> int:
        name = f"n={next(self._numbers)}"
        await raw.send(request(body=chat_body("up/normal"), headers=[("x-request-id", name), ("baggage", name)]))
        status = (await raw.response()).status
        self.statuses[status] += 1
        return status

    async def keep_asking(self, port: int, stop: asyncio.Event) -> None:
        async with connect(port, within=WITHIN) as raw:
            while not stop.is_set():
                await self.ask(raw)


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


@contextlib.asynccontextmanager
async def running(
    server: services.PostgreSQL, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningGateway]:
    """A gateway whose ledger is on that server, and is soon tired of waiting for it."""
    for kind in ("writer", "lookups"):
        monkeypatch.setitem(SECONDS, kind, 0.5)
    monkeypatch.setattr(ledger, "RETRY", 0.05)
    monkeypatch.setattr(ledger, "MOST_WAITING", MOST_WAITING)
    async with FaultServer(record=False, witness=traffic.witness) as up, gateway(up.url, store=server.url) as gw:
        yield gw
        await caught_up(gw)


async def caught_up(gw: RunningGateway) -> None:
    async with asyncio.timeout(WITHIN):
        while gw.process.server.in_flight or gw.process.gateway.ledger.lag:  # noqa: ASYNC110  # another thread writes
            await asyncio.sleep(0.01)


async def once_in_the_ledger(server: services.PostgreSQL, traffic: Traffic, others: int = 0) -> None:
    """All that was seen, nothing else, and the sums say the same."""
    query = "SELECT label, count(*) FROM attempts WHERE label LIKE 'n=%' GROUP BY label"
    assert dict(await asyncio.to_thread(services.execute, server.url, query)) == traffic.seen
    assert set(traffic.seen.values()) == {1}
    store = await asyncio.to_thread(open_store, server.url)
    for _ in range(2):
        [line] = await asyncio.to_thread(store.usage, None)
        assert line.attempts == line.requests == traffic.seen.total() + others
        await asyncio.to_thread(store.prepare, 0)
    store.close()


@contextlib.asynccontextmanager
async def paused(server: services.PostgreSQL) -> AsyncIterator[None]:
    with server.paused():
        yield


@contextlib.asynccontextmanager
async def locked(server: services.PostgreSQL) -> AsyncIterator[None]:
    """Somebody has the ledger's table to himself."""
    connection = await asyncpg.connect(server.url)
    async with connection.transaction():
        await connection.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
        yield
    await connection.close()


@pytest.mark.parametrize("stalled", [paused, locked], ids=["stands still", "is locked"])
@aio.within(60)
async def test_a_store_that_stalls_holds_nobody_up_until_too_many_rows_wait(
    own_postgresql: services.PostgreSQL,
    traffic: Traffic,
    monkeypatch: pytest.MonkeyPatch,
    stalled: Callable[[services.PostgreSQL], AbstractAsyncContextManager[None]],
) -> None:
    async with running(own_postgresql, traffic, monkeypatch) as gw, connect(gw.port, within=WITHIN) as raw:
        assert [await traffic.ask(raw) for _ in range(20)] == [200] * 20
        await caught_up(gw)
        async with stalled(own_postgresql):
            while await traffic.ask(raw) == 200:
                pass
            assert traffic.statuses == {200: 20 + MOST_WAITING + 1, 503: 1}
            while not gw.logged("ledger.store_refuses"):  # noqa: ASYNC110  # it is given up, and tried again
                await asyncio.sleep(0.01)
            assert await traffic.ask(raw) == 503
        await caught_up(gw)
        assert await traffic.ask(raw) == 200
    await once_in_the_ledger(own_postgresql, traffic)


@pytest.mark.slow
@aio.within(90)
async def test_a_store_that_restarts_under_load_loses_and_doubles_nothing(
    own_postgresql: services.PostgreSQL, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = asyncio.Event()
    async with running(own_postgresql, traffic, monkeypatch) as gw:
        asking = asyncio.gather(*(traffic.keep_asking(gw.port, stop) for _ in range(4)))
        for mode in ("fast", "immediate"):
            goal = traffic.statuses[200] + 200
            async with asyncio.timeout(WITHIN):
                while traffic.statuses[200] < goal:  # noqa: ASYNC110  # the clients are asking
                    await asyncio.sleep(0.01)
            await asyncio.to_thread(own_postgresql.stop, mode)
            await asyncio.to_thread(own_postgresql.start)
        stop.set()
        await asking
    assert gw.logged("ledger.store_refuses")
    await once_in_the_ledger(own_postgresql, traffic)


@aio.within(90)
async def test_a_store_without_room_takes_everything_once_there_is_some(
    small_postgresql: services.PostgreSQL, traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await asyncio.to_thread(open_store, small_postgresql.url)
    now = int(time.time())
    await asyncio.to_thread(store.prepare, now)
    # In the part of the ledger to which the gateway will add, and more than a file of the server's log is long.
    already = [row(request=uuid7(now * 1000, number)) for number in range(6000)]
    for start in range(0, len(already), 2000):
        await asyncio.to_thread(store.write_attempts, already[start : start + 2000])
    store.close()
    [(largest,)] = await asyncio.to_thread(services.execute, small_postgresql.url, LARGEST)
    async with running(small_postgresql, traffic, monkeypatch) as gw, connect(gw.port, within=WITHIN) as raw:
        with small_postgresql.no_file_larger_than(largest + HALF_A_PAGE):
            while not any("Free space on its disk" in told["problem"] for told in gw.logged("ledger.store_refuses")):
                for _ in range(100):
                    await traffic.ask(raw)
            while await traffic.ask(raw) == 200:
                pass
        await caught_up(gw)
        assert await traffic.ask(raw) == 200
    await once_in_the_ledger(small_postgresql, traffic, len(already))


LARGEST = "SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'attempts%'"
"""The size of the ledger's file."""


@pytest.fixture
def small_postgresql() -> Iterator[services.PostgreSQL]:
    """A server whose log is in files of 1 MB, so that a table's file is soon the largest it writes."""
    with services.running_postgresql(log_files=1) as server:
        yield server
