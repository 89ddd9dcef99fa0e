"""Requests and the shared limits, over a real Valkey or Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from tests.services import Redis as Server
from tests.services import flush, running_redis

from trunkline.gateway.leasing import PATIENCE, Away, Leasing, WhenAway
from trunkline.limits.amounts import amounts, usage
from trunkline.limits.bundle import Refusal
from trunkline.limits.meter import MINUTE, Meter
from trunkline.limits.ticket import Reserved, Ticket
from trunkline.store.valkey import Valkey

ONE = amounts()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_redis() as server:
        yield server


@asynccontextmanager
async def replicas(
    server: Server,
    count: int,
    when_away: WhenAway = "refuse",
    *,
    patience: float = PATIENCE,
    report: Callable[[str], None] = print,
) -> AsyncIterator[list[Leasing]]:
    """So many processes' parts, all here, with books that are empty."""
    flush(server.url)
    valkeys = [Valkey(server.url) for _ in range(count)]
    made = [Leasing(f"r{n}", 5.0, valkey.exchange, when_away, report, patience) for n, valkey in enumerate(valkeys)]
    tasks = [asyncio.create_task(leasing.run()) for leasing in made]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for valkey in valkeys:
            await valkey.close()


def ticket(leasing: Leasing, *meters: Meter) -> Ticket:
    return Ticket(leasing.holder, meters, leasing.wake)


@pytest.mark.parametrize("meter", [Meter("key", "a", "requests", 100, MINUTE), Meter("key", "a", "concurrent", 100)])
async def test_of_1000_simultaneous_requests_at_four_replicas_exactly_100_pass(server: Server, meter: Meter) -> None:
    async with replicas(server, 4) as made:
        tickets = [ticket(leasing, meter) for leasing in made]
        asked = (made[n % 4].admit(tickets[n % 4], ONE) for n in range(1000))
        outcomes = await asyncio.gather(*asked)
        assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 100
        assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 900


async def test_far_from_the_limit_most_requests_wait_for_nobody(server: Server) -> None:
    meters = [Meter("key", f"k{n}", unit, 10**9, MINUTE) for n in range(5) for unit in ("requests", "tokens")]
    async with replicas(server, 1) as (leasing,):
        mine = ticket(leasing, *meters)
        for _ in range(5000):
            reserved = await leasing.admit(mine, amounts(1000, 200))
            assert isinstance(reserved, Reserved)
            reserved.settle(monotonic(), usage(1000, 50))
        assert leasing.round_trips < 5000 / 50


async def test_a_request_that_ends_makes_room_for_another(server: Server) -> None:
    meter = Meter("team", "t", "concurrent", 1)
    async with replicas(server, 2) as (first, second):
        reserved = await first.admit(ticket(first, meter), ONE)
        assert isinstance(reserved, Reserved)
        assert isinstance(await second.admit(ticket(second, meter), ONE), Refusal)
        reserved.settle(monotonic(), usage())
        assert isinstance(await first.admit(ticket(first, meter), ONE), Reserved)


async def test_without_books_what_was_lent_is_served_and_then_nothing(server: Server) -> None:
    meter = Meter("key", "a", "requests", 1000, MINUTE)
    async with replicas(server, 1, patience=0.3) as (leasing,):
        mine = ticket(leasing, meter)
        assert isinstance(await leasing.admit(mine, ONE), Reserved)
        free = leasing.holder.share(meter).free
        server.stop()
        try:
            outcomes = [await leasing.admit(mine, ONE) for _ in range(free + 10)]
        finally:
            server.start()
        assert [type(outcome) for outcome in outcomes] == [Reserved] * free + [Away] * 10


async def test_books_that_stand_still_for_a_moment_are_waited_for(server: Server) -> None:
    meter = Meter("key", "a", "requests", 1000, MINUTE)
    troubles = asyncio.Queue[str]()
    async with replicas(server, 1, report=troubles.put_nowait) as (leasing,):
        mine = ticket(leasing, meter)
        assert isinstance(await leasing.admit(mine, ONE), Reserved)
        async with asyncio.timeout(10):
            with server.paused():
                asked = asyncio.gather(*(leasing.admit(mine, ONE) for _ in range(999)))
                await troubles.get()  # a batch had no answer for as long as one waits for it
            outcomes = await asked
        assert all(isinstance(outcome, Reserved) for outcome in outcomes)
        assert isinstance(await leasing.admit(mine, ONE), Refusal)


async def test_books_that_refuse_connections_are_waited_for_once_and_then_nobody_waits(server: Server) -> None:
    meter = Meter("key", "a", "requests", 1000, MINUTE)
    async with replicas(server, 1, patience=0.3) as (leasing,):
        mine = ticket(leasing, meter)
        server.stop()
        try:
            before = monotonic()
            assert isinstance(await leasing.admit(mine, ONE), Away)
            waited, before = monotonic() - before, monotonic()
            assert all([isinstance(await leasing.admit(mine, ONE), Away) for _ in range(100)])
            assert monotonic() - before < 0.3 <= waited
        finally:
            server.start()
        async with asyncio.timeout(10):
            while isinstance(await leasing.admit(mine, ONE), Away):  # noqa: ASYNC110  # it asks again by itself
                await asyncio.sleep(0.01)
        assert isinstance(await leasing.admit(mine, ONE), Reserved)


async def test_where_the_operator_wants_it_requests_are_served_without_books_and_counted_later(server: Server) -> None:
    meter = Meter("key", "a", "requests", 100, MINUTE)
    async with replicas(server, 1, "serve", patience=0.3) as (leasing,):
        mine = ticket(leasing, meter)
        assert isinstance(await leasing.admit(mine, ONE), Reserved)
        server.stop()
        try:
            assert all([isinstance(await leasing.admit(mine, ONE), Reserved) for _ in range(300)])
        finally:
            server.start()
        trips = leasing.round_trips
        async with asyncio.timeout(10):
            while leasing.round_trips < trips + 3:
                outcome = await leasing.admit(mine, ONE)
                await asyncio.sleep(0.02)  # requests that come now and then
        assert isinstance(outcome, Refusal)


async def test_a_process_that_ends_gives_back_what_it_has(server: Server) -> None:
    meter = Meter("key", "a", "requests", 100, MINUTE)
    async with replicas(server, 2) as (first, second):
        for _ in range(10):
            assert isinstance(await first.admit(ticket(first, meter), ONE), Reserved)
        await first.close()
        outcomes = await asyncio.gather(*(second.admit(ticket(second, meter), ONE) for _ in range(100)))
        assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 90
