"""`trunkline serve` as a process of its own, as an operator starts it.

    async with serving(tmp_path, models={"bot": "simulated/echo"}) as served:
        reply = await served.ask("bot")
        served.signal(signal.SIGTERM)
        assert await served.ended() == 0

Whatever the test has done, the process and its workers have ended when the block is left; the block fails if the log
has an error, or anything that is not a line of it.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from tests.faults.client import RawClient, Response, chat_request, connect, request
from tests.faults.gateway import overlaid, stored_rows

from trunkline.ledger.record import Row
from trunkline.running import Status, running

WITHIN = 60.0
"""Seconds in which a process must have started or ended, also on a machine that is busy with other things."""
LOOK_EVERY = 0.01

USUAL = {
    "server": {"listen": "127.0.0.1:0", "control": "127.0.0.1:0", "grace": "0s"},
    "retries": {"attempts": 1},
    "providers": {"simulated": {"simulated": {"latency": "1ms", "tokens_per_second": 100_000}}},
}


class Served:
    """Made by `serving`."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.config = folder / "trunkline.yaml"
        self.data = folder / "data"
        self.folder = folder
        self.said: list[str] = []
        """The lines of standard output."""
        self.key: str | None = None
        """Sent with every request of `ask`."""
        self._log = folder / "log"
        self.write(config)
        self.process: asyncio.subprocess.Process

    def write(self, config: dict[str, Any]) -> None:
        """Put another configuration into the file, in one step, as editors do. It is JSON, which is YAML."""
        draft = self.config.with_suffix(".new")
        draft.write_text(json.dumps(overlaid(USUAL, config)))
        draft.rename(self.config)

    async def start(self, *words: str, environment: dict[str, str] | None = None, terminal: int | None = None) -> None:
        """Start it, and read what it says; returns when it is ready, or has ended. Its log may go to a terminal."""
        command = [sys.executable, "-P", "-m", "trunkline", "serve", "--config", str(self.config)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "TRUNKLINE_"))}
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                *["--data", str(self.data)],
                *words,
                stdout=asyncio.subprocess.PIPE,
                stderr=log if terminal is None else terminal,
                env=kept | (environment or {}),
            )
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN):
            while line := await self.process.stdout.readline():
                self.said.append(line.decode().removesuffix("\n"))
                if line.startswith(b"print"):  # the last line
                    break

    @property
    def port(self) -> int:
        return self._port(r"is ready on https?://[^ ]*:(\d+)")

    @property
    def control(self) -> int:
        return self._port(r"Metrics: https?://[^ ]*:(\d+)/metrics")

    def _port(self, pattern: str) -> int:
        found = re.search(pattern, "\n".join(self.said))
        assert found is not None, f"it did not say that it is ready: {self.said} {self.log_text()}"
        return int(found[1])

    async def ask(self, model: str, *, stream: bool = False, key: str | None = None) -> Response:
        """The whole answer to a small chat request, on a connection of its own."""
        async with connect(self.port, within=WITHIN) as raw:
            await raw.send(chat_request(model, stream=stream, key=key or self.key))
            return await raw.response()

    async def get(self, path: str, *, control: bool = False) -> Response:
        """The answer to a GET."""
        async with connect(self.control if control else self.port, within=WITHIN) as raw:
            await raw.send(request("GET", path))
            return await raw.response(to="GET")

    async def metric(self, sample: str) -> float:
        """The value of one sample of the metrics, 0 where there is none."""
        text = (await self.get("/metrics", control=True)).body.decode()
        found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found is not None else 0.0

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Its exit status, once it has ended."""
        async with asyncio.timeout(WITHIN):
            return await self.process.wait()

    async def end(self) -> None:
        """End it and its workers, if it still runs: at once, and if need be by force."""
        if self.process.returncode is None:
            workers = self.children()
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGINT)
            try:
                await self.ended()
            except TimeoutError:
                for pid in (*workers, self.process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                raise
        assert self.process.stdout is not None
        await self.process.stdout.read()

    def status(self) -> Status | None:
        """What it says of itself in its data directory."""
        return running(self.data / "run")

    def log_text(self) -> str:
        return self._log.read_text()

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log with that event."""
        lines = self.log_text().splitlines()
        return [line for text in lines if (line := json.loads(text))["event"] == event]

    async def has_logged(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Those lines, once there are so many."""
        await until(lambda: len(self.logged(event)) >= count, f"{count} lines {event!r}", self.log_text)
        return self.logged(event)

    def rows(self) -> list[Row]:
        """The ledger, in the order in which the attempts began."""
        return stored_rows(self.data)

    def children(self) -> list[int]:
        """The process ids of its workers."""
        return children(self.process.pid)


def children(pid: int) -> list[int]:
    """The process ids of the children of a process, in the order in which they were born."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    """Whether a process runs: it is there, and is not one that only waits to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(true: Callable[[], bool], what: str, otherwise: Callable[[], str] = str) -> None:
    """Returns once `true()`; fails where it takes too long."""
    try:
        async with asyncio.timeout(WITHIN):
            while not true():  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        raise AssertionError(f"never came: {what}\n{otherwise()}") from None


@contextlib.asynccontextmanager
async def serving(
    folder: Path, *words: str, environment: dict[str, str] | None = None, **sections: Any
) -> AsyncIterator[Served]:
    """A Trunkline that is ready, with these sections of its configuration laid over `USUAL`."""
    served = Served(folder, sections)
    await served.start(*words, environment=environment)
    try:
        assert served.port
        yield served
    finally:
        await served.end()
    errors = [line for text in served.log_text().splitlines() if (line := json.loads(text))["level"] == "error"]
    assert not errors, errors


async def first_events(raw: RawClient, count: int) -> list[bytes]:
    """The head of a response and its first events, while the rest is still to come."""
    head = await raw.response_head()
    assert head.status == 200
    return [await raw.event() for _ in range(count)]
