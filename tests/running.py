"""An event loop beside the test, for tests that call blocking programs: an SDK, curl.

with Background() as background:
    upstream = background.enter(FaultServer())
    running = background.enter(gateway(providers=openai_at(upstream.url)))
    client = openai.OpenAI(base_url=base_url(running), api_key="any")
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop
from tests.faults.gateway import RunningGateway

T = TypeVar("T")

BOUND = 20.0
"""Seconds that anything asked of a background loop may take."""


def openai_at(url: str) -> dict[str, Any]:
    """The section `providers` with OpenAI, which is at `url`."""
    return {"openai": {"base_url": url, "api_key": "sk-upstream"}}


def base_url(running: RunningGateway) -> str:
    """What an SDK calls `base_url`."""
    return f"http://127.0.0.1:{running.port}/v1"


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
        loop.set_exception_handler(self._remember)
        self._started.set_result(loop)
        await self._stop.wait()

    def _remember(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.unseen.append(context.get("exception") or RuntimeError(context["message"]))
