"""Limits of four real gateways of which one has all the traffic: it gets at least 95 % of them, and seldom asks."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import redis
from tests import aio
from tests.cli.serving import Served, serving
from tests.faults.client import RawClient, chat_request, connect
from tests.faults.replies import USAGE
from tests.faults.server import FaultServer
from tests.faults.test_limits_of_replicas import KEY, config, replicas

BOUND = 200
"""Seconds, on a machine that is busy with other things too: four gateways are started."""
WINDOW = 60.0
"""Seconds: all of these limits are by the minute."""
ELSEWHERE = 10
"""Requests that each of the other three has had before, so that they hold shares."""
TOKENS = USAGE["total_tokens"]
MANY = 2000


async def elsewhere(others: list[Served]) -> None:
    for other in others:
        async with connect(other.port, within=30) as raw:
            for _ in range(ELSEWHERE):
                assert await status(raw) == 200


async def status(raw: RawClient, model: str = "up/normal") -> int:
    await raw.send(chat_request(model, key=KEY, max_tokens=16))
    return (await raw.response()).status


async def until_enough(port: int, enough: int) -> Counter[int]:
    """Asks one replica again and again until so many were answered, or the window of the first is nearly over."""
    answers, ends = Counter[int](), monotonic() + 0.9 * WINDOW

    async def client() -> None:
        async with connect(port, within=30) as raw:
            while answers[200] < enough and monotonic() < ends:
                found = await status(raw)
                answers[found] += 1
                if found != 200:
                    await asyncio.sleep(0.05)

    await asyncio.gather(*(client() for _ in range(16)))
    return answers


@pytest.mark.slow
@pytest.mark.timeout(2 * BOUND)
@pytest.mark.parametrize(
    ("limit", "most"),
    [({"requests": "600/min"}, 600), ({"tokens": f"{600 * TOKENS}/min"}, 600)],
    ids=["requests", "tokens"],
)
@aio.within(BOUND)
async def test_all_traffic_on_one_of_four_gets_95_percent_of_a_rate_within_its_window(
    tmp_path: Path, postgresql_url: str, redis_url: str, limit: dict[str, Any], most: int
) -> None:
    async with FaultServer(record=False) as up:
        sections = {**config(up, limits=[{"key": "a", **limit}]), "store": postgresql_url, "shared": redis_url}
        async with replicas(tmp_path, 4, sections) as (one, *others):
            await elsewhere(others)
            answers = await until_enough(one.port, most * 95 // 100)
        assert answers[200] + 3 * ELSEWHERE >= most * 95 // 100
        assert up.counts.total() <= most
        assert set(answers) <= {200, 429}


@pytest.mark.slow
@pytest.mark.timeout(2 * BOUND)
@aio.within(BOUND)
async def test_all_traffic_on_one_of_four_gets_95_percent_of_what_may_be_under_way(
    tmp_path: Path, postgresql_url: str, redis_url: str
) -> None:
    most = 100
    async with FaultServer(record=False) as up:
        sections = {
            **config(up, limits=[{"key": "a", "concurrent": most}]),
            "store": postgresql_url,
            "shared": redis_url,
        }
        async with replicas(tmp_path, 4, sections) as (one, *others), contextlib.AsyncExitStack() as stack:
            await elsewhere(others)
            lines = [await stack.enter_async_context(connect(one.port, within=30)) for _ in range(2 * most)]

            async def hold(raw: RawClient) -> None:
                while await status(raw, "up/held") != 200:  # noqa: ASYNC110  # it is asked for again
                    await asyncio.sleep(0.05)

            asking = [asyncio.create_task(hold(raw)) for raw in lines]
            while up.counts["held"] < most * 95 // 100:  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(0.01)
            for _ in range(20):  # the others ask again and again, and none is let in
                await asyncio.sleep(0.05)
                assert up.counts["held"] <= most
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.slow
@pytest.mark.timeout(2 * BOUND)
@aio.within(BOUND)
async def test_far_from_the_limits_there_is_less_than_one_command_to_valkey_in_50_requests(
    tmp_path: Path, redis_url: str
) -> None:
    scopes: list[dict[str, str]] = [{"org": "o"}, {"team": "o/t"}, {"user": "u"}, {"key": "*"}, {"model": "*"}]
    limits = [scope | {"requests": "10M/min", "tokens": "10G/min", "concurrent": 100_000} for scope in scopes]
    async with FaultServer(record=False) as up:
        sections = config(up, limits=limits, shared=redis_url) | {
            "orgs": {"o": {}},
            "teams": {"o/t": {}},
            "users": {"u": {"team": "o/t"}},
            "keys": [{"name": "a", "key": KEY, "user": "u"}],
        }
        async with serving(tmp_path, **sections) as served:
            await until_enough(served.port, 200)
            before = await asyncio.to_thread(commands, redis_url)
            began = monotonic()
            answers = await until_enough(served.port, MANY)
            asked, took = await asyncio.to_thread(commands, redis_url) - before, monotonic() - began
    print(f"{asked} commands for {answers.total()} requests in {took:.1f} s")
    assert answers[200] >= MANY
    assert asked <= answers.total() / 50


def commands(url: str) -> int:
    """How often a script was run: the only command that a gateway sends while it runs."""
    with redis.Redis.from_url(url) as client:
        stats: Any = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha", "fcall"))
