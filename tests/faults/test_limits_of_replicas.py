"""Limits and budgets over several real gateways: what they promise holds while processes die and stores go away."""

import asyncio
import contextlib
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from tests import aio, services
from tests.cli.serving import Served, serving
from tests.faults.client import RawClient, chat_request, connect
from tests.faults.server import FaultServer

KEY = "sk-trunkline-a"
PRICE = {"input": 100, "output": 1000}
"""Dollars for a million tokens: a request costs 0.0102 dollars, and reserves less than `RESERVED`."""
TEN_DOLLARS, RESERVED = 10 * 10**9, 80_000_000
"""Nano-dollars. A process that refuses requests keeps less of a budget than one of them reserves."""
QUIET = 2.0
"""Seconds after which nothing more is spent, once everybody is refused."""
MASTER_KEY = "0123456789abcdef" * 4


def config(up: FaultServer, **sections: Any) -> dict[str, Any]:
    provider = {"type": "openai_compatible", "base_url": up.url, "price": PRICE, "max_idle": 64}
    return {"providers": {"up": provider}, "keys": [{"name": "a", "key": KEY}], **sections}


async def keep_asking(port: int, answers: Counter[int], stop: asyncio.Event) -> None:
    """Asks until `stop`, or until the gateway is gone; who is refused waits a little, as a client would."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        async with connect(port, within=30) as raw:
            while not stop.is_set():
                answers[await status(raw)] += 1


async def status(raw: RawClient) -> int:
    await raw.send(chat_request("up/normal", key=KEY, max_tokens=16))
    found = (await raw.response()).status
    if found != 200:
        await asyncio.sleep(0.05)
    return found


async def until_nobody_is_answered(up: FaultServer, stop: asyncio.Event) -> None:
    await until_quiet(up, QUIET)
    stop.set()


async def until_asked(up: FaultServer, count: int) -> None:
    while up.counts.total() < count:  # noqa: ASYNC110  # it happens in other processes
        await asyncio.sleep(0.01)


async def until_quiet(up: FaultServer, seconds: float) -> None:
    """Until no request has come upstream for so long."""
    seen, since = -1, monotonic()
    while monotonic() - since < seconds:
        if up.counts.total() != seen:
            seen, since = up.counts.total(), monotonic()
        await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def replicas(folder: Path, count: int, sections: dict[str, Any]) -> AsyncIterator[list[Served]]:
    """Gateways with data directories of their own."""
    sections = {"key_secret": "s" * 32, "master_key": MASTER_KEY, **sections}
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for number in range(count):
            home = folder / str(number)
            home.mkdir()
            made.append(await stack.enter_async_context(serving(home, **sections)))
        yield made


def spent(url: str) -> int:
    """By the ledger."""
    [(total,)] = services.execute(url, "SELECT coalesce(sum(cost), 0)::bigint FROM attempts")
    return int(total)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("killed", [False, True])
@aio.within(200)
async def test_four_replicas_spend_a_budget_to_the_end_and_not_beyond(
    tmp_path: Path, postgresql_url: str, redis_url: str, killed: bool
) -> None:
    async with FaultServer(record=False) as up:
        shared = {
            **config(up, budgets=[{"key": "a", "amount": 10}], limits=[{"key": "a", "requests": "1M/min"}]),
            "store": postgresql_url,
            "shared": redis_url,
        }
        stop, answers = asyncio.Event(), Counter[int]()
        async with replicas(tmp_path, 4, shared) as made:
            asking = asyncio.gather(*(keep_asking(made[n % 4].port, answers, stop) for n in range(64)))
            if killed:
                await until_asked(up, 300)
                made[0].signal(signal.SIGKILL)
                await asyncio.to_thread(services.flush, redis_url)
            await until_nobody_is_answered(up, stop)
            await asking
        alone = await asyncio.to_thread(spent, postgresql_url)
        assert set(answers) <= {200, 429}
        if not killed:
            assert TEN_DOLLARS - 4 * RESERVED <= alone <= TEN_DOLLARS
            return
        assert alone <= TEN_DOLLARS
        stop = asyncio.Event()
        again = Served(tmp_path / "0", {"key_secret": "s" * 32, "master_key": MASTER_KEY, **shared})
        await again.start()
        asking = asyncio.gather(*(keep_asking(again.port, answers, stop) for _ in range(8)))
        await until_nobody_is_answered(up, stop)
        await asking
        await again.end()
        total = await asyncio.to_thread(spent, postgresql_url)
        assert TEN_DOLLARS - RESERVED <= total <= TEN_DOLLARS
        query = "SELECT spent, (SELECT coalesce(sum(amount), 0)::bigint FROM budget_leases) FROM budgets"
        assert await asyncio.to_thread(services.execute, postgresql_url, query) == [(total, 0)]


@pytest.mark.slow
@aio.within(60)
async def test_two_workers_on_sqlite_are_exact(tmp_path: Path) -> None:
    async with FaultServer(record=False) as up:
        sections = config(up, limits=[{"key": "a", "requests": "100/min"}], server={"workers": 2})
        async with serving(tmp_path, **sections) as served, contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(connect(served.port, within=30)) for _ in range(200)]

            async def five_times(raw: RawClient) -> list[int]:
                await raw.send(5 * chat_request("up/normal", key=KEY))
                return [(await raw.response()).status for _ in range(5)]

            answers = Counter(each for five in await asyncio.gather(*map(five_times, clients)) for each in five)
        assert answers == {200: 100, 429: 900}
        assert up.counts.total() == 100


@pytest.mark.slow
@aio.within(60)
async def test_after_a_crash_a_budget_knows_what_the_ledger_knows(tmp_path: Path) -> None:
    async with FaultServer(record=False) as up:
        sections = config(up, budgets=[{"key": "a", "amount": 1000}])
        for _ in range(4):
            served = Served(tmp_path, sections)
            stop, answers, before = asyncio.Event(), Counter[int](), up.counts.total()
            await served.start()
            asking = asyncio.gather(*(keep_asking(served.port, answers, stop) for _ in range(8)))
            while up.counts.total() < before + 150:  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(0.005)
            served.signal(signal.SIGKILL)
            await served.end()
            await asking
        async with serving(tmp_path, **sections) as last:
            assert (await last.ask("up/normal", key=KEY)).status == 200
        rows = last.rows()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "trunkline.db")) as store:
        [(known,)] = store.execute("SELECT sum(spent) FROM budgets").fetchall()
        assert store.execute("SELECT count(*) FROM budget_leases").fetchall() == [(0,)]
    total = sum(row.cost for row in rows)
    assert any(row.outcome == "unsettled" for row in rows), "nothing was under way: the test shows nothing"
    assert known == total
    assert not list((tmp_path / "data" / "journal").iterdir())


@pytest.mark.slow
@aio.within(60)
async def test_a_store_that_stands_still_for_a_moment_is_waited_for(
    tmp_path: Path, own_postgresql: services.PostgreSQL
) -> None:
    async with FaultServer(record=False) as up:
        sections = config(up, budgets=[{"key": "a", "amount": 10_000}], store=own_postgresql.url)
        async with serving(tmp_path, **sections) as served:
            stop, answers = asyncio.Event(), Counter[int]()
            asking = asyncio.gather(*(keep_asking(served.port, answers, stop) for _ in range(32)))
            await until_asked(up, 100)
            with own_postgresql.paused():
                await until_quiet(up, 2.5)  # as long as a loaded machine may stop for
                spent_then = up.counts.total()
            await until_asked(up, spent_then + 100)
            stop.set()
            await asking
    assert set(answers) == {200}


@pytest.mark.slow
@aio.within(60)
async def test_while_the_store_is_away_what_was_lent_is_spent_and_then_requests_are_refused(
    tmp_path: Path, own_postgresql: services.PostgreSQL
) -> None:
    async with FaultServer(record=False) as up:
        sections = config(up, budgets=[{"key": "a", "amount": 100}], store=own_postgresql.url)
        async with serving(tmp_path, **sections) as served, connect(served.port, within=30) as raw:
            for _ in range(20):
                assert await status(raw) == 200
            with own_postgresql.paused():
                outcomes = [await status(raw)]
                while outcomes[-1] == 200:
                    outcomes.append(await status(raw))
                assert outcomes[-1] == 503
                assert len(outcomes) > 5
            async with asyncio.timeout(20):
                while await status(raw) != 200:
                    pass


@pytest.mark.slow
@aio.within(60)
async def test_a_valkey_that_was_emptied_learns_again_what_was_used(tmp_path: Path, redis_url: str) -> None:
    async with FaultServer(record=False) as up:
        sections = config(up, limits=[{"key": "a", "requests": "100/min"}], shared=redis_url)
        async with serving(tmp_path, **sections) as served, connect(served.port, within=30) as raw:
            statuses = Counter([await status(raw) for _ in range(60)])
            await asyncio.to_thread(services.flush, redis_url)
            async with asyncio.timeout(20):
                while statuses.total() < 180:
                    statuses[await status(raw)] += 1
        assert statuses[200] == 100
