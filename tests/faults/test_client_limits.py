"""What is too large is refused before it is read, and a body that is not wanted is not asked for."""

import pytest
from tests.faults import http1
from tests.faults.client import connect, request
from tests.faults.gateway import gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.raw_requests import (
    BODY,
    CL,
    MEGABYTE,
    REFUSED,
    TE,
    USUAL,
    check_refused,
    chunked,
    head,
    send_as_far_as_taken,
)
from tests.faults.server import FaultServer


@pytest.mark.parametrize(
    "flood",
    [
        head(*USUAL)[:-2] + b"x-a: ",
        head(*USUAL)[:-2],
        b"POST /v1/",
        b"POST",
    ],
    ids=["a value", "fields", "a target", "a method"],
)
async def test_a_header_without_end_is_refused_and_not_held(flood: bytes) -> None:
    more = b"x-padding: " + b"p" * 1000 + b"\r\n" if flood.endswith(b"\r\n") else b"p" * 1013
    async with no_leaks(), gateway() as gw, connect(gw.port) as raw:
        await raw.send(flood)
        await send_as_far_as_taken(raw, more * 100, 200)
        assert raw.wire.sent < REFUSED
        if flood != b"POST":
            check_refused(await raw.response(), 431, "headers_too_large")
        await raw.closed()


async def test_a_header_just_below_the_limit_is_taken() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        padding = [("x-padding", "p" * 60_000)]
        data = request(body=BODY, headers=padding)
        await raw.send(data)
        check(await raw.response(), WHOLE, stream=False)
        await raw.send_slowly(data, 7919)
        check(await raw.response(), WHOLE, stream=False)


async def test_trailers_and_extensions_without_end_are_refused_and_not_held() -> None:
    start = head(*USUAL, TE)
    for flood in (start + b"0\r\nx-a: ", start + b"0\r\n", start + b"2;a="):
        more = b"x-padding: " + b"p" * 1000 + b"\r\n" if flood.endswith(b"0\r\n") else b"p" * 1013
        async with no_leaks(), gateway() as gw, connect(gw.port) as raw:
            await raw.send(flood)
            await send_as_far_as_taken(raw, more * 100, 200)
            assert raw.wire.sent < REFUSED
            check_refused(await raw.response(), 431, "headers_too_large")
            await raw.closed()


LIMIT = {"limits": {"body": "1MiB"}}


async def test_a_body_is_refused_by_its_length_before_it_is_read() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=LIMIT) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, f"content-length: {100 * MEGABYTE}"))
        check_refused(await raw.response(), 413, "request_too_large")
        await send_as_far_as_taken(raw, bytes(MEGABYTE), 100)
        assert raw.wire.sent < REFUSED
        assert up.requests == []


async def test_a_chunked_body_is_refused_when_it_becomes_too_large() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=LIMIT) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, TE))
        await send_as_far_as_taken(raw, http1.chunk(bytes(MEGABYTE // 4)), 400)
        assert raw.wire.sent < REFUSED
        check_refused(await raw.response(), 413, "request_too_large")
        await raw.closed()
        assert up.requests == []


async def test_a_body_at_the_limit_is_taken() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=LIMIT) as gw, connect(gw.port) as raw:
        body = BODY + b" " * (MEGABYTE - len(BODY))
        await raw.send(request(body=body))
        check(await raw.response(), WHOLE, stream=False)
        await raw.send(chunked(*(http1.chunk(body[at : at + 65536]) for at in range(0, len(body), 65536))))
        check(await raw.response(), WHOLE, stream=False)
        await raw.send(request(body=body + b" "))
        check_refused(await raw.response(), 413, "request_too_large")


EXPECTS = "expect: 100-continue"


@pytest.mark.parametrize("framing", [CL, TE])
async def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(framing: str) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        for _ in range(2):
            await raw.send(head(*USUAL, framing, EXPECTS))
            assert await raw.take(len(b"HTTP/1.1 100 Continue\r\n\r\n")) == b"HTTP/1.1 100 Continue\r\n\r\n"
            await raw.send(BODY if framing == CL else http1.chunk(BODY) + http1.LAST_CHUNK)
            check(await raw.response(), WHOLE, stream=False)


async def test_a_client_that_does_not_wait_though_it_said_so_is_answered() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, CL, EXPECTS) + BODY)
        response = await raw.response()
        check(response, WHOLE, stream=False)
        assert response.informational == []


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        (("authorization: Bearer wrong", "content-length: 1000"), 401, "invalid_api_key"),
        (("authorization: Bearer wrong", TE), 401, "invalid_api_key"),
        (("content-length: 100000000",), 401, "invalid_api_key"),
    ],
)
async def test_a_body_that_is_not_wanted_is_not_asked_for(lines: tuple[str, ...], status: int, code: str) -> None:
    keys = [{"name": "one", "key": "sk-the-one-key-0123456789"}]
    async with no_leaks(), gateway(keys=keys) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, *lines, EXPECTS))
        response = await raw.response()
        assert response.informational == []
        assert (response.status, response.json()["error"]["code"]) == (status, code)
        assert response.header("connection") == "close"
        await raw.closed()


async def test_a_client_without_key_is_told_before_its_body_is_read() -> None:
    keys = [{"name": "one", "key": "sk-the-one-key-0123456789"}]
    async with no_leaks(), gateway(keys=keys) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, f"content-length: {30 * MEGABYTE}"))
        assert (await raw.response()).status == 401
        await send_as_far_as_taken(raw, bytes(MEGABYTE), 30)
        assert raw.wire.sent < REFUSED
