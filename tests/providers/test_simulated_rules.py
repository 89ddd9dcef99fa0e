"""The rules between a request's fields, as OpenAI has them, and what a good request may hold."""

import json
from typing import Any

import pytest
from tests.providers.simulation import ask, body, refusal

USER = {"role": "user", "content": "hi"}
CALLS = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
CALLING = {"role": "assistant", "content": None, "tool_calls": CALLS}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def takes(asked: object, path: str = "/v1/chat/completions") -> None:
    heard = ask(asked, path=path)
    assert heard.status == 200, heard.json()


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"max_tokens": 1, "max_completion_tokens": 1}, "max_tokens", "at the same time is not supported"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "only allowed when 'stream' is enabled"),
        ({"tool_choice": "auto"}, "tool_choice", "only allowed when 'tools' are specified"),
        ({"parallel_tool_calls": True}, "parallel_tool_calls", "only allowed when 'tools' are specified"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
            "tool_choice",
            "Tool choice 'g' not found",
        ),
        (
            {
                "tools": [TOOL],
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]},
                },
            },
            "tool_choice",
            "Tool choice 'g' not found",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]},
            "tools[0].function.parameters",
            "schema must be a JSON Schema of 'type: \"object\"'",
        ),
        (
            {
                "tools": [
                    {"type": "custom", "custom": {"name": "c"}},
                    {"type": "function", "function": {"name": "f", "strict": True, "parameters": {"type": "object"}}},
                ]
            },
            "tools[1].function.parameters",
            "'additionalProperties' is required to be supplied and to be false",
        ),
        ({"response_format": {"type": "json_object"}}, "messages", "must contain the word 'json'"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "strict": True, "schema": {**CLOSED, "required": []}},
                }
            },
            "response_format",
            "Missing 'a'",
        ),
        ({"logprobs": True}, "logprobs", "not supported with this model"),
        ({"modalities": ["text", "audio"]}, "modalities", "not supported with this model"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio", "not supported with this model"),
        ({"functions": [{"name": "f"}]}, "functions", "not supported with this model"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(fields: dict[str, Any], param: str, message: str) -> None:
    status, error = refusal(body(**fields))
    assert (status, error["param"]) == (400, param)
    assert message in error["message"]


@pytest.mark.parametrize(
    ("messages", "param", "message"),
    [
        ([RESULT], "messages.[0].role", "must be a response to a preceeding message with 'tool_calls'"),
        ([USER, CALLING, {**RESULT, "tool_call_id": "c2"}], "messages.[2].role", "must be a response"),
        ([USER, CALLING, RESULT, RESULT], "messages.[3].role", "must be a response"),
        ([USER, CALLING], "messages.[1].role", "did not have response messages: c1"),
        ([USER, CALLING, USER], "messages.[2].role", "did not have response messages: c1"),
        ([USER, {"role": "assistant"}], "messages.[1].content", "expected a string, got null"),
    ],
)
def test_every_tool_call_is_answered_and_nothing_else(messages: list[Any], param: str, message: str) -> None:
    status, error = refusal({"model": "echo", "messages": messages})
    assert (status, error["param"], error["code"]) == (400, param, None)
    assert message in error["message"]


# What is taken


@pytest.mark.parametrize(
    "fields",
    [
        {"n": None, "stream": None, "stop": None, "tools": None, "metadata": None},
        {"n": 128, "temperature": 2, "top_p": 1.0, "logit_bias": {"50256": -100}, "seed": -1, "user": "u"},
        {"messages": [USER, CALLING, RESULT]},
        {"messages": [USER, {**CALLING, "refusal": None, "annotations": []}, RESULT, USER]},
        {"messages": [USER, {"role": "assistant", "refusal": "no"}, USER]},
        {"messages": [{"role": "developer", "content": [{"type": "text", "text": "x"}]}, {**USER, "name": "ann"}]},
        {"messages": [{"role": "assistant", "content": "first"}]},
        {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False},
        {"tools": [{"type": "function", "function": {"name": "f", "strict": True, "parameters": CLOSED}}]},
        {"response_format": {"type": "text"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": CLOSED}}},
        {"reasoning_effort": "low", "store": False, "service_tier": "auto", "verbosity": "low", "logprobs": False},
        {"modalities": ["text"], "prediction": {"type": "content", "content": "x"}, "safety_identifier": "u"},
    ],
)
def test_what_openai_takes_is_taken(fields: dict[str, Any]) -> None:
    takes(body(**fields))


def test_legacy_requests_are_held_to_their_own_rules() -> None:
    path = "/v1/completions"
    takes({"model": "echo", "prompt": "x", "best_of": 2, "suffix": "y", "max_tokens": 0}, path)
    takes({"model": "echo", "prompt": list(range(1000))}, path)
    for asked, param in (
        ({"model": "echo"}, "prompt"),
        ({"model": "echo", "prompt": []}, "prompt"),
        ({"model": "echo", "prompt": ["a", 1]}, "prompt"),
        ({"model": "echo", "prompt": ["a"] * 129}, "prompt"),
        ({"model": "echo", "prompt": ["a", "b"], "n": 65}, "prompt"),
        ({"model": "echo", "prompt": "a", "max_tokens": -1}, "max_tokens"),
        ({"model": "echo", "prompt": "a", "logprobs": 2}, "logprobs"),
    ):
        status, error = refusal(asked, path)
        assert (status, error["param"]) == (400, param)
    assert "messages" in refusal(body(), path)[1]["message"]


def test_the_simulated_errors_are_for_those_who_ask_well() -> None:
    assert refusal(body("error-500", n=0))[0] == 400


def test_what_the_provider_answers_it_takes_back_as_a_message() -> None:
    for model in ("chat", "json", "tools"):
        asked = body(model, tools=[TOOL])
        message = ask(asked).json()["choices"][0]["message"]
        results = [{**RESULT, "tool_call_id": one["id"]} for one in message.get("tool_calls", [])]
        asked["messages"] += [message, *results]
        takes(json.loads(json.dumps(asked)))
