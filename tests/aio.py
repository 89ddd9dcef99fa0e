"""Runs asyncio tests under uvloop, always within a bound, and waits for conditions without sleeping.

`tests/conftest.py` runs every `async def test_…` through `run`. `within` gives one test another bound; it also goes
under Hypothesis's `given`, which wants a plain function.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import uvloop

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_BOUND = 20.0


def run(main: Callable[[], Coroutine[Any, Any, T]], *, bound: float = DEFAULT_BOUND) -> T:
    """What `main()` returns, run in a uvloop of its own; `TimeoutError` after `bound` seconds.

    An error that only the loop's exception handler was told about (a task that died unseen, a callback that raised)
    fails the run: nothing else would ever mention it.
    """
    unseen: list[BaseException] = []

    def remember(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        unseen.append(context.get("exception") or RuntimeError(context["message"]))

    async def bounded() -> T:
        asyncio.get_running_loop().set_exception_handler(remember)
        async with asyncio.timeout(bound):
            return await main()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop, debug=False) as runner:
        result = runner.run(bounded())
    if unseen:
        raise BaseExceptionGroup("errors that reached only the event loop", unseen)
    return result


def within(bound: float) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Callable[P, T]]:
    """Turns an async test into a plain one that must end within `bound` seconds."""

    def decorate(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
        @functools.wraps(test)
        def plain(*args: P.args, **kwargs: P.kwargs) -> T:
            return run(functools.partial(test, *args, **kwargs), bound=bound)

        return plain

    return decorate


async def turn() -> None:
    """Lets a peer in this loop take in what was just sent: one turn to be woken, one to read."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


class Bell:
    """Rung whenever something happened; those who wait for a condition then look whether it has come true."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, ready: Callable[[], bool]) -> None:
        """Returns once `ready()` is true."""
        while not ready():
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)


SLICES = 10


async def expect(what: Awaitable[T], *, within: float, otherwise: Callable[[], str]) -> T:
    """What `what` gives; an `AssertionError` with the words of `otherwise()` when it takes over `within` seconds.

    The seconds are the loop's own. They are waited for in slices, after each of which the loop first hears what has
    happened: when a busy machine holds the process up, which holds up both sides in it, one slice is lost and not all.
    """
    waiting = asyncio.ensure_future(what)
    try:
        for _ in range(SLICES):
            await asyncio.wait([waiting], timeout=within / SLICES)
            if waiting.done():
                return waiting.result()
    finally:
        await _ended(waiting)
    raise AssertionError(f"{otherwise()} (waited {within} s)")


async def _ended(task: "asyncio.Future[T]") -> None:
    task.cancel()
    await asyncio.wait([task])
