"""The life of a client's connection: when it is kept, how it ends, and how many there may be."""

import asyncio

import pytest
from tests.faults.client import chat_body, chat_request, connect, request
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import BROKEN_OFF, WHOLE, check
from tests.faults.raw_requests import BODY
from tests.faults.server import FaultServer

LIVE = request("GET", "/health/live")


# How a connection goes on, or ends


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_wants_its_connection_closed_is_obeyed(stream: bool) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        body = chat_body("up/any", stream=stream)
        await raw.send(request(body=body, headers=[("connection", "close")]) + chat_request("up/behind"))
        response = await raw.response()
        check(response, WHOLE, stream=stream)
        assert response.header("connection") == "close"
        await raw.closed()
        assert raw.leftover == b""
        assert [asked.model for asked in up.requests] == ["any"]


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "HTTPS://gateway.example:8443"])
async def test_a_target_in_absolute_form_is_understood(origin: str) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(request(target=f"{origin}/v1/chat/completions?a=b", body=BODY))
        check(await raw.response(), WHOLE, stream=False)
        statuses = {f"{origin}/health/live": 200, origin: 404, f"{origin}?a": 404, "ftp://a/health/live": 404}
        for target, status in statuses.items():
            await raw.send(request("GET", target))
            assert (await raw.response()).status == status


def old(data: bytes) -> bytes:
    """A request as HTTP/1.0."""
    return data.replace(b"HTTP/1.1", b"HTTP/1.0", 1)


async def test_http_1_0_ends_its_connection_unless_it_is_asked_not_to() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw:
        async with connect(gw.port) as raw:
            await raw.send(old(chat_request("up/any")))
            response = await raw.response()
            check(response, WHOLE, stream=False)
            assert response.header("transfer-encoding") is None
            await raw.closed()
        async with connect(gw.port) as raw:
            for _ in range(3):
                await raw.send(old(request(body=BODY, headers=[("connection", "keep-alive")])))
                response = await raw.response()
                check(response, WHOLE, stream=False)
                assert response.header("connection") == "keep-alive"


@pytest.mark.parametrize("headers", [[], [("connection", "keep-alive")]])
async def test_http_1_0_gets_a_stream_that_ends_with_the_connection(headers: list[tuple[str, str]]) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(old(request(body=chat_body("up/any", stream=True), headers=headers)))
        response = await raw.response()
        check(response, WHOLE, stream=True)
        assert response.to_end
        assert response.header("transfer-encoding") is None


async def test_a_stream_to_http_1_0_that_fails_ends_with_the_error() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(old(chat_request("up/error_event", stream=True)))
        check(await raw.response(), BROKEN_OFF, stream=True)


async def test_head_has_the_header_of_get_and_no_body() -> None:
    async with no_leaks(), gateway() as gw, connect(gw.port) as raw:
        await raw.send(LIVE, request("HEAD", "/health/live"), request("HEAD", "/v1/nowhere"), LIVE)
        got, headed = await raw.response(), await raw.response(to="HEAD")
        assert (headed.status, bytes(headed.body)) == (200, b"")
        assert headed.header("content-length") == got.header("content-length")
        assert (await raw.response(to="HEAD")).status == 404
        assert (await raw.response()).status == 200


async def test_a_wrong_method_or_path_does_not_end_the_connection() -> None:
    async with no_leaks(), gateway() as gw, connect(gw.port) as raw:
        for data, status in [
            (request("GET", "/v1/chat/completions"), 405),
            (request("DELETE", "/v1/models"), 405),
            (request("OPTIONS", "*"), 404),
            (request("GET", "/nowhere"), 404),
            (request(target="/nowhere", body=BODY), 404),
            (LIVE, 200),
        ]:
            await raw.send(data)
            assert (await raw.response()).status == status


# How many


async def test_requests_above_the_bound_are_turned_away_and_the_others_are_served() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, server={"in_flight": 2}) as gw:
        async with connect(gw.port) as first, connect(gw.port) as second, connect(gw.port) as third:
            await first.send(chat_request("up/held"))
            await second.send(chat_request("up/held"))
            await up.request(1)
            response = await ask(third, "up/any")
            assert (response.status, response.json()["error"]["code"]) == (503, "overloaded")
            assert response.header("retry-after")
            await third.send(LIVE)
            assert (await third.response()).status == 200
            up.release()
            check(await first.response(), WHOLE, stream=False)
            check(await ask(third, "up/any"), WHOLE, stream=False)
            check(await second.response(), WHOLE, stream=False)
        assert len(await gw.rows()) == len(up.requests) == 3


# Going away


async def test_a_gateway_that_goes_away_lets_the_last_answers_finish() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw:
        async with connect(gw.port) as idle, connect(gw.port) as waiting, connect(gw.port) as streaming:
            await idle.send(LIVE)
            await idle.response()
            await waiting.send(chat_request("up/held") + chat_request("up/behind"))
            await streaming.send(chat_request("up/held_mid_stream", stream=True))
            stream = await streaming.response_head()
            await up.request(1)
            draining = asyncio.create_task(gw.process.drain(0.2, 10))
            await asyncio.sleep(0.05)
            await idle.send(request("GET", "/health/ready"))
            assert (await idle.response()).status == 503
            assert await idle.closed() == "fin"
            with pytest.raises(ConnectionRefusedError):
                await connect(gw.port).__aenter__()
            up.release()
            response = await waiting.response()
            check(response, WHOLE, stream=False)
            assert response.header("connection") == "close"
            assert await waiting.closed() in ("fin", "reset")
            while await streaming.part():
                pass
            check(stream, WHOLE, stream=True)
            assert await streaming.closed() == "fin"
            await draining
        assert [row.outcome for row in await gw.rows()] == ["ok", "ok"]


@pytest.mark.parametrize("stream", [False, True])
async def test_what_does_not_finish_in_time_is_told_so_and_recorded(stream: bool) -> None:
    fault = "held_mid_stream" if stream else "mute"
    async with no_leaks(), FaultServer(fault) as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(chat_request(f"up/{fault}", stream=stream))
        request = await up.request()
        if stream:
            await raw.response_head()
            await raw.event()
        await gw.process.drain(0, 0.1)
        await gw.process.server.close()
        await raw.closed()
        told = raw.leftover
        assert b'"code":"shutting_down"' in told
        assert b"[DONE]" not in told
        assert told.startswith(b"HTTP/1.1 503") is not stream
        await up.closed(request.connection, within=0.5)
        (row,) = await gw.rows()
        assert row.outcome == "cancelled"
