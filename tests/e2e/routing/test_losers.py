"""Who raced for a whole answer and did not win is listened to for a moment: what it used is then known."""

import asyncio

import pytest
from tests import aio
from tests.e2e.routing.stage import REFUSAL, act, begins, refuses, route, stage
from tests.faults import replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.table import FAULTS

WINS = ("first_token", "first_complete")
BOTH = route("race", "a/m", "b/m")


def neck_and_neck(late: Fault) -> dict[str, Fault]:
    """Two providers that both have a request before `a` answers it; right after, `b` does what `late` does."""
    asked: asyncio.Queue[None] = asyncio.Queue()
    answered: asyncio.Queue[None] = asyncio.Queue()

    async def first(x: Exchange) -> None:
        await asked.get()
        await x.answer()
        await aio.turn()
        answered.put_nowait(None)

    async def second(x: Exchange) -> None:
        asked.put_nowait(None)
        await answered.get()
        await late.answer(x)

    return {"a": act(first, "first"), "b": act(second, late.name)}


@pytest.mark.parametrize("win", WINS)
async def test_an_answer_that_comes_just_too_late_is_charged_as_used(win: str) -> None:
    async with stage(neck_and_neck(FAULTS["normal"]), BOTH | {"win": win}) as on:
        answer = await on.ask()
        assert answer.provider == "a"
        won, lost = await on.rows()
        assert (won.provider, won.outcome, lost.outcome) == ("a", "ok", "ok")
        assert lost.usage == "provider"
        assert lost.cost == won.cost, "it said the same"
        assert float(answer.headers["x-trunkline-cost"]) * 1e9 > won.cost + lost.cost, "it is told what it may be"
    (line,) = on.running.logged("request")
    assert line["cost_nanodollars"] == won.cost + lost.cost


async def test_its_connection_is_used_again() -> None:
    async with stage(neck_and_neck(FAULTS["normal"]), BOTH) as on:
        for _ in range(5):
            await on.ask()
            await on.rows()
        assert [len(on.upstreams[name].connections) for name in ("a", "b")] == [1, 1]


@pytest.mark.parametrize("late", [refuses(500), REFUSAL], ids=str)
async def test_what_comes_too_late_changes_nothing(late: Fault) -> None:
    async with stage(neck_and_neck(late), BOTH | {"win": "first_complete"}) as on:
        answer = await on.ask()
        assert (answer.text, answer.provider) == (replies.TEXT, "a")
        assert {row.provider for row in await on.rows()} == {"a", "b"}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_stream_is_cut_at_once_for_then_its_meter_stops(stream: bool) -> None:
    async with stage({"a": begins(0) if stream else "mute", "b": "normal"}, BOTH) as on:
        assert (await on.ask(stream=stream)).provider == "b"
        assert bool(on.running.process.gateway.losers) is not stream


async def test_the_end_of_the_gateway_does_not_lose_it() -> None:
    async with stage({"a": "held", "b": "normal"}, BOTH) as on:
        assert (await on.ask()).provider == "b"
        await on.running.process.server.close()
        for losers in list(on.running.process.gateway.losers):
            losers.cut()
        assert sorted(await on.ended()) == [("a", "cancelled"), ("b", "ok")]
    assert len(on.running.logged("request")) == 1


async def test_the_answer_that_is_kept_is_the_winner_s() -> None:
    prices = {"a": {"price": {"input": 2, "output": 8}}, "b": {"price": {"input": 4, "output": 16}}}
    cache = {"ttl": "1h"}
    async with stage(neck_and_neck(FAULTS["normal"]), BOTH, providers=prices, cache=cache) as on:
        assert (await on.ask()).provider == "a"
        won, lost = sorted(await on.rows(), key=lambda row: row.provider)
        again = await on.ask()
        assert (again.headers["x-trunkline-cache"], again.provider) == ("hit", "a")
        assert float(again.headers["x-trunkline-saved"]) * 1e9 == pytest.approx(won.cost)
        assert lost.cost == 2 * won.cost
