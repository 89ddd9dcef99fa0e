"""A small application for the server side by itself."""

import asyncio

from trunkline.transport.request import Refusal, Request


class Application:
    """Answers every request with its body turned round; `/late` after a turn of the loop, `/status/498` with that
    status, and `/bug` not at all.

    `seen` holds the requests: method, target, headers, body.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes, dict[bytes, bytes], bytes]] = []

    async def handle(self, request: Request) -> None:
        if request.target == b"/bug":
            raise RuntimeError("a bug")
        try:
            if request.target.endswith(b"late"):
                await asyncio.sleep(0)
            body = await request.body()
        except Refusal as refusal:
            request.respond(refusal.status, b"x-refused: %b\r\n" % refusal.code.encode())
            return
        self.seen.append((request.method, request.target, dict(request.headers), body))
        status = int(request.target[8:]) if request.target.startswith(b"/status/") else 200
        request.respond(status, b"", body[::-1])

    def refusal(self, path: bytes, refusal: Refusal) -> tuple[bytes, bytes]:
        return b"x-refused: %b\r\n" % refusal.code.encode(), b""
