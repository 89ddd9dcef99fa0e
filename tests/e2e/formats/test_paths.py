"""Where each SDK looks for its API: the paths it makes are served, whatever stands in them."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors
from tests.e2e.formats.hall import Hall, google_options
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import HELLO, MODELS, SPEAKERS, breaks_off, refuses, says
from tests.running import Background

MESSAGES: Any = [{"role": "user", "content": "Hallo"}]
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "Hallo"}]}]}


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    """With names of the operator's."""
    keys = [
        {"name": "app", "key": "sk-app"},
        {"name": "few", "key": "sk-few", "models": ["bot", "chat/*"]},
    ]
    models = {"bot": MODELS["chat"], "team/bot": MODELS["anthropic"]}
    with Background() as background, Hall(background, models=models, keys=keys) as hall:
        yield hall


# Azure


@pytest.mark.parametrize("deployment", ["bot", "team/bot", MODELS["google"], MODELS["bedrock"]])
@pytest.mark.parametrize("stream", [False, True])
def test_azures_client_by_its_older_paths(hall: Hall, deployment: str, stream: bool) -> None:
    with openai.AzureOpenAI(
        azure_endpoint=hall.url, api_key="sk-app", api_version="2024-10-21", azure_deployment=deployment, max_retries=0
    ) as azure:
        said: Any = azure.chat.completions.create(model=deployment, messages=MESSAGES, stream=stream)
        if stream:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in said if chunk.choices)
        else:
            text = said.choices[0].message.content
    assert text == HELLO.text


def test_azures_client_by_model(hall: Hall) -> None:
    with openai.AzureOpenAI(
        azure_endpoint=hall.url, api_key="sk-app", api_version="2025-03-01-preview", max_retries=0
    ) as azure:
        assert azure.chat.completions.create(model="bot", messages=MESSAGES).choices[0].message.content == HELLO.text
        told = azure.responses.create(model="bot", input="Hallo")
        assert told.output_text == HELLO.text
        assert azure.responses.retrieve(told.id).output_text == HELLO.text
        assert "bot" in [model.id for model in azure.models.list()]
        with pytest.raises(openai.NotFoundError):
            azure.chat.completions.create(model="nobody", messages=MESSAGES)


def test_the_deployment_in_the_path_is_the_model(hall: Hall) -> None:
    """Azure's own clients may leave it out of the body, or name another there."""
    for body in ({"messages": MESSAGES}, {"messages": MESSAGES, "model": "nobody"}):
        path = "/openai/deployments/bot/chat/completions?api-version=1"
        answer = send(hall.running.port, "POST", path, body, {"api-key": "sk-app"}, key="")
        assert answer.status == 200
        assert hall.upstreams["chat"].requests[-1].json()["model"] == "gpt-5.1"


# Google


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_googles_client(hall: Hall, version: str) -> None:
    options = google_options(hall.url)
    options.api_version = version
    with genai.Client(api_key="sk-app", http_options=options) as client:
        for model in ("bot", "team/bot", *MODELS.values()):
            assert client.models.generate_content(model=model, contents="Hallo").text == HELLO.text
            assert client.models.get(model=model).name == f"models/{model}"
        assert "models/team/bot" in [found.name for found in client.models.list()]


def test_googles_client_as_it_calls_vertex(hall: Hall) -> None:
    with genai.Client(vertexai=True, api_key="sk-app", http_options=google_options(hall.url)) as client:
        for model in ("bot", "team/bot", *MODELS.values()):
            assert client.models.generate_content(model=model, contents="Hallo").text == HELLO.text
            pieces = client.models.generate_content_stream(model=model, contents="Hallo")
            assert "".join(piece.text or "" for piece in pieces) == HELLO.text


def test_the_longest_path_of_vertex(hall: Hall) -> None:
    for publisher, model in (
        ("google", "bot"),
        ("google", "gemini-2.5-flash"),
        ("team", "bot"),
        ("google", "team%2Fbot"),
    ):
        path = f"/v1/projects/p-1/locations/eu/publishers/{publisher}/models/{model}:generateContent"
        answer = send(hall.running.port, "POST", path, CONTENTS)
        assert answer.json()["candidates"][0]["content"]["parts"][0]["text"] == HELLO.text


@pytest.mark.parametrize("upstream", SPEAKERS)
def test_without_alt_sse_a_stream_is_one_array(hall: Hall, upstream: str) -> None:
    path = f"/v1beta/models/{MODELS[upstream]}:streamGenerateContent"
    answer = send(hall.running.port, "POST", path, CONTENTS)
    assert answer.headers["content-type"] == "application/json"
    chunks = answer.json()
    parts = [part for chunk in chunks for candidate in chunk["candidates"] for part in candidate["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == HELLO.text
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    assert chunks[-1]["usageMetadata"]["promptTokenCount"] == HELLO.input
    assert hall.row().outcome == "ok"


@pytest.mark.parametrize("upstream", SPEAKERS)
def test_errors_of_an_array_are_in_it(hall: Hall, upstream: str) -> None:
    path = f"/v1beta/models/{MODELS[upstream]}:streamGenerateContent"
    some = min(6, len(hall.upstreams[upstream].events(HELLO)[1]) - 1)
    hall.act(upstream, breaks_off(HELLO, after=some), refuses(400, "not so"), refuses(500, "boom"))
    cut, refused, failed = [send(hall.running.port, "POST", path, CONTENTS) for _ in range(3)]
    *said, error = cut.json()
    assert said
    assert error["error"]["status"] == "UNAVAILABLE"
    assert (refused.status, refused.json()[0]["error"]["message"]) == (400, "not so")
    assert (failed.status, failed.json()[0]["error"]["code"]) == (502, 502)
    nobody = send(hall.running.port, "POST", "/v1beta/models/nobody:streamGenerateContent", CONTENTS)
    assert (nobody.status, nobody.json()[0]["error"]["status"]) == (404, "NOT_FOUND")


def test_unknown_fields_survive_an_array(hall: Hall) -> None:
    """It is written anew, though both sides speak the same."""
    send(
        hall.running.port,
        "POST",
        f"/v1beta/models/{MODELS['google']}:streamGenerateContent",
        {**CONTENTS, "novelty": {"a": 1}, "generationConfig": {"temperature": 0.5, "other": "x"}},
    )
    sent = hall.upstreams["google"].requests[-1]
    assert sent.target == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert sent.json() == {
        **CONTENTS,
        "novelty": {"a": 1},
        "generationConfig": {"temperature": 0.5, "other": "x"},
    }


# Lists of models


def test_every_client_gets_its_own_list(hall: Hall) -> None:
    openais = [model.id for model in hall.openai.models.list()]
    anthropics = [model.id for model in hall.anthropic.models.list()]
    googles = [model.name for model in hall.google.models.list()]
    assert openais == anthropics == [name.removeprefix("models/") for name in googles if name]
    assert {"bot", "team/bot", "simulated/echo"} <= set(openais)


def test_one_model_is_shown_to_every_client(hall: Hall) -> None:
    for name in ("bot", "team/bot", MODELS["bedrock"]):
        assert hall.openai.models.retrieve(name).id == name
        shown = hall.anthropic.models.retrieve(name)
        assert (shown.id, shown.type, shown.display_name) == (name, "model", name)
        assert hall.google.models.get(model=name).supported_actions == ["generateContent", "countTokens"]


def test_a_model_that_is_not_there_is_not_shown(hall: Hall) -> None:
    with pytest.raises(openai.NotFoundError):
        hall.openai.models.retrieve("nobody")
    with pytest.raises(anthropic.NotFoundError):
        hall.anthropic.models.retrieve("nobody")
    with pytest.raises(errors.ClientError, match="NOT_FOUND"):
        hall.google.models.get(model="nobody")


def test_a_key_sees_only_what_it_may_use(hall: Hall) -> None:
    for path, headers in (
        ("/v1/models", {}),
        ("/v1/models", {"anthropic-version": "2023-06-01"}),
        ("/v1beta/models", {}),
    ):
        listed = send(hall.running.port, "GET", path, None, headers, key="sk-few").body
        assert b"bot" in listed
        assert b"team/bot" not in listed
        assert send(hall.running.port, "GET", f"{path}/team/bot", None, headers, key="sk-few").status == 404
        assert send(hall.running.port, "GET", f"{path}/chat/any", None, headers, key="sk-few").status == 200


@pytest.mark.parametrize("path", ["/v1/models", "/v1beta/models", "/v1beta/models/bot", "/v1/models/bot", "/models"])
def test_head_is_answered_where_get_is(hall: Hall, path: str) -> None:
    got, head = (send(hall.running.port, method, path) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))
    assert json.loads(got.body)


def test_head_of_what_is_kept(hall: Hall) -> None:
    told = hall.openai.responses.create(model="bot", input="Hallo")
    for path in (f"/v1/responses/{told.id}", f"/v1/responses/{told.id}/input_items"):
        head = send(hall.running.port, "HEAD", path)
        assert (head.status, head.body) == (200, b"")
    assert send(hall.running.port, "GET", f"/responses/{told.id}").json()["id"] == told.id


def test_legacy_completions_of_a_translated_model(hall: Hall) -> None:
    hall.act("anthropic", says(HELLO))
    said = hall.openai.completions.create(model=MODELS["anthropic"], prompt="Hallo", max_tokens=50)
    assert said.choices[0].text == HELLO.text
