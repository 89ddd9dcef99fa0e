"""A receiver of replies that notes what it is told, and that no rule of `exchange.Receiver` is broken."""

import asyncio

from trunkline.transport.exchange import Fault


class Receiver:
    """`ended` is how the reply ended: `whole`, or the kind of the fault; `over` is set then."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.ended = ""
        self.over = asyncio.Event()

    def head(self, status: int, headers: dict[bytes, bytes]) -> None:
        assert not self.status
        assert not self.ended
        assert status >= 200
        self.status, self.headers = status, dict(headers)

    def data(self, data: bytes) -> None:
        assert self.status
        assert not self.ended
        self.body += data

    def end(self) -> None:
        assert self.status
        self._over("whole")

    def fail(self, fault: Fault) -> None:
        self._over(fault.kind)

    def _over(self, how: str) -> None:
        assert not self.ended
        self.ended = how
        self.over.set()
