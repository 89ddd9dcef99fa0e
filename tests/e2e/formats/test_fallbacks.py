"""Lists of models that speak different formats: what one fails at or has no words for, the next may do."""

from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from tests.e2e.formats import clients
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, Act, breaks_off, refuses, says
from tests.running import Background

PAIRS = [("anthropic", "chat"), ("google", "anthropic"), ("chat", "bedrock"), ("bedrock", "google")]
SILENT = {"anthropic": 1, "chat": 1, "bedrock": 1, "google": 0}
"""Events with which a stream begins that say nothing."""
MESSAGES: Any = [{"role": "user", "content": "Hallo"}]


def listed(*of: str, **facts: Any) -> dict[str, Any]:
    return {"route": "fallback", "of": [MODELS.get(name, name) for name in of], **facts}


@pytest.fixture(scope="module")
def lists() -> Iterator[Hall]:
    models: dict[str, Any] = {f"{a}-{b}": listed(a, b) for a, b in PAIRS}
    models |= {
        "anthropic-google": listed("anthropic", "google"),
        "anthropic-first": listed("anthropic", "chat", retries={"attempts": 3, "backoff": "1ms"}),
        "chat-first": listed("chat", "anthropic", retries={"attempts": 3, "backoff": "1ms"}),
        "careless": listed("anthropic", on_unsupported="drop"),
        "four": MODELS["chat"],
    }
    with Background() as background, Hall(background, models=models) as hall:
        yield hall


def failures(provider: str) -> list[Act]:
    """What can go wrong before the first output."""
    after = SILENT[provider]
    return [
        refuses(500, "boom"),
        refuses(429, "slow"),
        breaks_off(HELLO, after=after),
        breaks_off(HELLO, after=after, politely=True),
    ]


@pytest.mark.parametrize("client", clients.EVERY)
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_another_format_makes_good_what_failed_before_the_first_output(
    lists: Hall, client: str, first: str, second: str
) -> None:
    for stream in (False, True):
        for failure in failures(first)[: 4 if stream else 2]:
            lists.act(first, failure)
            lists.act(second, says(HELLO))
            assert lists.clients[client].say("Hallo", f"{first}-{second}", stream=stream) == HELLO.text
            failed, good = lists.rows()[-2:]
            assert (failed.provider, failed.attempt) == (first, 1)
            assert (good.provider, good.attempt, good.outcome) == (second, 2, "ok")


@pytest.mark.parametrize("stream", [False, True])
def test_a_target_that_cannot_carry_a_parameter_is_passed_over(lists: Hall, stream: bool) -> None:
    sdk = lists.openai
    asked, answered = len(lists.upstreams["anthropic"].requests), len(lists.upstreams["chat"].requests)
    rows = len(lists.rows())
    said = sdk.chat.completions.with_raw_response.create(model="anthropic-chat", messages=MESSAGES, n=2, stream=stream)
    if stream:
        list(said.parse())
    assert said.headers["x-trunkline-provider"] == "chat"
    assert said.headers["x-trunkline-attempts"] == "1", "nothing was sent to the one that was passed over"
    assert len(lists.upstreams["anthropic"].requests) == asked
    assert len(lists.upstreams["chat"].requests) == answered + 1
    [row] = lists.rows()[rows:]
    assert (row.provider, row.attempt, row.outcome) == ("chat", 1, "ok")


def test_if_none_can_the_error_names_the_parameter_and_who_can(lists: Hall) -> None:
    sdk = lists.openai
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.chat.completions.create(model=MODELS["anthropic"], messages=MESSAGES, n=2)
    assert (caught.value.param, caught.value.code) == ("n", "unsupported_parameter")
    assert "able to: anthropic-chat, anthropic-first, anthropic-google" in caught.value.message
    assert "careless" not in caught.value.message, "which only leaves it out"


def test_the_hint_names_only_what_the_key_may_use() -> None:
    keys = [{"name": "app", "key": "sk-app", "models": ["anthropic/*", "public"]}]
    models = {"public": MODELS["chat"], "private": MODELS["chat"]}
    with (
        Background() as background,
        Hall(background, models=models, keys=keys) as hall,
        pytest.raises(openai.BadRequestError) as caught,
    ):
        hall.openai.chat.completions.create(model=MODELS["anthropic"], messages=MESSAGES, n=2)
    assert caught.value.message.endswith("able to: public.")


def test_all_that_were_passed_over_are_listed(lists: Hall) -> None:
    schema: Any = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    with pytest.raises(openai.BadRequestError) as caught:
        lists.openai.chat.completions.create(
            model="anthropic-google", messages=MESSAGES, n=2, response_format=schema, logit_bias={"1": 5}
        )
    assert caught.value.code == "unsupported_parameter"
    for model in ("anthropic", "google"):
        assert f"{MODELS[model]} (unsupported_parameter)" in caught.value.message


def test_a_target_that_was_passed_over_is_not_asked_again(lists: Hall) -> None:
    lists.act("chat", refuses(500, "boom"), refuses(500, "boom"), says(HELLO))
    said = lists.openai.chat.completions.create(model="anthropic-first", messages=MESSAGES, n=2)
    assert said.choices[0].message.content == HELLO.text
    assert [(row.provider, row.attempt) for row in lists.rows()[-3:]] == [("chat", 1), ("chat", 2), ("chat", 3)]


def test_what_failed_is_tried_again_though_the_next_cannot_carry_the_request(lists: Hall) -> None:
    lists.act("chat", refuses(500, "boom"), says(HELLO))
    said = lists.openai.chat.completions.create(model="chat-first", messages=MESSAGES, n=2)
    assert said.choices[0].message.content == HELLO.text


def test_a_failure_is_told_rather_than_that_the_others_cannot(lists: Hall) -> None:
    lists.act("chat", *[refuses(500, "boom")] * 3)
    with pytest.raises(openai.InternalServerError) as caught:
        lists.openai.chat.completions.create(model="chat-first", messages=MESSAGES, n=2)
    assert caught.value.code == "upstream_server_error"
    assert "All 3 attempts failed" in caught.value.message
    assert f"Passed over: {MODELS['anthropic']} (unsupported_parameter)." in caught.value.message


def test_an_unknown_kind_of_part_reaches_the_target_that_speaks_the_clients_format(lists: Hall) -> None:
    smelling: Any = [{"role": "user", "content": [{"type": "smell", "smell": {"data": "roses"}}]}]
    lists.act("chat", says(HELLO))
    for model in ("chat-bedrock", "anthropic-chat"):
        said = lists.openai.chat.completions.create(model=model, messages=smelling)
        assert said.choices[0].message.content == HELLO.text
        assert lists.upstreams["chat"].requests[-1].json()["messages"] == smelling
    with pytest.raises(openai.BadRequestError) as caught:
        lists.openai.chat.completions.create(model=MODELS["anthropic"], messages=smelling)
    assert caught.value.param == "messages[0].content[0].type"


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_left_out_is_named(lists: Hall, stream: bool) -> None:
    sdk = lists.openai
    lists.act("anthropic", says(HELLO))
    said = sdk.chat.completions.with_raw_response.create(
        model=MODELS["anthropic"], messages=MESSAGES, seed=7, stream=stream
    )
    if stream:
        list(said.parse())
    assert said.headers["x-trunkline-dropped"] == "seed"


def test_what_is_left_out_stands_in_the_log() -> None:
    with Background() as background, Hall(background) as hall:
        hall.openai.chat.completions.create(model=MODELS["anthropic"], messages=MESSAGES, seed=7)
    [line] = hall.running.logged("request")
    assert line["detail"] == "dropped: seed"


@pytest.mark.parametrize("stream", [False, True])
def test_who_says_drop_gets_an_answer_without_it(lists: Hall, stream: bool) -> None:
    lists.act("anthropic", says(HELLO))
    said = lists.openai.chat.completions.with_raw_response.create(
        model="careless", messages=MESSAGES, n=2, stream=stream
    )
    if stream:
        list(said.parse())
    assert said.headers["x-trunkline-dropped"] == "n"


def test_drop_may_be_said_for_all() -> None:
    models = {"strict": listed("anthropic", on_unsupported="reject")}
    with Background() as background, Hall(background, on_unsupported="drop", models=models) as hall:
        create = hall.openai.chat.completions.with_raw_response.create
        assert create(model=MODELS["anthropic"], messages=MESSAGES, n=2).headers["x-trunkline-dropped"] == "n"
        with pytest.raises(openai.BadRequestError):
            create(model="strict", messages=MESSAGES, n=2)


def test_names_that_are_left_out_cannot_make_headers(lists: Hall) -> None:
    name = "a\r\nset-cookie: b=c"
    said = lists.openai.chat.completions.with_raw_response.create(
        model="careless", messages=MESSAGES, extra_body={name: 1, "ü": 2, **{f"field_{n}": "x" for n in range(100)}}
    )
    assert "set-cookie" not in said.headers
    dropped = said.headers["x-trunkline-dropped"].split(", ")
    assert dropped[:2] == ["a??set-cookie: b=c", "?"]
    assert dropped[-1] == f"and {102 - len(dropped) + 1} more"


def test_too_long_a_request_goes_to_a_model_that_takes_it() -> None:
    long: Any = [{"role": "user", "content": "word " * 60_000}]
    small = "openai/gpt-3.5-turbo"
    models = {"growing": {"route": "fallback", "of": [small, MODELS["anthropic"]]}, "large": MODELS["anthropic"]}
    with Background() as background, Hall(background, models=models, more={"openai": "chat"}) as hall:
        sdk = hall.openai
        said = sdk.chat.completions.with_raw_response.create(model="growing", messages=long)
        assert said.headers["x-trunkline-provider"] == "anthropic"
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.chat.completions.create(model=small, messages=long)
        assert caught.value.code == "context_length_exceeded"
        assert "takes at most 16,385" in caught.value.message
        assert "able to: growing, large." in caught.value.message
        with pytest.raises(anthropic.BadRequestError, match="takes at most 16,385"):
            hall.anthropic.messages.create(model=small, max_tokens=10, messages=long)
