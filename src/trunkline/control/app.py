"""What the control plane answers: metrics, health, version; and the API, which is in `control/api.py`.

Imports Starlette and the Prometheus client: import this where it is used (`serve`), after the data plane is up.
"""

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.telemetry.exposition import render

Collect = Callable[[], Awaitable[list[bytes]]]
Unready = Callable[[], Sequence[str]]

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer that does not say otherwise: nothing here is for other sites."""


def application(
    collect: Collect,
    unready: Unready,
    version: str,
    worker: Executor,
    more: Sequence[Route] = (),
    *,
    patience: float,
    local_only: bool,
) -> ASGIApp:
    """The ASGI application. For its arguments see `serve`.

    `worker` writes out the metrics; `more` is served as well; with `local_only`, only a local `Host` is answered.
    """

    async def metrics(request: Request) -> Response:
        try:
            async with asyncio.timeout(patience):
                snapshots = await collect()
        except TimeoutError:
            return _problem(503, "workers_silent", f"A worker did not tell its metrics within {patience:g} s.")
        accept = ",".join(request.headers.getlist("accept"))
        body, kind = await asyncio.get_running_loop().run_in_executor(worker, render, snapshots, accept)
        return Response(body, headers={"content-type": kind})

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        reasons = list(unready())
        status = "unready" if reasons else "ready"
        return JSONResponse({"status": status, "reasons": reasons}, status_code=503 if reasons else 200)

    async def told_version(_: Request) -> Response:
        return JSONResponse({"name": "trunkline", "version": version})

    routes = [
        Route("/metrics", metrics),
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/version", told_version),
        *more,
    ]
    handlers = {HTTPException: _refused, Exception: _failed}
    return Guarded(Starlette(routes=routes, exception_handlers=handlers), local_only=local_only)


async def _refused(request: Request, error: Exception) -> Response:
    """Nothing is served there, or not by this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _problem(404, "unknown_url", f"Nothing is served at {request.url.path} of the control plane.")
    response = _problem(error.status_code, "method_not_allowed", "The control plane takes no such method here.")
    response.headers.update(error.headers or {})
    return response


async def _failed(_: Request, __: Exception) -> Response:
    """A bug. The log has it: the server logs what passes through here."""
    return _problem(500, "internal_error", "Trunkline failed at this request. Its log has the reason.")


def _problem(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


class Guarded:
    """Keeps web pages of other sites out: strict headers on every answer, and where only this machine can reach us,
    no answer to a foreign `Host`, by which a page whose name was rebound to 127.0.0.1 gives itself away.
    """

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["date"] = formatdate(usegmt=True)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._app
        if self._local_only and not _is_local(Headers(scope=scope).getlist("host")):
            app = _problem(403, "local_only", "Only a local Host is answered here, such as localhost or 127.0.0.1.")
        await app(scope, receive, send_guarded)


_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?", re.IGNORECASE)


def _is_local(hosts: list[str]) -> bool:
    """Whether the one `Host` header names this machine by a name or address that no DNS server decides on."""
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None:
        return False
    host = found[1] or found[2]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
