"""The shared books in a real Valkey or Redis: they say what the books in memory say."""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from tests.services import Redis as Server
from tests.services import flush, running_redis

from trunkline.limits.books import Ask
from trunkline.limits.meter import HOUR, MINUTE, slot_of
from trunkline.limits.pool import Batch, Pool
from trunkline.store.errors import SharedUnavailable
from trunkline.store.valkey import Valkey


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_redis() as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    flush(server.url)
    return server.url


async def test_valkey_says_what_the_books_in_memory_say(url: str) -> None:
    valkey, pool, random = Valkey(url), Pool(), Random(7)
    lives = {"a": 10**6, "b": 10**6, "dying": 1}
    numbers = dict.fromkeys(lives, 0)
    reply = await valkey.exchange(Batch("first", 1, 1, 0, []))
    pool.generation = reply.generation
    for _ in range(300):
        holder = random.choice(list(lives))
        numbers[holder] += 1
        asks = [_random_ask(random, reply.now, name, window) for name in "xyz" for window in (0, MINUTE, HOUR)]
        batch = Batch(holder, numbers[holder], lives[holder], random.choice([0, pool.generation]), asks)
        reply = await valkey.exchange(batch)
        told = pool.exchange(batch, reply.now)
        assert reply == told
        if not reply.alive:
            numbers[holder] = 10**9  # it is never heard of again
            numbers.pop(holder)
            lives.pop(holder)
    await valkey.close()


def _random_ask(random: Random, now: int, name: str, window: int) -> Ask:
    limit = random.choice([100, 10**12])
    slot = slot_of(now, window)
    marks = [(slot - random.randint(0, 60), random.randint(-50, 100)) for _ in range(random.randint(0, 3))]
    some = [random.randint(0, limit // 2) for _ in range(4)]
    return Ask(f"{name}:{window}", limit, window, marks if window else [], *some)


async def test_a_batch_that_comes_again_is_entered_once(url: str) -> None:
    valkey = Valkey(url)
    batch = Batch("a", 1, 60_000, 0, [Ask("m", 100, 0, [], 0, 10, 10, 0)])
    first, second = await asyncio.gather(valkey.exchange(batch), valkey.exchange(batch))
    assert first == second
    other = await valkey.exchange(Batch("b", 1, 60_000, 0, [Ask("m", 100, 0, [], 0, 1, 100, 0)]))
    assert other.answers[0].granted == 90
    late = await valkey.exchange(Batch("b", 0, 60_000, 0, [Ask("m", 100, 0, [], 0, 1, 100, 0)]))
    assert late == other
    await valkey.close()


async def test_what_is_kept_is_forgotten_when_nothing_of_it_counts_any_more(url: str) -> None:
    from redis.asyncio import Redis

    valkey, client = Valkey(url), Redis.from_url(url)
    await valkey.exchange(Batch("a", 1, 1000, 0, [Ask("m", 100, MINUTE, [], 0, 1, 1, 0)]))
    assert 0 < await client.pttl("{trunkline}:m") <= 2 * MINUTE + 1000 + 3_600_000
    assert 0 < await client.pttl("{trunkline}:reply:a") <= 3_600_000
    await client.aclose()
    await valkey.close()


async def test_a_server_that_is_away_or_stands_still_is_told_within_a_second(server: Server) -> None:
    valkey = Valkey(server.url)
    batch = Batch("c", 1, 60_000, 0, [])
    with server.paused(), pytest.raises(SharedUnavailable):
        await valkey.exchange(batch)
    assert (await valkey.exchange(batch)).alive
    await valkey.close()
    nobody = Valkey("redis://127.0.0.1:1/0")
    with pytest.raises(SharedUnavailable, match="Check that Valkey runs"):
        await nobody.exchange(batch)
    await nobody.close()
