"""What is spent leads to a cheaper model: real budgets, really spent, by the official SDKs."""

from collections.abc import Iterable
from typing import Any

import anthropic
import openai
import pytest
from tests.e2e.routing.stage import HELLO, Stage, route, stage
from tests.faults import replies
from tests.running import base_url

from trunkline.ledger.record import Row

PRICES = {"a": {"price": {"input": 2, "output": 400}}, "b": {"price": {"input": 0.002, "output": 0.4}}}
"""`b` asks a thousandth of what `a` does."""
ENOUGH = 0.03
"""US dollars: for some answers of `a`, and more than enough for `b`."""
CAP = 20
"""Tokens of an answer."""
MOST = 20
"""Requests that the budget is certainly too small for."""


def budgets(amount: float, **more: Any) -> list[dict[str, Any]]:
    return [{"model": "it", "amount": amount, "per": "day", **more}]


def falling(*of: str, **on_failure: str) -> dict[str, Any]:
    return route("fallback", *of, on_failure=on_failure)


async def answered_by(on: Stage, times: int, *, stream: bool) -> list[str]:
    """Who answers so many requests, one after the other."""
    answers = [await on.ask(stream=stream, max_tokens=CAP) for _ in range(times)]
    assert {answer.text for answer in answers} == {replies.TEXT}
    return [answer.provider for answer in answers]


def spent(rows: Iterable[Row], provider: str) -> float:
    """US dollars."""
    return sum(row.cost for row in rows if row.provider == provider) / 1e9


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("overshoot", ["none", "bounded"])
async def test_when_it_is_spent_the_cheaper_model_answers(overshoot: str, stream: bool) -> None:
    limit = budgets(ENOUGH, overshoot=overshoot)
    it = falling("a/m", budget="cheap")
    async with stage(
        {"a": "normal", "b": "normal"}, it, models={"cheap": "b/small"}, budgets=limit, providers=PRICES
    ) as on:
        providers = await answered_by(on, MOST, stream=stream)
        strong = providers.count("a")
        assert 0 < strong < MOST
        assert providers == ["a"] * strong + ["b"] * (MOST - strong), "once it has gone over, it stays there"
        rows = await on.rows()
        assert on.asked("a") == strong, "what cannot be paid is not sent"
        assert 0 < spent(rows, "a") <= ENOUGH
        assert spent(rows, "b") > 0, "and the cheap one's cost is told as well"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_next_of_the_route_may_be_the_cheaper_one(stream: bool) -> None:
    limit = budgets(ENOUGH)
    it = falling("a/m", "b/small", budget="next")
    async with stage({"a": "normal", "b": "normal"}, it, budgets=limit, providers=PRICES) as on:
        assert set(await answered_by(on, MOST, stream=stream)) == {"a", "b"}


@pytest.mark.parametrize("stream", [False, True])
async def test_where_the_route_says_nothing_it_is_refused_and_nobody_is_asked(stream: bool) -> None:
    async with stage(
        {"a": "normal", "b": "normal"}, route("fallback", "a/m", "b/small"), budgets=budgets(0.0001)
    ) as on:
        error = await on.refused(stream=stream, max_tokens=CAP)
        assert isinstance(error, openai.RateLimitError)
        assert error.code == "insufficient_quota"
        assert (on.asked("a"), on.asked("b")) == (0, 0)
        assert await on.rows() == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cheaper_model_that_is_still_too_dear_is_refused_as_well(stream: bool) -> None:
    it = falling("a/m", budget="cheap")
    async with stage({"a": "normal", "b": "normal"}, it, models={"cheap": "b/small"}, budgets=budgets(0.0001)) as on:
        assert (await on.refused(stream=stream, max_tokens=CAP)).code == "insufficient_quota"
        assert (on.asked("a"), on.asked("b")) == (0, 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_race_that_cannot_be_paid_leads_there_too(stream: bool) -> None:
    it = route("race", "a/m", "c/m", on_failure={"budget": "cheap"})
    async with stage(
        {"a": "normal", "b": "normal", "c": "normal"},
        it,
        models={"cheap": "b/small"},
        budgets=budgets(0.001),
        providers=PRICES,
    ) as on:
        assert await answered_by(on, 2, stream=stream) == ["b", "b"]
        assert (on.asked("a"), on.asked("c")) == (0, 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_clients_of_another_format_notice_as_little(stream: bool) -> None:
    it = falling("a/m", budget="cheap")
    async with stage(
        {"a": "normal", "b": "normal"}, it, models={"cheap": "b/small"}, budgets=budgets(ENOUGH), providers=PRICES
    ) as on:
        url = base_url(on.running).removesuffix("/v1")
        providers = []
        async with anthropic.AsyncAnthropic(base_url=url, api_key="any", max_retries=0) as client:
            for _ in range(MOST):
                raw = await client.messages.with_raw_response.create(
                    model="it", messages=HELLO, max_tokens=CAP, stream=stream
                )
                reply: Any = await raw.parse()
                if stream:
                    assert [event.type async for event in reply][-1] == "message_stop"
                else:
                    assert reply.content[0].text == replies.TEXT
                providers.append(raw.headers["x-trunkline-provider"])
        assert set(providers) == {"a", "b"}
        assert providers == sorted(providers)
