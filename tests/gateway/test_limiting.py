"""Limits and budgets on real requests: what passes, what is refused and how that is told, and what is settled."""

import asyncio
import contextlib
from collections import Counter
from typing import Any

import pytest
from tests.faults.client import RawClient, Response, chat_body, chat_request, connect, request
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer

KEYS = [{"name": name, "key": f"sk-trunkline-{name}"} for name in ("a", "b")]


async def ask(running: RunningGateway, model: str = "up/normal", key: str = "a", **fields: Any) -> Response:
    async with connect(running.port) as raw:
        await raw.send(chat_request(model, key=f"sk-trunkline-{key}", **fields))
        return await raw.response()


async def test_of_1000_simultaneous_requests_exactly_100_pass() -> None:
    limits = [{"key": "*", "requests": "100/min"}, {"model": "*", "requests": "1k/min"}]
    async with FaultServer(record=False) as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(connect(running.port)) for _ in range(500)]

            async def twice(raw: RawClient) -> list[int]:
                await raw.send(2 * chat_request("up/normal", key="sk-trunkline-a"))
                return [(await raw.response()).status for _ in range(2)]

            statuses = Counter(status for both in await asyncio.gather(*map(twice, clients)) for status in both)
        assert statuses == {200: 100, 429: 900}
        assert up.counts.total() == 100
        assert (await ask(running, key="b")).status == 200
        assert running.process.gateway.limiting.lending.round_trips < 30


async def test_a_refusal_names_the_limit_and_says_when_it_is_worth_coming_back() -> None:
    limits = [{"key": "a", "requests": "1/min", "tokens": "100k/min"}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        first, second = await ask(running), await ask(running)
        assert (first.status, second.status) == (200, 429)
        assert first.header("x-ratelimit-limit-requests") == "1"
        assert first.header("x-ratelimit-remaining-requests") == "0"
        assert first.header("x-ratelimit-limit-tokens") == "100000"
        error = second.json()["error"]
        assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
        assert "the key 'a': 1 requests per minute" in error["message"]
        assert 0 < int(second.header("retry-after") or 0) <= 62
        assert second.header("x-should-retry") is None


async def test_anthropics_client_is_told_in_its_own_words() -> None:
    limits = [{"key": "a", "requests": "1/min"}]
    body = b'{"model":"up/normal","max_tokens":9,"messages":[{"role":"user","content":"Hallo"}]}'
    asked = request(target="/v1/messages", body=body, headers=[("x-api-key", "sk-trunkline-a")])
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running, connect(running.port) as raw:
        await raw.send(asked)
        first = await raw.response()
        await raw.send(asked)
        second = await raw.response()
    assert (first.status, second.status) == (200, 429)
    assert first.header("anthropic-ratelimit-requests-remaining") == "0"
    assert second.json()["error"]["type"] == "rate_limit_error"


async def test_requests_under_way_count_until_they_end_or_their_client_leaves() -> None:
    limits = [{"model": "*", "concurrent": 1}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        async with connect(running.port) as raw:
            await raw.send(chat_request("up/held_mid_stream", key="sk-trunkline-a", stream=True))
            await raw.take()
            assert (await ask(running, "up/held_mid_stream")).status == 429
            assert (await ask(running)).status == 200
        await running.idle()
        assert [(await ask(running)).status for _ in range(3)] == [200] * 3


async def test_tokens_are_taken_by_estimate_and_settled_by_usage() -> None:
    limits = [{"key": "a", "output": "1000/min"}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        assert [(await ask(running, max_tokens=1000)).status for _ in range(3)] == [200, 429, 429]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        for _ in range(50):
            answer = await ask(running, max_tokens=500)
            assert answer.status == 200
        assert answer.json()["usage"]["completion_tokens"] == 9


async def test_what_one_scope_refuses_is_taken_of_no_other() -> None:
    limits = [{"key": "a", "requests": "1/min"}, {"model": "up/normal", "requests": "2/min"}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        assert [(await ask(running)).status for _ in range(5)] == [200, 429, 429, 429, 429]
        assert [(await ask(running, key="b")).status for _ in range(2)] == [200, 429]


async def test_a_tag_has_its_limit_whoever_says_it() -> None:
    tagged = [("x-trunkline-tags", "plan=free"), ("authorization", "Bearer sk-trunkline-a")]
    limits = [{"tag": "plan=*", "requests": "1/min"}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running, connect(running.port) as raw:
        statuses = []
        for _ in range(2):
            await raw.send(request(body=chat_body("up/normal"), headers=tagged))
            statuses.append((await raw.response()).status)
        assert statuses == [200, 429]
        assert (await ask(running)).status == 200


async def test_a_deployment_at_its_limit_is_passed_over() -> None:
    limits = [{"deployment": "up/normal", "requests": "1/min"}]
    models = {"bot": {"route": "fallback", "of": ["up/normal", "up/one_write"]}}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits, models=models) as running:
        answers = [await ask(running, "bot") for _ in range(2)]
        assert [answer.header("x-trunkline-model") for answer in answers] == ["normal", "one_write"]
        refused = await ask(running)
    assert refused.status == 429
    assert "the deployment 'up/normal'" in refused.json()["error"]["message"]


# money


async def test_a_budget_is_spent_to_the_end_and_never_beyond() -> None:
    budgets = [{"key": "a", "amount": 0.004, "per": "day"}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets) as running:
        statuses = Counter([(await ask(running)).status for _ in range(60)])
        answer = await ask(running)
        spent = sum(row.cost for row in await running.rows())
        assert (await ask(running, key="b")).status == 200
    assert spent <= 4_000_000
    assert statuses[200] == spent // 96_000
    assert 4_000_000 - spent < 1_500_000  # less is left than the least that a request reserves
    assert answer.status == 429
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert "The daily budget of the key 'a'" in error["message"]
    assert 0 < int(answer.header("retry-after") or 0) <= 86_400
    assert answer.header("x-should-retry") == "false"


async def test_output_is_capped_by_what_is_left_and_the_caller_is_told() -> None:
    budgets = [{"key": "a", "amount": 0.01}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets) as running:
        free, capped = await ask(running, max_tokens=100), await ask(running, max_tokens=5000)
        cap = int(capped.header("x-trunkline-output-cap") or 0)
        assert free.header("x-trunkline-output-cap") is None
        assert 100 < cap < 5000
        assert f'"max_tokens":{cap}'.encode() in up.requests[-1].body


async def test_what_cannot_be_bounded_is_refused_where_nothing_may_be_overshot() -> None:
    budgets = [{"key": "a", "amount": 100}]
    document = {"type": "file", "file": {"file_id": "file-1"}}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets) as running:
        answer = await ask(running, messages=[{"role": "user", "content": [document]}])
        assert answer.status == 429
        assert "no bound" in answer.json()["error"]["message"]
        assert not up.requests


async def test_when_a_budget_is_spent_another_model_answers() -> None:
    budgets = [{"key": "a", "amount": 0.001, "when_spent": "simulated/echo"}]
    providers = {"simulated": {"price": {"input": 0, "output": 0}, "simulated": {"latency": "0s"}}}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets, providers=providers) as running:
        answer = await ask(running)
        assert (answer.status, answer.header("x-trunkline-provider")) == (200, "simulated")


async def test_a_model_without_a_price_is_not_paid_by_a_budget_that_must_not_be_overshot() -> None:
    budgets = [{"key": "a", "amount": 1}]
    async with FaultServer() as up:
        unpriced = {"type": "openai_compatible", "base_url": up.url, "allow_private": True}
        async with gateway(keys=KEYS, budgets=budgets, providers={"it": unpriced}) as running:
            answer = await ask(running, "it/normal")
        assert (answer.status, answer.json()["error"]["code"]) == (429, "insufficient_quota")
        assert "its `price`" in answer.json()["error"]["message"]
        assert not up.requests


async def test_a_route_may_say_what_an_exhausted_budget_leads_to() -> None:
    budgets = [{"deployment": "up/normal", "amount": 0.001}]
    models = {"bot": {"route": "fallback", "of": ["up/normal", "up/one_write"], "on_failure": {"budget": "next"}}}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets, models=models) as running:
        assert (await ask(running, "bot")).header("x-trunkline-model") == "one_write"


async def test_what_was_never_sent_is_given_back() -> None:
    budgets = [{"key": "a", "amount": 0.01}]
    nowhere = {"up": {"type": "openai_compatible", "base_url": "http://127.0.0.1:1/v1"}}
    async with gateway(
        keys=KEYS, budgets=budgets, providers=nowhere, prices={"up/normal": {"input": 2, "output": 8}}
    ) as gone:
        for _ in range(20):
            assert (await ask(gone)).status == 502
        assert await spent(gone) == 0


async def test_a_stream_whose_client_left_is_charged_to_its_budget() -> None:
    budgets = [{"key": "a", "amount": 1}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets) as running:
        async with connect(running.port) as raw:
            await raw.send(chat_request("up/held_mid_stream", key="sk-trunkline-a", stream=True, max_tokens=500))
            await raw.take()
        rows = await running.rows()
        assert [row.outcome for row in rows] == ["cancelled"]
        assert await spent(running) == rows[0].cost > 0


async def test_both_sides_of_a_race_are_charged() -> None:
    budgets = [{"key": "a", "amount": 1}]
    models = {"bot": {"route": "race", "of": ["up/normal", "up/held"]}}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets, models=models) as running:
        assert (await ask(running, "bot", max_tokens=50)).status == 200
        rows = await running.rows()
        assert sorted(row.outcome for row in rows) == ["cancelled", "ok"]
        assert await spent(running) == sum(row.cost for row in rows)


async def test_prepaid_credit_never_goes_below_zero() -> None:
    budgets = [{"key": "a", "prepaid": True}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets) as running:
        nothing = await ask(running)
        store = running.process.gateway.limiting.lending.store
        await asyncio.to_thread(store.pay_in, "invoice 1", "key:a:cost:prepaid", 3_000_000, 0)
        await asyncio.sleep(0.3)  # for so long a refusal holds
        statuses = Counter([(await ask(running)).status for _ in range(40)])
        total = sum(row.cost for row in await running.rows())
    assert nothing.status == 429
    assert "prepaid credit" in nothing.json()["error"]["message"]
    assert statuses[200]
    assert statuses[429]
    assert 1_500_000 < total <= 3_000_000


async def test_an_answer_that_claims_more_than_is_possible_costs_what_was_reserved() -> None:
    budgets = [{"key": "a", "amount": 1}]
    only_output = {"up": {"price": {"input": 0, "output": 8}}}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, budgets=budgets, providers=only_output) as running:
        await ask(running, max_tokens=1)
        rows = await running.rows()
    assert [(row.output_tokens, row.cost) for row in rows] == [(9, 8_000)]
    assert "more than is possible" in running.logged("request")[0]["detail"]


async def spent(running: RunningGateway) -> int:
    """Of the one budget, once all is reported."""
    await running.idle()
    lending = running.process.gateway.limiting.lending
    trips = lending.money.round_trips
    lending.money.wake()
    async with asyncio.timeout(5):
        while lending.money.round_trips < trips + 2:  # noqa: ASYNC110  # it talks by itself
            await asyncio.sleep(0.005)
    return sum((await asyncio.to_thread(lending.store.spent, list(lending.spendings))).values())


# waiting, loops


async def test_with_a_queue_requests_wait_for_their_turn_the_important_ones_first() -> None:
    limits, queue = [{"key": "a", "requests": "2/s"}], {"places": 2, "patience": "5s"}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits, queue=queue) as running:

        async def one(priority: str) -> tuple[str, int]:
            fields = [("x-trunkline-priority", priority), ("authorization", "Bearer sk-trunkline-a")]
            async with connect(running.port) as raw:
                await raw.send(request(body=chat_body("up/normal"), headers=fields))
                answer = await raw.response()
            order.append(priority)
            return priority, answer.status

        order: list[str] = []
        await asyncio.gather(ask(running), ask(running))
        waiting = [asyncio.create_task(one("low"))]
        await at_least(running, 1)
        waiting.append(asyncio.create_task(one("normal")))
        await at_least(running, 2)
        waiting.append(asyncio.create_task(one("high")))
        answers = await asyncio.gather(*waiting)
    assert answers == [("low", 429), ("normal", 200), ("high", 200)]
    assert order[0] == "low"


async def at_least(running: RunningGateway, waiting: int) -> None:
    async with asyncio.timeout(5):
        while running.process.gateway.limiting.waiting < waiting:  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.005)


async def test_the_same_request_over_and_over_is_stopped() -> None:
    async with FaultServer() as up, gateway(up.url, keys=KEYS, loops={"same_request": "3/min"}) as running:
        answers = [await ask(running) for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "loop_detected"
        assert (await ask(running, key="b")).status == 200
        assert (await ask(running, temperature=0.5)).status == 200


async def test_a_session_has_its_caps() -> None:
    fields = [("x-trunkline-session", "run-1"), ("authorization", "Bearer sk-trunkline-a")]
    loops = {"session_requests": 2}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, loops=loops) as running, connect(running.port) as raw:
        answers = []
        for _ in range(3):
            await raw.send(request(body=chat_body("up/normal"), headers=fields))
            answers.append(await raw.response())
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "session_limit_exceeded"
        assert (await ask(running)).status == 200


# configured anew, and nothing configured


async def test_other_limits_hold_after_a_reload_and_what_was_used_stays_used() -> None:
    limits = [{"key": "a", "requests": "1/min"}]
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits) as running:
        assert [(await ask(running)).status for _ in range(2)] == [200, 429]
        config = running.config.read_text().replace("1/min", "3/min")
        running.config.write_text(config)
        assert await running.process.reload()
        assert [(await ask(running)).status for _ in range(3)] == [200, 200, 429]


async def test_without_limits_nobody_is_asked_for_anything() -> None:
    async with FaultServer() as up, gateway(up.url, keys=KEYS) as running:
        assert (await ask(running)).status == 200
        limiting = running.process.gateway.limiting
        assert limiting.lending.round_trips == 0


@pytest.mark.parametrize("policy", ["refuse", "serve"])
async def test_without_valkey_what_was_lent_is_served_and_then_the_policy_holds(policy: str) -> None:
    limits = [{"key": "a", "requests": "5/min"}]
    away = {"shared": "redis://127.0.0.1:1/0", "when_shared_away": policy}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, limits=limits, **away) as running:
        running.process.gateway.limiting.lending.rates.patience = 0.2
        answer = await ask(running)
        if policy == "serve":
            assert answer.status == 200
        else:
            assert (answer.status, answer.json()["error"]["code"]) == (503, "limits_unavailable")
            assert answer.header("retry-after") == "1"


async def test_what_has_waited_for_its_limits_until_its_deadline_is_not_sent() -> None:
    models = {"m": {"route": "fallback", "of": ["up/normal"], "deadline": {"total": "100ms"}}}
    limits = [{"deployment": "up/normal", "requests": "5/min"}]
    away = {"shared": "redis://127.0.0.1:1/0", "when_shared_away": "serve"}
    async with FaultServer() as up, gateway(up.url, keys=KEYS, models=models, limits=limits, **away) as running:
        running.process.gateway.limiting.lending.rates.patience = 0.3
        answer = await ask(running, "m")
        assert (answer.status, answer.json()["error"]["code"]) == (504, "upstream_timeout")
        assert not up.requests
        assert not await running.rows()


async def test_a_client_that_uses_its_request_id_again_pays_again() -> None:
    budgets = [{"key": "a", "amount": 1, "per": "total"}]
    async with (
        FaultServer() as up,
        gateway(up.url, keys=KEYS, budgets=budgets) as running,
        connect(running.port) as raw,
    ):
        for _ in range(3):
            names = [("x-request-id", "mine"), ("authorization", "Bearer sk-trunkline-a")]
            await raw.send(request(body=chat_body("up/normal", max_tokens=16), headers=names))
            assert (await raw.response()).status == 200
        rows = await running.rows()
        lending = running.process.gateway.limiting.lending
        await lending.close()
        spent = lending.store.spent(["key:a:cost:total"])["key:a:cost:total"]
    assert {row.label for row in rows} == {"mine"}
    assert len({row.request for row in rows}) == 3
    assert spent == sum(row.cost for row in rows) == 3 * rows[0].cost > 0
