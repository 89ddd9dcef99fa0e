"""Keys that are made and revoked while Trunkline runs."""

import asyncio
import sys
import time
from pathlib import Path

import pytest
from tests import aio
from tests.cli.serving import WITHIN, Served, serving

bounded = aio.within(2 * WITHIN)


async def keys(served: Served, *words: str) -> str:
    """What `trunkline keys` prints."""
    command = [sys.executable, "-P", "-m", "trunkline", "keys", *words]
    places = ["--config", str(served.config), "--data", str(served.data)]
    ran = await asyncio.create_subprocess_exec(
        *command, *places, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, problems = await ran.communicate()
    assert ran.returncode == 0, problems
    return said.decode().strip()


async def statuses(served: Served, key: str, count: int) -> set[int]:
    """The answers to so many requests, each on a connection of its own, so that every worker has a part."""
    replies = await asyncio.gather(*(served.ask("simulated/echo", key=key) for _ in range(count)))
    return {reply.status for reply in replies}


async def revoke_under_load(served: Served) -> None:
    """Makes two keys and revokes one while requests run: it stops within a second, the other goes on."""
    one, other = await keys(served, "create", "one"), await keys(served, "create", "other")
    assert await statuses(served, one, 8) == await statuses(served, other, 8) == {200}
    revoking = asyncio.create_task(keys(served, "revoke", "one"))
    while not revoking.done():
        assert await statuses(served, one, 4) <= {200, 401}
    revoked = time.monotonic()
    while time.monotonic() < revoked + 1.0:
        assert await statuses(served, one, 4) <= {200, 401}
    assert await statuses(served, one, 16) == {401}
    assert await statuses(served, other, 16) == {200}


@bounded
async def test_a_revoked_key_stops_within_a_second_while_requests_run(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await revoke_under_load(served)


@pytest.mark.slow
@bounded
async def test_a_revoked_key_stops_in_every_worker(tmp_path: Path) -> None:
    async with serving(tmp_path, server={"workers": 2}) as served:
        await revoke_under_load(served)


@bounded
async def test_a_new_key_works_at_once_and_closes_what_was_open(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert (await served.ask("simulated/echo")).status == 200
        key = await keys(served, "create", "app", "--model", "simulated/echo")
        while (await served.ask("simulated/echo")).status == 200:
            pass
        assert (await served.ask("simulated/echo", key=key)).status == 200
        assert (await served.ask("simulated/chat", key=key)).status == 403


@bounded
async def test_revoking_the_last_key_opens_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        key = await keys(served, "create", "only")
        while (await served.ask("simulated/echo")).status == 200:
            pass
        await keys(served, "revoke", "only")
        while (await served.ask("simulated/echo", key=key)).status == 200:
            pass
        assert (await served.ask("simulated/echo")).status == 401
    async with serving(tmp_path) as served:
        assert (await served.ask("simulated/echo")).status == 401
        assert "only programs on this machine" not in "\n".join(served.said)
