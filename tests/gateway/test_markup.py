"""Tenants who pay more or less than the common provider keys cost: their budgets count what they are charged."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from tests.faults.client import Response, chat_request, connect
from tests.faults.gateway import INPUT_PRICE, OUTPUT_PRICE, RunningGateway, gateway
from tests.faults.replies import USAGE
from tests.faults.server import FaultServer

from trunkline.store.base import UsageLine

COST = USAGE["prompt_tokens"] * INPUT_PRICE + USAGE["completion_tokens"] * OUTPUT_PRICE
"""Nano-dollars that the provider charges for a request."""
ORGS = {"dear": {"markup": "20%"}, "cheap": {"markup": "-12.5%"}, "plain": {}, "given": {"markup": "-100%"}}
TEAMS = {"dear/friends": {"markup": "0.0001%"}}
CHARGED = {"dear": COST * 6 // 5, "cheap": COST * 7 // 8, "plain": COST, "given": 0, "dear/friends": COST}


def settings(**more: Any) -> dict[str, Any]:
    names = [*ORGS, *TEAMS]
    keys = [{"name": it, "key": f"sk-trunkline-{it}", ("team" if "/" in it else "org"): it} for it in names]
    return {"orgs": ORGS, "teams": TEAMS, "keys": keys, **more}


@contextlib.asynccontextmanager
async def charging(**more: Any) -> AsyncIterator[RunningGateway]:
    async with FaultServer() as up, gateway(up.url, **settings(**more)) as running:
        yield running


async def ask(running: RunningGateway, key: str, model: str = "up/normal") -> Response:
    async with connect(running.port) as raw:
        await raw.send(chat_request(model, key=f"sk-trunkline-{key}", max_tokens=16))
        return await raw.response()


def spent(running: RunningGateway, budget: str) -> int:
    store = running.process.gateway.limiting.lending.store
    return store.spent([budget])[budget]


async def test_a_row_has_what_the_provider_charges_and_what_the_tenant_is_charged() -> None:
    async with charging() as running:
        told = {key: (await ask(running, key)).header("x-trunkline-cost") for key in CHARGED}
        rows = {row.key: row for row in await running.rows()}
    assert {row.cost for row in rows.values()} == {COST}
    assert {key: row.charged for key, row in rows.items()} == CHARGED
    assert told["dear"] != told["plain"] == told["dear/friends"]


async def test_reports_have_both() -> None:
    async with charging() as running:
        for key in ("dear", "dear", "cheap", "plain"):
            await ask(running, key)
        await running.idle()
        store = running.process.gateway.limiting.lending.store
        lines: dict[str, UsageLine] = {line.name: line for line in store.usage("org")}
        today = datetime.now(UTC).date()
        days = {line.org: line for line in store.daily(today, today)}
    assert {name: (line.cost, line.charged) for name, line in lines.items()} == {
        "dear": (2 * COST, 2 * CHARGED["dear"]),
        "cheap": (COST, CHARGED["cheap"]),
        "plain": (COST, COST),
    }
    assert {name: line.charged for name, line in days.items()} == {name: it.charged for name, it in lines.items()}


async def test_budgets_and_credit_count_what_is_charged() -> None:
    budgets = [{"org": "*", "amount": 1, "per": "total"}]
    async with charging(budgets=budgets) as running:
        for key in ("dear", "cheap", "plain"):
            await ask(running, key)
        await running.idle()
        lending = running.process.gateway.limiting.lending
        await lending.close()
        for key in ("dear", "cheap", "plain"):
            assert spent(running, f"org:{key}:cost:total") == CHARGED[key]


async def test_a_budget_is_not_overshot_by_a_markup_and_a_discount_lasts_longer() -> None:
    budgets = [{"org": "*", "amount": 0.02, "per": "total"}]
    async with charging(budgets=budgets) as running:
        answered = {}
        for key in ("dear", "plain", "cheap"):
            answered[key] = 0
            while (await ask(running, key)).status == 200:
                answered[key] += 1
        rows = await running.rows()
        assert [(await ask(running, "given")).status for _ in range(3)] == [200] * 3
    for key in answered:
        assert sum(row.charged for row in rows if row.key == key) <= 20_000_000
    assert answered["dear"] < answered["plain"] < answered["cheap"]


async def test_whoever_pays_the_provider_alone_has_no_markup() -> None:
    orgs = {**ORGS, "dear": {"markup": "20%", "provider_keys": {"up": ["sk-own"]}}}
    async with charging(orgs=orgs) as running:
        await ask(running, "dear")
        [row] = await running.rows()
    assert (row.cost, row.charged) == (COST, COST)
