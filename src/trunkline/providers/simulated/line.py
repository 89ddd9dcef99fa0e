"""Plays scripts in time: the simulated connection, and the provider that hands connections out.

A line behaves to its receiver as one over a socket does (`transport.client.Line`): it speaks only from the event loop,
keeps the same deadlines with the same faults, says nothing while paused and nothing ever again once aborted.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from math import inf
from random import Random
from typing import Protocol

from trunkline.providers.simulated.script import Script, Settings, script
from trunkline.transport.exchange import Call, Fault, Receiver, Times


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """What is needed of an event loop."""

    def time(self) -> float:
        """Seconds on a clock that only goes forward."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` after `delay` seconds; with 0, soon, and never before returning."""


class Simulated:
    """An `Upstream` without a network. `timers` is the running event loop unless given; `now` tells Unix time."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        timers: Timers | None = None,
        chance: Random | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings or Settings()
        self._timers: Timers = timers or asyncio.get_running_loop()
        self._chance = chance or Random(self._settings.seed)  # noqa: S311  # simulated chance, not secrets
        self._now = now
        self._closed = False

    def ready(self) -> "Line | None":
        return None if self._closed else Line(self._timers, self._script)

    async def open(self, timeout: float) -> "Line":
        if self._closed:
            raise Fault("refused", "the simulated provider is closed")
        return Line(self._timers, self._script)

    async def close(self) -> None:
        self._closed = True

    def _script(self, call: Call) -> Script:
        return script(call, self._settings, self._chance, self._now())


class Line:
    """One simulated connection. It carries one call."""

    __slots__ = (
        "_data",
        "_due",
        "_flowing",
        "_limit",
        "_paused",
        "_play",
        "_receiver",
        "_script",
        "_started",
        "_timer",
        "_timers",
        "_times",
        "_told",
        "_total",
    )

    def __init__(self, timers: Timers, play: Callable[[Call], Script]) -> None:
        self._timers = timers
        self._play = play
        self._script: Script
        self._receiver: Receiver | None = None
        self._due = inf
        """How many seconds after the start the next piece comes; infinitely many without one."""
        self._data = b""
        """That piece."""
        self._timer: Timer | None = None
        self._times = Times()
        self._started = 0.0
        self._total = inf
        """When the call must be over."""
        self._limit = inf
        """When the next piece must have come."""
        self._told = False
        """The receiver has heard the head."""
        self._flowing = False
        self._paused = False

    # Exchange

    def send(self, call: Call, receiver: Receiver, times: Times) -> None:
        self._script = self._play(call)
        self._receiver = receiver
        self._times = times
        self._started = self._timers.time()
        self._total = self._started + times.total
        self._take_next()
        self._restart_limit()

    def flowing(self) -> None:
        self._flowing = True
        self._restart_limit()

    def pause(self) -> None:
        self._paused = True
        self._restart_limit()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._restart_limit()

    def abort(self) -> None:
        self._receiver = None
        self._cancel()

    # time

    def _restart_limit(self) -> None:
        """From now, the time that the next piece may take; while paused, only the whole call has a limit."""
        if self._paused:
            self._limit = self._total
        else:
            patience = self._times.gap if self._flowing else self._times.first_token
            self._limit = min(self._total, self._timers.time() + patience)
        self._plan()

    def _plan(self) -> None:
        """Wait for the next piece, or for the limit where that is earlier."""
        receiver = self._receiver
        if receiver is None:
            return
        self._cancel()
        due = inf if self._paused else self._started + self._due
        act = self._step if due <= self._limit else self._expire
        when = min(due, self._limit)
        if when < inf:
            self._timer = self._timers.call_later(max(0.0, when - self._timers.time()), partial(act, receiver))

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self, receiver: Receiver) -> None:
        times = self._times
        if self._limit >= self._total:
            fault = Fault("total_timeout", f"not finished within {times.total:g} s")
        elif self._flowing:
            fault = Fault("gap_timeout", f"silent for {times.gap:g} s")
        else:
            fault = Fault("first_token_timeout", f"no output within {times.first_token:g} s")
        self._end(receiver, fault)

    # the reply

    def _step(self, receiver: Receiver) -> None:
        """The next piece has come. What follows it is planned first, so that the receiver can pause or abort that."""
        self._timer = None
        script = self._script
        if script.status and not self._told:
            self._told = True
            receiver.head(script.status, script.headers)
            if self._receiver is None or self._paused:
                return
        data = self._data
        self._take_next()
        if self._flowing:
            self._restart_limit()
        else:
            self._plan()
        if data:
            receiver.data(data)
        if self._receiver is not None and self._due == inf and script.ending != "silence":
            self._end(receiver, script.ending)

    def _take_next(self) -> None:
        self._due, self._data = next(self._script.pieces, (inf, b""))

    def _end(self, receiver: Receiver, fault: Fault | None) -> None:
        self.abort()
        if fault is None:
            receiver.end()
        else:
            receiver.fail(fault)
