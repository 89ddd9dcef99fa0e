"""A gateway that is killed under load, again and again: its ledger has every attempt that the upstream saw, once."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

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
MODELS = ["up/normal", "up/one_write", "up/held_mid_stream", "up/error_500", "up/cut_between_events", "up/gone"]


async def keep_asking(port: int, numbers: Iterator[int]) -> None:
    """Sends one request after the other, each with a number of its own, until the gateway is gone."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        async with connect(port, within=30) as raw:
            while True:
                number = next(numbers)
                model = MODELS[number % len(MODELS)]
                stream = model in ("up/one_write", "up/held_mid_stream", "up/cut_between_events")
                names = [("x-request-id", f"n={number}"), ("baggage", f"n={number}")]
                await raw.send(request(body=chat_body(model, stream=stream), headers=names))
                await raw.response()


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
            served = Served(tmp_path, config)
            await served.start()
            clients = [asyncio.create_task(keep_asking(served.port, numbers)) for _ in range(CLIENTS)]
            await enough.wait()
            served.signal(signal.SIGKILL)
            assert await served.ended() == -signal.SIGKILL
            await asyncio.gather(*clients)
            await served.end()
        last = Served(tmp_path, config)
        await last.start()
        assert (await last.ask("up/normal")).status == 200
        await last.end()
        assert last.process.returncode == 0

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
