"""Budgets that are nearly spent: somebody is told, once, and the webhook is one that a receiver can check."""

import asyncio
import base64
import hashlib
import hmac

import pytest
from tests.faults.client import chat_request, connect
from tests.faults.connection import Request
from tests.faults.gateway import gateway
from tests.faults.server import FaultServer

from trunkline.gateway import alerting
from trunkline.transport.exchange import Times

SECRET = base64.b64encode(b"a secret of the operator").decode()
KEYS = [{"name": "a", "key": "sk-trunkline-a"}]
BUDGETS = [{"key": "a", "amount": 0.003, "alert": ["1%", "50%"]}]


def checked(taken: Request) -> bool:
    """As https://www.standardwebhooks.com says."""
    signed = f"{taken.header('webhook-id')}.{taken.header('webhook-timestamp')}.".encode() + bytes(taken.body)
    expected = base64.b64encode(hmac.new(b"a secret of the operator", signed, hashlib.sha256).digest()).decode()
    return taken.header("webhook-signature") == f"v1,{expected}"


async def test_a_threshold_is_told_once_by_log_and_signed_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "LOOK", 0.02)
    told = asyncio.Event()
    async with FaultServer() as up, FaultServer(witness=lambda _: told.set()) as receiver:
        alerts = {"webhook": f"{receiver.url}/alerts", "secret": f"whsec_{SECRET}"}
        async with gateway(up.url, keys=KEYS, budgets=BUDGETS, alerts=alerts) as running:
            async with connect(running.port) as raw:
                for _ in range(3):
                    await raw.send(chat_request("up/normal", key="sk-trunkline-a", max_tokens=16))
                    await raw.response()
            async with asyncio.timeout(10):
                await told.wait()
        assert len(receiver.requests) == 1
        [taken] = receiver.requests
    assert checked(taken)
    assert b'"scope":"key","name":"a"' in taken.body
    assert b'"percent":1,' in taken.body
    assert [line["percent"] for line in running.logged("budget.alert")] == [1]


async def test_a_webhook_that_is_not_taken_is_tried_again_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "LOOK", 0.02)
    monkeypatch.setattr(alerting, "PAUSES", (0.0, 0.01, 0.01))
    async with FaultServer() as up, FaultServer("error_500") as receiver:
        async with gateway(
            up.url, keys=KEYS, budgets=BUDGETS, alerts={"webhook": receiver.url, "secret": "s"}
        ) as running:
            async with connect(running.port) as raw:
                await raw.send(chat_request("up/normal", key="sk-trunkline-a", max_tokens=16))
                assert (await raw.response()).status == 200
            async with asyncio.timeout(10):
                while not running.logged("alerts.webhook_failed"):  # noqa: ASYNC110  # the log is a file
                    await asyncio.sleep(0.01)
        names = {taken.header("webhook-id") for taken in receiver.requests}
        assert (len(receiver.requests), len(names)) == (3, 1)


async def test_while_a_webhook_hangs_requests_are_answered_and_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "LOOK", 0.02)
    monkeypatch.setattr(alerting, "PAUSES", (0.0,))
    monkeypatch.setattr(alerting, "TIMES", Times(connect=0.2, first_token=0.2, gap=0.2, total=0.2))
    async with FaultServer() as up, FaultServer("mute") as receiver:
        alerts = {"webhook": receiver.url, "secret": "s"}
        keys = [*KEYS, {"name": "b", "key": "sk-trunkline-b"}]
        async with gateway(up.url, keys=keys, budgets=BUDGETS, alerts=alerts) as running:
            async with connect(running.port) as raw:
                await raw.send(chat_request("up/normal", key="sk-trunkline-a", max_tokens=16))
                assert (await raw.response()).status == 200
                await receiver.request()
                await raw.send(chat_request("up/normal", key="sk-trunkline-b"))
                assert (await raw.response()).status == 200
            async with asyncio.timeout(10):
                while not running.logged("alerts.webhook_failed"):  # noqa: ASYNC110  # the log is a file
                    await asyncio.sleep(0.01)
