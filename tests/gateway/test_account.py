"""A Google service account as a provider key: one login for all who wait, renewed before it ends."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import openai
import pytest
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import HELLO, Upstream, replies
from tests.faults import certificates, http1
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer
from tests.providers.test_service_account import key_file
from tests.running import base_url

from trunkline.gateway.account import RENEWED_BEFORE, AccountKey
from trunkline.gateway.credentials import LoginRefused
from trunkline.providers import PROVIDERS
from trunkline.providers.service_account import ServiceAccount
from trunkline.transport.deadlines import Deadlines
from trunkline.transport.exchange import Fault as TransportFault
from trunkline.transport.pool import Origin, Pool

START = 1_790_000_000.0
LASTS = 3600
MESSAGES: Any = [{"role": "user", "content": "Hallo"}]


class Bank:
    """Google's token endpoint: gives tokens one after the other, or refuses."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.refusing = False

    async def answer(self, x: Exchange) -> None:
        self.asked.append(parse_qs(x.request.body.decode()))
        assert x.request.target == "/token"
        if self.refusing:
            body = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            await x.send(http1.message(400, json.dumps(body).encode()))
        else:
            token = {"access_token": f"ya29.{len(self.asked)}", "expires_in": LASTS, "token_type": "Bearer"}
            await x.send(http1.message(200, json.dumps(token).encode()))


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Case:
    """A bank behind TLS, and a key that logs in there by the clock of the test."""

    def __init__(self) -> None:
        self.bank = Bank()
        self.clock = Clock()
        fault = Fault("bank", "Gives tokens.", None, None, answer=self.bank.answer)
        self.server = FaultServer(fault, certificate="good")
        self.key: AccountKey

    async def __aenter__(self) -> "Case":
        await self.server.__aenter__()
        self.key = AccountKey(ServiceAccount(key_file()), self.way(), self.clock)
        return self

    def way(self) -> Pool:
        """Leads to the bank."""
        tls = certificates.client_context()
        return Pool(Origin(host="127.0.0.1", port=self.server.port, tls=tls, allow_private=True), Deadlines())

    async def __aexit__(self, *error: Any) -> None:
        await self.server.__aexit__(*error)

    def lines(self) -> bytes:
        return self.key.lines(PROVIDERS["vertex"], "host", "/path", b"")


async def test_a_login_is_good_for_an_hour() -> None:
    async with Case() as case:
        assert case.key.stale
        await case.key.renew()
        fresh = not case.key.stale
        assert fresh
        assert case.lines() == b"authorization: Bearer ya29.1\r\n"
        [asked] = case.bank.asked
        assert asked["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        assert asked["assertion"][0].count(".") == 2
        case.clock.now += LASTS
        assert case.key.stale


async def test_all_who_wait_share_one_login() -> None:
    async with Case() as case:
        await asyncio.gather(*[case.key.renew() for _ in range(50)])
        assert len(case.bank.asked) == 1


async def test_it_is_renewed_before_it_ends_and_nobody_waits() -> None:
    async with Case() as case:
        await case.key.renew()
        case.clock.now += LASTS - RENEWED_BEFORE + 1
        stale = case.key.stale
        assert not stale, "it is still good"
        assert case.key._renewing is not None
        await case.key._renewing
        assert case.lines() == b"authorization: Bearer ya29.2\r\n"
        assert not case.key.stale
        assert len(case.bank.asked) == 2


async def test_a_renewal_that_fails_ahead_of_time_disturbs_nobody() -> None:
    async with Case() as case:
        await case.key.renew()
        case.bank.refusing = True
        case.clock.now += LASTS - RENEWED_BEFORE + 1
        assert not case.key.stale
        assert case.key._renewing is not None
        await asyncio.wait([case.key._renewing])
        assert not case.key.stale
        assert case.lines() == b"authorization: Bearer ya29.1\r\n"
        case.clock.now += RENEWED_BEFORE
        with pytest.raises(LoginRefused, match="Invalid JWT Signature"):
            await case.key.renew()


async def test_a_refused_login_can_be_tried_again() -> None:
    async with Case() as case:
        case.bank.refusing = True
        for _ in range(2):
            with pytest.raises(LoginRefused):
                await case.key.renew()
        case.bank.refusing = False
        await case.key.renew()
        assert case.lines() == b"authorization: Bearer ya29.3\r\n"


async def test_a_bank_that_is_away_is_a_fault() -> None:
    async with Case() as case:
        await case.server.down()
        with pytest.raises(TransportFault) as caught:
            await case.key.renew()
        assert caught.value.kind == "refused"


async def test_who_leaves_does_not_end_the_login_of_the_others() -> None:
    async with Case() as case:
        leaves, stays = (asyncio.create_task(case.key.renew()) for _ in range(2))
        await asyncio.sleep(0)
        leaves.cancel()
        await stays
        assert len(case.bank.asked) == 1


# In a request


@contextlib.asynccontextmanager
async def vertex(case: Case, upstream: Upstream, folder: Path) -> AsyncIterator[RunningGateway]:
    """A gateway whose provider `vertex` is `upstream`, with the account of `case`."""
    (folder / "account.json").write_text(key_file())
    provider = {
        **upstream.provider,
        "type": "vertex",
        "project": "example-project",
        "credentials": str(folder / "account.json"),
    }
    del provider["api_key"]
    async with gateway(providers={"vertex": provider}) as running:
        [key] = running.process.gateway.snapshot.deployments["vertex"].keys.values()
        assert isinstance(key, AccountKey)
        key._login = case.way()
        yield running


@contextlib.asynccontextmanager
async def client_of(
    case: Case, upstream: Upstream, folder: Path
) -> AsyncIterator[tuple[RunningGateway, openai.AsyncOpenAI]]:
    """The same, and an SDK that asks it."""
    async with (
        vertex(case, upstream, folder) as running,
        openai.AsyncOpenAI(base_url=base_url(running), api_key="any", max_retries=0) as sdk,
    ):
        yield running, sdk


async def test_a_request_waits_for_the_login_once(tmp_path: Path) -> None:
    async with Case() as case, Upstream("google") as upstream, client_of(case, upstream, tmp_path) as (gw, client):
        for _ in range(2):
            said = await client.chat.completions.create(model="vertex/gemini-2.5-flash", messages=MESSAGES)
            assert said.choices[0].message.content == HELLO.text
        assert [request.header("authorization") for request in upstream.requests] == ["Bearer ya29.1"] * 2
        assert len(await gw.rows()) == 2
        assert len(case.bank.asked) == 1


async def test_a_refused_login_is_the_operators_trouble(tmp_path: Path) -> None:
    async with Case() as case, Upstream("google") as upstream, client_of(case, upstream, tmp_path) as (gw, client):
        case.bank.refusing = True
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(model="vertex/gemini-2.5-flash", messages=MESSAGES)
        assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")
        assert "JWT" not in caught.value.message
        assert await gw.rows() == [], "nothing was sent"
        gw.heal()
        await case.server.down()
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(model="vertex/gemini-2.5-flash", messages=MESSAGES)
        assert caught.value.code == "upstream_unreachable"


async def test_counting_logs_in_once_and_does_without_if_it_must(tmp_path: Path) -> None:
    async with Case() as case, Upstream("google") as upstream, vertex(case, upstream, tmp_path) as gw:
        case.bank.refusing = True

        async def count() -> tuple[int, bool]:
            path = "/v1beta/models/vertex/gemini-2.5-flash:countTokens"
            said = await asyncio.to_thread(send, gw.port, "POST", path, {"contents": [{"parts": [{"text": "Hallo"}]}]})
            return said.json()["totalTokens"], "x-trunkline-estimated" in said.headers

        assert (await count())[1]
        case.bank.refusing = False
        for _ in range(3):
            upstream.act(replies(200, {"totalTokens": 4711}))
            assert await count() == (4711, False)
        assert len(case.bank.asked) == 2
