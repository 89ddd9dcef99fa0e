"""Whatever a client sends: odd but valid requests are answered, wrong ones are refused with all that follows them, and
none makes the gateway hold more than its limits."""

import asyncio

import pytest
from tests.faults import http1
from tests.faults.client import RawClient, Response, chat_body, chat_request, connect, request
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import WHOLE, check
from tests.faults.server import FaultServer

BODY = chat_body("up/any")
MEGABYTE = 1 << 20
KERNEL = 8 * MEGABYTE
"""Bytes that two sockets' buffers may hold although nobody has read them."""


def head(*lines: str) -> bytes:
    """The head of a chat request with these lines in place of the usual ones."""
    return "\r\n".join(["POST /v1/chat/completions HTTP/1.1", *lines, "", ""]).encode("latin-1")


USUAL = ("host: localhost", "content-type: application/json")


def chunked(*chunks: bytes, trailers: bytes = b"") -> bytes:
    """A chat request whose body comes in these chunks."""
    return head(*USUAL, "transfer-encoding: chunked") + b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"


def check_refused(response: Response, status: int, code: str) -> None:
    assert response.status == status, bytes(response.body)
    assert response.complete
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert error["message"]
    assert response.header("connection") == "close"


async def send_as_far_as_taken(raw: RawClient, data: bytes, times: int) -> None:
    """Sends `data` so many times, or until the server takes no more."""
    try:
        for _ in range(times):
            await raw.send(data)
    except ConnectionError:
        pass


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
        assert await raw.wire.stuck() < KERNEL
        up.release()
        raw.within = 20
        for _ in range(20_001):
            await raw.response()
        await flood


async def test_answers_that_are_not_read_are_not_piled_up() -> None:
    async with no_leaks(), gateway() as gw, connect(gw.port, receive_buffer=4096) as raw:
        count = 400_000
        flood = asyncio.create_task(send_as_far_as_taken(raw, request("GET", "/health/live") * 1000, count // 1000))
        assert await raw.wire.stuck() < KERNEL
        raw.leave()
        await flood


LARGE = [("x-padding", "p" * 4000)]


# Wrong

CL, TE = f"content-length: {len(BODY)}", "transfer-encoding: chunked"

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
        (
            ("upgrade: h2c", "connection: upgrade, http2-settings", "http2-settings: AAMAAABkAAQ", CL),
            400,
            "upgrade_not_supported",
        ),
    ],
)
async def test_what_is_not_served_here_is_refused(lines: tuple[str, ...], status: int, code: str) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, *lines) + BODY + chat_request("up/behind"))
        check_refused(await raw.response(), status, code)
        await raw.closed()
        assert up.requests == []


# Too large


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
        assert raw.wire.sent < KERNEL
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
            assert raw.wire.sent < KERNEL
            check_refused(await raw.response(), 431, "headers_too_large")
            await raw.closed()


LIMIT = {"limits": {"body": "1MiB"}}


async def test_a_body_is_refused_by_its_length_before_it_is_read() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=LIMIT) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, f"content-length: {100 * MEGABYTE}"))
        check_refused(await raw.response(), 413, "request_too_large")
        await send_as_far_as_taken(raw, bytes(MEGABYTE), 100)
        assert raw.wire.sent < KERNEL
        assert up.requests == []


async def test_a_chunked_body_is_refused_when_it_becomes_too_large() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server=LIMIT) as gw, connect(gw.port) as raw:
        await raw.send(head(*USUAL, TE))
        await send_as_far_as_taken(raw, http1.chunk(bytes(MEGABYTE // 4)), 400)
        assert raw.wire.sent < KERNEL
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


# Expect: 100-continue


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
        assert raw.wire.sent < KERNEL
