"""How Trunkline goes away: in order on SIGTERM, at once on the second signal, and never losing a row of the ledger."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests import aio
from tests.cli.serving import WITHIN, Served, first_events, serving, until
from tests.faults import replies
from tests.faults.client import RawClient, chat_request, connect
from tests.faults.server import FaultServer

bounded = aio.within(2 * WITHIN)

WORKERS = [1, pytest.param(2, marks=pytest.mark.slow)]


@contextlib.asynccontextmanager
async def streaming(
    folder: Path, *, workers: int = 1, grace: str = "0s", shutdown: str = "60s"
) -> AsyncIterator[tuple[Served, FaultServer, RawClient]]:
    """A Trunkline with a stream in flight, half of which has come; the rest comes with `release()` of its upstream."""
    async with FaultServer() as upstream:
        provider = {"type": "openai_compatible", "base_url": upstream.url, "price": {"input": 1, "output": 1}}
        server = {"grace": grace, "shutdown": shutdown, "workers": workers}
        async with (
            serving(folder, server=server, providers={"up": provider}) as served,
            connect(served.port, within=WITHIN) as raw,
        ):
            await raw.send(chat_request("up/held_mid_stream", stream=True))
            await first_events(raw, 3)
            yield served, upstream, raw


async def rest(raw: RawClient) -> bytes:
    """What is still to come of a stream, which may be cut."""
    events = []
    with contextlib.suppress(asyncio.IncompleteReadError):
        while event := await raw.event():
            events.append(event)
    return b"".join(events)


def refuses(port: int) -> bool:
    """Whether nothing listens on the port."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) != 0


@bounded
@pytest.mark.parametrize("workers", WORKERS)
async def test_sigterm_turns_readiness_red_and_goes_on_accepting_for_the_grace(tmp_path: Path, workers: int) -> None:
    async with serving(tmp_path, server={"grace": "60s", "workers": workers}) as served:
        served.signal(signal.SIGTERM)
        await served.has_logged("stopping", workers)
        assert (await served.get("/health/ready")).status == 503
        assert (await served.get("/health/ready", control=True)).status == 503
        assert (await served.get("/health/live")).status == 200
        assert (await served.ask("simulated/echo")).status == 200
        served.signal(signal.SIGTERM)
        assert await served.ended() == 0


@bounded
@pytest.mark.parametrize("workers", WORKERS)
async def test_then_nothing_new_is_accepted_while_streams_finish(tmp_path: Path, workers: int) -> None:
    async with streaming(tmp_path, workers=workers) as (served, upstream, raw):
        served.signal(signal.SIGTERM)
        await until(lambda: refuses(served.port), "it accepts no more", served.log_text)
        assert served.process.returncode is None
        upstream.release()
        assert (await rest(raw)).endswith(replies.DONE)
        assert await served.ended() == 0
        [row] = served.rows()
        assert (row.outcome, row.output_tokens) == ("ok", replies.USAGE["completion_tokens"])
        assert not served.status()
        assert not (served.data / "run" / "trunkline.pid").exists()


@bounded
async def test_streams_that_take_longer_than_the_limit_are_cut_and_charged(tmp_path: Path) -> None:
    async with streaming(tmp_path, shutdown="100ms") as (served, _, raw):
        served.signal(signal.SIGTERM)
        assert replies.DONE not in await rest(raw)
        assert await served.ended() == 0
        await served.has_logged("stopping.cut")
        [row] = served.rows()
        assert row.outcome == "cancelled"
        assert row.cost > 0


@bounded
async def test_sigint_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    async with streaming(tmp_path, grace="1h") as (served, upstream, raw):
        served.signal(signal.SIGINT)
        await until(lambda: refuses(served.port), "it accepts no more", served.log_text)
        upstream.release()
        assert (await rest(raw)).endswith(replies.DONE)
        assert await served.ended() == 0


@bounded
@pytest.mark.parametrize("workers", WORKERS)
async def test_the_second_signal_ends_at_once_and_loses_no_row(tmp_path: Path, workers: int) -> None:
    async with streaming(tmp_path, workers=workers, grace="1h") as (served, _, raw):
        served.signal(signal.SIGTERM)
        await served.has_logged("stopping", workers)
        served.signal(signal.SIGTERM)
        assert await served.ended() == 0
        assert replies.DONE not in await rest(raw)
        [row] = served.rows()
        assert row.outcome == "cancelled"
        assert list((served.data / "journal").iterdir()) == []


@bounded
async def test_when_its_terminal_is_closed_it_ends(tmp_path: Path) -> None:
    ours, its = os.openpty()
    served = Served(tmp_path, {})
    await served.start(terminal=its)
    os.close(its)
    served.signal(signal.SIGHUP)
    await until(lambda: (status := served.status()) is not None and status.reloads == 1, "a reload")
    os.close(ours)
    served.signal(signal.SIGHUP)
    assert await served.ended() == 0
    await served.end()


@bounded
async def test_what_was_under_way_when_it_was_killed_is_charged_at_the_next_start(tmp_path: Path) -> None:
    async with streaming(tmp_path) as (served, _, _):
        os.kill(served.process.pid, signal.SIGKILL)
        await served.ended()
        assert served.status() is None
    async with serving(tmp_path) as served:
        assert any("1 attempt was under way when Trunkline was killed" in line for line in served.said)
        [row] = served.rows()
        assert row.outcome == "unsettled"
        assert row.cost > 0
