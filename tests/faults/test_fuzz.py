"""Whatever bytes come from either side, in any pieces: a defined outcome, no error of ours, nothing left behind."""

import asyncio
import contextlib
import gzip
import json

from hypothesis import given
from tests import aio
from tests.faults import http1, replies
from tests.faults.client import RawClient, chat_body, chat_request, connect, request
from tests.faults.connection import CHUNKED, EVENT_STREAM, Exchange
from tests.faults.fault import Fault as UpstreamFault
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.mutations import cut, cuts, fuzz, nearly
from tests.faults.outcomes import WHOLE, check
from tests.faults.server import FaultServer

BODY = chat_body("up/any")
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
REQUESTS = [
    chat_request("up/any"),
    chat_request("up/any", stream=True) + request("GET", "/v1/models") * 2,
    HEAD + b"transfer-encoding: chunked\r\n\r\n" + http1.chunk(BODY[:9]) + http1.chunk(BODY[9:]) + b"0\r\nx: y\r\n\r\n",
    HEAD + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY,
    chat_request("up/any").replace(b"1.1", b"1.0"),
]

EVENTS = b"".join(replies.chat_events("any", usage=True))
REPLIES = [
    http1.message(200, replies.chat("any")),
    http1.head(200, [CHUNKED]) + http1.chunk(replies.chat("any")) + b"0\r\nx: y\r\n\r\n",
    http1.head(200, [EVENT_STREAM, CHUNKED]) + http1.chunk(EVENTS[:700]) + http1.chunk(EVENTS[700:]) + http1.LAST_CHUNK,
    http1.head(200, [EVENT_STREAM], version="HTTP/1.0") + EVENTS,
    http1.message(200, gzip.compress(replies.chat("any")), [("content-encoding", "gzip")]),
    http1.head(103) + http1.message(429, replies.error("no", "requests"), [("retry-after", "1")]),
]


@given(data=nearly(REQUESTS), at=cuts)
@fuzz(40)
@aio.within(20)
async def test_whatever_a_client_sends_it_gets_http_and_the_next_client_is_served(data: bytes, at: list[int]) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw:
        async with connect(gw.port) as raw:
            with contextlib.suppress(ConnectionError):
                await raw.send(*cut(data, at))
                await raw.send(request("GET", "/health/live"))
            await read_answers(raw)
        async with connect(gw.port) as raw:
            check(await ask(raw, "up/last"), WHOLE, stream=False)
        rows = await gw.rows()
        assert len(rows) == len(up.requests)
        assert {row.outcome for row in rows} <= {"ok", "cancelled"}


async def read_answers(raw: RawClient) -> None:
    """Reads what is there; every byte of it must be HTTP."""
    raw.within = 0.05
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            try:
                await raw.response()
            except http1.MalformedError:
                raise
            except AssertionError:
                return  # no more of it, for the request is not whole


def sends(data: bytes, at: list[int]) -> UpstreamFault:
    """An upstream that answers with these pieces and closes."""

    async def answer(x: Exchange) -> None:
        await x.send(*cut(data, at))
        await x.close()

    return UpstreamFault("sends", "Sends what the test says.", None, None, answer=answer)


@given(data=nearly(REPLIES), at=cuts)
@fuzz(40)
@aio.within(20)
async def test_whatever_an_upstream_answers_the_client_is_told_in_order(data: bytes, at: list[int]) -> None:
    for stream in (False, True):
        async with no_leaks(), FaultServer(sends(data, at)) as up, gateway(up.url) as gw, connect(gw.port) as raw:
            response = await ask(raw, "up/any", stream=stream)
            assert response.complete
            if response.status == 200 and stream:
                last = response.body.rstrip().rpartition(b"data:")[2].strip()
                assert last == b"[DONE]" or json.loads(last)["error"]["message"]
            elif response.status == 200:
                assert response.json()["choices"] is not None
            elif response.status >= 500:
                assert response.json()["error"]["message"]
            else:
                assert 400 <= response.status < 500
            assert len(await gw.rows()) == 1
