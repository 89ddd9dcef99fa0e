"""Answers in a real Valkey or Redis: shared by replicas, and never believed when they are not what was stored."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import redis
from tests import services
from tests.faults.server import FaultServer
from tests.gateway.cached import Cached, cached

KEY = "a master key of thirty-two characters or more"


@contextlib.asynccontextmanager
async def two(url: str, folder: Path) -> AsyncIterator[tuple[Cached, Cached]]:
    """Two replicas with one store, one upstream and one Valkey."""
    settings = {"shared": url, "store": f"sqlite://{folder}/shared.db", "master_key": KEY}
    async with (
        FaultServer() as upstream,
        cached(None, upstream, **settings) as one,
        cached(None, upstream, **settings) as other,
    ):
        yield one, other


async def written(it: Cached) -> None:
    await it.running.process.gateway.caching.answers.written()


def failures(it: Cached) -> dict[str, int]:
    return it.running.process.metrics._events["cache_failures"]


def stored(url: str) -> dict[bytes, bytes]:
    with redis.Redis.from_url(url) as client:
        return {key: client.get(key) for key in client.keys("trunkline:answer:*")}


async def test_replicas_share_answers_which_are_not_readable_on_the_way(redis_url: str, tmp_path: Path) -> None:
    async with two(redis_url, tmp_path) as (one, other):
        assert await one.result() == "miss"
        await written(one)
        assert await other.result() == "hit"
        assert one.asked == 1
        [value] = stored(redis_url).values()
        assert b"openai" not in value
        assert b"gemacht" not in value


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value[:-1] + bytes([value[-1] ^ 1]),
        lambda value: value[: len(value) // 2],
        lambda value: b"",
        lambda value: bytes([value[0] + 1]) + value[1:],
        lambda value: b"\x93\x01\x02\x03",
    ],
)
async def test_a_value_that_is_not_what_was_stored_is_ignored_and_counted(
    redis_url: str, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    async with two(redis_url, tmp_path) as (one, other):
        await one.post()
        await written(one)
        [(key, value)] = stored(redis_url).items()
        with redis.Redis.from_url(redis_url) as client:
            client.set(key, damage(value))
        assert await other.result() == "miss"
        assert failures(other)["damaged"] == 1
        assert one.asked == 2


async def test_a_value_moved_to_another_key_is_ignored(redis_url: str, tmp_path: Path) -> None:
    async with two(redis_url, tmp_path) as (one, other):
        await one.post(seed=1)
        await one.post(seed=2)
        await written(one)
        values = stored(redis_url)
        with redis.Redis.from_url(redis_url) as client:
            for key, value in zip(values, reversed(values.values()), strict=True):
                client.set(key, value)
        assert await other.result(seed=1) == "miss"
        assert failures(other)["damaged"] == 1


async def test_without_its_valkey_a_gateway_goes_on_with_what_it_has(own_redis: services.Redis, tmp_path: Path) -> None:
    async with two(own_redis.url, tmp_path) as (one, other):
        own_redis.stop()
        assert [await one.result() for _ in range(2)] == ["miss", "hit"]
        await written(one)
        assert await other.result() == "miss"
        assert failures(one)["away"] >= 1


async def test_a_valkey_that_stands_still_delays_one_request_only(own_redis: services.Redis, tmp_path: Path) -> None:
    async with two(own_redis.url, tmp_path) as (one, _):
        with own_redis.paused():
            assert [await one.result(seed=number) for number in range(3)] == ["miss"] * 3
            await written(one)
        assert failures(one)["away"] == 1


async def test_an_idempotency_key_is_known_to_all_replicas(redis_url: str, tmp_path: Path) -> None:
    async with two(redis_url, tmp_path) as (one, other):
        key = {"idempotency-key": "k1", "cache-control": "no-store"}
        told = [(await one.post(headers=key)).json()]
        await written(one)
        told.append((await other.post(headers=key)).json())
        assert told[0] == told[1]
        assert one.asked == 1
