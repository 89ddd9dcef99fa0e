"""Several models are asked at once, and the first good one answers."""

import asyncio

import openai
import pytest
from tests.e2e.routing.stage import (
    BROKEN_JSON,
    CALL,
    EMPTY,
    FILTERED,
    HELLO,
    JSON,
    REFUSAL,
    Stage,
    begins,
    one_after_the_other,
    refuses,
    route,
    stage,
)
from tests.faults import replies
from tests.faults.fault import Fault

AT_ONCE = 0.1
"""Seconds in which the losers' sockets must be closed."""
WINS = ("first_token", "first_complete")
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]


async def given_up(on: Stage, provider: str) -> None:
    """Fails unless that provider's connection is closed at once."""
    upstream = on.upstreams[provider]
    await upstream.closed(await upstream.connection(), within=AT_ONCE)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("win", WINS)
async def test_the_first_answer_wins_and_the_others_are_given_up_at_once(win: str, stream: bool) -> None:
    acts = {"a": "mute", "b": "normal", "c": "mute"}
    async with stage(acts, route("race", "a/m", "b/m", "c/m", win=win)) as on:
        answer = await on.ask(stream=stream)
        assert (answer.text, answer.provider) == (replies.TEXT, "b")
        await given_up(on, "a")
        await given_up(on, "c")
        assert sorted(await on.ended()) == [("a", "cancelled"), ("b", "ok"), ("c", "cancelled")]
        rows = await on.rows()
        assert sorted(row.attempt for row in rows) == [1, 2, 3]
        assert len({row.request for row in rows}) == 1
        assert all(row.cost > 0 for row in rows), "what the losers have cost is told"
        assert all(on.asked(name) == 1 for name in acts)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("win", WINS)
@pytest.mark.parametrize(
    "failure",
    ["error_500", "rate_429", "auth_401", "caller_400", "error_in_200", "broken_json", "not_json", "empty_200"],
)
async def test_an_error_cannot_win(failure: str, win: str, stream: bool) -> None:
    first, second = one_after_the_other(failure, "normal")
    async with stage({"a": first, "b": second}, route("race", "a/m", "b/m", win=win)) as on:
        answer = await on.ask(stream=stream)
        assert (answer.text, answer.provider) == (replies.TEXT, "b")
        (loser, outcome), winner = await on.ended()
        assert loser == "a"
        assert outcome in ("refused", "failed")
        assert winner == ("b", "ok")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("nothing", [EMPTY, REFUSAL, FILTERED], ids=str)
async def test_nothing_and_a_refusal_are_no_whole_answer(nothing: Fault, stream: bool) -> None:
    first, second = one_after_the_other(nothing, "normal")
    async with stage({"a": first, "b": second}, route("race", "a/m", "b/m", win="first_complete")) as on:
        answer = await on.ask(stream=stream)
        assert (answer.text, answer.provider) == (replies.TEXT, "b")
        assert await on.ended() == [("a", "ok"), ("b", "ok")]


@pytest.mark.parametrize("nothing", [EMPTY, FILTERED], ids=str)
async def test_an_empty_stream_has_no_first_output(nothing: Fault) -> None:
    first, second = one_after_the_other(nothing, "normal")
    async with stage({"a": first, "b": second}, route("race", "a/m", "b/m")) as on:
        assert (await on.ask(stream=True)).provider == "b"


@pytest.mark.parametrize("win", WINS)
@pytest.mark.parametrize(
    "beginning",
    [begins(0), begins(comment=b": ping\n\n"), begins(0, comment=b": ping\n\n")],
    ids=["role", "ping", "both"],
)
async def test_a_role_or_a_ping_cannot_win(beginning: Fault, win: str) -> None:
    async with stage({"a": beginning, "b": "normal"}, route("race", "a/m", "b/m", win=win)) as on:
        answer = await on.ask(stream=True)
        assert (answer.text, answer.provider) == (replies.TEXT, "b")
        await given_up(on, "a")
        assert sorted(await on.ended()) == [("a", "cancelled"), ("b", "ok")]


async def test_who_begins_first_need_not_be_whole_first() -> None:
    async with stage({"a": begins(0, 1, 2), "b": "normal"}, route("race", "a/m", "b/m", win="first_complete")) as on:
        answer = await on.ask(stream=True)
        assert (answer.text, answer.provider) == (replies.TEXT, "b")
        await given_up(on, "a")
        lost = next(row for row in await on.rows() if row.provider == "a")
        assert lost.outcome == "cancelled"
        assert lost.output_tokens > 0, "what it had produced is charged"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("win", WINS)
async def test_a_call_of_a_tool_wins(win: str, stream: bool) -> None:
    async with stage({"a": "mute", "b": CALL}, route("race", "a/m", "b/m", win=win)) as on:
        answer = await on.ask(stream=stream, tools=TOOLS)
        assert answer.calls == ['{"city":"Bonn"}']
        await given_up(on, "a")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("win", WINS)
async def test_structured_output_wins(win: str, stream: bool) -> None:
    async with stage({"a": "mute", "b": JSON}, route("race", "a/m", "b/m", win=win)) as on:
        assert (await on.ask(stream=stream, response_format={"type": "json_object"})).text == '{"title": "Soup"}'


@pytest.mark.parametrize("stream", [False, True])
async def test_json_that_breaks_off_cannot_win_where_json_is_due(stream: bool) -> None:
    first, second = one_after_the_other(BROKEN_JSON, JSON)
    it = route("race", "a/m", "b/m", win="first_complete", on_failure={"invalid": "next"})
    async with stage({"a": first, "b": second}, it) as on:
        answer = await on.ask(stream=stream, response_format={"type": "json_object"})
        assert (answer.text, answer.provider) == ('{"title": "Soup"}', "b")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("win", WINS)
async def test_if_all_fail_each_is_listed(win: str, stream: bool) -> None:
    first, second = one_after_the_other("error_500", "rate_429")
    async with stage({"a": first, "b": second}, route("race", "a/m", "b/m", win=win)) as on:
        error = await on.refused(stream=stream)
        assert "1. a/m: upstream_server_error" in error.message
        assert "2. b/m: rate_limit_exceeded" in error.message
        assert await on.ended() == [("a", "refused"), ("b", "refused")]


@pytest.mark.parametrize("stream", [False, True])
async def test_if_nobody_has_a_better_one_a_refusal_is_the_answer(stream: bool) -> None:
    first, second = one_after_the_other(REFUSAL, "error_500")
    async with stage({"a": first, "b": second}, route("race", "a/m", "b/m", win="first_complete")) as on:
        answer = await on.ask(stream=stream)
        assert (answer.refusal, answer.provider) == ("I cannot help with that.", "a")


@pytest.mark.parametrize("stream", [False, True])
async def test_if_all_fail_the_plan_goes_on(stream: bool) -> None:
    it = route("fallback", "both", "c/m")
    models = {"both": route("race", "a/m", "b/m")}
    async with stage({"a": "error_500", "b": "error_503", "c": "normal"}, it, models=models) as on:
        answer = await on.ask(stream=stream)
        assert (answer.text, answer.provider, answer.attempts) == (replies.TEXT, "c", 3)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("win", WINS)
async def test_a_client_that_leaves_ends_all(win: str, stream: bool) -> None:
    async with stage({"a": "mute", "b": "mute"}, route("race", "a/m", "b/m", win=win)) as on:
        asking = asyncio.create_task(on.ask(stream=stream))
        await on.upstreams["a"].request()
        await on.upstreams["b"].request()
        asking.cancel()
        await on.upstreams["a"].closed(on.upstreams["a"].connections[0], within=1)
        await on.upstreams["b"].closed(on.upstreams["b"].connections[0], within=1)
        assert sorted(await on.ended()) == [("a", "cancelled"), ("b", "cancelled")]
        assert all(view.in_flight == 0 for view in on.running.process.gateway.health.view(0.0))


async def test_a_winner_whose_stream_breaks_off_is_told_and_nobody_takes_its_place() -> None:
    async with stage({"a": "cut_between_events", "b": "mute"}, route("race", "a/m", "b/m")) as on:
        with pytest.raises(openai.APIError, match="not the whole answer"):
            await on.ask(stream=True)
        assert sorted(await on.ended()) == [("a", "truncated"), ("b", "cancelled")]


async def test_a_racer_without_words_for_the_request_is_passed_over() -> None:
    providers = {"a": {"type": "anthropic", "api_key": "sk-a"}}
    async with stage({"a": "mute", "b": "normal"}, route("race", "a/m", "b/m"), providers=providers) as on:
        answer = await on.ask(messages=HELLO, n=2)
        assert (answer.provider, answer.attempts) == ("b", 1)
        assert on.asked("a") == 0


async def test_many_races_leave_nothing_behind() -> None:
    async with stage({"a": "held", "b": "normal"}, route("race", "a/m", "b/m")) as on:
        answers = await asyncio.gather(*(on.ask(stream=number % 2 == 0) for number in range(60)))
        assert {answer.provider for answer in answers} == {"b"}
        ended = await on.ended()
        assert ended.count(("b", "ok")) == 60
        assert 0 < on.asked("a") <= ended.count(("a", "cancelled")) <= 60, "what was sent is recorded"
        assert all(view.in_flight == 0 for view in on.running.process.gateway.health.view(0.0))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_of_the_request_by_all_is_told_in_the_provider_s_words(stream: bool) -> None:
    refused = refuses(400, "decimal_above_max_value", says="Invalid 'temperature'.")
    async with stage({"a": refused, "b": refused}, route("race", "a/m", "b/m")) as on:
        error = await on.refused(stream=stream)
        assert (error.status_code, error.code) == (400, "decimal_above_max_value")
