"""Clients in processes of their own: the official SDKs, retries off, asking at a steady rate whatever comes back.

    calls = await load(running.port, rate=200, seconds=60, begins=asyncio.Event())

Every other request is streamed, and every fourth comes from Anthropic's SDK, so that its provider is translated to. A
request costs an SDK two milliseconds and more of processor time, so there are several processes, and none of them looks
for garbage: its own time is in what a client sees.
"""

import asyncio
import gc
import itertools
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anthropic
import openai
import uvloop
from tests.e2e.routing.stage import HELLO
from tests.routing.simulation import NEVER

ROOT: Final = Path(__file__).parents[3]
PATIENCE: Final = 20.0
"""Seconds a client waits for its whole answer."""
PROCESSES: Final = 2
SORTS: Final = 8
"""Requests until all sorts have been asked."""
POLITE: Final = 10
"""How much they give way to the gateway and its providers, where all want the processor."""


@dataclass
class Call:
    """One request as its client saw it."""

    at: float
    """By the monotonic clock, which all processes of a machine share."""
    seconds: float
    """Until the answer was whole; infinite, if it never was."""
    answered_by: str
    error: str


async def load(port: int, *, rate: float, seconds: float, begins: asyncio.Event) -> list[Call]:
    """So many requests a second, or as many as the machine can, for so many seconds; in the order in which they began.
    `begins` is told when they do: each process tries its SDKs before.
    """
    processes = [await _process(port, rate, seconds, part) for part in range(PROCESSES)]
    try:
        for process in processes:
            assert process.stdout is not None
            await process.stdout.readline()  # it is ready
        begins.set()
        now = f"{time.monotonic()}\n".encode()
        outs = await asyncio.gather(*(process.communicate(now) for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert not any(process.returncode for process in processes)
    calls = itertools.chain.from_iterable(json.loads(out, parse_constant=float) for out, _ in outs)
    return sorted((Call(**each) for each in calls), key=lambda call: call.at)


async def _process(port: int, rate: float, seconds: float, part: int) -> asyncio.subprocess.Process:
    arguments = ("-m", "tests.e2e.routing.load", str(port), str(rate), str(seconds), str(part))
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe, cwd=ROOT)


class Clients:
    """Both SDKs at one gateway."""

    def __init__(self, port: int) -> None:
        url = f"http://127.0.0.1:{port}"
        self._openai = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=PATIENCE)
        self._anthropic = anthropic.AsyncAnthropic(base_url=url, api_key="any", max_retries=0, timeout=PATIENCE)

    async def ask(self, number: int) -> Call:
        """One request; which sort of, its number says."""
        began = time.monotonic()
        seconds, answered_by, error = NEVER, "", ""
        try:
            stream = (number + number // 4) % 2 == 0  # Anthropic's as often as the others
            answered_by = await (self._of_anthropic if number % 4 == 3 else self._of_openai)(stream=stream)
            seconds = time.monotonic() - began
        except (openai.APIError, anthropic.APIError) as problem:
            error = f"{type(problem).__name__}: {problem}"
        return Call(began, seconds, answered_by, error)

    async def _of_openai(self, *, stream: bool) -> str:
        raw = await self._openai.chat.completions.with_raw_response.create(model="it", messages=HELLO, stream=stream)
        reply: Any = raw.parse()
        if stream:
            texts = [choice.delta.content or "" async for chunk in reply for choice in chunk.choices]
        else:
            texts = [reply.choices[0].message.content]
        assert "".join(texts)
        return raw.headers["x-trunkline-provider"]

    async def _of_anthropic(self, *, stream: bool) -> str:
        raw = await self._anthropic.messages.with_raw_response.create(
            model="it", messages=HELLO, max_tokens=100, stream=stream
        )
        reply: Any = await raw.parse()
        if stream:
            assert [event.type async for event in reply][-1] == "message_stop"
        else:
            assert reply.content[0].text
        return raw.headers["x-trunkline-provider"]


async def main(port: int, rate: float, seconds: float, part: int) -> None:
    os.nice(POLITE)
    clients = Clients(port)
    for number in range(SORTS):
        await clients.ask(number)  # the first of each takes longest
    gc.freeze()
    gc.disable()
    print("ready", flush=True)
    began = float(sys.stdin.readline())
    asking: list[asyncio.Task[Call]] = []
    for number, turn in enumerate(range(part, round(rate * seconds), PROCESSES)):
        if time.monotonic() > began + seconds:
            break  # the machine is too busy for so many
        await asyncio.sleep(max(0.0, began + turn / rate - time.monotonic()))
        asking.append(asyncio.create_task(clients.ask(number)))
    print(json.dumps([call.__dict__ for call in await asyncio.gather(*asking)]))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
