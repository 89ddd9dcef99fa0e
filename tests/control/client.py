"""Plain requests to a control plane, from a thread of their own."""

import asyncio
import contextlib
import http.client
from collections.abc import AsyncIterator, Sequence

import msgspec
from tests.faults.leaks import no_leaks

from trunkline.control.api import Administration
from trunkline.control.app import Collect
from trunkline.control.listener import bind
from trunkline.control.serve import ControlPlane, serve
from trunkline.telemetry.metrics import Metrics

PATIENCE = 10.0
"""Seconds a request may take."""


class Reply(msgspec.Struct):
    """What came back. The names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body as an object."""
        return msgspec.json.decode(self.body, type=dict[str, object])


async def ask(
    plane: ControlPlane,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Reply:
    """One request on a connection of its own."""

    def exchange() -> Reply:
        with contextlib.closing(http.client.HTTPConnection(*plane.address, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, headers=headers or {})
            with connection.getresponse() as response:
                fields = {name.lower(): value for name, value in response.getheaders()}
                return Reply(response.status, fields, response.read())

    return await asyncio.to_thread(exchange)


async def nothing_collected() -> list[bytes]:
    """The metrics of no worker."""
    return []


@contextlib.asynccontextmanager
async def control_plane(
    *,
    collect: Collect = nothing_collected,
    unready: Sequence[str] = (),
    host: str = "127.0.0.1",
    patience: float = PATIENCE,
    administration: Administration | None = None,
) -> AsyncIterator[ControlPlane]:
    """A control plane on a free port, which must leave nothing behind."""
    async with no_leaks():
        plane = await serve(
            bind(host, 0),
            collect=collect,
            unready=lambda: unready,
            version="1.2.3",
            patience=patience,
            administration=administration,
        )
        try:
            yield plane
        finally:
            await plane.shutdown()


def two_workers() -> list[Metrics]:
    """Workers that have answered one request and two."""
    workers = [Metrics(), Metrics()]
    for count, worker in enumerate(workers, 1):
        for _ in range(count):
            worker.request("openai/gpt-4o", "openai", 200, True, 0.9, 0.0002, 0.25)
    return workers
