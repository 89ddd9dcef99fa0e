"""What providers report of usage and cost, however strange, stands in the ledger, and nothing of it is free."""

import json
from typing import Any

import openai
import pytest
from tests.faults import http1, replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.gateway import gateway
from tests.faults.server import FaultServer
from tests.running import base_url, openai_at

from trunkline.ledger.record import Row

PRICE = {"input": 2, "output": 8, "services": {"flex": {"input": 1, "output": 4}}, "units": {"web_search": 0.01}}
CAP = 50
FINE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def says(usage: Any, tier: str | None = None) -> Fault:
    """An upstream that reports this usage, and that service tier; None: no usage."""

    async def answer(x: Exchange) -> None:
        more = {"usage": usage} | ({"service_tier": tier} if tier else {})
        if x.streams:
            chunks = [*x.events[:-2], replies.event({"choices": [], **more}), replies.DONE]
            await x.start_stream()
            await x.send_chunks(*chunks, b"")
        else:
            await x.send(http1.message(200, replies.encode(json.loads(x.chat) | more), JSON))

    return Fault("usage", "Reports usage.", None, None, answer=answer)


JSON = [("content-type", "application/json")]


async def row(fault: Fault, *, stream: bool, price: dict[str, Any] | None = PRICE) -> Row:
    """The row of one request to that upstream."""
    async with FaultServer(fault) as server:
        providers = openai_at(server.url)
        if price is not None:
            providers["openai"]["price"] = price
        async with (
            gateway(providers=providers) as running,
            openai.AsyncOpenAI(base_url=base_url(running), api_key="any", max_retries=0) as client,
        ):
            asked: Any = {"model": "openai/gpt-of-ours", "messages": [{"role": "user", "content": "Hallo"}]}
            answer: Any = await client.chat.completions.create(**asked, max_tokens=CAP, stream=stream)
            if stream:
                async for _ in answer:
                    pass
            [found] = await running.rows()
    return found


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -10, "completion_tokens": 5, "total_tokens": -5},
        {"prompt_tokens": 10**15, "completion_tokens": 5},
        {"prompt_tokens": 10, "completion_tokens": 10**12},
        {"prompt_tokens": 10, "completion_tokens": None},
        {"prompt_tokens": 10, "completion_tokens": 0},
    ],
)
async def test_usage_that_cannot_be_is_kept_flagged_and_charged(usage: dict[str, int | None], stream: bool) -> None:
    found = await row(says(usage), stream=stream)
    assert (found.outcome, found.usage, found.price) == ("ok", "impossible", "reservation")
    assert found.cost >= 8000 * CAP
    assert found.input_tokens + found.output_tokens >= 5


@pytest.mark.parametrize("stream", [False, True])
async def test_a_whole_answer_without_usage_is_charged(stream: bool) -> None:
    found = await row(says(None), stream=stream)
    assert (found.outcome, found.usage, found.price) == ("ok", "estimated", "reservation")
    assert found.cost >= 8000 * CAP


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("price", [PRICE, None])
async def test_a_reported_cost_is_the_cost(stream: bool, price: dict[str, Any] | None) -> None:
    found = await row(says(FINE | {"cost": 0.000123456789, "is_byok": False}), stream=stream, price=price)
    assert (found.cost, found.price, found.usage, found.input_tokens) == (123_457, "reported", "provider", 10)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_service_tier_of_the_reply_sets_the_price(stream: bool) -> None:
    costs = [(await row(says(FINE, tier), stream=stream)).cost for tier in ("default", "flex")]
    assert costs == [10 * 2000 + 5 * 8000, 10 * 1000 + 5 * 4000]


@pytest.mark.parametrize("stream", [False, True])
async def test_searches_are_charged_by_the_call(stream: bool) -> None:
    found = await row(says(FINE | {"server_tool_use": {"web_search_requests": 3}}), stream=stream)
    assert (found.cost, found.price) == (60_000 + 30_000_000, "configuration")
