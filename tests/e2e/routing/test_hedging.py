"""The second is asked only when the first is late, and not often."""

import asyncio

import pytest
from tests.e2e.routing.stage import Stage, act, route, stage
from tests.faults import replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault

KNOWN = 20
"""Answers from which on it is known when one is late."""


def late_after(punctual: int) -> Fault:
    """Answers so many requests, and then no more."""
    left = iter(range(punctual))

    async def answer(x: Exchange) -> None:
        if next(left, None) is None:
            await x.peer_ends()
        else:
            await x.answer()

    return act(answer, "late_after")


async def learnt(on: Stage, *, stream: bool) -> None:
    """As many answers as are needed to know when one is late."""
    for _ in range(KNOWN):
        assert (await on.ask(stream=stream)).provider == "a"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_second_is_asked_when_the_first_takes_longer_than_nearly_always(stream: bool) -> None:
    it = route("hedge", "a/m", "b/m", after="p95", extra="5%")
    async with stage({"a": late_after(KNOWN + 5), "b": "normal"}, it) as on:
        await learnt(on, stream=stream)
        assert on.asked("b") == 0
        for _ in range(5):  # the share of these is saved up, too
            await on.ask(stream=stream)
        on.running.process.gateway.health.hedges("it", 0.05).tokens = 1.0
        answer = await on.ask(stream=stream)
        assert (answer.text, answer.provider, answer.attempts) == (replies.TEXT, "b", 2)
        late = on.upstreams["a"]
        await late.closed(late.requests[-1].connection, within=0.1)
        assert (await on.ended())[-2:] == [("a", "cancelled"), ("b", "ok")]


async def test_as_long_as_nothing_is_known_the_second_is_only_for_failures() -> None:
    async with stage({"a": "normal", "b": "normal"}, route("hedge", "a/m", "b/m")) as on:
        await learnt(on, stream=True)
        assert on.asked("b") == 0
    async with stage({"a": "error_500", "b": "normal"}, route("hedge", "a/m", "b/m")) as on:
        assert (await on.ask()).provider == "b"


@pytest.mark.parametrize("stream", [False, True])
async def test_no_more_second_calls_are_made_than_are_allowed(stream: bool) -> None:
    slow = asyncio.Event()

    async def answer(x: Exchange) -> None:
        await slow.wait()
        await x.answer()

    it = route("hedge", "a/m", "b/m", after="20ms", extra="5%")
    async with stage({"a": act(answer), "b": "normal"}, it) as on:
        requests = [asyncio.create_task(on.ask(stream=stream)) for _ in range(100)]
        hedged, _ = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
        await on.upstreams["a"].request(94)
        slow.set()
        answers = await asyncio.gather(*requests)
        assert {answer.text for answer in answers} == {replies.TEXT}
        assert 1 <= len(hedged) <= on.asked("b") <= 5
        assert sum(answer.attempts == 2 for answer in answers) == on.asked("b")


@pytest.mark.parametrize("stream", [False, True])
async def test_the_first_may_still_win(stream: bool) -> None:
    held = asyncio.Event()

    async def answer(x: Exchange) -> None:
        await held.wait()
        await x.answer()

    it = route("hedge", "a/m", "b/m", after="10ms", extra="100%")
    async with stage({"a": act(answer), "b": "mute"}, it) as on:
        asking = asyncio.create_task(on.ask(stream=stream))
        await on.upstreams["b"].request()
        held.set()
        assert (await asking).provider == "a"
        other = on.upstreams["b"]
        await other.closed(other.connections[0], within=0.1)
        assert sorted(await on.ended()) == [("a", "ok"), ("b", "cancelled")]


@pytest.mark.parametrize("stream", [False, True])
async def test_if_the_first_fails_the_second_need_not_wait(stream: bool) -> None:
    it = route("hedge", "a/m", "b/m", after="1h", extra="0%")
    async with stage({"a": "error_500", "b": "normal"}, it) as on:
        answer = await on.ask(stream=stream)
        assert (answer.provider, answer.attempts) == ("b", 2)


@pytest.mark.parametrize("stream", [False, True])
async def test_if_both_fail_each_is_listed_and_the_rest_is_asked(stream: bool) -> None:
    it = route("hedge", "a/m", "b/m", "c/m", after="1h")
    async with stage({"a": "error_500", "b": "error_503", "c": "normal"}, it) as on:
        assert (await on.ask(stream=stream)).attempts == 3
        on.upstreams["c"].play("error_500")
        error = await on.refused(stream=stream)
        assert "All 3 attempts failed: 1. a/m" in error.message
