"""Each side of the transport by itself: what comes means the same however it is cut, and no bytes at all break it."""

import asyncio
import gzip
import re
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from hypothesis import given
from tests import aio
from tests.faults import http1
from tests.faults.mutations import cut, cuts, fuzz, nearly
from tests.transport.application import Application
from tests.transport.receiver import Receiver

from trunkline.transport.client import Line
from trunkline.transport.connection import Connection, Limits
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Call, Times
from trunkline.transport.pool import Origin, Pool
from trunkline.transport.server import Server

REPLIES = [
    http1.message(200, b'{"a": 1}'),
    http1.message(429, b"later", [("retry-after", "1"), ("connection", "close")]),
    http1.head(200, [("transfer-encoding", "chunked")]) + http1.chunk(b"abc") * 3 + b"0\r\nx-end: y\r\n\r\n",
    http1.head(200, version="HTTP/1.0") + b"until the end",
    http1.head(103, [("link", "<a>")]) + http1.head(100) + http1.message(200, b"x" * 100),
    http1.message(200, gzip.compress(b"abc" * 50), [("content-encoding", "gzip")]),
    http1.head(204) + http1.message(200, b"somebody else's"),
    http1.head(304, [("content-length", "7")]),
]

HOST = b" HTTP/1.1\r\nhost: a\r\n"
GET = b"GET /b" + HOST + b"\r\n"
CHUNKS = b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-a: b\r\n\r\n"

REQUESTS = [
    b"POST /a" + HOST + b"content-length: 5\r\n\r\nhello" + GET * 2,
    b"POST /a" + HOST + b"transfer-encoding: chunked\r\n\r\n" + CHUNKS + GET,
    b"POST /a" + HOST + b"expect: 100-continue\r\ncontent-length: 5\r\n\r\nhelloGET /b HTTP/1.0\r\n\r\n",
    b"GET /late" + HOST + b"\r\nGET /late" + HOST + b"connection: close\r\n\r\n" + GET,
    b"POST /a" + HOST + b"content-length: 5000\r\n\r\n" + b"x" * 5000,
    b"POST /a" + HOST + b"x: " + b"y" * 3000 + b"\r\n\r\n",
]


@asynccontextmanager
async def sockets() -> AsyncIterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    try:
        yield ours, theirs
    finally:
        ours.close()
        theirs.close()


async def read_reply(pieces: Iterable[bytes]) -> Receiver:
    """What a receiver is told of a reply that comes in these pieces, before the upstream closes."""
    loop = asyncio.get_running_loop()
    pool = Pool(Origin(host="unused", port=0), Deadlines())
    receiver = Receiver()
    async with sockets() as (ours, theirs):
        transport, line = await loop.create_connection(lambda: Line(pool), sock=ours)
        line.send(Call(b"POST / HTTP/1.1\r\n\r\n", b""), receiver, Times())
        for piece in pieces:
            if not line.lost:
                line.data_received(piece)
        theirs.close()
        await asyncio.wait_for(receiver.over.wait(), 5)
        for _ in range(10):  # a line that was kept sees the end of its connection
            await aio.turn()
        transport.abort()
    assert not pool.lines
    assert not pool.idle
    return receiver


@given(data=nearly(REPLIES), at=cuts)
@fuzz(300)
@aio.within(20)
async def test_a_reply_means_the_same_however_it_is_cut(data: bytes, at: list[int]) -> None:
    whole = await read_reply([data] if data else [])
    parts = await read_reply(cut(data, at))
    assert (parts.ended, parts.status, parts.headers) == (whole.ended, whole.status, whole.headers)
    if whole.ended == "whole":
        assert parts.body == whole.body
    else:  # of what a broken compression held, more may be told when it comes in pieces
        assert parts.body.startswith(whole.body) or whole.body.startswith(parts.body)


UNSTEADY = re.compile(rb"date: [^\r]*\r\n|HTTP/1.1 100 Continue\r\n\r\n")
"""A client that has sent its body already is not asked for it."""


async def serve(pieces: Iterable[bytes]) -> tuple[list[Any], bytes]:
    """The requests that were seen, and the bytes of the answers, of a client that sends these pieces."""
    loop = asyncio.get_running_loop()
    application = Application()
    server = Server(application, Limits(head=2048, body=4096), Deadlines())
    async with sockets() as (ours, theirs):
        theirs.setblocking(False)
        connection = Connection(server)
        await loop.connect_accepted_socket(lambda: connection, ours)
        for piece in pieces:
            if not connection.lost:
                connection.data_received(piece)
                await aio.turn()
        await aio.turn()
        answers = b""
        while not connection.lost or answers == b"":
            try:
                data = theirs.recv(1 << 20)
            except BlockingIOError:
                break
            if not data:
                break
            answers += data
        theirs.close()
        await server.close()
        assert not server.connections
        assert server.in_flight == 0
    return application.seen, UNSTEADY.sub(b"", answers)


@given(data=nearly(REQUESTS), at=cuts)
@fuzz(300)
@aio.within(20)
async def test_requests_mean_the_same_however_they_are_cut(data: bytes, at: list[int]) -> None:
    seen, answers = await serve([data] if data else [])
    seen_then, answers_then = await serve(cut(data, at))
    assert seen_then == seen
    assert answers_then == answers
