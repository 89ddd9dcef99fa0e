"""Lines to one origin: which are kept, for how long, and what becomes of those that nobody takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from tests import aio
from tests.faults import certificates
from tests.faults.leaks import no_leaks
from tests.faults.server import FaultServer
from tests.transport.receiver import Receiver

from trunkline.transport.client import Line
from trunkline.transport.deadlines import GRAIN, Deadlines
from trunkline.transport.exchange import Call, Fault, Times
from trunkline.transport.pool import LONGEST_IDLE, Origin, Pool

CALL = Call(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 18\r\n\r\n", b'{"model":"any-x" }')


@asynccontextmanager
async def pool(fault: str = "normal", *, max_idle: int = 8) -> AsyncIterator[tuple[FaultServer, Pool]]:
    """A pool to an upstream, and what is left of it closed at the end."""
    async with no_leaks(), FaultServer(fault) as up:
        found = Pool(Origin(host="127.0.0.1", port=up.port, allow_private=True, max_idle=max_idle), Deadlines())
        yield up, found
        await found.close()
        for line in list(found.lines):
            line.abort()


async def call(line: Line) -> Receiver:
    receiver = Receiver()
    line.send(CALL, receiver, Times())
    await asyncio.wait_for(receiver.over.wait(), 5)
    return receiver


async def test_a_line_that_carried_a_whole_reply_is_taken_again() -> None:
    async with pool() as (up, lines):
        assert lines.ready() is None
        first = await lines.open(5)
        assert (await call(first)).ended == "whole"
        assert lines.ready() is first
        assert lines.ready() is None
        assert len(up.connections) == lines.opened == 1


async def test_the_last_used_line_is_the_first_taken_and_no_more_are_kept_than_allowed() -> None:
    async with pool(max_idle=2) as (_, lines):
        opened = [await lines.open(5) for _ in range(4)]
        for line in opened:
            await call(line)
        assert list(lines.idle) == opened[:2]
        assert lines.lines == set(opened[:2])
        assert lines.ready() is opened[1]


async def test_an_idle_line_is_dropped_in_its_time() -> None:
    async with pool() as (up, lines):
        line = await lines.open(5)
        await call(line)
        lines.deadlines.advance(monotonic() + LONGEST_IDLE - 1)
        assert lines.idle
        lines.deadlines.advance(monotonic() + LONGEST_IDLE + 2 * GRAIN)
        assert not lines.idle
        assert not lines.lines
        await up.closed(up.connections[0], within=1)


async def test_our_own_dropping_of_idle_lines_does_not_make_us_less_patient() -> None:
    async with pool() as (_, lines):
        for round_ in range(3):
            line = await lines.open(5)
            await call(line)
            assert line.due == pytest.approx(monotonic() + LONGEST_IDLE, abs=5), f"round {round_}"
            lines.deadlines.advance(monotonic() + LONGEST_IDLE + 1 + round_)
            assert line.lost


async def test_an_upstream_that_closes_idle_lines_teaches_how_long_it_waits() -> None:
    async with pool("resets_idle") as (up, lines):
        line = await lines.open(5)
        await call(line)
        line.idle_since -= 10  # as if it had been idle for ten seconds
        up.release()
        for _ in range(200):
            if line.lost:
                break
            await asyncio.sleep(0.01)
        assert not lines.idle
        up.play("normal")
        again = await lines.open(5)
        await call(again)
        assert again.due - monotonic() == pytest.approx(8, abs=1)


async def test_an_idle_line_on_which_something_comes_is_of_no_use() -> None:
    async with pool("talks_when_idle") as (up, lines):
        line = await lines.open(5)
        assert (await call(line)).status == 200
        await up.closed(up.connections[0], within=1)
        assert lines.ready() is None
        assert not lines.lines


async def test_a_call_that_is_aborted_drops_its_line_at_once_and_is_told_nothing() -> None:
    async with pool("held") as (up, lines):
        line = await lines.open(5)
        receiver = Receiver()
        line.send(CALL, receiver, Times())
        asked = await up.request()
        line.abort()
        line.abort()
        await up.closed(asked.connection, within=0.1)
        assert not lines.lines
        assert not receiver.ended


async def test_a_line_that_nobody_takes_is_not_forgotten() -> None:
    """Whoever asked for it may be cancelled before it stands, and in the very moment it does."""
    async with pool() as (up, lines):
        for turns in range(12):
            opening = asyncio.create_task(lines.open(5))
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled():
                opening.result().abort()
        for _ in range(5):
            await aio.turn()
        assert not lines.lines
        for connection in up.connections:
            await up.closed(connection, within=1)


async def test_a_closed_pool_keeps_no_line_and_lets_calls_finish() -> None:
    async with pool("held") as (up, lines):
        idle = await lines.open(5)
        up.play("normal")
        await call(idle)
        busy = await lines.open(5)
        receiver = Receiver()
        busy.send(CALL, receiver, Times())
        await up.request(1)
        await lines.close()
        assert lines.lines == {busy}
        up.release()
        await asyncio.wait_for(receiver.over.wait(), 5)
        assert receiver.ended == "whole"
        assert busy.lost
        assert not lines.lines


async def test_a_connection_that_is_not_made_in_time_is_told() -> None:
    async with pool("tls_mute") as (up, _), no_leaks():
        context = certificates.client_context()
        hasty = Pool(Origin(host="127.0.0.1", port=up.port, allow_private=True, tls=context), Deadlines())
        with pytest.raises(Fault, match=r"did not answer within 0\.1 s") as late:
            await hasty.open(0.1)
        assert late.value.kind == "connect_timeout"
        assert not hasty.lines
        await up.closed(up.connections[0], within=1)
