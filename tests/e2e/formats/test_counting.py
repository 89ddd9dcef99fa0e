"""Counting tokens before they are sent, with each SDK: by the provider where it counts, else by estimate."""

import json
from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import MODELS, mute, refuses, replies

MESSAGES: Any = [{"role": "user", "content": "How many tokens are in here? " * 20}]
TEXT = MESSAGES[0]["content"]


@pytest.fixture
def claude(hall: Hall) -> anthropic.Anthropic:
    return hall.anthropic


@pytest.fixture
def gemini(hall: Hall) -> Any:
    return hall.google


@pytest.fixture
def gpt(hall: Hall) -> openai.OpenAI:
    return hall.openai


def test_anthropic_counts_its_own(hall: Hall, claude: anthropic.Anthropic) -> None:
    upstream = hall.act("anthropic", replies(200, {"input_tokens": 4711}))
    said = claude.messages.with_raw_response.count_tokens(
        model=MODELS["anthropic"], messages=MESSAGES, extra_headers={"anthropic-beta": "token-counting-2024-11-01"}
    )
    assert said.parse().input_tokens == 4711
    assert "x-trunkline-estimated" not in said.headers
    request = upstream.requests[-1]
    assert request.target == "/v1/messages/count_tokens"
    assert request.json() == {"model": "claude-sonnet-4-5", "messages": MESSAGES}
    assert request.header("anthropic-beta") == "token-counting-2024-11-01"


def test_google_counts_its_own(hall: Hall, gemini: Any) -> None:
    upstream = hall.act("google", replies(200, {"totalTokens": 4711}))
    assert gemini.models.count_tokens(model=MODELS["google"], contents=TEXT).total_tokens == 4711
    assert upstream.requests[-1].target == "/v1beta/models/gemini-2.5-flash:countTokens"


def test_a_wrapped_request_of_google_names_the_providers_model(hall: Hall, gemini: Any) -> None:
    upstream = hall.act("google", replies(200, {"totalTokens": 4711}))
    contents = [{"role": "user", "parts": [{"text": TEXT}]}]
    wrapped = {"generateContentRequest": {"model": f"models/{MODELS['google']}", "contents": contents}}
    body = gemini._api_client.request("post", f"models/{MODELS['google']}:countTokens", wrapped).body
    assert "4711" in str(body)
    sent = upstream.requests[-1].json()["generateContentRequest"]
    assert sent == {"model": "models/gemini-2.5-flash", "contents": contents}


@pytest.mark.parametrize("upstream", [name for name in MODELS if name != "anthropic"])
def test_anthropics_clients_get_an_estimate_of_others(hall: Hall, claude: anthropic.Anthropic, upstream: str) -> None:
    before = len(hall.upstreams[upstream].requests)
    said = claude.messages.with_raw_response.count_tokens(model=MODELS[upstream], messages=MESSAGES)
    assert 100 < said.parse().input_tokens < 300
    assert said.headers["x-trunkline-estimated"] == "true"
    assert len(hall.upstreams[upstream].requests) == before


@pytest.mark.parametrize("upstream", [name for name in MODELS if name != "google"])
def test_googles_clients_get_an_estimate_of_others(hall: Hall, gemini: Any, upstream: str) -> None:
    assert 100 < gemini.models.count_tokens(model=MODELS[upstream], contents=TEXT).total_tokens < 300


@pytest.mark.parametrize("upstream", MODELS)
def test_openais_clients_get_an_estimate(hall: Hall, gpt: openai.OpenAI, upstream: str) -> None:
    assert 100 < gpt.responses.input_tokens.count(model=MODELS[upstream], input=TEXT).input_tokens < 300


@pytest.mark.parametrize("trouble", [refuses(500, "boom"), refuses(429, "slow"), refuses(401, "no"), replies(200, b"")])
def test_a_provider_that_cannot_count_now_is_estimated(hall: Hall, claude: anthropic.Anthropic, trouble: Any) -> None:
    hall.act("anthropic", trouble)
    said = claude.messages.with_raw_response.count_tokens(model=MODELS["anthropic"], messages=MESSAGES)
    assert 100 < said.parse().input_tokens < 300
    assert said.headers["x-trunkline-estimated"] == "true"


def test_a_provider_that_refuses_the_request_is_heard(hall: Hall, claude: anthropic.Anthropic, gemini: Any) -> None:
    hall.act("anthropic", refuses(400, "roles must alternate"))
    with pytest.raises(anthropic.BadRequestError, match="roles must alternate"):
        claude.messages.count_tokens(model=MODELS["anthropic"], messages=MESSAGES)
    hall.act("google", refuses(400, "no such part"))
    with pytest.raises(errors.ClientError, match="no such part"):
        gemini.models.count_tokens(model=MODELS["google"], contents=TEXT)


def test_what_is_no_request_is_not_counted(hall: Hall, claude: anthropic.Anthropic, gpt: openai.OpenAI) -> None:
    for body, param in ({"messages": MESSAGES}, "model"), ({"model": MODELS["chat"]}, "messages"):
        with pytest.raises(anthropic.BadRequestError, match=param):
            claude.post("/v1/messages/count_tokens", cast_to=object, body=body)
    with pytest.raises(openai.BadRequestError) as caught:
        gpt.post("/responses/input_tokens", cast_to=object, body={"input": "x"})
    assert caught.value.param == "model"
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.count_tokens(model="nobody/knows", messages=MESSAGES)
    with pytest.raises(anthropic.BadRequestError, match="byte"):
        claude.post("/v1/messages/count_tokens", cast_to=object, content=b'{"model": ')


def test_counting_leaves_no_trace_in_the_ledger(hall: Hall, claude: anthropic.Anthropic) -> None:
    rows = len(hall.rows())
    hall.act("anthropic", replies(200, {"input_tokens": 1}))
    claude.messages.count_tokens(model=MODELS["anthropic"], messages=MESSAGES)
    claude.messages.count_tokens(model=MODELS["chat"], messages=MESSAGES)
    assert len(hall.rows()) == rows


def test_tools_and_system_count(hall: Hall, gemini: Any) -> None:
    def count(**config: Any) -> int:
        contents = [{"role": "user", "parts": [{"text": TEXT}]}]
        wrapped = {"generateContentRequest": {"contents": contents, **config}}
        said = gemini._api_client.request("post", f"models/{MODELS['chat']}:countTokens", wrapped)
        return int(json.loads(said.body)["totalTokens"])

    declared = [{"functionDeclarations": [{"name": "weather", "description": TEXT}]}]
    assert count(systemInstruction={"parts": [{"text": TEXT}]}) > count() + 50
    assert count(tools=declared) > count() + 50


def test_a_client_that_leaves_lets_go_of_the_provider(hall: Hall, claude: anthropic.Anthropic) -> None:
    upstream = hall.act("anthropic", mute)
    before = len(upstream.requests)
    with pytest.raises(anthropic.APITimeoutError):
        claude.with_options(timeout=0.2).messages.count_tokens(model=MODELS["anthropic"], messages=MESSAGES)
    request = hall.background.run(upstream.request(before))
    hall.background.run(upstream.closed(request.connection, within=0.1))
