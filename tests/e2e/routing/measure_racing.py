"""What a race of two costs the gateway: `python -m tests.e2e.routing.measure_racing`. No test: it is a measurement.

Processor time of a gateway in a process of its own, in microseconds a request: with one provider, and with two that
race. The three take turns, and the least of each one's rounds counts, for the machine may have other things to do.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import uvloop
from tests.cli.serving import Served, serving
from tests.faults.client import chat_request, connect
from tests.faults.upstream import upstream_process

REQUESTS: Final = 400
ROUNDS: Final = 12
CLIENTS: Final = 8


def spent(pid: int) -> float:
    """Seconds of processor time of all threads, to the nanosecond (proc(5), `schedstat`)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


async def load(port: int, model: str, *, stream: bool) -> None:
    """The requests, over several connections."""

    async def client() -> None:
        async with connect(port, within=60.0) as raw:
            for _ in range(REQUESTS // CLIENTS):
                await raw.send(chat_request(model, stream=stream))
                await raw.response()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


async def costs(served: Served, names: list[str], *, stream: bool) -> list[float]:
    """Microseconds a request, for each of these models."""
    least = [float("inf")] * len(names)
    for _ in range(1 + ROUNDS):
        for place, name in enumerate(names):
            before = spent(served.process.pid)
            await load(served.port, name, stream=stream)
            least[place] = min(least[place], (spent(served.process.pid) - before) / REQUESTS * 1e6)
    return least


async def main() -> None:
    with TemporaryDirectory() as folder:
        async with upstream_process() as one, upstream_process() as other:
            providers = {
                name: {"type": "openai_compatible", "base_url": upstream.url}
                for name, upstream in (("one", one), ("other", other))
            }
            of = ["one/normal", "other/normal"]
            models = {
                "alone": "one/normal",
                "race": {"route": "race", "of": of},
                "race_for_the_whole": {"route": "race", "of": of, "win": "first_complete"},
            }
            async with serving(Path(folder), providers=providers, models=models) as served:
                for stream in (False, True):
                    alone, *races = await costs(served, list(models), stream=stream)
                    print(f"stream={stream}: {alone:.0f} µs alone")
                    for name, race in zip(list(models)[1:], races, strict=True):
                        print(f"    {name}: {race:.0f} µs, {race / alone:.2f} times")
            await one.seen()
            await other.seen()


if __name__ == "__main__":
    uvloop.run(main())
