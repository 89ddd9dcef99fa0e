"""The simulated provider refuses a field as OpenAI does, naming it."""

import typing
from typing import Any

import msgspec
import openai.types.chat as sdk
import pytest
from openai.types.chat import completion_create_params as chat_params
from openai.types.completion_create_params import CompletionCreateParamsBase
from tests.providers.simulation import body, refusal

from trunkline.providers.simulated import MODELS, request

USER = {"role": "user", "content": "hi"}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
CALLING = {"role": "assistant", "content": None, "tool_calls": CALLS}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def test_the_fields_of_a_request_are_those_of_the_sdk() -> None:
    chat = {*chat_params.CompletionCreateParamsBase.__annotations__, "stream"}
    assert {field.name for field in msgspec.structs.fields(request.Chat)} == chat
    legacy = {*CompletionCreateParamsBase.__annotations__, "stream"}
    assert {field.name for field in msgspec.structs.fields(request.Legacy)} == legacy


def test_the_fields_of_messages_are_those_of_the_sdk() -> None:
    ours = {struct.__struct_config__.tag: struct for struct in typing.get_args(request.Message)}
    theirs = typing.get_args(sdk.ChatCompletionMessageParam)
    assert len(ours) == len(theirs)
    for params in theirs:
        role = params.__name__.removeprefix("ChatCompletion").removesuffix("MessageParam").lower()
        known = {field.name for field in msgspec.structs.fields(ours[role])} - {"annotations"}
        assert known == {*params.__annotations__} - {"role"}


# What is no request at all


@pytest.mark.parametrize("data", [b"", b"{", b'{"model": "echo"', b"\xff", b'{"model":"\xff"}', b"[" * 100_000, b"{]"])
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert refusal(data) == (
        400,
        {
            "message": "We could not parse the JSON body of your request.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        },
    )


def test_json_that_breaks_after_a_mistake_is_refused_as_json() -> None:
    assert refusal(b'{"model":"echo","n":0,')[1]["message"].startswith("We could not parse")
    assert refusal(b'{"model":"echo","foo":' + b"[" * 100_000)[1]["message"].startswith("We could not parse")


def test_another_path_does_not_exist() -> None:
    status, error = refusal(body(), path="/v1/embeddings")
    assert status == 404
    assert error["message"] == "Invalid URL (POST /v1/embeddings)"


def test_an_unknown_model_is_told_the_known_ones() -> None:
    status, error = refusal(body("gpt-4o"))
    assert (status, error["code"]) == (404, "model_not_found")
    assert all(name in error["message"] for name in MODELS)


# Wrong fields


@pytest.mark.parametrize(
    ("fields", "param", "code", "message"),
    [
        ({"n": 0}, "n", "integer_below_min_value", "integer below minimum value. Expected a value >= 1, but got 0"),
        (
            {"n": 129},
            "n",
            "integer_above_max_value",
            "integer above maximum value. Expected a value <= 128, but got 129",
        ),
        ({"n": "2"}, "n", "invalid_type", "Invalid type for 'n': expected an integer, but got a string instead."),
        ({"n": 1.5}, "n", "invalid_type", "expected an integer, but got a decimal"),
        ({"stream": "yes"}, "stream", "invalid_type", "expected a boolean, but got a string"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value", "Expected a value >= 1, but got 0 instead."),
        ({"max_completion_tokens": -3}, "max_completion_tokens", "integer_below_min_value", "but got -3 instead."),
        (
            {"temperature": 99.0},
            "temperature",
            "decimal_above_max_value",
            "Expected a value <= 2, but got 99.0 instead.",
        ),
        ({"top_p": -0.1}, "top_p", "decimal_below_min_value", "Expected a value >= 0"),
        ({"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value", "Expected a value <= 2"),
        ({"top_logprobs": 21}, "top_logprobs", "integer_above_max_value", "Expected a value <= 20"),
        ({"stop": []}, "stop", "empty_array", "empty array. Expected an array with minimum length 1"),
        ({"stop": list("abcde")}, "stop", "array_above_max_length", "maximum length 4, but got an array with length 5"),
        ({"stop": ["a", 1]}, "stop[1]", "invalid_type", "expected a string, but got an integer"),
        ({"messages": []}, "messages", "empty_array", "Invalid 'messages': empty array."),
        ({"messages": "hi"}, "messages", "invalid_type", "expected an array, but got a string"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter", "'messages[0].role'"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter", "Missing required"),
        ({"messages": [USER, {"role": "bot", "content": ""}]}, "messages[1].role", "invalid_value", "'bot'. Supported"),
        ({"messages": [{"role": 1}]}, "messages[0].role", "invalid_type", "expected a string."),
        ({"messages": [{**USER, "id": 1}]}, "messages[0].id", "unknown_parameter", "Unknown parameter"),
        (
            {"messages": [{"role": "user", "content": None}]},
            "messages[0].content",
            "invalid_type",
            "a string or an array",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "smell"}]}]},
            "messages[0].content[0].type",
            "invalid_value",
            "Invalid value: 'smell'.",
        ),
        (
            {"messages": [{**CALLING, "tool_calls": [{**CALLS[0], "index": 0}]}, RESULT]},
            "messages[0].tool_calls[0].index",
            "unknown_parameter",
            "Unknown parameter: 'messages[0].tool_calls[0].index'.",
        ),
        ({"messages": [{**CALLING, "tool_calls": []}]}, "messages[0].tool_calls", "empty_array", "empty array"),
        ({"tools": []}, "tools", "empty_array", "empty array"),
        (
            {"tools": [TOOL] * 129},
            "tools",
            "array_above_max_length",
            "maximum length 128, but got an array with length 129",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "a b"}}]},
            "tools[0].function.name",
            "invalid_value",
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "a" * 65}}]},
            "tools[0].function.name",
            "string_above_max_length",
            "string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
        ),
        ({"tool_choice": "maybe", "tools": [TOOL]}, "tool_choice", "invalid_value", "Invalid value: 'maybe'."),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value", "'xml'"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing_required_parameter", ""),
        ({"metadata": {"a": 1}}, "metadata", "invalid_type", "expected a string, but got an integer"),
        ({"metadata": {"a": "x" * 513}}, "metadata", "string_above_max_length", "maximum length 512"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "object_above_max_length", "maximum length 16"),
        ({"logit_bias": {"1": 101}}, "logit_bias", "decimal_above_max_value", "Expected a value <= 100"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str | None, code: str | None, message: str) -> None:
    status, error = refusal(body(**fields))
    assert (status, error["param"], error["code"]) == (400, param, code)
    assert message in error["message"]


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_field_is_named(missing: str) -> None:
    asked = body()
    del asked[missing]
    _, error = refusal(asked)
    assert error == {
        "message": f"Missing required parameter: '{missing}'.",
        "type": "invalid_request_error",
        "param": missing,
        "code": "missing_required_parameter",
    }


def test_a_field_openai_does_not_have_is_refused() -> None:
    _, error = refusal(body(top_k=3))
    assert error["message"] == "Unrecognized request argument supplied: top_k"
    assert error["param"] is None


def test_a_body_that_is_no_object_is_refused() -> None:
    assert refusal([])[1]["code"] == "invalid_type"
