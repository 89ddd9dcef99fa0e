"""What each kind of failure leads to."""

from typing import Any

import openai
import pytest
from tests.e2e.routing.stage import (
    BROKEN_JSON,
    EMPTY,
    FILTERED,
    HELLO,
    JSON,
    REFUSAL,
    act,
    by_model,
    refuses,
    route,
    says,
    stage,
)
from tests.faults.connection import Exchange
from tests.faults.fault import Fault

TOO_LONG = refuses(400, "context_length_exceeded", says="This model's maximum context length is 8192 tokens.")
UNWANTED = refuses(400, "content_filter", says="The response was filtered by our content management policy.")
JSON_DUE: dict[str, Any] = {"response_format": {"type": "json_object"}}
SHORT = {"deadline": {"first_token": "80ms", "total": "10s"}}

Case = tuple[str, str | Fault, dict[str, Any]]
FAILURES: list[Case] = [
    ("error", "error_500", {}),
    ("error", "error_in_200", {}),
    ("error", "broken_json", {}),
    ("error", "reset_unanswered", {}),
    ("rate_limit", "rate_429", {}),
    ("rate_limit", "quota_402", {}),
    ("context", TOO_LONG, {}),
    ("refused", UNWANTED, {}),
    ("refused", FILTERED, {}),
    ("empty", EMPTY, {}),
    ("invalid", BROKEN_JSON, JSON_DUE),
]
LATE = ("invalid",)
"""What shows only at the end of a stream, when it has been handed on."""
ANSWERS = ("refused", "invalid")
"""What is handed on where nothing else is said."""


def cases() -> list[Any]:
    return [
        pytest.param(*case, stream, id=f"{case[0]}-{case[1]}-{'stream' if stream else 'whole'}")
        for case in FAILURES
        for stream in (False, True)
        if not (stream and case[0] in LATE)
    ]


@pytest.mark.parametrize(("reason", "failure", "asked", "stream"), cases())
async def test_the_next_is_asked_where_the_route_says_so(
    reason: str, failure: str | Fault, asked: dict[str, Any], stream: bool
) -> None:
    it = route("fallback", "a/m", "b/m", on_failure={reason: "next"})
    async with stage({"a": failure, "b": JSON}, it) as on:
        answer = await on.ask(stream=stream, **asked)
        assert (answer.text, answer.provider, answer.attempts) == ('{"title": "Soup"}', "b", 2)
        assert [provider for provider, _ in await on.ended()] == ["a", "b"]


@pytest.mark.parametrize(("reason", "failure", "asked", "stream"), cases())
async def test_another_model_is_asked_where_the_route_names_one(
    reason: str, failure: str | Fault, asked: dict[str, Any], stream: bool
) -> None:
    it = route("fallback", "a/m", "b/m", on_failure={reason: "other"})
    models = {"other": route("fallback", "c/m", "b/m")}
    async with stage({"a": failure, "b": "error_500", "c": JSON}, it, models=models) as on:
        answer = await on.ask(stream=stream, **asked)
        assert (answer.text, answer.provider, answer.attempts) == ('{"title": "Soup"}', "c", 2)
        assert on.asked("b") == 0


@pytest.mark.parametrize(("reason", "failure", "asked", "stream"), cases())
async def test_nobody_else_is_asked_where_the_route_says_so(
    reason: str, failure: str | Fault, asked: dict[str, Any], stream: bool
) -> None:
    it = route("fallback", "a/m", "b/m", on_failure={reason: "stop"}, retries={"attempts": 5})
    async with stage({"a": failure, "b": "normal"}, it) as on:
        if failure in (FILTERED, EMPTY, BROKEN_JSON):
            assert (await on.ask(stream=stream, **asked)).provider == "a"
        else:
            assert await on.refused(stream=stream, **asked)
        assert (on.asked("a"), on.asked("b")) == (1, 0)


@pytest.mark.parametrize(("reason", "failure", "asked", "stream"), cases())
async def test_where_nothing_is_said_answers_are_handed_on_and_failures_lead_to_the_next(
    reason: str, failure: str | Fault, asked: dict[str, Any], stream: bool
) -> None:
    async with stage({"a": failure, "b": "normal"}, route("fallback", "a/m", "b/m")) as on:
        if reason not in ANSWERS:
            assert (await on.ask(stream=stream, **asked)).provider == "b"
        elif failure is UNWANTED:
            assert (await on.refused(stream=stream, **asked)).code == "content_filter"
        else:
            assert (await on.ask(stream=stream, **asked)).provider == "a"
        assert on.asked("b") == (reason not in ANSWERS)


@pytest.mark.parametrize("consequence", ["next", "stop", "b/m"])
async def test_a_deadline_that_passes_is_a_reason_of_its_own(consequence: str) -> None:
    it = route("fallback", "a/m", "b/m", on_failure={"timeout": consequence}, **SHORT)
    async with stage({"a": "mute", "b": "normal"}, it) as on:
        if consequence == "stop":
            assert (await on.refused(stream=True)).status_code == 504
        else:
            assert (await on.ask(stream=True)).provider == "b"
        row = (await on.rows())[0]
        assert (row.provider, row.outcome, row.error) == ("a", "failed", "upstream_timeout")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_attempt_may_have_its_own_time_so_that_another_can_answer(stream: bool) -> None:
    it = route("fallback", "a/m", "b/m", deadline={"attempt": "80ms", "total": "10s"})
    async with stage({"a": "mute", "b": "normal"}, it) as on:
        assert (await on.ask(stream=stream)).provider == "b"
        assert [row.error for row in await on.rows()] == ["upstream_timeout", ""]
    async with stage({"a": "mute", "b": "mute"}, it) as on:
        error = await on.refused(stream=stream)
        assert (error.status_code, "All 2 attempts failed" in error.message) == (504, True)
        assert "0.08 s" in error.message


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_in_a_whole_answer_leads_to_the_next_where_the_route_says_so(stream: bool) -> None:
    it = route("fallback", "a/m", "b/m", on_failure={"refused": "next"})
    async with stage({"a": REFUSAL, "b": "normal"}, it) as on:
        answer = await on.ask(stream=stream)
        # What a stream has begun to say, it goes on to say: nobody takes it back.
        assert (answer.provider, bool(answer.refusal)) == (("a", True) if stream else ("b", False))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("nothing", [EMPTY, FILTERED], ids=str)
async def test_if_all_say_nothing_the_first_of_them_is_the_answer(nothing: Fault, stream: bool) -> None:
    it = route("fallback", "a/m", "b/m", on_failure={"empty": "next", "refused": "next"})
    async with stage({"a": nothing, "b": "error_500"}, it) as on:
        answer = await on.ask(stream=stream)
        assert (answer.text, answer.provider) == ("", "a")
        assert await on.ended() == [("a", "ok"), ("b", "refused")]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_sole_model_s_empty_answer_is_handed_on(stream: bool) -> None:
    async with stage({"a": EMPTY}, "a/m") as on:
        assert (await on.ask(stream=stream)).text == ""
        assert on.asked("a") == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_too_long_for_one_model_goes_to_a_larger_one_only(stream: bool) -> None:
    it = route("fallback", "openai/gpt-4o-mini", "openai/gpt-4o", "openai/gpt-4.1")
    acts = by_model(gpt_4o_mini=TOO_LONG, gpt_4o="normal", gpt_4_1="normal")
    providers = {"openai": {"type": "openai", "api_key": "sk-openai"}}
    async with stage({"openai": acts}, it, providers=providers) as on:
        await on.learnt()
        assert (await on.ask(stream=stream)).headers["x-trunkline-model"] == "gpt-4.1"
        assert [row.model for row in await on.rows()] == ["gpt-4o-mini", "gpt-4.1"]


@pytest.mark.parametrize("stream", [False, True])
async def test_every_attempt_s_error_is_told_when_all_have_failed(stream: bool) -> None:
    it = route("fallback", "a/m", "b/m", "c/m")
    async with stage({"a": "error_500", "b": "rate_429", "c": "broken_json"}, it) as on:
        error = await on.refused(stream=stream)
        assert (
            "All 3 attempts failed: 1. a/m: upstream_server_error; 2. b/m: rate_limit_exceeded; 3. c/m: "
            in error.message
        )


# weaker models


@pytest.mark.parametrize("stream", [False, True])
async def test_a_weaker_model_comes_last_and_never_for_what_is_critical(stream: bool) -> None:
    it = route("fallback", "a/m", "b/m", weaker=["c/m"])
    async with stage({"a": "error_500", "b": "error_503", "c": "normal"}, it) as on:
        assert (await on.ask(stream=stream)).provider == "c"
        error = await on.refused(stream=stream, extra_headers={"x-trunkline-priority": "high"})
        assert "All 2 attempts failed" in error.message
        assert on.asked("c") == 1


async def test_a_critical_route_never_falls_to_a_weaker_model_unless_the_request_is_not() -> None:
    it = route("fallback", "a/m", weaker=["c/m"], critical=True)
    async with stage({"a": "error_500", "c": "normal"}, it) as on:
        assert (await on.refused()).status_code == 502
        assert (await on.ask(extra_headers={"x-trunkline-priority": "low"})).provider == "c"


# what is said of a request in the other's words


async def test_the_next_gets_the_whole_request_again() -> None:
    seen: list[Any] = []

    async def answer(x: Exchange) -> None:
        seen.append(x.request.json())
        await (says(content="Soup").answer(x) if len(seen) > 1 else UNWANTED.answer(x))

    it = route("fallback", "a/first", "a/second", on_failure={"refused": "next"})
    async with stage({"a": act(answer)}, it) as on:
        await on.ask(messages=HELLO, temperature=0.5, seed=7)
        first, second = seen
        assert (first.pop("model"), second.pop("model")) == ("first", "second")
        assert first == second == {"messages": HELLO, "temperature": 0.5, "seed": 7, "stream": False}


async def test_after_the_first_output_nobody_takes_its_place() -> None:
    async with stage({"a": "error_event", "b": "normal"}, route("fallback", "a/m", "b/m")) as on:
        with pytest.raises(openai.APIError):
            await on.ask(stream=True)
        assert on.asked("b") == 0
        [row] = await on.rows()
        assert (row.outcome, row.output_tokens > 0) == ("truncated", True)
