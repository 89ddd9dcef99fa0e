"""Serves the control plane inside a running event loop, beside the data plane."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

from trunkline.control.listener import is_loopback

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from trunkline.control.api import Administration
    from trunkline.control.app import Collect, Unready

PATIENCE = 5.0
"""Seconds within which the workers must tell their metrics."""
MOST_CONNECTIONS = 100
FINISHED_WITHIN = 2
"""Seconds that requests still have when it shuts down."""


class ControlPlane:
    """A control plane that listens."""

    def __init__(self, server: "uvicorn.Server", listener: socket.socket, workers: Sequence[Executor]) -> None:
        self._server = server
        self._listener = listener
        self._workers = workers
        host, port = listener.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)

    async def shutdown(self) -> None:
        """Take no more, finish what is under way within two seconds, and close every connection."""
        await self._server.shutdown(sockets=[self._listener])
        for worker in self._workers:
            worker.shutdown(wait=False)


async def serve(
    listener: socket.socket,
    *,
    collect: "Collect",
    unready: "Unready",
    version: str,
    patience: float = PATIENCE,
    administration: "Administration | None" = None,
    tls: ssl.SSLContext | None = None,
) -> ControlPlane:
    """Answer on `listener`, which `listener.bind` made and which this now owns.

    `collect` gives the snapshots of all workers' metrics, and has `patience` seconds for it; `unready` gives the
    reasons why no traffic should come, none of them when it may. Without `administration` there is no API, and
    without `tls` plain HTTP. Signals, logging and the loop are left alone.
    """
    # One thread for what takes long: the data plane goes on answering meanwhile, however many ask, and where all of the
    # loop's own threads wait for a store that hangs, the metrics still come.
    worker = ThreadPoolExecutor(1, "control")
    changing = ThreadPoolExecutor(1, "api")

    def make() -> "uvicorn.Server":
        from trunkline.control.api import routes  # a quarter of a second of imports
        from trunkline.control.app import application

        more = routes(administration, changing, version) if administration is not None else []
        local_only = is_loopback(listener)
        return _server(
            application(collect, unready, version, worker, more, patience=patience, local_only=local_only), tls
        )

    server = await asyncio.get_running_loop().run_in_executor(worker, make)
    # The parts of uvicorn's own `serve`, which would also take the process's signals and wake up ten times a second.
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    return ControlPlane(server, listener, (worker, changing))


def _server(app: "ASGIApp", tls: ssl.SSLContext | None) -> "uvicorn.Server":
    import uvicorn

    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=FINISHED_WITHIN,
    )
    config.load()
    config.ssl = tls  # uvicorn would make one of files, once and for all
    return uvicorn.Server(config)
