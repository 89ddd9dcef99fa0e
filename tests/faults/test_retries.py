"""What another attempt can make good: retries, fallbacks, keys of the operator's that are refused, closed lines."""

import itertools
import json
from typing import Any

import pytest
from tests.faults import http1, replies
from tests.faults.client import Response, chat_request, connect
from tests.faults.connection import Exchange
from tests.faults.expected import cases, check_recorded, deadline_for, model_of, outcome_of
from tests.faults.fault import Fault
from tests.faults.gateway import RunningGateway, ask, gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import (
    BROKEN,
    BROKEN_OFF,
    FAILED,
    RATE_LIMITED,
    STALLED,
    TRUNCATED,
    UPSTREAM_AUTH,
    UPSTREAM_QUOTA,
    WHOLE,
    check,
)
from tests.faults.server import FaultServer

FOR_EVER = "1h"
"""A wait that no test would survive."""
OF_THE_CALLER = ("caller_400", "caller_404", "early_refusal")
BEGUN = (TRUNCATED, STALLED, BROKEN_OFF)


def openai_like(url: str, **facts: Any) -> dict[str, Any]:
    return {"type": "openai_compatible", "base_url": url, **facts}


def fallback(*of: str, **facts: Any) -> dict[str, Any]:
    return {"route": "fallback", "of": list(of), **facts}


async def outcomes(gw: RunningGateway) -> list[str]:
    return [row.outcome for row in await gw.rows()]


def check_answered_by(response: Response, provider: str, *, attempts: int) -> None:
    assert response.header("x-trunkline-provider") == provider
    assert response.header("x-trunkline-attempts") == str(attempts)


@pytest.mark.parametrize(("fault", "stream"), cases(without=(WHOLE,)), ids=str)
async def test_a_good_upstream_makes_good_what_failed_before_the_first_output(fault: Fault, stream: bool) -> None:
    outcome = outcome_of(fault, stream=stream)
    async with no_leaks(), FaultServer(fault) as up, FaultServer() as good:
        up.release()
        config = {
            "deadline": deadline_for(outcome, stream=stream),
            "providers": {"good": openai_like(good.url, deadline={"first_token": "15s", "total": "15s"})},
            "models": {"both": fallback(f"up/{model_of(fault)}", "good/normal")},
            "retries": {"attempts": 2, "backoff": FOR_EVER, "max_backoff": FOR_EVER},
        }
        async with gateway(up.url, **config) as gw, connect(gw.port) as raw:
            response = await ask(raw, "both", stream=stream)
            if outcome in BEGUN or fault.name in OF_THE_CALLER:
                check(response, outcome, stream=stream)
                check_answered_by(response, "up", attempts=1)
                assert good.requests == []
                assert len(await gw.rows()) == 1
            else:
                check(response, WHOLE, stream=stream)
                check_answered_by(response, "good", attempts=2)
                failed, good_row = await gw.rows()
                check_recorded(failed, fault, outcome)
                assert (good_row.outcome, good_row.provider, good_row.attempt) == ("ok", "good", 2)


async def test_a_stream_that_breaks_after_its_first_output_ends_with_the_error_and_without_done() -> None:
    async with FaultServer() as up, FaultServer() as good:
        models = {"both": fallback("up/cut_between_events", "good/normal")}
        config = {"models": models, "providers": {"good": openai_like(good.url)}, "retries": {"attempts": 5}}
        async with gateway(up.url, **config) as gw, connect(gw.port) as raw:
            *_, last = (await ask(raw, "both", stream=True)).data()
    error = json.loads(last)["error"]
    assert (error["type"], error["code"]) == ("upstream_error", "stream_truncated")
    assert good.requests == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_trouble_that_passes_is_not_seen_by_the_client(stream: bool) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, retries={"attempts": 3}) as gw, connect(gw.port) as raw:
        up.play("error_503", "reset_unanswered")
        response = await ask(raw, "up/normal", stream=stream)
        check(response, WHOLE, stream=stream)
        check_answered_by(response, "up", attempts=3)
        rows = await gw.rows()
        assert [(row.attempt, row.outcome) for row in rows] == [(1, "refused"), (2, "failed"), (3, "ok")]
        assert len({row.request for row in rows}) == 1
        assert len(up.requests) == 3


@pytest.mark.parametrize("stream", [False, True])
async def test_when_all_attempts_have_failed_each_is_listed(stream: bool) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url, retries={"attempts": 3}) as gw, connect(gw.port) as raw:
        response = await ask(raw, "up/error_500", stream=stream)
        check(response, FAILED, stream=stream)
        message = response.json()["error"]["message"]
        assert message.endswith(
            ". All 3 attempts failed: 1. up/error_500: upstream_server_error; 2. up/error_500: upstream_server_error; "
            "3. up/error_500: upstream_server_error"
        )
        assert response.header("x-should-retry") == "false"
        assert len(await gw.rows()) == len(up.requests) == 3


@pytest.mark.parametrize("name", [*OF_THE_CALLER, "auth_401", "quota_429"])
async def test_what_cannot_pass_is_not_tried_again(name: str) -> None:
    config = {"retries": {"attempts": 5, "backoff": FOR_EVER, "max_backoff": FOR_EVER}}
    async with no_leaks(), FaultServer() as up, gateway(up.url, **config) as gw, connect(gw.port) as raw:
        up.release()
        await ask(raw, f"up/{name}")
        assert len(up.requests) == len(await gw.rows()) == 1


async def test_waits_double_and_are_bounded() -> None:
    retries = {"attempts": 4, "backoff": "40ms", "max_backoff": "60ms"}
    async with FaultServer() as up, gateway(up.url, retries=retries) as gw, connect(gw.port) as raw:
        await ask(raw, "up/error_500")
        rows = await gw.rows()
    waits = [later.started - sooner.started - sooner.total_us for sooner, later in itertools.pairwise(rows)]
    for wait, least in zip(waits, [20_000, 30_000, 30_000], strict=True):  # half of each is left to chance
        assert wait >= least - 1000


def busy(*headers: tuple[str, str], times: int) -> Fault:
    """An upstream that is asked too often so many times, and says in `headers` when to come back."""
    left = iter(range(times))

    async def answer(x: Exchange) -> None:
        if next(left, None) is None:
            await x.answer()
        else:
            await x.send(http1.message(429, replies.error("Slow down", "requests", "rate_limit_exceeded"), headers))

    return Fault("busy", "Is asked too often.", None, None, answer=answer)


async def test_a_provider_that_says_when_to_come_back_is_waited_for() -> None:
    fault = busy(("retry-after-ms", "120"), ("retry-after", "0"), times=1)
    retries = {"attempts": 2, "backoff": "1ms"}
    async with no_leaks(), FaultServer(fault) as up, gateway(up.url, retries=retries) as gw, connect(gw.port) as raw:
        check(await ask(raw, "up/any"), WHOLE, stream=False)
        sooner, later = await gw.rows()
        assert later.started - sooner.started >= 120_000


async def test_a_provider_that_asks_for_too_long_a_wait_is_not_waited_for() -> None:
    fault = busy(("retry-after", "3600"), times=1)
    retries = {"attempts": 3, "max_wait": "10s"}
    async with no_leaks(), FaultServer(fault) as up, gateway(up.url, retries=retries) as gw, connect(gw.port) as raw:
        response = await ask(raw, "up/any")
        check(response, RATE_LIMITED, stream=False)
        assert response.header("retry-after") == "3600"
        assert len(up.requests) == len(await gw.rows()) == 1


async def test_another_target_is_not_kept_waiting_by_the_first() -> None:
    fault = busy(("retry-after", "3600"), times=9)
    async with no_leaks(), FaultServer(fault) as up, FaultServer() as good:
        models = {"both": fallback("up/any", "good/any")}
        config = {"models": models, "providers": {"good": openai_like(good.url)}, "retries": {"attempts": 2}}
        async with gateway(up.url, **config) as gw, connect(gw.port) as raw:
            response = await ask(raw, "both")
            check(response, WHOLE, stream=False)
            check_answered_by(response, "good", attempts=2)


async def test_a_client_that_leaves_while_an_attempt_is_waited_for_ends_it() -> None:
    retries = {"attempts": 5, "backoff": FOR_EVER, "max_backoff": FOR_EVER}
    async with no_leaks(), FaultServer() as up, gateway(up.url, retries=retries) as gw:
        async with connect(gw.port) as raw:
            await raw.send(chat_request("up/error_500"))
            await up.request()
        assert await outcomes(gw) == ["refused"]


# The operator's keys


def refuses(*keys: str, name: str = "auth_401") -> Fault:
    """An upstream that refuses these keys in the way of the fault `name`, and answers others."""
    from tests.faults.table import FAULTS

    async def answer(x: Exchange) -> None:
        if x.request.header("authorization") in [f"Bearer {key}" for key in keys]:
            await FAULTS[name].answer(x)
        else:
            await x.answer()

    return Fault("refuses", "Refuses some keys.", None, None, answer=answer)


FIRST, SECOND = "sk-first-0123456789abcdef", "sk-second-0123456789abcdef"
TWO_KEYS = {"up": {"api_keys": [FIRST, SECOND]}}


def keys_seen(up: FaultServer) -> list[str]:
    return [(request.header("authorization") or "").removeprefix("Bearer ") for request in up.requests]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["auth_401", "auth_400_google", "auth_400_xai", "quota_402", "quota_429"])
async def test_a_refused_key_is_benched_and_the_next_one_is_used(name: str, stream: bool) -> None:
    config = {"providers": TWO_KEYS, "retries": {"attempts": 2, "backoff": FOR_EVER, "max_backoff": FOR_EVER}}
    async with (
        no_leaks(),
        FaultServer(refuses(FIRST, name=name)) as up,
        gateway(up.url, **config) as gw,
        connect(gw.port) as raw,
    ):
        gw.heal(random=lambda: 0.5)  # of equal keys, the first
        check(await ask(raw, "up/any", stream=stream), WHOLE, stream=stream)
        check(await ask(raw, "up/any", stream=stream), WHOLE, stream=stream)
        check(await ask(raw, "up/any", stream=stream), WHOLE, stream=stream)
        assert keys_seen(up) == [FIRST, SECOND, SECOND, SECOND]
        assert await outcomes(gw) == ["refused", "ok", "ok", "ok"]
        assert [line["provider"] for line in gw.logged("provider_key.benched")] == ["up"]


@pytest.mark.parametrize(("name", "outcome"), [("auth_401", UPSTREAM_AUTH), ("quota_402", UPSTREAM_QUOTA)])
async def test_with_no_key_left_the_upstream_is_not_asked(name: str, outcome: Any) -> None:
    config = {"providers": TWO_KEYS, "retries": {"attempts": 5}}
    async with (
        no_leaks(),
        FaultServer(refuses(FIRST, SECOND, name=name)) as up,
        gateway(up.url, **config) as gw,
        connect(gw.port) as raw,
    ):
        for model in ("any", "any", "any", "never-asked-before"):
            check(await ask(raw, f"up/{model}"), outcome, stream=False)
        assert sorted(keys_seen(up)) == [FIRST, SECOND]
        assert await outcomes(gw) == ["refused", "refused"]
    assert FIRST not in gw.text()
    assert SECOND not in gw.text()


# A line that the upstream had closed


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "name", ["connection_close", "says_close_stays", "closes_idle", "resets_idle", "talks_when_idle"]
)
async def test_a_line_that_is_closed_is_not_used_again(name: str, stream: bool) -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        up.release()
        for _ in range(3):
            check(await ask(raw, f"up/{name}", stream=stream), WHOLE, stream=stream)
        assert len(up.connections) == 3
        assert await outcomes(gw) == ["ok"] * 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["closes_on_next", "resets_on_next"])
async def test_a_line_that_closes_as_it_is_used_costs_an_attempt_but_no_wait(name: str, stream: bool) -> None:
    config = {"retries": {"attempts": 2, "backoff": FOR_EVER, "max_backoff": FOR_EVER}}
    async with no_leaks(), FaultServer() as up, gateway(up.url, **config) as gw, connect(gw.port) as raw:
        check(await ask(raw, f"up/{name}", stream=stream), WHOLE, stream=stream)
        check(await ask(raw, "up/normal", stream=stream), WHOLE, stream=stream)
        assert await outcomes(gw) == ["ok", "failed", "ok"]


async def test_without_an_attempt_left_a_line_that_closes_as_it_is_used_is_told() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        check(await ask(raw, "up/closes_on_next"), WHOLE, stream=False)
        check(await ask(raw, "up/normal"), BROKEN, stream=False)
        check(await ask(raw, "up/normal"), WHOLE, stream=False)
        assert await outcomes(gw) == ["ok", "failed", "ok"]


async def test_good_lines_are_used_again() -> None:
    async with no_leaks(), FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        for name in (
            "one_byte_pieces",
            "byte_chunks",
            "gzipped",
            "early_hints",
            "caller_400",
            "error_503",
            "empty_200",
        ):
            await ask(raw, f"up/{name}")
            await ask(raw, "up/one_write", stream=True)
        assert len(up.connections) == 1
