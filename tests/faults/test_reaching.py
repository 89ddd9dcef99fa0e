"""The way to an upstream: addresses, proxies, and the time it may take."""

import base64
from typing import Any

import pytest
from tests.faults import certificates, http1
from tests.faults.client import chat_request, connect
from tests.faults.gateway import ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import TIMED_OUT, UNREACHABLE, WHOLE, check
from tests.faults.proxy import Proxy
from tests.faults.server import FaultServer

from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Fault
from trunkline.transport.pool import Origin, Pool


def through(proxy: str, **facts: Any) -> dict[str, Any]:
    """The upstream is reached through a proxy."""
    return {"providers": {"up": {"proxy": proxy, **facts}}}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("certificate", [None, "good"])
async def test_a_proxy_makes_a_tunnel_that_is_used_again(
    certificate: certificates.Certificate | None, stream: bool
) -> None:
    async with (
        no_leaks(),
        FaultServer(certificate=certificate) as up,
        Proxy() as proxy,
        gateway(up.url, **through(proxy.url)) as gw,
        connect(gw.port) as raw,
    ):
        for _ in range(3):
            check(await ask(raw, "up/one_write" if stream else "up/any", stream=stream), WHOLE, stream=stream)
        assert [head.line for head in proxy.requests] == [f"CONNECT 127.0.0.1:{up.port} HTTP/1.1"]
        assert http1.value(proxy.requests[0].headers, "host") == f"127.0.0.1:{up.port}"
        assert len(up.connections) == 1
        assert [row.outcome for row in await gw.rows()] == ["ok"] * 3


async def test_a_proxy_is_shown_the_name_and_password_of_its_url() -> None:
    async with no_leaks(), FaultServer() as up, Proxy() as proxy:
        url = proxy.url.replace("//", "//name:p%40ss@")
        async with gateway(up.url, **through(url)) as gw, connect(gw.port) as raw:
            check(await ask(raw, "up/any"), WHOLE, stream=False)
            shown = http1.value(proxy.requests[0].headers, "proxy-authorization")
            assert shown == "Basic " + base64.b64encode(b"name:p@ss").decode()
            assert up.requests[0].header("proxy-authorization") is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"SSH-2.0-what\r\n\r\n",
        b"HTTP/1.1 400 Bad\r\n",
        b"HTTP/1.1 400 Bad\r\nx: " + b"x" * 200_000,
    ],
    ids=["403", "407", "2000", "ssh", "half", "large"],
)
async def test_a_proxy_that_makes_no_tunnel_is_a_way_that_failed(answer: bytes) -> None:
    async with (
        no_leaks(),
        FaultServer() as up,
        Proxy(answer) as proxy,
        gateway(up.url, **through(proxy.url)) as gw,
        connect(gw.port) as raw,
    ):
        response = await ask(raw, "up/any")
        check(response, UNREACHABLE, stream=False)
        assert [row.outcome for row in await gw.rows()] == ["unreached"]
        assert str(proxy.port) not in response.body.decode()
        assert up.connections == []


async def test_a_proxy_that_is_not_there_or_says_nothing_is_told() -> None:
    async with no_leaks(), FaultServer() as up:
        async with gateway(up.url, **through("http://127.0.0.1:9")) as gw, connect(gw.port) as raw:
            check(await ask(raw, "up/any"), UNREACHABLE, stream=False)
        async with Proxy(b"") as mute:
            config = through(mute.url, deadline={"connect": "100ms"})
            async with gateway(up.url, **config) as gw, connect(gw.port) as raw:
                check(await ask(raw, "up/any"), TIMED_OUT, stream=False)


async def test_tls_is_verified_through_a_proxy_too() -> None:
    async with (
        no_leaks(),
        FaultServer("tls_wrong_name") as up,
        Proxy() as proxy,
        gateway(up.url, **through(proxy.url)) as gw,
        connect(gw.port) as raw,
    ):
        response = await ask(raw, "up/any")
        check(response, UNREACHABLE, stream=False)
        assert "TLS failed" in response.json()["error"]["message"]


async def test_a_client_that_leaves_while_the_upstream_is_being_reached_leaves_nothing_behind() -> None:
    for certificate, proxy_answer in [("good", None), (None, b"")]:
        fault = "tls_mute" if certificate else "normal"
        async with no_leaks(), FaultServer(fault) as up, Proxy(proxy_answer or b"") as proxy:
            settings = {} if certificate else through(proxy.url)
            async with gateway(up.url, **settings) as gw:
                async with connect(gw.port) as raw:
                    await raw.send(chat_request("up/any"))
                    await (up.connection() if certificate else proxy.request())
                if certificate:
                    await up.closed(up.connections[0], within=0.5)
                assert await gw.rows() == []


def pool_to(host: str, port: int, **facts: Any) -> Pool:
    return Pool(Origin(host=host, port=port, **facts), Deadlines())


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "fe80::1",
        "fd00::1",
    ],
)
async def test_a_private_address_is_not_called_unless_that_is_allowed(host: str) -> None:
    async with no_leaks(), FaultServer() as up:
        with pytest.raises(Fault, match=r"blocked: .*allow_private") as blocked:
            await pool_to(host, up.port).open(1.0)
        assert blocked.value.kind == "blocked"
        assert up.connections == []


async def test_a_private_address_is_called_where_that_is_allowed() -> None:
    async with no_leaks(), FaultServer() as up:
        pool = pool_to("localhost", up.port, allow_private=True)
        line = await pool.open(5.0)
        assert pool.lines == {line}
        line.abort()
        assert pool.lines == set()
        await up.closed(await up.connection(), within=0.1)


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a..b", "a" * 64])
async def test_a_name_that_does_not_exist_or_is_none_is_told_as_such(name: str) -> None:
    with pytest.raises(Fault, match="cannot be resolved") as unknown:
        await pool_to(name, 80).open(5.0)
    assert unknown.value.kind == "dns"
