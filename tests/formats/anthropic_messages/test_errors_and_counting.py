"""Errors in this format's shape, and `count_tokens`."""

from typing import Any

import msgspec
import pytest
from tests.formats.anthropic_messages.speaking import chat, client, document, user

from trunkline.formats.anthropic_messages import (
    COUNT_PATH,
    FORMAT,
    count_request,
    read_count,
    read_count_request,
    write_count,
)
from trunkline.formats.conversation import Tool
from trunkline.formats.format import Place, Problem, ShapeError


@pytest.mark.parametrize(
    ("status", "kind", "raised"),
    [
        (400, "invalid_request_error", "BadRequestError"),
        (401, "authentication_error", "AuthenticationError"),
        (402, "billing_error", "PaymentRequiredError"),
        (403, "permission_error", "PermissionDeniedError"),
        (404, "not_found_error", "NotFoundError"),
        (413, "request_too_large", "ContentTooLargeError"),
        (418, "invalid_request_error", "APIStatusError"),
        (422, "invalid_request_error", "UnprocessableEntityError"),
        (429, "rate_limit_error", "RateLimitError"),
        (500, "api_error", "InternalServerError"),
        (502, "api_error", "InternalServerError"),
        (503, "overloaded_error", "ServiceUnavailableError"),
        (504, "timeout_error", "GatewayTimeoutError"),
        (529, "overloaded_error", "OverloadedError"),
    ],
)
def test_an_error_is_raised_as_what_it_is(status: int, kind: str, raised: str) -> None:
    import anthropic  # it takes long

    body = FORMAT.write_error(Problem(status=status, message="So it is.", kind="any", request_id="req_1"))
    assert msgspec.json.decode(body)["error"]["type"] == kind
    with client(body, "application/json", status) as sdk, pytest.raises(anthropic.APIStatusError) as caught:
        sdk.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}])
    assert type(caught.value).__name__ == raised
    assert "So it is." in str(caught.value)


def test_an_error_names_its_field_and_its_code() -> None:
    problem = Problem(
        status=400, message="It is missing.", kind="x", param="messages[0]", code="missing", request_id="r"
    )
    assert msgspec.json.decode(FORMAT.write_error(problem)) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "messages[0]: It is missing.",
            "details": {"error_code": "missing"},
        },
        "request_id": "r",
    }
    named = Problem(status=400, message="'messages[0]' is wrong.", kind="x", param="messages[0]")
    assert msgspec.json.decode(FORMAT.write_error(named))["error"]["message"] == "'messages[0]' is wrong."


def counted() -> dict[str, Any]:
    value = document(
        system="Be kind.",
        tools=[{"name": "f", "input_schema": {"type": "object"}}],
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    del value["max_tokens"]
    return value


def test_what_is_to_be_counted_comes_back_as_it_was() -> None:
    assert count_request(read_count_request(counted(), Place())) == counted()


def test_a_request_of_another_format_is_counted_without_what_counts_for_nothing() -> None:
    request = chat(user("?"), tools=[Tool(name="f")], temperature=0.5, stop=["x"], user="u", stream=True, max_output=5)
    assert count_request(request) == {
        "model": "m",
        "messages": [{"role": "user", "content": "?"}],
        "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}],
    }


def test_what_is_to_be_counted_is_checked_like_any_request() -> None:
    with pytest.raises(ShapeError) as caught:
        read_count_request({"model": "m"}, Place())
    assert caught.value.param == "messages"


def test_a_count_is_heard_by_the_sdk() -> None:
    assert COUNT_PATH == "/messages/count_tokens"
    with client(msgspec.json.encode(write_count(42)), "application/json") as sdk:
        heard = sdk.messages.count_tokens(model="m", messages=[{"role": "user", "content": "?"}])
    assert heard.input_tokens == 42
    assert read_count({"input_tokens": 42}) == 42
    with pytest.raises(ValueError, match="input_tokens"):
        read_count({"type": "error"})
