"""What is wrong is told to each SDK in its own API's shape, so that it raises what it always raises."""

import json
from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors
from tests.e2e.formats import clients
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import Plain, send
from tests.e2e.formats.upstreams import MODELS, SPEAKERS, Act, Upstream, refuses, replies, whole_only
from tests.faults.connection import Exchange

KINDS: dict[str, dict[int, type[Exception]]] = {
    "openai": {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        413: openai.APIStatusError,
        429: openai.RateLimitError,
        502: openai.InternalServerError,
        503: openai.InternalServerError,
    },
    "anthropic": {
        400: anthropic.BadRequestError,
        401: anthropic.AuthenticationError,
        403: anthropic.PermissionDeniedError,
        404: anthropic.NotFoundError,
        413: anthropic.RequestTooLargeError,
        429: anthropic.RateLimitError,
        502: anthropic.InternalServerError,
        503: anthropic.ServiceUnavailableError,
    },
    "google": dict.fromkeys((400, 401, 403, 404, 413, 429), errors.ClientError)
    | dict.fromkeys((502, 503), errors.ServerError),
}
"""SDK → status → the class of its exceptions."""
SDKS = {"chat": "openai", "responses": "openai", "anthropic": "anthropic", "google": "google"}
TOLD: dict[int, tuple[int, str]] = {
    400: (400, "upstream_refused"),
    401: (502, "upstream_auth"),
    403: (502, "upstream_auth"),
    404: (404, "upstream_refused"),
    402: (503, "upstream_quota"),
    429: (429, "rate_limit_exceeded"),
    500: (502, "upstream_server_error"),
    529: (502, "upstream_server_error"),
}
"""A provider's status → what the client is told, and the code in the ledger."""
TOLD_OTHERWISE = {"responses": {403: (403, "upstream_refused")}}
"""OpenAI refuses requests with it, where it gives no code."""


def raised(hall: Hall, client: str, model: str, *, stream: bool = False) -> Any:
    """What an SDK raises."""
    speaks = hall.clients[client]
    with pytest.raises(speaks.raises) as caught:
        speaks.say("Hallo", model, stream=stream)
    return caught.value


def told(client: str, error: Any) -> dict[str, Any]:
    """The object that says what is wrong, in the place where the SDK's API has it."""
    if SDKS[client] == "openai":
        body: dict[str, Any] = error.body
        assert set(body) == {"message", "type", "param", "code"}
        return body
    if client == "anthropic":
        assert error.body["type"] == "error"
        found: dict[str, Any] = error.body["error"]
        return found
    details: dict[str, Any] = error.details["error"]
    assert details["code"] == error.code
    return details


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.ALL)
def test_a_providers_error_is_the_sdks_exception(hall: Hall, client: str, upstream: str) -> None:
    for status, (expected, code) in {**TOLD, **TOLD_OTHERWISE.get(upstream, {})}.items():
        for stream in (False, True):
            hall.act(upstream, refuses(status, "It is like this."))
            error = raised(hall, client, MODELS[upstream], stream=stream)
            assert hall.clients[client].status(error) == expected
            assert type(error) is KINDS[SDKS[client]][expected]
            of_the_operator = code in ("upstream_auth", "upstream_quota")
            assert ("It is like this." in told(client, error)["message"]) is not of_the_operator
        row = hall.row()
        assert (row.outcome, row.error, row.status) == ("refused", code, status)


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.ALL)
def test_a_200_that_holds_an_error_is_an_error(hall: Hall, client: str, upstream: str) -> None:
    for stream in (False, True):
        hall.act(upstream, replies(200, hall.upstreams[upstream].speaker.error(400, "It is like this.")))
        error = raised(hall, client, MODELS[upstream], stream=stream)
        assert hall.clients[client].status(error) == 502
    assert hall.row().outcome in ("refused", "failed")


ODD: list[Act] = [
    replies(200, b""),
    replies(200, b"<html>busy</html>", ("content-type", "text/html")),
    replies(200, b"[]"),
    replies(200, b"{}"),
    replies(200, b"null"),
    replies(200, b'{"output": ' + b"[" * 100_000),
    replies(200, b"[" * 100_000 + b"]" * 100_000),
    replies(200, b'{"choices": 1, "output": 1, "content": 1, "candidates": 1}'),
    replies(200, b'{"choices": [1], "output": [1], "content": [1], "candidates": [1]}'),
    replies(
        200, b'{"choices": [{}], "output": {"message": {}}, "content": [{}], "candidates": [{}], "type": "message"}'
    ),
    replies(200, b'{"choices": [{"message": {"content": "\xff"}}], "output": "\xff", "content": "\xff"}'),
    replies(302, b"", ("location", "http://127.0.0.1:1/")),
    replies(204, b""),
]


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.EVERY)
def test_a_reply_that_does_not_stream_though_asked_is_made_a_stream(hall: Hall, client: str, upstream: str) -> None:
    hall.act(upstream, whole_only)
    assert hall.clients[client].say("Hallo", MODELS[upstream], stream=True) == "Grüße aus 世界 🌍, gut gemacht."
    row = hall.row()
    assert (row.outcome, row.input_tokens, row.output_tokens, row.usage) == ("ok", 21, 13, "provider")


@pytest.mark.parametrize("client", clients.ALL)
def test_who_asks_for_what_is_not_there(hall: Hall, client: str) -> None:
    error = raised(hall, client, "nobody/knows")
    assert type(error) is KINDS[SDKS[client]][404]
    assert "'nobody/knows' is not configured" in told(client, error)["message"]


# Requests as they come over the wire

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "google": f"/v1beta/models/{MODELS['chat']}:generateContent",
}
BODIES: dict[str, Any] = {
    "chat": {"model": MODELS["chat"], "messages": [{"role": "user", "content": "Hallo"}]},
    "responses": {"model": MODELS["chat"], "input": "Hallo"},
    "anthropic": {"model": MODELS["chat"], "max_tokens": 5, "messages": [{"role": "user", "content": "Hallo"}]},
    "google": {"contents": [{"role": "user", "parts": [{"text": "Hallo"}]}]},
}
HEADERS = {
    "chat": "authorization",
    "responses": "authorization",
    "anthropic": "x-api-key",
    "google": "x-goog-api-key",
}


def post(hall: Hall, client: str, body: bytes, key: str = "sk-app", path: str = "") -> Plain:
    header = {HEADERS[client]: f"Bearer {key}" if HEADERS[client] == "authorization" else key} if key else {}
    return send(hall.running.port, "POST", path or PATHS[client], body, header, key="")


def check_shape(client: str, response: Plain, words: str = "", *, code: str = "") -> dict[str, Any]:
    """Fails unless the error is in the client's own shape; the object that tells it."""
    body = response.json()
    error: dict[str, Any] = body["error"]
    assert words in error["message"]
    if SDKS[client] == "openai":
        assert set(error) == {"message", "type", "param", "code"}
        assert error["code"] == code or not code
    elif client == "anthropic":
        assert body["type"] == "error"
        assert body["request_id"] == response.headers["x-request-id"]
        assert error["type"].endswith("_error") or error["type"] == "request_too_large"
        assert error["details"] == {"error_code": code} or not code
    else:
        assert error["code"] == response.status
        assert error["status"].isupper()
        assert not code or error["details"][0]["reason"] == code.upper()
    return error


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.ALL)
def test_what_is_no_reply_never_breaks_the_gateway(hall: Hall, client: str, upstream: str) -> None:
    """Whether an odd reply can be read is its format's business; if it cannot, that is the provider's fault."""
    for act in ODD:
        for stream in (False, True):
            hall.act(upstream, act)
            model = MODELS[upstream]
            verb = "streamGenerateContent" if stream else "generateContent"
            path = f"/v1beta/models/{model}:{verb}" if client == "google" else PATHS[client]
            body = {**BODIES[client], "model": model} | ({"stream": stream} if client != "google" else {})
            response = post(hall, client, json.dumps(body).encode(), path=path)
            assert response.status in (200, 502), response.body


@pytest.mark.parametrize("client", clients.ALL)
def test_a_key_that_is_missing_or_wrong(hall: Hall, client: str) -> None:
    for key, words in ("", "No API key was given"), ("sk-wrong", "is not known here"):
        response = post(hall, client, json.dumps(BODIES[client]).encode(), key=key)
        assert response.status == 401
        check_shape(client, response, words, code="invalid_api_key")


@pytest.mark.parametrize("client", clients.ALL)
def test_json_that_is_none_is_told_with_its_place(hall: Hall, client: str) -> None:
    for body, words in (
        (b'{"model": "x", ]', "byte 15"),
        (b"", "it is empty"),
        (b'{"a": "\xff"}', "byte 7"),
        (b"[1]", "must be a JSON object"),
        (b'{"a": ' * 200 + b"1" + b"}" * 200, "nested deeper than 128"),
    ):
        response = post(hall, client, body)
        assert response.status == 400
        check_shape(client, response, words, code="invalid_json")


MISSING = {"chat": "messages", "anthropic": "messages", "google": "contents"}


@pytest.mark.parametrize("client", MISSING)
def test_a_field_that_is_missing_is_told_by_its_path(hall: Hall, client: str) -> None:
    body = {name: value for name, value in BODIES[client].items() if name != MISSING[client]}
    response = post(hall, client, json.dumps(body).encode())
    assert response.status == 400
    error = check_shape(client, response, MISSING[client], code="missing_required_parameter")
    if client == "chat":
        assert error["param"] == "messages"
    if client == "google":
        assert error["details"][1]["fieldViolations"][0]["field"] == "contents"


@pytest.mark.parametrize("client", clients.ALL)
def test_a_role_that_nobody_knows_is_told_by_its_path(hall: Hall, client: str) -> None:
    """Of a target that speaks another format: who speaks the same may know it."""
    bodies: dict[str, Any] = {
        "chat": {"messages": [{"role": "jester", "content": "Ha"}]},
        "responses": {"input": [{"role": "jester", "content": "Ha"}]},
        "anthropic": {"messages": [{"role": "jester", "content": "Ha"}]},
        "google": {"contents": [{"role": "jester", "parts": [{"text": "Ha"}]}]},
    }
    path = {"responses": "input[0].role", "google": "contents[0].role"}.get(client, "messages[0].role")
    model = MODELS["bedrock"]
    body = json.dumps({**BODIES[client], "model": model, **bodies[client]}).encode()
    response = post(hall, client, body, path=f"/v1beta/models/{model}:generateContent" if client == "google" else "")
    assert response.status == 400, response.body
    assert path.encode() in response.body
    check_shape(client, response)


@pytest.mark.parametrize("client", clients.ALL)
def test_a_body_that_is_too_large(hall: Hall, client: str) -> None:
    large = send(hall.running.port, "POST", PATHS[client], b"{}", {"content-length": str(33 << 20)})
    assert large.status == 413
    error = large.json()["error"]
    assert "larger than the limit" in error["message"]
    assert {"openai": "code", "anthropic": "type", "google": "status"}[SDKS[client]] in error


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"content-length": str(33 << 20)}, 413),
        ("POST", {"authorization": "Bearer sk-wrong"}, 401),
        ("PUT", {}, 405),
    ],
)
def test_who_asks_for_an_array_gets_one_also_where_there_is_no_stream_yet(
    hall: Hall, method: str, headers: dict[str, str], status: int
) -> None:
    refused = send(hall.running.port, method, "/v1beta/models/bot:streamGenerateContent", b"{}", headers)
    [told] = refused.json()
    assert (refused.status, told["error"]["code"]) == (status, status)
    events = send(hall.running.port, method, "/v1beta/models/bot:streamGenerateContent?alt=sse", b"{}", headers)
    assert events.json()["error"]["code"] == status


@pytest.mark.parametrize(
    ("method", "path", "client", "status"),
    [
        ("POST", "/v1/messages/batches", "anthropic", 404),
        ("GET", "/v1/messages", "anthropic", 405),
        ("PUT", "/v1/messages/count_tokens", "anthropic", 405),
        ("POST", "/v1beta/files", "google", 404),
        ("GET", f"/v1beta/models/{MODELS['chat']}:generateContent", "google", 405),
        ("GET", "/v1/models/x:streamGenerateContent?alt=sse", "google", 405),
        ("PUT", "/v1/responses", "responses", 405),
        ("POST", "/v1/responses/resp_1", "responses", 405),
        ("GET", "/v1/responses/resp_1/cancel", "responses", 405),
        ("POST", "/v1/nowhere", "chat", 404),
        ("DELETE", "/v1/models", "chat", 405),
    ],
)
def test_paths_and_methods_that_are_not_served(hall: Hall, method: str, path: str, client: str, status: int) -> None:
    response = send(hall.running.port, method, path)
    assert response.status == status
    check_shape(client, response, code="unknown_url" if status == 404 else "method_not_allowed")
    assert (status == 405) is ("allow" in response.headers)


# What a caller may not do to a provider


@pytest.mark.parametrize("upstream", ["google", "bedrock"])
@pytest.mark.parametrize(
    "name",
    [
        "x HTTP/1.1\r\nx-evil: 1\r\nx: ",
        "../../v1/files/x",
        "a/../../b",
        "..",
        "%2e%2e/b",
        "a?key=b&c=",
        "a?c=d",
        "a#b",
        "a b",
        "a//b",
        "ü",
        "\x00",
    ],
)
def test_the_name_of_a_model_leads_nowhere_else(hall: Hall, upstream: str, name: str) -> None:
    """Where the model stands in the path of a provider's URL, callers must not get to write the rest of it."""
    server = hall.upstreams[upstream]
    before = len(server.requests)
    for stream in (False, True):
        body = {**BODIES["chat"], "model": f"{upstream}/{name}", "stream": stream}
        response = post(hall, "chat", json.dumps(body).encode())
        if response.status == 400:
            check_shape("chat", response, "no model of that name", code="invalid_value")
    for request in server.requests[before:]:
        assert upstream == "bedrock" or name == "..", "Google's path is not encoded"
        assert request.target.startswith("/model/" if upstream == "bedrock" else "/v1beta/models/..:")
        assert request.target.count("/") == 3
        assert request.header("x-evil") is None


def test_a_model_of_a_publisher_still_has_its_slashes(hall: Hall) -> None:
    hall.openai.chat.completions.create(model="google/tunedModels/my-model_1.5", messages=BODIES["chat"]["messages"])
    assert hall.upstreams["google"].requests[-1].target == "/v1beta/tunedModels/my-model_1.5:generateContent"


async def leaving(_: Upstream, x: Exchange) -> None:
    """Closes the connection without an answer."""
    await x.close()


@pytest.mark.parametrize("client", clients.ALL)
def test_a_provider_that_hangs_up(hall: Hall, client: str) -> None:
    for stream in (False, True):
        hall.act("anthropic", leaving)
        error = raised(hall, client, MODELS["anthropic"], stream=stream)
        assert hall.clients[client].status(error) == 502
