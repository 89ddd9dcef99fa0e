"""A Trunkline that runs inside the tests: a whole `Process` on a free port, in the test's own event loop or beside it.

An async test starts one in its loop; a test that calls blocking programs (an SDK, curl) gives it a loop of its own:

    async with Running(config) as gateway: …

    with Background() as background:
        upstream = background.enter(FaultServer())
        gateway = background.enter(Running(to_upstream(upstream.url)))
"""

import asyncio
import contextlib
import gc
import json
import tempfile
import threading
import uuid
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import apsw
import msgspec
import uvloop

from trunkline.config.places import Address
from trunkline.ledger.record import Row
from trunkline.serve import Process
from trunkline.setup import Options, read_config
from trunkline.telemetry.log import configure

T = TypeVar("T")

BOUND = 20.0
"""Seconds that anything asked of a background loop may take."""
LOOK_EVERY = 0.005


def to_upstream(url: str, more: str = "") -> str:
    """A configuration whose provider `openai` is the upstream at `url`; `more` are further sections."""
    return f"providers:\n  openai: {{base_url: '{url}', api_key: sk-upstream}}\n{more}"


class Running:
    """One `Process`, for the length of an `async with`, configured by the text of a `trunkline.yaml`.

    It fails at its end if a bug of Trunkline's failed a request.
    """

    def __init__(self, config: str, *, environment: Mapping[str, str] | None = None) -> None:
        self.process: Process
        self._config = config
        self._environment = environment or {}
        self._folder: Path
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(_collector_as_it_was())
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trunkline-")))
            self._file.write_text(self._config, encoding="utf-8")
            options = Options(config=self._file, data=self._folder / "data", listen=Address("127.0.0.1", 0))
            stack.callback(self._fail_for_bugs)
            log = configure("json", "info", stack.enter_context(self._log_file.open("wb")))
            stack.callback(log.close)
            self.process = Process(options, self._environment, log)
            await self.process.start(read_config(options, self._environment))
            stack.push_async_callback(self.process.close)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def port(self) -> int:
        return self.process.address[1]

    @property
    def url(self) -> str:
        """What an SDK calls `base_url`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def connections(self) -> int:
        """Clients that are connected."""
        return len(self.process.server.connections)

    async def reload(self, config: str) -> bool:
        """Puts another configuration to work; whether it was taken."""
        self._file.write_text(config, encoding="utf-8")
        return await self.process.reload()

    def log(self) -> list[dict[str, Any]]:
        """What is in the log; lines of requests come up to a tenth of a second late."""
        return [json.loads(line) for line in self._log_file.read_bytes().splitlines()]

    async def rows(self, count: int = 1) -> list[Row]:
        """The ledger, oldest first, as soon as it has `count` rows and none waits to be written."""
        ledger = self.process.gateway.ledger
        for _ in range(round(BOUND / LOOK_EVERY)):
            if ledger.settled >= count and not ledger.lag:
                return _read_rows(self._folder / "data" / "trunkline.db")
            await asyncio.sleep(LOOK_EVERY)
        raise AssertionError(f"{ledger.settled} rows of {count} were settled, {ledger.lag} of them not written")

    @property
    def _file(self) -> Path:
        return self._folder / "trunkline.yaml"

    @property
    def _log_file(self) -> Path:
        return self._folder / "log"

    def _fail_for_bugs(self) -> None:
        bugs = [line for line in self.log() if line["event"] == "request.bug"]
        assert not bugs, f"requests failed by a bug: {bugs}"


class Background:
    """An event loop on a thread of its own, for the length of a `with`; what only its exception handler heard fails it.

    `enter` starts an async context in it that ends with it; `run` is for single calls.
    """

    def __init__(self) -> None:
        self.unseen: list[BaseException] = []
        self._contexts = contextlib.AsyncExitStack()
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name="background loop")

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop = self._started.result(BOUND)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.run(self._contexts.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(BOUND)
        if self.unseen and error is None:
            raise BaseExceptionGroup("errors that reached only the event loop", self.unseen)

    def enter(self, context: contextlib.AbstractAsyncContextManager[T]) -> T:
        """What entering `context` gives; it is left, in reverse order of entering, when this block is."""
        return self.run(self._contexts.enter_async_context(context))

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of `call`, awaited in the loop; `TimeoutError` after `BOUND` seconds."""
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(call, BOUND), self._loop).result()

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop, debug=False) as runner:
            runner.run(self._wait())

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(
            lambda _, context: self.unseen.append(context.get("exception") or RuntimeError(context["message"]))
        )
        self._started.set_result(loop)
        await self._stop.wait()


@contextlib.contextmanager
def _collector_as_it_was() -> Iterator[None]:
    """A process tunes the garbage collector to itself; the tests go on after it."""
    thresholds = gc.get_threshold()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def _read_rows(path: Path) -> list[Row]:
    with contextlib.closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as database:
        found = list(database.execute("SELECT * FROM attempts ORDER BY started, attempt"))
    return [msgspec.convert((str(uuid.UUID(bytes=request)), *rest), Row, strict=False) for request, *rest in found]
