"""What a running process is told, and how it obeys: reload, go away, end.

Orders come from signals (`Signals`), from the file of the configuration (`follow_file`), or, in a worker, from its
supervisor; wherever they come from, `obey` carries them out.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from trunkline.config import schema
from trunkline.config.places import Address
from trunkline.config.watch import changes
from trunkline.gateway.app import Report

Order = Literal["reload", "drain", "leave", "end"]
"""`reload` the configuration; `drain`: go away in order, grace included; `leave`: likewise without the grace, for there
is no load balancer that has to notice; `end` at once, without losing a row of the ledger.
"""
Orders = asyncio.Queue[Order]

STANDARD_ERROR = 2


class Service(Protocol):
    """What runs: a `serve.Process`, or a `workers.supervisor.Supervisor` with its workers."""

    address: Address
    """Where applications reach it."""
    secrets_made: frozenset[str]
    """Which secrets were made at this start, by their names in the configuration."""
    recovered: int
    """Attempts of processes that were killed, charged at this start."""

    @property
    def open(self) -> bool:
        """Whether requests are answered without keys."""

    @property
    def config(self) -> schema.Config:
        """The configuration, as it is now."""

    @property
    def settings(self) -> schema.Server:
        """The settings of the server, as they are now."""

    def unready(self) -> list[str]:
        """Why no new requests should come; empty when they may."""

    async def snapshots(self) -> list[bytes]:
        """The metrics of every process."""

    async def reload(self) -> bool:
        """Read the configuration again; whether it was taken."""

    async def drain(self, grace: float, patience: float) -> None:
        """Go on for `grace` seconds, then accept no more, and let requests finish for up to `patience` seconds."""

    async def close(self) -> None:
        """End at once, without losing a row of the ledger."""


class Signals:
    """Turns signals into orders: SIGHUP reloads, SIGTERM drains, SIGINT leaves, and whatever comes second ends.

    SIGHUP is also what comes when the terminal is closed in which a process was started; then it leaves.
    """

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._leaving = False
        self._on_terminal = os.isatty(STANDARD_ERROR)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        loop.add_signal_handler(signal.SIGTERM, self._stop, "drain")
        loop.add_signal_handler(signal.SIGINT, self._stop, "leave")

    def _hang_up(self) -> None:
        if self._on_terminal and not os.isatty(STANDARD_ERROR):
            self._stop("leave")
        else:
            self._orders.put_nowait("reload")

    def _stop(self, order: Order) -> None:
        self._orders.put_nowait("end" if self._leaving else order)
        self._leaving = True


async def follow_file(path: Path, digest: str, orders: Orders, report: Report) -> None:
    """Order a reload whenever the file's content is another than that of `digest`. Runs until it is cancelled."""
    try:
        async for _ in changes(path, digest):
            orders.put_nowait("reload")
    except OSError as error:
        report("config.not_watched", problem=f"{path.parent}: {error.strerror or error}. Use `trunkline reload`.")
    except Exception as bug:  # noqa: BLE001  # the edge of a background task: it must not end unheard
        report("config.not_watched", exception=bug)


async def obey(service: Service, orders: Orders, report: Report, reloaded: Callable[[bool], None]) -> None:
    """Carry out orders until all has ended. `reloaded` is told whether a reload was taken."""
    while (order := await orders.get()) == "reload":
        try:
            reloaded(await service.reload())
        except Exception as bug:  # noqa: BLE001  # what answers requests goes on, whatever a reload does
            report("config.not_reloaded", exception=bug)
            reloaded(False)
    if order != "end":
        settings = service.settings
        grace = settings.grace if order == "drain" else 0.0
        draining = asyncio.create_task(service.drain(grace, settings.shutdown))
        hurrying = asyncio.create_task(_end_is_ordered(orders))
        _, waiting = await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await service.close()


async def _end_is_ordered(orders: Orders) -> None:
    while await orders.get() != "end":
        pass
