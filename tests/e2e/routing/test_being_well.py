"""Models that fail are left alone, keys that are refused are put aside, and both come back."""

import asyncio
import collections
from typing import Any

import pytest
from tests.e2e.routing.stage import Stage, act, route, stage
from tests.faults import http1, replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.table import FAULTS

FIRST, SECOND = "sk-first-0123456789abcdef", "sk-second-0123456789abcdef"
POOL = {"a": {"api_keys": [FIRST, SECOND]}}
TWICE = {"retries": {"attempts": 2}}
BREAKER = {"failures": 3, "pause": "1h", "longest_pause": "1h"}
"""Nothing is well again before the test says so."""


def pause_over(on: Stage, name: str) -> None:
    """The time has come to try that model again."""
    deployment = on.running.process.gateway.health.of(name)
    assert deployment is not None
    deployment.breaker.retry_at = 0.0


def key_of(x: Exchange) -> str:
    return (x.request.header("authorization") or "").removeprefix("Bearer ")


def keys_seen(on: Stage) -> list[str]:
    return [(each.header("authorization") or "").removeprefix("Bearer ") for each in on.upstreams["a"].requests]


def refuses_first(name: str) -> Fault:
    """Answers the first key as the fault of that name, and any other well."""

    async def answer(x: Exchange) -> None:
        await (FAULTS[name].answer(x) if key_of(x) == FIRST else x.answer())

    return act(answer)


# keys


@pytest.mark.parametrize("stream", [False, True])
async def test_a_429_concerns_one_key_of_one_model(stream: bool) -> None:
    async with stage({"a": refuses_first("rate_429")}, "a/m", models={"other": "a/n"}, providers=POOL, **TWICE) as on:
        on.running.heal(random=lambda: 0.5)  # of equal keys, the first
        assert (await on.ask(stream=stream)).attempts == 2
        assert (await on.ask(stream=stream)).attempts == 1
        assert keys_seen(on) == [FIRST, SECOND, SECOND]
        assert (await on.ask("other", stream=stream)).attempts == 2, "the key is good for another model"
        assert keys_seen(on)[3:] == [FIRST, SECOND]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["auth_401", "quota_402"])
async def test_a_refused_key_is_put_aside_for_all_models_and_reported(name: str, stream: bool) -> None:
    async with stage({"a": refuses_first(name)}, "a/m", models={"other": "a/n"}, providers=POOL, **TWICE) as on:
        on.running.heal(random=lambda: 0.5)
        assert (await on.ask(stream=stream)).attempts == 2
        assert (await on.ask("other", stream=stream)).attempts == 1
        assert keys_seen(on) == [FIRST, SECOND, SECOND]
        assert len(on.running.logged("provider_key.benched")) == 1
    assert FIRST not in on.running.text()


async def test_the_least_busy_key_is_taken() -> None:
    async with stage({"a": "held"}, "a/m", providers=POOL) as on:
        requests = [asyncio.create_task(on.ask()) for _ in range(10)]
        await on.upstreams["a"].request(9)
        on.upstreams["a"].release()
        await asyncio.gather(*requests)
        assert collections.Counter(keys_seen(on)) == {FIRST: 5, SECOND: 5}


def spends(**left: int) -> Fault:
    """Says after each answer how many requests are left of 100, by key."""

    async def answer(x: Exchange) -> None:
        key = "first" if key_of(x) == FIRST else "second"
        left[key] -= 1
        told = [("x-ratelimit-remaining-requests", str(left[key])), ("x-ratelimit-reset-requests", "60s")]
        await x.answer(told)

    return act(answer)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_key_that_is_nearly_spent_is_passed_over_before_it_is_refused(stream: bool) -> None:
    providers = {"a": {"type": "openai", **POOL["a"]}}
    async with stage({"a": spends(first=2, second=100)}, "a/m", providers=providers) as on:
        on.running.heal(random=lambda: 0.5)
        for _ in range(4):
            await on.ask(stream=stream)
        assert keys_seen(on) == [FIRST, SECOND, SECOND, SECOND]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_model_that_is_nearly_spent_comes_after_the_others(stream: bool) -> None:
    providers = {"a": {"type": "openai", "api_key": FIRST}}
    it = route("fallback", "a/m", "b/m")
    async with stage({"a": spends(first=2), "b": "normal"}, it, providers=providers) as on:
        assert [(await on.ask(stream=stream)).provider for _ in range(3)] == ["a", "b", "b"]
        on.upstreams["b"].play("error_500")
        assert (await on.ask(stream=stream)).provider == "a", "and it still comes"


# breakers


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("failure", ["error_500", "reset_unanswered", "broken_json", "error_in_200"])
async def test_a_model_that_fails_in_a_row_is_left_alone_until_a_probe_goes_well(failure: str, stream: bool) -> None:
    it = route("fallback", "a/m", "b/m")
    async with stage({"a": "normal", "b": "normal"}, it, breaker=BREAKER) as on:
        on.upstreams["a"].play(*[failure] * 4)
        answers = [await on.ask(stream=stream) for _ in range(6)]
        assert [answer.attempts for answer in answers] == [2, 2, 2, 1, 1, 1]
        assert {answer.provider for answer in answers} == {"b"}
        assert on.asked("a") == 3
        assert [line["model"] for line in on.running.logged("breaker.opened")] == ["m"]
        pause_over(on, "a/m")
        assert (await on.ask(stream=stream)).attempts == 2, "the probe fails"
        assert (await on.ask(stream=stream)).attempts == 1
        pause_over(on, "a/m")
        assert [(await on.ask(stream=stream)).provider for _ in range(3)] == ["a"] * 3
        assert on.asked("a") == 7
        assert len(on.running.logged("breaker.closed")) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_only_one_probe_goes_at_a_time(stream: bool) -> None:
    it = route("fallback", "a/held", "b/m")
    async with stage({"a": "normal", "b": "normal"}, it, breaker=BREAKER) as on:
        on.upstreams["a"].play(*["error_500"] * 3)
        for _ in range(3):
            await on.ask(stream=stream)
        pause_over(on, "a/held")
        probe = asyncio.create_task(on.ask(stream=stream))
        await on.upstreams["a"].request(3)
        others = await asyncio.gather(*(on.ask(stream=stream) for _ in range(20)))
        assert {answer.provider for answer in others} == {"b"}
        assert on.asked("a") == 4
        on.upstreams["a"].release()
        assert (await probe).provider == "a"
        assert (await on.ask(stream=stream)).provider == "a"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_probe_whose_client_leaves_makes_room_for_another(stream: bool) -> None:
    it = route("fallback", "a/held", "b/m")
    async with stage({"a": "normal", "b": "normal"}, it, breaker=BREAKER) as on:
        on.upstreams["a"].play(*["error_500"] * 3)
        for _ in range(3):
            await on.ask(stream=stream)
        pause_over(on, "a/held")
        probe = asyncio.create_task(on.ask(stream=stream))
        await on.upstreams["a"].request(3)
        probe.cancel()
        await on.running.idle()
        on.upstreams["a"].release()
        assert (await on.ask(stream=stream)).provider == "a"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["caller_400", "caller_404", "auth_403"])
async def test_what_a_caller_does_wrong_never_counts(name: str, stream: bool) -> None:
    async with stage({"a": "normal"}, f"a/{name}", breaker=BREAKER) as on:
        if name == "auth_403":  # the model is not ours to use: that is no fault of the provider's either
            await on.refused(stream=stream)
        else:
            for _ in range(10):
                assert (await on.refused(stream=stream)).status_code == int(name[-3:])
            assert on.asked("a") == 10
        [view] = on.running.process.gateway.health.view(0.0)
        assert (view.breaker, view.failures, view.in_flight) == ("closed", 0.0, 0)


async def test_what_was_found_out_survives_a_reload() -> None:
    it = route("fallback", "a/m", "b/m")
    async with stage({"a": "error_500", "b": "normal"}, it, breaker=BREAKER) as on:
        for _ in range(3):
            await on.ask()
        await on.running.process.reload()
        assert (await on.ask()).attempts == 1
        assert on.asked("a") == 3


# nobody is well


@pytest.mark.parametrize("stream", [False, True])
async def test_when_all_are_down_the_answer_is_503_with_the_time_of_the_next_probe(stream: bool) -> None:
    breaker = BREAKER | {"pause": "30s"}
    it = route("fallback", "a/m", "b/m")
    async with stage({"a": "error_500", "b": "error_503"}, it, breaker=breaker) as on:
        for _ in range(3):
            error = await on.refused(stream=stream)
            assert error.status_code == 502
            assert "1. a/m: upstream_server_error; 2. b/m: upstream_server_error" in error.message
        error = await on.refused(stream=stream)
        assert (error.status_code, error.code) == (503, "all_unwell")
        assert 25 <= float(error.response.headers["retry-after"]) <= 31
        assert "a/m" in error.message
        assert "b/m" in error.message
        assert (on.asked("a"), on.asked("b")) == (3, 3)


@pytest.mark.parametrize("stream", [False, True])
async def test_the_last_one_that_opens_its_breaker_is_told_with_all_attempts(stream: bool) -> None:
    breaker = BREAKER | {"failures": 1}
    it = route("fallback", "a/m", "b/m", retries={"attempts": 5})
    async with stage({"a": "error_500", "b": "error_503"}, it, breaker=breaker) as on:
        error = await on.refused(stream=stream)
        assert error.status_code == 502
        assert "All 2 attempts failed: 1. a/m" in error.message


@pytest.mark.parametrize("stream", [False, True])
async def test_when_all_have_asked_for_a_pause_that_is_told(stream: bool) -> None:
    async def answer(x: Exchange) -> None:
        body = replies.error("Slow down", "requests", "rate_limit_exceeded")
        await x.send(http1.message(429, body, [("retry-after", "40")]))

    it = route("fallback", "a/m", "b/m")
    async with stage({"a": act(answer), "b": act(answer)}, it) as on:
        assert (await on.refused(stream=stream)).status_code == 429
        error = await on.refused(stream=stream)
        assert (error.status_code, error.code) == (429, "rate_limit_exceeded")
        assert 35 <= float(error.response.headers["retry-after"]) <= 41
        assert (on.asked("a"), on.asked("b")) == (1, 1)


async def test_a_short_pause_is_waited_for() -> None:
    async def answer(x: Exchange) -> None:
        if on.asked("a") > 1:
            await x.answer()
        else:
            body = replies.error("Slow down", "requests", "rate_limit_exceeded")
            await x.send(http1.message(429, body, [("retry-after-ms", "80")]))

    async with stage({"a": act(answer)}, "a/m", retries={"max_wait": "5s"}) as on:
        assert (await on.refused()).status_code == 429
        answers = await asyncio.gather(*(on.ask() for _ in range(3)))
        assert {answer.attempts for answer in answers} == {1}
        sooner, *later = await on.rows()
        assert all(row.started - sooner.started >= 80_000 for row in later)


@pytest.mark.parametrize("stream", [False, True])
async def test_retries_are_bounded_by_a_share_of_the_requests(stream: bool) -> None:
    retries = {"attempts": 3, "backoff": "1ms", "max_backoff": "1ms", "budget": "10%"}
    async with stage({"a": "error_500"}, "a/m", retries=retries) as on:
        await asyncio.gather(*(on.refused(stream=stream) for _ in range(100)))
        assert 100 <= on.asked("a") <= 100 + 10 + 10 + 1, (
            "ten in advance, a tenth of the requests, and what trickles in"
        )


# places that are kept


@pytest.mark.parametrize("stream", [False, True])
async def test_a_conversation_stays_where_it_is_and_comes_back(stream: bool) -> None:
    it = route("sticky", "a/m", "b/m", "c/m")
    async with stage({"a": "normal", "b": "normal", "c": "normal"}, it, breaker=BREAKER) as on:
        homes = {}
        for number in range(24):
            asked: dict[str, Any] = {"extra_headers": {"x-session-id": f"conversation-{number}"}}
            found = {(await on.ask(stream=stream, **asked)).provider for _ in range(2)}
            assert len(found) == 1
            homes[number] = found.pop()
        assert set(homes.values()) == {"a", "b", "c"}
        on.upstreams["a"].play(*["error_500"] * 3)
        at_a = next(number for number, home in homes.items() if home == "a")
        for _ in range(3):
            await on.ask(stream=stream, extra_headers={"x-session-id": f"conversation-{at_a}"})
        for number, home in homes.items():
            there = (await on.ask(stream=stream, extra_headers={"x-session-id": f"conversation-{number}"})).provider
            assert there == home if home != "a" else there in ("b", "c")
        pause_over(on, "a/m")
        back = await on.ask(stream=stream, extra_headers={"x-session-id": f"conversation-{at_a}"})
        assert back.provider == "a"


async def test_weights_are_kept() -> None:
    it = {"route": "weighted", "of": {"a/m": 3, "b/m": 1}}
    async with stage({"a": "normal", "b": "normal"}, it) as on:
        for _ in range(5):
            await asyncio.gather(*(on.ask() for _ in range(80)))
        assert 250 <= on.asked("a") <= 350, "300, within five standard deviations"
        assert on.asked("a") + on.asked("b") == 400


async def test_the_least_busy_is_asked() -> None:
    async with stage({"a": "held", "b": "held"}, route("least_busy", "a/m", "b/m")) as on:
        requests = [asyncio.create_task(on.ask()) for _ in range(20)]
        await on.upstreams["a"].request(9)
        await on.upstreams["b"].request(9)
        assert (on.asked("a"), on.asked("b")) == (10, 10)
        on.upstreams["a"].release()
        on.upstreams["b"].release()
        await asyncio.gather(*requests)
