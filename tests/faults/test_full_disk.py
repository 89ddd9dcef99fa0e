"""A disk that is full: what cannot be recorded is not sent, and what was recorded before is not lost."""

import asyncio
import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.faults.client import connect
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.server import FaultServer

from trunkline.ledger.journal import Journal, orphans
from trunkline.ledger.record import Intent

INTENT = Intent("01a20271-3c73-7e94-a370-02e34b416cbd", 1, 0, "label", "key", "asked", "up", "model", False, 7)


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Until the end of the block, this process cannot make a file larger than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("stream", [False, True])
async def test_what_cannot_be_recorded_is_not_sent(stream: bool) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        with no_file_larger_than(0):
            response = await ask(raw, "up/any", stream=stream)
        assert (response.status, response.json()["error"]["code"]) == (503, "ledger_unavailable")
        assert response.header("retry-after")
        assert up.requests == []
        check(await ask(raw, "up/any", stream=stream), WHOLE, stream=stream)
        assert [row.outcome for row in await gw.rows()] == ["ok"]


def test_half_an_intent_does_not_spoil_the_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 1)
    journal.begin(INTENT)
    (path,) = tmp_path.iterdir()
    with no_file_larger_than(path.stat().st_size + 20), pytest.raises(OSError, match="full"):
        journal.begin(replace(INTENT, attempt=2))
    journal.begin(replace(INTENT, attempt=3))
    journal.close()
    (found,) = orphans(tmp_path)
    assert [intent.attempt for intent in found.intents] == [1, 3]


async def test_what_the_stores_disk_does_not_take_waits_until_it_does() -> None:
    asked = 20
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        check(await ask(raw, "up/normal"), WHOLE, stream=False)
        await gw.idle()
        wal = gw.data / "trunkline.db-wal"
        with no_file_larger_than(wal.stat().st_size):  # the journal is far smaller
            for _ in range(asked):
                check(await ask(raw, "up/normal"), WHOLE, stream=False)
            async with asyncio.timeout(10):
                while not gw.logged("ledger.store_refuses"):  # noqa: ASYNC110  # the log is a file
                    await asyncio.sleep(0.01)
            assert gw.process.gateway.ledger.lag
        rows = await gw.rows()
    assert [row.outcome for row in rows] == ["ok"] * (1 + asked)
    assert len({row.request for row in rows}) == 1 + asked
