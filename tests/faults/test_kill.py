"""A gateway that is killed under load, again and again: its ledger has every attempt that the upstream saw, once."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import aio
from tests.cli.serving import Served
from tests.faults.client import chat_body, connect, request
from tests.faults.connection import Request
from tests.faults.server import FaultServer

ROUNDS = 10
CLIENTS = 12
UNDER_LOAD = 300
"""Requests that the upstream sees in each round before the gateway is killed."""
ANSWERED = ["up/normal", "up/one_write", "up/error_500", "up/cut_between_events", "up/any"]
UNDER_WAY = ["up/held", "up/held_mid_stream"]
STREAMED = ["up/one_write", "up/cut_between_events", "up/held_mid_stream"]


async def keep_asking(port: int, numbers: Iterator[int], models: list[str]) -> None:
    """Sends one request after the other, each with a number of its own, until the gateway is gone."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        async with connect(port, within=30) as raw:
            while True:
                number = next(numbers)
                model = models[number % len(models)]
                names = [("x-request-id", f"n={number}"), ("baggage", f"n={number}")]
                await raw.send(request(body=chat_body(model, stream=model in STREAMED), headers=names))
                await raw.response()


@contextlib.asynccontextmanager
async def started(folder: Path, config: dict[str, Any]) -> AsyncIterator[Served]:
    """The gateway, on what the last one has left behind."""
    served = Served(folder, config)
    try:
        await served.start()
        yield served
    finally:
        await served.end()


@pytest.mark.slow
@aio.within(110)
async def test_whatever_moment_it_is_killed_at_each_attempt_that_the_upstream_saw_is_in_the_ledger_once(
    tmp_path: Path,
) -> None:
    seen: Counter[str] = Counter()
    enough = asyncio.Event()
    numbers = iter(range(1_000_000))

    def witness(asked: Request) -> None:
        seen[asked.header("baggage") or ""] += 1
        if seen.total() >= goal:
            enough.set()

    async with FaultServer(record=False, witness=witness) as up:
        config = {"providers": {"up": {"type": "openai_compatible", "base_url": up.url, "max_idle": 64}}}
        for killed in range(ROUNDS):
            goal = seen.total() + UNDER_LOAD + 7 * killed
            enough.clear()
            async with started(tmp_path, config) as served:
                clients = [keep_asking(served.port, numbers, UNDER_WAY if n < 4 else ANSWERED) for n in range(CLIENTS)]
                asking = asyncio.gather(*clients)
                await enough.wait()
                served.signal(signal.SIGKILL)
                assert await served.ended() == -signal.SIGKILL
                await asking
        async with started(tmp_path, config) as last:
            assert (await last.ask("up/normal")).status == 200

    rows = last.rows()
    found, unsettled = Counter(row.label for row in rows), Counter(r.label for r in rows if r.outcome == "unsettled")
    assert len({(row.request, row.attempt) for row in rows}) == len(rows)
    missing = {name: count for name, count in seen.items() if name and found[name] < count}
    doubled = {name: count for name, count in found.items() if name and count > max(1, seen[name])}
    assert not missing
    assert not doubled
    assert {name for name in found if name and not seen[name]} <= unsettled.keys()
    assert unsettled, "nothing was under way when it was killed: the test shows nothing"
    assert len(unsettled) < len(rows) / 2
    assert not list((last.data / "journal").iterdir())
