"""What the simulated models answer."""

import json
from pathlib import Path

import pytest
from tests.providers.simulation import Heard, ask, begin, body

from trunkline.providers.simulated import MODELS
from trunkline.transport.exchange import Times

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "develop-offline.md"

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city", "days"],
        },
    },
}
TOOL_OF = {"type": "object", "required": ["a"]}
OTHER_TOOL = {"type": "function", "function": {"name": "time-now"}}


def text(heard: Heard) -> str:
    message = heard.json()["choices"][0]["message"]
    assert isinstance(message["content"], str)
    return message["content"]


def test_the_page_lists_every_model_as_the_table_does() -> None:
    rows = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert {row[0].strip().strip("`"): row[1].strip() for row in rows} == MODELS


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_every_model_plays_to_an_end_or_falls_silent_and_leaves_no_timer(model: str, stream: bool) -> None:
    clock, heard = begin(body(model, stream=stream), times=Times(first_token=50, gap=50, total=100))
    clock.advance(200)
    assert heard.over
    assert not clock.waiting


# Models that answer


def test_echo_repeats_the_last_user_message() -> None:
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "yes?"},
        {"role": "user", "content": [{"type": "text", "text": "sec"}, {"type": "text", "text": "ond \U0001f600"}]},
    ]
    assert text(ask({"model": "echo", "messages": messages})) == "second \U0001f600"


def test_chat_answers_the_same_request_alike_and_others_differently() -> None:
    answers = [text(ask(body("chat", said), chance=chance)) for said in "abcdef" for chance in (1, 2)]
    assert answers[0::2] == answers[1::2]
    assert len(set(answers)) == 6
    assert text(ask(body("chat", "a", seed=5))) != answers[0]


def test_the_choices_of_one_chat_request_differ() -> None:
    choices = ask(body("chat", n=3)).json()["choices"]
    assert len({choice["message"]["content"] for choice in choices}) == 3


def test_long_answers_with_about_5000_tokens() -> None:
    assert 4500 < ask(body("long")).json()["usage"]["completion_tokens"] < 5500


def test_empty_is_a_whole_reply_without_output() -> None:
    heard = ask(body("empty"))
    assert text(heard) == ""
    assert heard.json()["usage"]["completion_tokens"] == 0
    assert heard.json()["choices"][0]["finish_reason"] == "stop"
    streamed = ask(body("empty", stream=True))
    assert [chunk["choices"][0]["finish_reason"] for chunk in streamed.chunks()] == [None, "stop"]
    assert streamed.events()[-1] == b"[DONE]"


def test_slow_takes_3_seconds_and_then_5_tokens_a_second() -> None:
    heard = ask(body("slow", stream=True))
    moments = [moment for moment, _ in heard.pieces]
    assert moments[:4] == [3.0, 3.0, 3.2, 3.4]
    whole = ask(body("slow"))
    assert [moment for moment, _ in whole.pieces] == [moments[-1]]


def test_no_usage_never_tells_its_token_counts() -> None:
    assert "usage" not in ask(body("no-usage")).json()
    heard = ask(body("no-usage", stream=True, stream_options={"include_usage": True}))
    assert all("usage" not in chunk for chunk in heard.chunks())
    assert heard.events()[-1] == b"[DONE]"


def test_no_done_ends_well_without_its_terminator() -> None:
    heard = ask(body("no-done", stream=True))
    assert heard.ended
    assert heard.events()[-1] != b"[DONE]"
    assert heard.chunks()[-1]["choices"][0]["finish_reason"] == "stop"


# JSON


def test_json_fits_the_schema_it_is_given() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    form = {"type": "json_schema", "json_schema": {"name": "number", "schema": schema}}
    assert json.loads(text(ask(body("json", response_format=form)))) == {"n": 3}
    assert json.loads(text(ask(body("chat", response_format=form)))) == {"n": 3}
    assert text(ask(body("echo", response_format=form))) == "hello"


@pytest.mark.parametrize("model", ["json", "chat"])
def test_json_object_is_an_object(model: str) -> None:
    answer = text(ask(body(model, "in json please", response_format={"type": "json_object"})))
    assert isinstance(json.loads(answer), dict)


def test_json_without_a_format_is_json_all_the_same() -> None:
    assert set(json.loads(text(ask(body("json"))))) == {"answer"}
    legacy = ask({"model": "json", "prompt": "x", "max_tokens": 100}, path="/completions")
    assert set(json.loads(legacy.json()["choices"][0]["text"])) == {"answer"}


def test_a_schema_that_nothing_fits_is_refused() -> None:
    schema = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}}
    form = {"type": "json_schema", "json_schema": {"name": "endless", "schema": schema}}
    heard = ask(body("json", response_format=form))
    assert heard.status == 400
    assert heard.json()["error"]["param"] == "response_format"
    tool = {"type": "function", "function": {"name": "endless", "parameters": schema}}
    assert ask(body("tools", tools=[tool])).json()["error"]["code"] == "invalid_function_parameters"


# Tools


def calls(heard: Heard) -> list[tuple[str, object]]:
    message = heard.json()["choices"][0]["message"]
    assert message["content"] is None
    return [(one["function"]["name"], json.loads(one["function"]["arguments"])) for one in message["tool_calls"]]


def test_tools_calls_the_tool_it_is_offered() -> None:
    heard = ask(body("tools", tools=[TOOL]))
    assert calls(heard) == [("weather", {"city": "text", "days": 1})]
    assert heard.json()["choices"][0]["finish_reason"] == "tool_calls"


def test_tools_calls_all_in_parallel_unless_told_not_to() -> None:
    assert [name for name, _ in calls(ask(body("tools", tools=[TOOL, OTHER_TOOL])))] == ["weather", "time-now"]
    heard = ask(body("tools", tools=[TOOL, OTHER_TOOL], parallel_tool_calls=False))
    assert [name for name, _ in calls(heard)] == ["weather"]


def test_tools_answers_in_text_once_it_has_the_results() -> None:
    asked = body("tools", tools=[TOOL, OTHER_TOOL])
    message = ask(asked).json()["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": one["id"], "content": content}
        for one, content in zip(message["tool_calls"], ("rain", "noon"), strict=True)
    ]
    asked["messages"] += [message, *results]
    assert text(ask(asked)) == "The tools say: rain; noon"
    asked["tool_choice"] = "required"
    assert [name for name, _ in calls(ask(asked))] == ["weather", "time-now"]


def test_tools_does_as_tool_choice_says() -> None:
    tools = [TOOL, OTHER_TOOL]
    named = ask(body("tools", tools=tools, tool_choice={"type": "function", "function": {"name": "time-now"}}))
    assert calls(named) == [("time-now", {})]
    assert named.json()["choices"][0]["finish_reason"] == "stop"
    assert text(ask(body("tools", tools=tools, tool_choice="none")))
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "time-now"}}]}
    heard = ask(body("tools", tools=tools, tool_choice={"type": "allowed_tools", "allowed_tools": allowed}))
    assert calls(heard) == [("time-now", {})]


def test_tools_without_tools_answers_in_text() -> None:
    assert text(ask(body("tools")))
    assert text(ask(body("tools", tools=[{"type": "custom", "custom": {"name": "shell"}}])))


def test_a_call_cut_by_the_cap_is_half_written() -> None:
    choice = ask(body("tools", tools=[TOOL, OTHER_TOOL], max_tokens=2)).json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert [one["function"]["arguments"] for one in choice["message"]["tool_calls"]] == ['{"city":']


# Caps, stops and counts


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_cap_cuts_the_answer(field: str) -> None:
    heard = ask(body("echo", "0123456789", **{field: 2}))
    assert text(heard) == "01234567"
    assert heard.json()["choices"][0]["finish_reason"] == "length"
    assert heard.json()["usage"]["completion_tokens"] == 2


def test_an_answer_that_just_fits_its_cap_is_whole() -> None:
    assert ask(body("echo", "01234567", max_tokens=2)).json()["choices"][0]["finish_reason"] == "stop"


def test_no_answer_is_longer_than_16384_tokens() -> None:
    heard = ask(body("echo", "x" * 100_000, max_tokens=1_000_000))
    assert heard.json()["usage"]["completion_tokens"] == 16_384
    assert heard.json()["choices"][0]["finish_reason"] == "length"
    schema = {"type": "array", "minItems": 9000}
    tools = [
        {"type": "function", "function": {"name": name, "parameters": {**TOOL_OF, "properties": {"a": schema}}}}
        for name in "abc"
    ]
    choice = ask(body("tools", tools=tools)).json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["tool_calls"]) == 2


@pytest.mark.parametrize("stop", ["45", ["8", "45"], ["45", ""]])
def test_the_first_stop_sequence_ends_the_answer(stop: object) -> None:
    heard = ask(body("echo", "0123456789", stop=stop))
    assert text(heard) == "0123"
    assert heard.json()["choices"][0]["finish_reason"] == "stop"


def test_tokens_are_counted_by_the_stated_rule() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    messages = [
        {"role": "system", "content": "12345"},
        {"role": "user", "content": [{"type": "text", "text": "1234"}, image]},
    ]
    usage = ask({"model": "echo", "messages": messages}).json()["usage"]
    assert usage["prompt_tokens"] == 3 + 2 * 4 + 100
    assert usage["completion_tokens"] == 1
    assert usage["total_tokens"] == usage["prompt_tokens"] + 1


# Legacy completions


def complete(**fields: object) -> Heard:
    return ask({"model": "echo", "prompt": "hello", **fields}, path="/v1/completions?x=/chat/completions")


def test_legacy_completions_answer_every_prompt_n_times() -> None:
    reply = complete(prompt=["a", "b"], n=2).json()
    assert [choice["text"] for choice in reply["choices"]] == ["a", "a", "b", "b"]
    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2, 3]
    assert reply["object"] == "text_completion"
    assert reply["id"].startswith("cmpl-")


def test_legacy_prompts_may_be_tokens() -> None:
    assert [choice["text"] for choice in complete(prompt=[1, 2, 3]).json()["choices"]] == ["1 2 3"]
    reply = complete(prompt=[[1, 2], [3]]).json()
    assert [choice["text"] for choice in reply["choices"]] == ["1 2", "3"]
    assert reply["usage"]["prompt_tokens"] == 3


def test_legacy_completions_end_after_16_tokens_unless_told_otherwise() -> None:
    assert complete(prompt="x" * 100).json()["choices"][0]["text"] == "x" * 64
    assert complete(prompt="x" * 100, max_tokens=25).json()["choices"][0]["finish_reason"] == "stop"


def test_legacy_echo_gives_the_prompt_back_too() -> None:
    reply = complete(echo=True, max_tokens=1).json()
    assert reply["choices"][0]["text"] == "hellohell"
    assert reply["usage"]["completion_tokens"] == 1
