"""Tools and parameters of other formats' requests in this one's words; what it cannot say is told or refused."""

import pytest
from tests.formats.anthropic_messages.speaking import WEATHER, assistant, chat, dropped, refused, user, write

from trunkline.formats.conversation import (
    CacheHint,
    ForeignTool,
    OutputFormat,
    Text,
    Tool,
    ToolChoice,
)
from trunkline.formats.dialect import Dialect


def test_tools_get_what_the_api_requires() -> None:
    tools: list[Tool | ForeignTool] = [Tool(name="a"), Tool(name="b", parameters={"properties": {}}, cache=CacheHint())]
    assert write(chat(user("?"), tools=tools))["tools"] == [
        {"name": "a", "input_schema": {"type": "object", "properties": {}}},
        {
            "name": "b",
            "input_schema": {"type": "object", "properties": {}},
            "cache_control": {"type": "ephemeral"},
        },
    ]


def test_alternatives_at_the_root_of_a_tools_schema_are_put_together_and_told() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "anyOf": [{"required": ["a"]}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}],
        "allOf": [{"required": ["c"], "properties": {"c": {"type": "integer"}}}],
    }
    request = chat(user("?"), tools=[Tool(name="f", parameters=schema, at="tools[0]")])
    written = write(request)["tools"][0]["input_schema"]
    assert set(written["properties"]) == {"a", "b", "c"}
    assert written["required"] == ["c"]
    assert not written.keys() & {"anyOf", "oneOf", "allOf"}
    assert dropped(request) == ["tools[0].function.parameters"]


@pytest.mark.parametrize(
    ("tools", "path"),
    [
        ([Tool(name="a.b", at="tools[0]")], "tools[0].function.name"),
        ([Tool(name="a", at="tools[0]"), Tool(name="a", at="tools[1]")], "tools[1].function.name"),
        ([Tool(name="a", parameters={"type": "string"}, at="tools[0]")], "tools[0].function.parameters.type"),
        ([ForeignTool(format="openai_chat", kind="custom", value={}, at="tools[0]")], "tools[0]"),
    ],
)
def test_a_tool_that_the_api_does_not_take_is_refused(tools: list[Tool | ForeignTool], path: str) -> None:
    assert refused(chat(user("?"), tools=tools)) == path


@pytest.mark.parametrize(
    ("choice", "parallel", "said"),
    [
        (ToolChoice(mode="auto"), None, {"type": "auto"}),
        (ToolChoice(mode="required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="required", names=["weather"]), True, {"type": "tool", "name": "weather"}),
        (ToolChoice(mode="none"), False, {"type": "none"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
    ],
)
def test_the_choice_of_tools_is_said(choice: ToolChoice | None, parallel: bool | None, said: object) -> None:
    request = chat(user("?"), tools=[WEATHER], tool_choice=choice, parallel_tool_calls=parallel)
    assert write(request).get("tool_choice") == said


def test_a_choice_among_some_tools_leaves_the_others_out() -> None:
    tools: list[Tool | ForeignTool] = [Tool(name=name, at=f"tools[{name}]") for name in "abc"]
    request = chat(user("?"), tools=tools, tool_choice=ToolChoice(mode="auto", names=["a", "c"]))
    assert [one["name"] for one in write(request)["tools"]] == ["a", "c"]
    assert dropped(request) == ["tools[b]"]


def test_a_choice_that_cannot_be_made_is_refused() -> None:
    assert refused(chat(user("?"), tool_choice=ToolChoice(mode="required"))) == "tool_choice"
    absent = ToolChoice(mode="required", names=["other"])
    assert refused(chat(user("?"), tools=[WEATHER], tool_choice=absent)) == "tool_choice"
    forced = chat(user("?"), tools=[WEATHER], tool_choice=ToolChoice(mode="required"))
    assert refused(forced, Dialect(refuses=frozenset({"forced_tool"}))) == "tool_choice"
    assert "tool_choice" not in write(chat(user("?"), tool_choice=ToolChoice(mode="auto")))


def test_a_strict_tool_is_strict_where_its_schema_allows() -> None:
    closed = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "additionalProperties": False}
    tools: list[Tool | ForeignTool] = [
        Tool(name="a", parameters=closed, strict=True, at="tools[0]"),
        Tool(name="b", parameters={"type": "object"}, strict=True, at="tools[1]"),
    ]
    request = chat(user("?"), tools=tools)
    first, second = write(request)["tools"]
    assert first["strict"] is True
    assert "minimum" not in first["input_schema"]["properties"]["a"]
    assert "strict" not in second
    assert second["input_schema"] == {"type": "object"}
    assert dropped(request) == ["tools[0].function.parameters", "tools[1].function.strict"]


def test_more_strict_tools_than_the_api_takes_are_strict_no_more() -> None:
    closed = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    tools: list[Tool | ForeignTool] = [
        Tool(name=f"f{number}", parameters=closed, strict=True, at=f"tools[{number}]") for number in range(22)
    ]
    request = chat(user("?"), tools=tools)
    assert sum("strict" in one for one in write(request)["tools"]) == 20
    assert dropped(request) == ["tools[20].function.strict", "tools[21].function.strict"]


# Parameters


def test_a_cap_is_always_given() -> None:
    assert write(chat(user("?")), Dialect(default_max_output=777))["max_tokens"] == 777
    assert write(chat(user("?")), Dialect(max_output=500))["max_tokens"] == 500
    assert write(chat(user("?"), max_output=90))["max_tokens"] == 90
    lowered = chat(user("?"), max_output=9000)
    assert write(lowered, Dialect(max_output=500))["max_tokens"] == 500
    assert dropped(lowered, Dialect(max_output=500)) == ["max_completion_tokens"]


def test_sampling_stays_within_what_the_models_take() -> None:
    request = chat(user("?"), temperature=1.7, top_p=0.9, top_k=40)
    written = write(request)
    assert (written["temperature"], written["top_k"]) == (1, 40)
    assert "top_p" not in written
    assert dropped(request) == ["top_p", "temperature"]
    refusing = Dialect(refuses=frozenset({"temperature", "top_k"}))
    assert write(request, refusing)["top_p"] == 0.9
    assert dropped(request, refusing) == ["temperature", "top_k"]


def test_parameters_that_the_answer_depends_on_are_refused_in_the_clients_words() -> None:
    assert refused(chat(user("?"), choices=2)) == "n"
    assert refused(chat(user("?"), logprobs=True)) == "logprobs"
    assert refused(chat(user("?"), logit_bias={"1": 5})) == "logit_bias"
    assert refused(chat(user("?"), presence_penalty=0.5)) == "presence_penalty"
    google = chat(user("?"), choices=2, source="google_generate")
    assert refused(google) == "generationConfig.candidateCount"
    assert "n" not in write(chat(user("?"), choices=1))


def test_hints_are_left_behind_and_told() -> None:
    request = chat(
        user("?"),
        seed=1,
        verbosity="low",
        metadata={"a": "b"},
        cache_key="k",
        store=True,
        frequency_penalty=0,
        user="x" * 300,
        service_tier="flex",
        stop=["END", " \n"],
    )
    assert set(dropped(request)) == {
        "seed",
        "verbosity",
        "metadata",
        "prompt_cache_key",
        "store",
        "frequency_penalty",
        "user",
        "service_tier",
        "stop",
    }
    assert write(request)["stop_sequences"] == ["END"]


def test_the_user_and_the_tier_have_their_places() -> None:
    written = write(chat(user("?"), user="u-1", service_tier="default", stream=True, cache=CacheHint(ttl="1h")))
    assert written["metadata"] == {"user_id": "u-1"}
    assert written["service_tier"] == "standard_only"
    assert written["stream"] is True
    assert written["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_fields_of_another_format_are_told_or_refused() -> None:
    request = chat(user("?"))
    request.extras = {"openai_chat": {"stream_options": {"x": 1}, "modalities": ["text"], "functions": []}}
    assert dropped(request) == ["stream_options", "modalities"]
    request.extras["openai_chat"]["web_search_options"] = {"search_context_size": "low"}
    assert refused(request) == "web_search_options"
    odd = chat(user(Text(text="x", extras={"openai_chat": {"sparkle": True}})))
    assert refused(odd) == "messages[0].content[0].sparkle"


def test_an_answer_in_json_is_asked_for_in_words() -> None:
    request = chat(user("?"), output=OutputFormat(kind="json"))
    assert "JSON" in write(request)["system"][0]["text"]
    assert dropped(request) == ["response_format"]


def test_an_answer_by_a_schema_is_held_to_it() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    request = chat(user("?"), output=OutputFormat(kind="schema", name="n", schema=schema, strict=True))
    assert write(request)["output_config"] == {
        "format": {"type": "json_schema", "schema": {**schema, "additionalProperties": False}}
    }
    assert dropped(request) == []
    assert refused(request, Dialect(refuses=frozenset({"output_schema"}))) == "response_format"
    open_map = {"type": "object", "properties": {"m": {"type": "object"}}}
    loose = chat(user("?"), output=OutputFormat(kind="schema", schema=open_map))
    assert refused(loose) == "response_format.json_schema.schema.properties.m"
    prefilled = chat(user("?"), assistant("{"), output=OutputFormat(kind="schema", schema=schema))
    assert refused(prefilled) == "messages[1]"
