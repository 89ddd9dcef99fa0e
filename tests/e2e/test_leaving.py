"""A client that leaves lets go of the provider at once, and pays for what was produced."""

import asyncio
import contextlib
from typing import Any

import openai
import pytest
from tests.e2e.house import PRICE, House, alone
from tests.faults import replies

from trunkline.gateway.charging import ASSUMED_OUTPUT
from trunkline.ledger.record import Row

MESSAGES: Any = [{"role": "user", "content": "Hallo " * 100}]
AT_ONCE = 0.1
"""Seconds in which the provider's connection must be closed after the client's was."""


def check_charged(row: Row, *, output: int) -> None:
    """The row of an attempt that was given up after at least `output` tokens."""
    assert (row.outcome, row.usage, row.error) == ("cancelled", "estimated", "")
    assert row.input_tokens > 0
    assert output <= row.output_tokens <= 4 * output
    assert row.cost == 1000 * (PRICE["input"] * row.input_tokens + PRICE["output"] * row.output_tokens)


def last_row(house: House, before: int) -> Row:
    rows = house.background.run(house.running.rows())
    assert len(rows) == before + 1
    return rows[-1]


def test_leaving_a_stream_closes_upstream_and_charges_what_was_produced(house: House) -> None:
    requests = len(house.upstream.requests)
    rows = len(house.background.run(house.running.rows()))
    with house.client() as client:
        stream = client.chat.completions.create(model="openai/stall_mid_stream", messages=MESSAGES, stream=True)
        for _ in range(4):
            next(stream)
        stream.close()
        request = house.background.run(house.upstream.request(requests))
        house.background.run(house.upstream.closed(request.connection, within=AT_ONCE))
    check_charged(last_row(house, rows), output=len(replies.PIECES[:3]))


@pytest.mark.parametrize("model", ["mute", "stall_before_events"])
def test_leaving_before_the_first_output_closes_upstream_and_charges_what_it_may_cost(house: House, model: str) -> None:
    """A stream costs its input. What does not stream may go on without us, and is charged as if it had."""
    requests = len(house.upstream.requests)
    rows = len(house.background.run(house.running.rows()))
    with house.client(timeout=0.2) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model=f"openai/{model}", messages=MESSAGES, stream=model != "mute")
    request = house.background.run(house.upstream.request(requests))
    house.background.run(house.upstream.closed(request.connection, within=AT_ONCE))
    check_charged(last_row(house, rows), output=ASSUMED_OUTPUT if model == "mute" else 0)


async def test_cancelling_the_callers_task_closes_upstream() -> None:
    async with alone() as it:

        async def read() -> None:
            stream = await it.client.chat.completions.create(
                model="openai/stall_mid_stream", messages=MESSAGES, stream=True
            )
            async for chunk in stream:
                if chunk.choices[0].delta.content == replies.PIECES[2]:
                    there.set()

        there = asyncio.Event()
        task = asyncio.create_task(read())
        await asyncio.wait_for(there.wait(), 5)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await it.upstream.closed(it.upstream.connections[0], within=AT_ONCE)
        [row] = await it.running.rows()
    assert row.outcome == "cancelled"
    assert row.output_tokens >= 3


async def test_a_client_that_goes_on_is_not_disturbed_by_one_that_left() -> None:
    async with alone() as it:
        leaves, stays = [
            await it.client.chat.completions.create(model=f"openai/{model}", messages=MESSAGES, stream=True)
            for model in ("stall_mid_stream", "normal")
        ]
        await leaves.close()
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stays])
        assert text == replies.TEXT
        assert sorted(row.outcome for row in await it.running.rows()) == ["cancelled", "ok"]
