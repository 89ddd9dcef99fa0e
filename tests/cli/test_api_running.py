"""The API of a Trunkline that runs: what is changed there is known to the data plane within a second."""

import asyncio
import http.client
import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests import aio
from tests.cli.serving import WITHIN, Served, serving

bounded = aio.within(2 * WITHIN)


async def api(served: Served, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """The status and the body of an answer."""
    token = (served.data / "secrets" / "control_token").read_text()

    def exchange() -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", served.control, timeout=WITHIN)
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content) if content else None

    return await asyncio.to_thread(exchange)


async def disabled_under_load(served: Served) -> None:
    assert "control plane's API was made" in "\n".join(served.said)
    assert (await api(served, "PUT", "/orgs/acme", {"tags": {"plan": "free"}}))[0] == 201
    status, made = await api(served, "POST", "/keys", {"name": "app", "org": "acme", "models": ["simulated/*"]})
    assert status == 201
    replies = await asyncio.gather(*(served.ask("simulated/echo", key=made["key"]) for _ in range(8)))
    assert {reply.status for reply in replies} == {200}
    assert (await api(served, "PUT", "/orgs/acme", {"disabled": True}))[0] == 200
    changed = time.monotonic()
    while time.monotonic() < changed + 1.0:
        assert (await served.ask("simulated/echo", key=made["key"])).status in (200, 401)
    replies = await asyncio.gather(*(served.ask("simulated/echo", key=made["key"]) for _ in range(16)))
    assert {reply.status for reply in replies} == {401}
    assert (await api(served, "GET", "/changes"))[1]["items"][0]["name"] == "acme"


@bounded
async def test_what_is_below_a_disabled_organisation_stops_within_a_second(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await disabled_under_load(served)


@pytest.mark.slow
@bounded
async def test_it_stops_in_every_worker(tmp_path: Path) -> None:
    async with serving(tmp_path, server={"workers": 2}) as served:
        await disabled_under_load(served)
