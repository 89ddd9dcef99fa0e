"""A real gateway in the test's own event loop, in front of the upstream that the test names.

    async with FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        check(await ask(raw, "up/error_500", stream=True), FAILED, stream=True)
        [row] = await gw.rows()

It has no retries unless the test sets some, so that one request is one attempt; its deadlines are long, so that a slow
machine fails no test: a test of deadlines sets its own. Whatever the test has done, the block ends with the gateway
closed, and fails if it met a bug of its own or left a row unwritten.
"""

import asyncio
import contextlib
import gc
import json
import socket
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import random as uniform
from typing import Any

import apsw
from tests.faults import certificates
from tests.faults.client import RawClient, Response, chat_request
from tests.faults.wire import BUFFER

from trunkline.gateway.snapshot import declare
from trunkline.ledger import ledger
from trunkline.ledger.record import Row
from trunkline.routing.health import Health
from trunkline.serve import Process
from trunkline.setup import Options, read_config
from trunkline.telemetry.log import configure

SETTLED_WITHIN = 5.0
"""Seconds in which what a test did must be in the ledger."""
LOOK_EVERY = 0.005

INPUT_PRICE, OUTPUT_PRICE = 2000, 8000
"""Nano-dollars that the upstream `up` asks for a token: as thousandths, the dollars for a million."""


class RunningGateway:
    """Made by `gateway`."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.config = folder / "trunkline.yaml"
        self.data = folder / "data"
        self.write(config)
        self.options = Options(config=self.config, data=self.data)
        self._log_path = folder / "log"
        self._whole_log: str | None = None
        with self._log_path.open("wb") as file:
            self._log = configure("json", "debug", file)
        self.process = Process(self.options, {}, self._log)

    @property
    def port(self) -> int:
        return self.process.address.port

    def write(self, config: dict[str, Any]) -> None:
        """Puts another configuration into the file; it holds from the next reload on."""
        self.config.write_text(json.dumps(config))

    async def start(self) -> None:
        await self.process.start(read_config(self.options, {}))
        for listener in self.process.server._listeners:
            for sock in listener.sockets:  # what it accepts inherits it
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)

    async def close(self) -> None:
        await self.process.close()
        self._log.close()
        self._whole_log = self._log_path.read_text()

    async def idle(self) -> None:
        """Returns once no request is under way and every row is in the store."""
        server, gateway = self.process.server, self.process.gateway
        rows = gateway.ledger
        for _ in range(round(SETTLED_WITHIN / LOOK_EVERY)):
            if not server.in_flight and not gateway.losers and not rows.lag:
                return
            await asyncio.sleep(LOOK_EVERY)
        raise AssertionError(f"{server.in_flight} requests are under way, {rows.lag} rows are not in the store")

    def heal(self, random: Callable[[], float] = uniform) -> None:
        """Forget whatever has gone wrong with the providers: the next test begins with all of them well. `random` is
        what decides among equal keys.
        """
        gateway = self.process.gateway
        gateway.health = Health(random=random)
        gateway.brought = declare(gateway.snapshot, gateway.health, gateway.keys.pools)

    async def rows(self) -> list[Row]:
        """The ledger once all is settled, in the order in which the attempts began."""
        await self.idle()
        return stored_rows(self.data)

    def text(self) -> str:
        """The log, as far as it is written; all of it once the gateway is closed."""
        return self._whole_log if self._whole_log is not None else self._log_path.read_text()

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one event."""
        for _ in range(round(SETTLED_WITHIN / LOOK_EVERY)):
            if self._whole_log is not None or not self._log.sink._size:  # nobody else need know
                break
            time.sleep(LOOK_EVERY)  # a thread writes it
        whole = self.text().rpartition("\n")[0]
        return [line for line in map(json.loads, whole.splitlines()) if line["event"] == event]

    def problems(self) -> list[str]:
        """What must not be there after the end, whatever client and upstream have done."""
        errors = [line for line in self.text().splitlines() if json.loads(line)["level"] == "error"]
        journal = [f"{path.name} is left: {path.read_text()}" for path in (self.data / "journal").iterdir()]
        return errors + journal


@contextlib.asynccontextmanager
async def gateway(upstream: str = "", **settings: Any) -> AsyncIterator[RunningGateway]:
    """A gateway whose provider `up` is at the base URL `upstream`; `settings` are sections of its configuration.

    A section given here is laid over what `usual` says, setting by setting. Its ledger writes rows almost at once,
    because tests wait for them.
    """
    usual_time, ledger.GROUP_TIME = ledger.GROUP_TIME, 0.002
    try:
        async with gateway_at_its_pace(upstream, **settings) as running:
            yield running
    finally:
        ledger.GROUP_TIME = usual_time


@contextlib.asynccontextmanager
async def gateway_at_its_pace(upstream: str = "", **settings: Any) -> AsyncIterator[RunningGateway]:
    """As `gateway`, for long runs: its ledger gathers rows as it usually does."""
    collector = gc.get_threshold()
    gc.freeze()  # a process collects before it begins: it need not look through all that the test run has loaded
    with tempfile.TemporaryDirectory() as folder:
        running = RunningGateway(Path(folder), usual(Path(folder), upstream, settings))
        try:
            await running.start()
            yield running
        except BaseException as failure:
            failure.add_note(f"the end of the gateway's log:\n{running.text()[-3000:]}")
            raise
        finally:
            await running.close()
            gc.unfreeze()
            gc.set_threshold(*collector)
        problems = running.problems()
    assert not problems, "\n".join(problems)


async def ask(raw: RawClient, model: str, *, stream: bool = False, **fields: Any) -> Response:
    """The whole response to a small chat request."""
    await raw.send(chat_request(model, stream=stream, **fields))
    return await raw.response()


def usual(folder: Path, upstream: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The configuration of most tests, with `settings` laid over it."""
    price = {"input": INPUT_PRICE / 1000, "output": OUTPUT_PRICE / 1000}
    up = {"type": "openai_compatible", "base_url": upstream, "price": price}
    if upstream.startswith("https:"):
        up["ca"] = str(certificates.write_authority(folder / "authority.pem"))
    config = {
        "server": {"listen": "127.0.0.1:0"},
        "retries": {"attempts": 1, "backoff": "1ms", "max_backoff": "1ms", "budget": "100%"},
        "breaker": {"failures": 1000, "least": 1_000_000},  # a test of breakers sets its own
        "providers": {"up": up} if upstream else {},
    }
    return overlaid(config, settings)


def overlaid(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over` in place of its own, mappings inside mappings likewise."""
    merged = dict(base)
    for name, value in over.items():
        inner = base.get(name)
        merged[name] = overlaid(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


COLUMNS = ", ".join(Row.__struct_fields__)
"""Of the table `attempts`, in the order of the fields."""


def stored_rows(data: Path) -> list[Row]:
    """All rows of the ledger in a data directory, in the order in which the attempts began."""
    connection = apsw.Connection(str(data / "trunkline.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found: list[tuple[Any, ...]] = connection.execute(
            f"SELECT {COLUMNS} FROM attempts ORDER BY started, request, attempt"
        ).fetchall()
    finally:
        connection.close()
    return [Row(str(uuid.UUID(bytes=request)), *rest) for request, *rest in found]
