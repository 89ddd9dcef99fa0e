"""Coroutines without tasks, for the path that every request takes.

An `asyncio.Task` costs 3.5 µs to make and, with the future that wakes it, a turn of the event loop per wait. A request
needs neither: it waits for one thing at a time, and what it waits for happens on the loop's own thread. A `Strand` runs
a coroutine at once, up to where it waits; a `Signal` that fires runs it on, there and then.

Inside a strand there is no current task: what needs one (`asyncio.timeout`) goes into a task of its own. Everything
that waits on asyncio's futures (`asyncio.sleep`, `asyncio.to_thread`, a task) works as it is.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Signal(Generic[T]):
    """A value to come, for one strand to wait for."""

    __slots__ = ("_error", "_value", "_waiter", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: Exception | None = None
        self._waiter: Strand | None = None

    def set(self, value: T) -> None:
        """Give the value, and run on who waits for it before returning. Only the first one counts."""
        if not self.done:
            self.done = True
            self._value = value
            waiter = self._waiter
            if waiter is not None:
                self._waiter = None
                waiter.run_on()

    def fail(self, error: Exception) -> None:
        """Give an error in place of the value."""
        if not self.done:
            self._error = error
            self.set(None)  # type: ignore[arg-type]  # which nobody gets

    def __await__(self) -> "Generator[Signal[T], None, T]":
        if not self.done:
            yield self
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set by `set`, whatever T is

    def wait(self, strand: "Strand | None") -> None:
        """Called by the strand: who is to be run on."""
        self._waiter = strand


class Strand:
    """Runs one coroutine, beginning now. Whatever leaves the coroutine goes to the loop's exception handler."""

    __slots__ = ("_cancelled", "_coroutine", "_loop", "_over", "_waits_for")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, None],
        loop: asyncio.AbstractEventLoop,
        over: Callable[[], None] | None = None,
    ) -> None:
        """`over` is called when the coroutine has ended, however it did."""
        self._coroutine = coroutine
        self._loop = loop
        self._over = over
        self._cancelled = False
        self._waits_for: Signal[Any] | asyncio.Future[Any] | None = None
        self._step(None)

    def run_on(self) -> None:
        """What the coroutine waited for has come."""
        self._waits_for = None
        cancelled, self._cancelled = self._cancelled, False
        self._step(asyncio.CancelledError() if cancelled else None)

    def cancel(self) -> None:
        """Raise `CancelledError` where the coroutine waits, or where it will wait next."""
        waits_for = self._waits_for
        if isinstance(waits_for, Signal):
            waits_for.wait(None)
            self._waits_for = None
            self._step(asyncio.CancelledError())
        elif waits_for is None or not waits_for.cancel():  # it runs, or is about to run on
            self._cancelled = True

    def _step(self, error: BaseException | None) -> None:
        try:
            waits_for = self._coroutine.send(None) if error is None else self._coroutine.throw(error)
        except (StopIteration, asyncio.CancelledError):
            if self._over is not None:
                self._over()
            return
        except Exception as bug:  # noqa: BLE001  # the edge of a request, as a task would be
            if self._over is not None:
                self._over()
            self._loop.call_exception_handler({"message": "a request's coroutine failed", "exception": bug})
            return
        finally:
            error = None  # its traceback holds this frame: nothing is left for the cycle collector
        self._waits_for = waits_for
        if isinstance(waits_for, Signal):
            waits_for.wait(self)
        elif waits_for is None:  # asyncio.sleep(0)
            self._loop.call_soon(self.run_on)
        else:
            waits_for._asyncio_future_blocking = False  # noqa: SLF001  # the protocol between a future and who awaits it
            waits_for.add_done_callback(self._future_done)
        if self._cancelled:
            self._cancelled = False
            self.cancel()

    def _future_done(self, _: "asyncio.Future[Any]") -> None:
        self.run_on()
