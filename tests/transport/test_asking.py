"""A whole request and its whole reply."""

import asyncio

import pytest
from tests import aio

from trunkline.transport.asking import ask
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Call, Times
from trunkline.transport.pool import Origin, Pool

TIMES = Times(5.0, 5.0, 5.0, 5.0)


@aio.within(10)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_told_and_not_followed(status: int) -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        place = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/elsewhere"
        writer.write(f"HTTP/1.1 {status} Moved\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        pool = Pool(Origin(host="127.0.0.1", port=port, allow_private=True), Deadlines())
        reply = await ask(pool, Call(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n", b""), TIMES)
        await pool.close()
    assert reply.status == status
    assert [head.split(b" ")[1] for head in asked] == [b"/"]
