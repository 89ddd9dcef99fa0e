"""Pictures and files that a request names by address, for a model whose API takes only bytes.

Nothing is fetched unless the target needs it and the operator allows the host. The address is checked like any
upstream's (no private ones), sizes and times are bounded, redirects are not followed, and what comes must be what it
says it is.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, urlsplit

import msgspec

from trunkline.config import names
from trunkline.formats.conversation import AnyPart, File, Image, Message, Request, ToolResult
from trunkline.gateway.errors import CannotExpress
from trunkline.transport.asking import Answer, ask
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Call, Fault, Times, Upstream
from trunkline.transport.pool import Origin, Pool
from trunkline.transport.tls import trusting

MOST_AT_ONCE = 20
"""Addresses fetched for one request."""
MOST_ALTOGETHER = 64 * 1024 * 1024
"""Bytes fetched for one request."""
SIDE_BY_SIDE = 4
LONGEST_HOST, LONGEST_LABEL = 253, 63
"""Characters; longer ones are no names (RFC 1035)."""
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}

Wanted = list[tuple[Image | File, str]]
"""Parts that name the same address, with their paths in the request."""


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

    def __init__(self, deadlines: Deadlines, reach: Callable[[Origin, Deadlines], Upstream] = Pool) -> None:
        """`reach` leads to a host; by default none with a private address."""
        self._deadlines = deadlines
        self._reach = reach
        self._tls: ssl.SSLContext | None = None

    async def inline(self, request: Request, allowed: Allowed) -> None:
        """Put bytes in place of addresses. Raises `CannotExpress`, naming the part."""
        wanted: dict[str, Wanted] = {}
        for message in _messages(request):
            for part in _parts(message.parts):
                if isinstance(part, Image | File) and part.url.startswith(("http://", "https://")) and not part.data:
                    wanted.setdefault(part.url, []).append((part, message.at))
        if len(wanted) > MOST_AT_ONCE:
            raise CannotExpress(
                f"This model's API takes only bytes, and more than {MOST_AT_ONCE} addresses would have to be fetched.",
                param=list(wanted.values())[MOST_AT_ONCE][0][1],
            )
        batch = _Batch(self, allowed)
        tasks = [asyncio.ensure_future(batch.fill(url, parts)) for url, parts in wanted.items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()  # where one has failed, the others are not wanted

    async def fetch(self, url: str, at: str, allowed: Allowed) -> Answer:
        """What `url`, which stands at `at`, answers. Raises `CannotExpress`."""
        parts = _checked(url, at, allowed)
        host = parts.hostname or ""
        secure = parts.scheme == "https"
        origin = Origin(host=host, port=parts.port or (443 if secure else 80), tls=self._context() if secure else None)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        named = parts.netloc.rpartition("@")[2]
        head = f"GET {path} HTTP/1.1\r\nhost: {named}\r\naccept: */*\r\naccept-encoding: identity\r\n\r\n"
        upstream = self._reach(origin, self._deadlines)
        time = allowed.time
        try:
            async with asyncio.timeout(time):
                answer = await ask(upstream, Call(head.encode(), b""), Times(time, time, time, time), allowed.most)
        except TimeoutError:
            raise CannotExpress(
                f"What {at} points to cannot be fetched: {host} took longer than {time:g} s.", param=at
            ) from None
        except Fault as fault:
            raise CannotExpress(f"What {at} points to cannot be fetched from {host}: {fault.kind}.", param=at) from None
        finally:
            await upstream.close()
        if answer.status != 200:
            raise CannotExpress(f"What {at} points to cannot be fetched: {host} answered {answer.status}.", param=at)
        if not answer.body:
            raise CannotExpress(f"What {at} points to cannot be fetched: {host} answered with nothing.", param=at)
        return answer

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = trusting()
        return self._tls


class _Batch:
    """All that is fetched for one request."""

    def __init__(self, fetcher: Fetcher, allowed: Allowed) -> None:
        self._fetcher = fetcher
        self._allowed = allowed
        self._turns = asyncio.Semaphore(SIDE_BY_SIDE)
        self._left = MOST_ALTOGETHER

    async def fill(self, url: str, parts: Wanted) -> None:
        """Put what `url` answers into the parts that name it."""
        at = parts[0][1]
        async with self._turns:
            answer = await self._fetcher.fetch(url, at, self._allowed)
        self._left -= len(answer.body)
        if self._left < 0:
            raise CannotExpress(f"What the request points to has more than {MOST_ALTOGETHER >> 20} MiB.", param=at)
        found = kind_of(answer.body)
        declared = answer.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
        data = base64.b64encode(answer.body).decode()
        for part, place in parts:
            if isinstance(part, Image) and not found.startswith("image/"):
                host = urlsplit(url).hostname
                raise CannotExpress(f"What {host} answered for the picture in {place} is no picture.", param=place)
            part.media_type = found or part.media_type or declared or "application/octet-stream"
            part.data, part.url = data, ""


def _checked(url: str, at: str, allowed: Allowed) -> SplitResult:
    """The parts of an address that may be fetched. Raises `CannotExpress`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise CannotExpress(f"The address in {at} is not an http(s) URL.", param=at) from None
    if not url.isascii() or not url.isprintable() or " " in url:
        raise CannotExpress(f"The address in {at} has characters that must be percent-encoded.", param=at)
    if len(host) > LONGEST_HOST or not all(0 < len(label) <= LONGEST_LABEL for label in host.split(".")):
        raise CannotExpress(f"The address in {at} is not an http(s) URL.", param=at)
    if not any(names.match(pattern.lower(), host) is not None for pattern in allowed.hosts):
        raise CannotExpress(
            f"This model's API takes only bytes, and this gateway may not fetch from {host}. "
            "Send the picture or file as Base64, or have the operator allow the host under `fetch.hosts`.",
            param=at,
        )
    return parts


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
