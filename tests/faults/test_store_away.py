"""The ledger's store stands still, or is killed and comes back, under load: requests are answered, and each has its row
once.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import aio, services
from tests.cli.serving import serving, until
from tests.faults.client import RawClient, chat_body, connect, request
from tests.faults.server import FaultServer
from tests.faults.test_limits_of_replicas import KEY, config

BOUND = 100
"""Seconds, on a machine that is busy with other things too."""
EACH = 100
"""Requests before the store goes away, while it is away, and after that."""


async def ask(raw: RawClient, labels: Iterator[int]) -> None:
    for _ in range(EACH):
        names = [("x-request-id", f"r{next(labels)}"), ("authorization", f"Bearer {KEY}")]
        await raw.send(request(body=chat_body("up/normal"), headers=names))
        assert (await raw.response()).status == 200


def rows(url: str) -> Counter[str]:
    """How many rows there are with each label."""
    found = services.execute(url, "SELECT label, count(*) FROM attempts WHERE outcome = 'ok' GROUP BY label")
    return Counter(dict(found))


@pytest.mark.slow
@pytest.mark.timeout(2 * BOUND)
@pytest.mark.parametrize("how", ["stalled", "killed"])
@aio.within(BOUND)
async def test_while_the_store_is_away_requests_are_answered_and_none_is_lost_or_doubled(
    tmp_path: Path, own_postgresql: services.PostgreSQL, how: str
) -> None:
    labels = iter(range(10_000))
    async with FaultServer(record=False) as up:
        sections = config(up, store=own_postgresql.url)
        async with serving(tmp_path, **sections) as served, connect(served.port, within=30) as raw:
            await ask(raw, labels)
            if how == "stalled":
                with own_postgresql.paused():
                    await ask(raw, labels)
                    await served.has_logged("ledger.store_refuses")
            else:
                await asyncio.to_thread(own_postgresql.stop, "immediate")
                await ask(raw, labels)
                await served.has_logged("ledger.store_refuses")
                await asyncio.to_thread(own_postgresql.start)
            await ask(raw, labels)
            written = await served.metric("trunkline_ledger_lag_rows")
            while written:
                await asyncio.sleep(0.05)
                written = await served.metric("trunkline_ledger_lag_rows")
        await until(lambda: not list((served.data / "journal").glob("*.journal")), "an empty journal")
    assert await asyncio.to_thread(rows, own_postgresql.url) == Counter(f"r{number}" for number in range(3 * EACH))
