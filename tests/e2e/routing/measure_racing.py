"""What a race of two costs the gateway: `python -m tests.e2e.routing.measure_racing`. No test: it is a measurement.

Processor time of a gateway in a process of its own, in microseconds a request, over as many requests with one
provider and with two that race. The least of several rounds.
"""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop
from tests.cli.serving import Served, serving
from tests.faults.client import chat_request, connect
from tests.faults.upstream import upstream_process

REQUESTS: Final = 400
ROUNDS: Final = 5
CLIENTS: Final = 8
TICK: Final = os.sysconf("SC_CLK_TCK")


def spent(pid: int) -> float:
    """Seconds of processor time, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


async def load(port: int, model: str, *, stream: bool) -> None:
    """The requests, over several connections."""

    async def client() -> None:
        async with connect(port, within=60.0) as raw:
            for _ in range(REQUESTS // CLIENTS):
                await raw.send(chat_request(model, stream=stream))
                await raw.response()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


async def cost(served: Served, model: str, *, stream: bool) -> float:
    """Microseconds a request."""
    await load(served.port, model, stream=stream)
    rounds = []
    for _ in range(ROUNDS):
        before = spent(served.process.pid)
        await load(served.port, model, stream=stream)
        rounds.append(spent(served.process.pid) - before)
    return min(rounds) / REQUESTS * 1e6


async def main() -> None:
    with TemporaryDirectory() as folder:
        async with upstream_process() as one, upstream_process() as other:
            providers = {
                name: {"type": "openai_compatible", "base_url": upstream.url}
                for name, upstream in (("one", one), ("other", other))
            }
            models = {"alone": "one/normal", "race": {"route": "race", "of": ["one/normal", "other/normal"]}}
            async with serving(Path(folder), providers=providers, models=models) as served:
                for stream in (False, True):
                    alone = await cost(served, "alone", stream=stream)
                    race = await cost(served, "race", stream=stream)
                    print(f"stream={stream}: {alone:.0f} µs alone, {race:.0f} µs in a race, {race / alone:.2f} times")
            await one.seen()
            await other.seen()


if __name__ == "__main__":
    uvloop.run(main())
