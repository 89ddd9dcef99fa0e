"""The fault upstream in a process of its own, for long runs: on the other core, and not to be killed with the gateway.

    async with upstream_process() as upstream:
        …                                   # the gateway calls upstream.url
        seen = await upstream.seen()        # how many requests had each `baggage`

The gateway hands a client's `baggage` on, which makes each request known on both sides.
"""

import asyncio
import collections
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop
from tests.faults.connection import Request
from tests.faults.server import FaultServer

ROOT = Path(__file__).parents[2]


class UpstreamProcess:
    """Made by `upstream_process`."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def seen(self) -> dict[str, int]:
        """How many requests it has seen with each `baggage`; this ends it."""
        out, _ = await self.process.communicate(b"\n")
        assert self.process.returncode == 0
        found: dict[str, int] = json.loads(out)
        return found


@contextlib.asynccontextmanager
async def upstream_process() -> AsyncIterator[UpstreamProcess]:
    """An upstream that lets go at once what other upstreams hold back until the test says so."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.upstream", stdin=pipe, stdout=pipe, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield UpstreamProcess(process, (await process.stdout.readline()).decode().strip())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def main() -> None:
    seen: collections.Counter[str] = collections.Counter()

    def witness(request: Request) -> None:
        seen[request.header("baggage") or ""] += 1

    async with FaultServer(record=False, witness=witness) as server:
        server.release()
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps(seen))


if __name__ == "__main__":
    uvloop.run(main())
