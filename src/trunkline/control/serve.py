"""Serves the control plane inside a running event loop, beside the data plane."""

import asyncio
import socket
from typing import TYPE_CHECKING

from trunkline.control.listener import is_loopback

if TYPE_CHECKING:
    import uvicorn

    from trunkline.control.app import Collect, Unready

MOST_CONNECTIONS = 100
FINISHED_WITHIN = 2
"""Seconds that requests still have when it shuts down."""


class ControlPlane:
    """A control plane that listens."""

    def __init__(self, server: "uvicorn.Server", listener: socket.socket) -> None:
        self._server = server
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)

    async def shutdown(self) -> None:
        """Take no more, finish what is under way within two seconds, and close every connection."""
        await self._server.shutdown(sockets=[self._listener])


async def serve(listener: socket.socket, *, collect: "Collect", unready: "Unready", version: str) -> ControlPlane:
    """Answer on `listener`, which `listener.bind` made and which this now owns.

    `collect` gives the snapshots of all workers' metrics; `unready` gives the reasons why no traffic should come, none
    of them when it may. Signals, logging and the loop are left alone.
    """
    # A quarter of a second of imports: in a thread, so that the data plane goes on answering meanwhile.
    server = await asyncio.to_thread(_make, listener, collect, unready, version)
    # The parts of uvicorn's own `serve`, which would also take the process's signals and wake up ten times a second.
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    return ControlPlane(server, listener)


def _make(listener: socket.socket, collect: "Collect", unready: "Unready", version: str) -> "uvicorn.Server":
    import uvicorn

    from trunkline.control.app import application

    app = application(collect=collect, unready=unready, version=version, local_only=is_loopback(listener))
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
    return uvicorn.Server(config)
