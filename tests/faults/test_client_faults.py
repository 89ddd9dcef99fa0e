"""Whatever a client sends: odd but valid requests are answered, wrong ones are refused with all that follows them, and
nothing is piled up."""

import asyncio

import pytest
from tests.faults import http1
from tests.faults.client import chat_body, chat_request, connect, request
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.raw_requests import (
    BODY,
    CL,
    TE,
    UNTOUCHED,
    USUAL,
    check_refused,
    chunked,
    head,
    send_as_far_as_taken,
)
from tests.faults.server import FaultServer

# Odd, but valid


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_may_come_in_single_bytes(stream: bool) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send_slowly(chat_request("up/normal", stream=stream))
        check(await raw.response(), WHOLE, stream=stream)
        body = chat_body("up/normal", stream=stream)
        await raw.send_slowly(chunked(*(http1.chunk(body[at : at + 3]) for at in range(0, len(body), 3))))
        check(await raw.response(), WHOLE, stream=stream)
        assert len(up.requests) == 2


async def test_chunk_extensions_and_trailers_are_read_over() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        extended = b'%x;a=b;c="d e"\r\n%b\r\n' % (len(BODY), BODY)
        await raw.send(chunked(extended, trailers=b"x-request-id: of-the-trailer\r\nx-a: b\r\n"))
        response = await raw.response()
        check(response, WHOLE, stream=False)
        assert response.header("x-request-id") != "of-the-trailer"
        check(await ask(raw, "up/any"), WHOLE, stream=False)


async def test_a_trailer_is_no_header() -> None:
    keys = [{"name": "one", "key": "sk-the-one-key-0123456789"}]
    key = b"authorization: Bearer sk-the-one-key-0123456789\r\n"
    async with no_leaks(), FaultServer() as up, gateway(up.url, keys=keys) as gw, connect(gw.port) as raw:
        await raw.send(chunked(http1.chunk(BODY), trailers=key))
        assert (await raw.response()).status == 401
        assert up.requests == []


@pytest.mark.parametrize("stream", [False, True])
async def test_pipelined_requests_are_answered_in_their_order(stream: bool) -> None:
    names = ["normal", "error_500", "one_byte_pieces", "caller_404", "normal"]
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(b"".join(chat_request(f"up/{name}", stream=stream) for name in names))
        statuses = [(await raw.response()).status for _ in names]
        assert statuses == [200, 502, 200, 404, 200]
        assert [asked.fault for asked in up.requests] == names


@pytest.mark.parametrize("release", ["before", "after"])
async def test_five_hundred_pipelined_requests_are_answered(release: str) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        if release == "before":
            up.release()
        models = ["up/held", *(f"up/model-{number}" for number in range(499))]
        await raw.send(b"".join(map(chat_request, models)))
        await up.request()
        up.release()
        answered = [(await raw.response()).json()["model"] for _ in models]
        assert answered == [model.removeprefix("up/") for model in models]
        assert len(await gw.rows()) == 500


async def test_five_hundred_pipelined_requests_that_need_no_upstream_are_answered() -> None:
    async with no_leaks(), gateway() as gw, connect(gw.port) as raw:
        await raw.send(request("GET", "/health/live") * 500)
        for _ in range(500):
            assert (await raw.response()).json() == {"status": "live"}


async def test_what_is_pipelined_behind_a_slow_request_is_not_read_for_ever() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(chat_request("up/held"))
        await up.request()
        flood = asyncio.create_task(send_as_far_as_taken(raw, request("GET", "/health/live", headers=LARGE), 20_000))
        assert await raw.wire.stuck() < UNTOUCHED
        up.release()
        raw.within = 20
        for _ in range(20_001):
            await raw.response()
        await flood


async def test_answers_that_are_not_read_are_not_piled_up() -> None:
    async with no_leaks(), gateway() as gw, connect(gw.port, receive_buffer=4096) as raw:
        count = 400_000
        flood = asyncio.create_task(send_as_far_as_taken(raw, request("GET", "/health/live") * 1000, count // 1000))
        assert await raw.wire.stuck() < UNTOUCHED
        raw.leave()
        await flood


LARGE = [("x-padding", "p" * 4000)]


# Wrong

MALFORMED = {
    "length and chunked": head(*USUAL, CL, TE) + BODY,
    "chunked and length": head(*USUAL, TE, CL) + b"0\r\n\r\n",
    "two lengths": head(*USUAL, CL, "content-length: 3") + BODY,
    "the same length twice": head(*USUAL, CL, CL) + BODY,
    "a list of lengths": head(*USUAL, f"content-length: {len(BODY)}, {len(BODY)}") + BODY,
    "a signed length": head(*USUAL, "content-length: +3") + b"{ }",
    "a negative length": head(*USUAL, "content-length: -3") + b"{ }",
    "a hexadecimal length": head(*USUAL, "content-length: 0x10") + BODY,
    "an empty length": head(*USUAL, "content-length:") + BODY,
    "an endless length": head(*USUAL, "content-length: " + "9" * 40) + BODY,
    "chunked, but not at last": head(*USUAL, "transfer-encoding: chunked, identity") + b"0\r\n\r\n",
    "chunked twice": head(*USUAL, "transfer-encoding: chunked, chunked") + b"0\r\n\r\n",
    "two codings": head(*USUAL, TE, "transfer-encoding: identity") + b"0\r\n\r\n",
    "folded": head("host: localhost", "content-type: application/json", "x-a: b", " c", CL) + BODY,
    "bare CR in a value": head(*USUAL, "x-a: b\rx-c: d", CL) + BODY,
    "bare LF between fields": head(*USUAL, "x-a: b\nx-c: d", CL) + BODY,
    "bare LF at the end": head(*USUAL, CL).replace(b"\r\n\r\n", b"\n\n") + BODY,
    "NUL in a value": head(*USUAL, "x-a: b\0c", CL) + BODY,
    "NUL in a name": head(*USUAL, "x-\0a: b", CL) + BODY,
    "space before the colon": head(*USUAL, "x-a : b", CL) + BODY,
    "a field without a name": head(*USUAL, ": b", CL) + BODY,
    "a field without a colon": head(*USUAL, "x-a", CL) + BODY,
    "a space before the first field": head(" host: localhost", CL) + BODY,
    "no host": head("content-type: application/json", CL) + BODY,
    "two hosts": head("host: localhost", *USUAL, CL) + BODY,
    "two keys": head(*USUAL, "authorization: Bearer a", "authorization: Bearer b", CL) + BODY,
    "two keys in another place": head(*USUAL, "x-api-key: a", "x-api-key: b", CL) + BODY,
    "two content types": head(*USUAL, "content-type: text/plain", CL) + BODY,
    "HTTP/1.2": head(*USUAL, CL).replace(b"/1.1", b"/1.2") + BODY,
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/3": head(*USUAL, CL).replace(b"/1.1", b"/3.0") + BODY,
    "another protocol": head(*USUAL, CL).replace(b"HTTP/", b"ICE/") + BODY,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown method": head(*USUAL, CL).replace(b"POST", b"BREW") + BODY,
    "a method in lower case": head(*USUAL, CL).replace(b"POST", b"post") + BODY,
    "TLS": bytes.fromhex("160301020001000124030366") + bytes(512),
    "a space in the target": head(*USUAL, CL).replace(b"/chat", b"/ch at") + BODY,
    "a bad chunk size": head(*USUAL, TE) + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk too long": head(*USUAL, TE) + b"2\r\n{ }\r\n0\r\n\r\n",
    "a chunk size too large": head(*USUAL, TE) + b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk that ends in LF": head(*USUAL, TE) + b"2\r\n{}\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_request_is_refused_and_nothing_behind_it_is_taken(name: str) -> None:
    """Nor does it disturb the request before it, which is answered first."""
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw:
        async with connect(gw.port) as raw:
            await raw.send(MALFORMED[name] + chat_request("up/behind"))
            check_refused(await raw.response(), 400, "invalid_http")
            await raw.closed()
        async with connect(gw.port) as raw:
            await raw.send(chat_request("up/before") + MALFORMED[name] + chat_request("up/behind"))
            check(await raw.response(), WHOLE, stream=False)
            check_refused(await raw.response(), 400, "invalid_http")
            await raw.closed()
        assert [asked.model for asked in up.requests] == ["before"]
        assert len(await gw.rows()) == 1


async def test_nobody_is_connected_to_anywhere() -> None:
    async with no_leaks(), gateway() as gw, connect(gw.port) as raw:
        await raw.send(b"CONNECT api.openai.com:443 HTTP/1.1\r\nhost: api.openai.com:443\r\n\r\n")
        check_refused(await raw.response(), 400, "upgrade_not_supported")
        await raw.closed()


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        (("transfer-encoding: gzip, chunked",), 501, "invalid_http"),
        (("content-length: 100000000",), 413, "request_too_large"),
        (("expect: 200-ok", CL), 417, "invalid_http"),
        (("upgrade: websocket", "connection: upgrade", CL), 400, "upgrade_not_supported"),
        (("upgrade: h2c, websocket", "connection: upgrade", CL), 400, "upgrade_not_supported"),
    ],
)
async def test_what_is_not_served_here_is_refused(lines: tuple[str, ...], status: int, code: str) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, *lines) + BODY + chat_request("up/behind"))
        check_refused(await raw.response(), status, code)
        await raw.closed()
        assert up.requests == []


@pytest.mark.parametrize("in_bytes", [False, True])
async def test_the_offer_to_go_on_in_http2_is_not_taken(in_bytes: bool) -> None:
    """Java's client makes it with every request, with a body and without."""
    offer = ("upgrade: h2c", "connection: upgrade, http2-settings", "http2-settings: AAMAAABkAAQ")
    listing = b"GET /v1/models HTTP/1.1\r\n" + b"".join(f"{line}\r\n".encode() for line in (*USUAL, *offer)) + b"\r\n"
    sent = head(*USUAL, *offer, CL) + BODY + listing + chat_request("up/behind")
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        for piece in [sent[at : at + 1] for at in range(len(sent))] if in_bytes else [sent]:
            await raw.send(piece)
        check(await raw.response(), WHOLE, stream=False)
        assert (await raw.response()).json()["object"] == "list"
        check(await raw.response(), WHOLE, stream=False)
        assert len(up.requests) == 2
