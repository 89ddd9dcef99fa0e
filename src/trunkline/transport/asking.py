"""A whole request and its whole reply, for what is not relayed: a login, a picture to fetch, a probe."""

import asyncio

import msgspec

from trunkline.transport.exchange import Call, Fault, Times, Upstream


class Answer(msgspec.Struct, frozen=True):
    """A whole reply."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class _Taker:
    """Takes a reply of at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._status = 0
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def head(self, status: int, headers: dict[bytes, bytes]) -> None:
        self._status, self._headers = status, headers

    def data(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._most and not self.answer.done():
            self.answer.set_exception(Fault("too_large", f"the reply is larger than {self._most} bytes"))

    def end(self) -> None:
        if not self.answer.done():
            self.answer.set_result(Answer(self._status, self._headers, bytes(self._body)))

    def fail(self, fault: Fault) -> None:
        if not self.answer.done():
            self.answer.set_exception(fault)


async def ask(upstream: Upstream, call: Call, times: Times, most: int = 1 << 20) -> Answer:
    """Send `call` and wait for the whole reply, of at most `most` bytes. Raises `Fault`. Follows no redirects."""
    exchange = upstream.ready() or await upstream.open(times.connect)
    taker = _Taker(most)
    try:
        exchange.send(call, taker, times)
        return await taker.answer
    except BaseException:
        exchange.abort()
        raise
