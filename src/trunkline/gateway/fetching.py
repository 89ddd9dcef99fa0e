"""Pictures and files that a request names by address, for a model whose API takes only bytes.

Nothing is fetched unless the target needs it and the operator allows the host. The address is checked like any
upstream's (no private ones), sizes and times are bounded, redirects are not followed, and what comes must be what it
says it is.
"""

import asyncio
import base64
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from trunkline.config import names
from trunkline.formats.conversation import AnyPart, File, Image, Message, Request, ToolResult
from trunkline.gateway.errors import CannotExpress
from trunkline.transport.asking import ask
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Call, Fault, Times
from trunkline.transport.pool import Origin, Pool
from trunkline.transport.tls import trusting

MOST_AT_ONCE = 20
"""Addresses fetched for one request."""
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}


class Allowed(msgspec.Struct, frozen=True):
    """What may be fetched."""

    hosts: tuple[str, ...] = ()
    """Names, or wildcards such as `*.example.com`; none: nothing is fetched."""
    most: int = 20 * 1024 * 1024
    """Bytes of one answer."""
    time: float = 10.0
    """Seconds for one."""


class Fetcher:
    """Fetches what requests name by address."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._tls: ssl.SSLContext | None = None

    async def inline(self, request: Request, allowed: Allowed) -> None:
        """Put bytes in place of addresses. Raises `CannotExpress`, naming the part."""
        wanted = [
            (part, message.at)
            for message in _messages(request)
            for part in _parts(message.parts)
            if isinstance(part, Image | File) and part.url.startswith(("http://", "https://")) and not part.data
        ]
        if len(wanted) > MOST_AT_ONCE:
            raise CannotExpress(
                f"This model's API takes only bytes, and more than {MOST_AT_ONCE} addresses would have to be fetched.",
                param=wanted[MOST_AT_ONCE][1],
            )
        await asyncio.gather(*(self._fill(part, at, allowed) for part, at in wanted))

    async def _fill(self, part: Image | File, at: str, allowed: Allowed) -> None:
        body = await self._fetch(part.url, at, allowed)
        found = kind_of(body)
        if isinstance(part, Image) and not found.startswith("image/"):
            raise CannotExpress(f"What {_host(part.url)} answered for the picture in {at} is no picture.", param=at)
        part.data = base64.b64encode(body).decode()
        part.media_type = found or part.media_type or "application/octet-stream"
        part.url = ""

    async def _fetch(self, url: str, at: str, allowed: Allowed) -> bytes:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host:
            raise CannotExpress(f"The address in {at} is not an http(s) URL.", param=at)
        if not any(names.match(pattern, host) is not None for pattern in allowed.hosts):
            raise CannotExpress(
                f"This model's API takes only bytes, and this gateway may not fetch from {host}. "
                "Send the picture or file as Base64, or have the operator allow the host under `fetch.hosts`.",
                param=at,
            )
        secure = parts.scheme == "https"
        origin = Origin(host=host, port=parts.port or (443 if secure else 80), tls=self._context() if secure else None)
        pool = Pool(origin, self._deadlines)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not path.isascii() or not path.isprintable() or " " in path:
            raise CannotExpress(f"The address in {at} has characters that must be percent-encoded.", param=at)
        named = parts.netloc.rpartition("@")[2]
        head = f"GET {path} HTTP/1.1\r\nhost: {named}\r\naccept: */*\r\naccept-encoding: identity\r\n\r\n"
        time = allowed.time
        try:
            answer = await ask(pool, Call(head.encode(), b""), Times(time, time, time, time), allowed.most)
        except Fault as fault:
            raise CannotExpress(f"What {at} points to cannot be fetched from {host}: {fault.kind}.", param=at) from None
        finally:
            await pool.close()
        if answer.status != 200:
            raise CannotExpress(f"What {at} points to cannot be fetched: {host} answered {answer.status}.", param=at)
        return answer.body

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = trusting()
        return self._tls


def kind_of(body: bytes) -> str:
    """Media type of a picture or PDF by its first bytes; empty for anything else."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES.items() if body.startswith(signature)), "")


def _messages(request: Request) -> Sequence[Message]:
    return request.messages if request.instructions is None else [request.instructions, *request.messages]


def _parts(parts: list[AnyPart]) -> list[AnyPart]:
    found: list[AnyPart] = []
    for part in parts:
        found += part.content if isinstance(part, ToolResult) else [part]
    return found


def _host(url: str) -> str:
    return urlsplit(url).hostname or "its host"
