"""The official OpenAI SDK against a real gateway: everything that goes wrong, as the exceptions its users catch."""

from typing import Any

import openai
import pytest
from tests.e2e.house import House, alone
from tests.faults import replies
from tests.faults.server import FaultServer

MESSAGES: Any = [{"role": "user", "content": "Hallo"}]


def ask(client: openai.OpenAI, model: str, **fields: Any) -> Any:
    """The whole answer, or all chunks of it."""
    reply = client.chat.completions.create(**{"model": model, "messages": MESSAGES, **fields})
    return list(reply) if fields.get("stream") else reply


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "kind", "status", "code"),
    [
        ("nobody/knows", openai.NotFoundError, 404, "model_not_found"),
        ("openai/caller_400", openai.BadRequestError, 400, "decimal_above_max_value"),
        ("openai/caller_404", openai.NotFoundError, 404, "model_not_found"),
        ("openai/error_500", openai.InternalServerError, 502, "upstream_server_error"),
        ("openai/error_502_html", openai.InternalServerError, 502, "upstream_server_error"),
        ("openai/not_json", openai.InternalServerError, 502, "upstream_invalid_response"),
        ("openai/close_unanswered", openai.InternalServerError, 502, "upstream_invalid_response"),
        ("simulated/error-422", openai.UnprocessableEntityError, 422, None),
        ("simulated/error-503", openai.InternalServerError, 502, "upstream_server_error"),
        ("simulated/refuse", openai.InternalServerError, 502, "upstream_unreachable"),
    ],
)
def test_an_error_is_the_sdks_exception_of_its_status(
    house: House, model: str, kind: type[openai.APIStatusError], status: int, code: str | None, stream: bool
) -> None:
    with house.client() as client, pytest.raises(kind) as caught:
        ask(client, model, stream=stream)
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.message
    assert caught.value.type
    assert caught.value.request_id


@pytest.mark.parametrize(
    ("fault", "status", "code"), [("auth_401", 502, "upstream_auth"), ("quota_429", 503, "upstream_quota")]
)
async def test_the_operators_trouble_with_the_provider_is_not_the_callers(fault: str, status: int, code: str) -> None:
    async with alone() as it:
        for _ in range(2):
            with pytest.raises(openai.InternalServerError) as caught:
                await it.client.chat.completions.create(model=f"openai/{fault}", messages=MESSAGES)
            assert (caught.value.status_code, caught.value.code) == (status, code)
            assert "org-" not in str(caught.value.body)
        assert len(it.upstream.requests) == 1, "a refused key is not tried again"


async def test_openais_refusal_of_a_model_names_no_project_to_the_caller() -> None:
    async with alone() as it:
        with pytest.raises(openai.APIStatusError) as caught:
            await it.client.chat.completions.create(model="openai/auth_403", messages=MESSAGES)
        assert replies.ACCOUNT not in str(caught.value.body)


async def test_a_model_that_is_refused_does_not_take_the_others_away() -> None:
    async with FaultServer() as upstream:
        like = {"like": {"type": "openai_compatible", "base_url": upstream.url, "api_key": "sk-upstream"}}
        async with alone(providers=like) as it:
            with pytest.raises(openai.APIStatusError):
                await it.client.chat.completions.create(model="like/auth_403", messages=MESSAGES)
            await it.client.chat.completions.create(model="like/normal", messages=MESSAGES)


async def test_a_rate_limit_tells_when_to_come_back() -> None:
    async with alone() as it:
        with pytest.raises(openai.RateLimitError) as caught:
            await it.client.chat.completions.create(model="openai/rate_429", messages=MESSAGES)
    assert caught.value.response.headers["retry-after"] == "1"
    assert caught.value.code == "rate_limit_exceeded"


def test_the_nearest_name_is_told(house: House) -> None:
    with house.client() as client, pytest.raises(openai.NotFoundError, match="Did you mean 'house'"):
        ask(client, "huose")


def test_what_is_wrong_is_told_by_its_path(house: House) -> None:
    with house.client() as client, pytest.raises(openai.BadRequestError) as caught:
        ask(client, "house", messages=[{"role": "user", "content": "Hallo"}, {"role": 7, "content": "Hallo"}])
    assert caught.value.param == "messages[1].role"
    assert caught.value.code == "invalid_type"


def test_the_providers_own_wording_reaches_the_caller(house: House) -> None:
    with house.client() as client, pytest.raises(openai.BadRequestError) as caught:
        ask(client, "openai/caller_400")
    assert caught.value.body == {
        "message": "Invalid 'temperature': decimal above maximum value.",
        "type": "invalid_request_error",
        "param": None,
        "code": "decimal_above_max_value",
    }


def test_a_request_above_the_limit_is_told_so(house: House) -> None:
    with house.client() as client, pytest.raises(openai.APIStatusError) as caught:
        ask(client, "house", user="x" * (33 * 1024 * 1024))
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")


def test_a_path_or_method_that_is_not_served_is_told(house: House) -> None:
    with house.client() as client:
        with pytest.raises(openai.NotFoundError) as missing:
            client.post("/nowhere", cast_to=object, body={})
        with pytest.raises(openai.APIStatusError) as method:
            client.get("/chat/completions", cast_to=object)
    assert missing.value.code == "unknown_url"
    assert (method.value.status_code, method.value.code) == (405, "method_not_allowed")


KEYS = [
    {"name": "app", "key": "sk-app-4711", "models": ["openai/*"]},
    {"name": "old", "key": "sk-old", "expires": "2020-01-01"},
]


@pytest.mark.parametrize(
    ("key", "model", "kind", "code"),
    [
        ("sk-wrong", "openai/normal", openai.AuthenticationError, "invalid_api_key"),
        ("sk-old", "openai/normal", openai.AuthenticationError, "invalid_api_key"),
        ("sk-app-4711", "simulated/echo", openai.PermissionDeniedError, "model_not_allowed"),
    ],
)
async def test_keys_are_checked(key: str, model: str, kind: type[openai.APIStatusError], code: str) -> None:
    async with alone(key=key, keys=KEYS) as it:
        with pytest.raises(kind) as caught:
            await it.client.chat.completions.create(model=model, messages=MESSAGES)
        assert caught.value.code == code
        assert key not in str(caught.value.body)
        it.client.api_key = "sk-app-4711"
        await it.client.chat.completions.create(model="openai/normal", messages=MESSAGES)
        assert [row.key for row in await it.running.rows()] == ["app"]


@pytest.mark.parametrize("model", ["openai/cut_between_events", "openai/error_event", "openai/reset_mid_stream"])
def test_a_stream_that_breaks_off_raises_and_never_ends_as_if_whole(house: House, model: str) -> None:
    with house.client() as client:
        stream = client.chat.completions.create(model=model, messages=MESSAGES, stream=True)
        assert next(stream).choices
        with pytest.raises(openai.APIError) as caught:
            list(stream)
    assert caught.value.type == "upstream_error"
    assert caught.value.code == ("upstream_server_error" if "error" in model else "stream_truncated")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["error_500", "not_json", "close_unanswered"])
def test_the_sdk_does_not_multiply_attempts(house: House, model: str, stream: bool) -> None:
    before = len(house.upstream.requests)
    with house.client(retries=5) as client, pytest.raises(openai.APIStatusError) as caught:
        ask(client, f"openai/{model}", stream=stream)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert caught.value.response.headers["x-trunkline-attempts"] == "2"
    assert len(house.upstream.requests) - before == 2, "two attempts of the gateway, and none more by the SDK"


def test_the_sdk_gives_up_in_time_and_upstream_is_let_go(house: House) -> None:
    before = len(house.upstream.requests)
    with house.client(timeout=0.3) as client, pytest.raises(openai.APITimeoutError):
        ask(client, "openai/mute")
    request = house.background.run(house.upstream.request(before))
    house.background.run(house.upstream.closed(request.connection, within=0.1))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_that_is_too_slow_is_a_gateway_timeout(stream: bool) -> None:
    async with alone(deadline={"first_token": "100ms", "total": "200ms"}) as it:
        with pytest.raises(openai.InternalServerError) as caught:
            await it.client.chat.completions.create(model="openai/mute", messages=MESSAGES, stream=stream)
    assert (caught.value.status_code, caught.value.code) == (504, "upstream_timeout")
