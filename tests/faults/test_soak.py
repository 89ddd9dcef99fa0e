"""A long run with faults everywhere ends as it began: nothing left, memory flat, and a ledger that misses nothing.

`TRUNKLINE_SOAK` is the number of requests; `make soak` makes it 200,000.
"""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest
from tests import aio
from tests.faults.client import RawClient, chat_body, connect, request
from tests.faults.fault import Fault
from tests.faults.gateway import RunningGateway, gateway_at_its_pace
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import STALLED, TIMED_OUT, check
from tests.faults.table import FAULTS
from tests.faults.upstream import upstream_process

REQUESTS = int(os.environ.get("TRUNKLINE_SOAK", "20000"))
CLIENTS = 32
FAULTY, STREAMED, LEFT, STALLING = 0.10, 0.20, 0.02, 0.001
"""Shares of all requests: that meet a fault, that are streamed, whose client leaves, whose upstream falls silent."""
BOUND = 60 + REQUESTS / 500
"""Seconds, on a machine that is busy with other things too."""
MEMORY = 40 << 20
"""Bytes by which the process may have grown since a quarter of the run."""

SLOW = ("one_byte_pieces", "byte_chunks", "ragged_chunks")
CLOSING = ("closes_idle", "closes_on_next", "resets_on_next", "resets_idle", "talks_when_idle")
"""What these do to the next request on their line, the upstream may or may not have seen."""
PATIENCE = {"deadline": {"first_token": "1s", "gap": "1s"}, "retries": {"attempts": 2, "max_wait": "10ms"}}

Case = tuple[Fault, bool]


def cases(*, stalling: bool) -> list[Case]:
    """The faults of a long run, streamed or not: those in which an upstream falls silent, or the others."""
    found = []
    for fault in FAULTS.values():
        for stream in (False, True):
            outcome = fault.outcome(stream=stream)
            if not fault.by_request or outcome is None or fault.name in (*SLOW, *CLOSING, "done_missing"):
                continue
            silent = outcome in (TIMED_OUT, STALLED)
            if silent == stalling and (stream or not silent):
                found.append((fault, stream))
    return found


@dataclass
class Plan:
    """What each of the requests is to meet, and whether its client stays for the end; the same in every run."""

    chance: random.Random = field(default_factory=lambda: random.Random(20))
    faulty: list[Case] = field(default_factory=lambda: cases(stalling=False))
    silent: list[Case] = field(default_factory=lambda: cases(stalling=True))

    def __iter__(self) -> Iterator[tuple[int, Fault, bool, bool]]:
        for number in range(REQUESTS):
            dice = self.chance.random()
            if dice < STALLING:
                fault, stream = self.chance.choice(self.silent)
            elif dice < FAULTY:
                fault, stream = self.chance.choice(self.faulty)
            else:
                stream = self.chance.random() < STREAMED
                fault = FAULTS["one_write" if stream else "normal"]
            yield number, fault, stream, stream and self.chance.random() < LEFT / STREAMED


async def client(port: int, plan: Iterator[tuple[int, Fault, bool, bool]], memory: list[int]) -> int:
    """Takes requests off the plan, on one connection as long as it lasts. How many of them the provider was spared, as
    it had asked for a pause.
    """
    spared, leaving = 0, True
    while leaving:
        leaving = False
        async with connect(port, within=30) as raw:
            for number, fault, stream, leaving in plan:
                if number in (REQUESTS // 4, REQUESTS - CLIENTS):
                    memory.append(resident())
                sent = await one(raw, number, fault, stream=stream, leaving=leaving)
                spared += not sent
                if leaving:
                    break
    return spared


async def one(raw: RawClient, number: int, fault: Fault, *, stream: bool, leaving: bool) -> bool:
    """One request, known by its number on all sides; whoever leaves does so when the upstream must have seen it.
    Whether it was sent there.
    """
    names = [("x-request-id", f"soak-{number}"), ("baggage", f"n={number}")]
    await raw.send(request(body=chat_body(f"up/{fault}", stream=stream), headers=names))
    if leaving:
        return (await raw.response_head()).header("x-trunkline-attempts") is not None
    outcome = fault.outcome(stream=stream)
    assert outcome is not None
    response = await raw.response()
    check(response, outcome, stream=stream)
    return response.header("x-trunkline-attempts") is not None


def resident() -> int:
    """Bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def rows_by_request(gw: RunningGateway) -> dict[str, int]:
    """How many attempts the ledger has of each request that were sent."""
    database = apsw.Connection(str(gw.data / "trunkline.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        sql = "SELECT label, count(*) FROM attempts WHERE outcome <> 'unreached' GROUP BY label"
        return {f"n={str(label).removeprefix('soak-')}": int(str(count)) for label, count in database.execute(sql)}
    finally:
        database.close()


@pytest.mark.slow
@pytest.mark.timeout(2 * BOUND)
@aio.within(BOUND)
async def test_a_long_run_leaves_nothing_behind_and_misses_nothing() -> None:
    memory: list[int] = []
    plan = iter(Plan())
    began = time.monotonic()
    async with (
        no_leaks(),
        upstream_process() as upstream,
        gateway_at_its_pace(upstream.url, **PATIENCE) as gw,
    ):
        spared = sum(await asyncio.gather(*(client(gw.port, plan, memory) for _ in range(CLIENTS))))
        took = time.monotonic() - began
        await gw.idle()
        assert not gw.process.server.connections
        seen, recorded = await upstream.seen(), rows_by_request(gw)
        print(f"{REQUESTS} requests, {sum(seen.values())} attempts in {took:.0f} s, {memory} bytes")
        assert recorded == seen
        assert len(seen) == REQUESTS - spared
        assert spared < REQUESTS / 100
    assert memory[-1] - memory[0] < MEMORY
