"""Requests of this format: read strictly, and written back as they were."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.openai_responses.speaking import again, read, read_items, written

from trunkline.formats.conversation import CacheHint, File, Foreign, Image, Reasoning, Text, Tool, ToolCall, ToolResult
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import ShapeError

PNG = base64.b64encode(b"\x89PNG picture").decode()
FUNCTION = {"type": "function", "name": "add", "description": "Adds.", "parameters": {"type": "object"}, "strict": True}
ITEMS: list[dict[str, Any]] = [
    {"role": "developer", "content": "Be brief."},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look"}], "status": "completed"},
    {
        "role": "user",
        "content": [
            {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"},
            {"type": "input_image", "image_url": f"data:image/png;name=x;base64,{PNG}"},
            {"type": "input_image", "file_id": "file-1", "detail": None},
            {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PNG}"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
            {"type": "input_audio", "input_audio": {"data": PNG, "format": "wav"}},
            {"type": "input_text", "text": "!", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "computer_screenshot", "image_url": "https://example.com/s.png"},
        ],
    },
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAAAx",
    },
    {
        "type": "reasoning",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "aha"}],
        "encrypted_content": None,
    },
    {
        "type": "reasoning",
        "id": "rs_2",
        "content": [{"type": "reasoning_text", "text": "a"}, {"type": "odd"}],
        "summary": [],
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "phase": "commentary",
        "status": "completed",
        "content": [
            {
                "type": "output_text",
                "text": "See",
                "annotations": [
                    {"type": "url_citation", "url": "https://e.com", "title": "E", "start_index": 0, "end_index": 3},
                    {"type": "file_citation", "file_id": "file-2", "filename": "b.txt", "index": 7},
                ],
            },
            {"type": "refusal", "refusal": "No."},
        ],
    },
    {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "add",
        "arguments": "{}",
        "status": "completed",
    },
    {"type": "function_call_output", "call_id": "call_1", "output": "3"},
    {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "3"}]},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "patch", "input": '*** "x"\n'},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "done"},
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
    {"type": "item_reference", "id": "msg_9"},
    {"id": "msg_8"},
]
DOCUMENT: dict[str, Any] = {
    "model": "gpt-5",
    "input": ITEMS,
    "instructions": "Speak.",
    "tools": [
        FUNCTION,
        {"type": "custom", "name": "patch", "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
        {"type": "web_search", "search_context_size": "low"},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "add"}]},
    "reasoning": {"effort": "high", "summary": "auto", "context": "all_turns"},
    "text": {
        "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": None},
        "verbosity": "low",
    },
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs", "file_search_call.results"],
    "top_logprobs": 2,
    "max_output_tokens": 100,
    "temperature": 1,
    "top_p": None,
    "metadata": {"a": "b"},
    "store": False,
    "stream": False,
    "parallel_tool_calls": True,
    "previous_response_id": "resp_0",
    "service_tier": "flex",
    "prompt_cache_key": "k",
    "truncation": "auto",
    "something_new": {"x": [1]},
}


def test_everything_that_was_read_is_written_back() -> None:
    assert again(DOCUMENT) == DOCUMENT


@pytest.mark.parametrize(
    "document",
    [
        {"model": "m", "input": "Hi"},
        {"model": "m", "input": []},
        {"model": "m", "input": "", "tools": [], "text": {}, "reasoning": {}, "instructions": ""},
        {"model": "m", "previous_response_id": "resp_1", "stream": True},
        {"prompt": {"id": "pmpt_1"}, "input": "Hi"},
        {"model": "m", "input": "Hi", "tool_choice": {"type": "mcp", "server_label": "s"}},
        {"model": "m", "input": "Hi", "tool_choice": {"type": "custom", "name": "patch"}},
        {"model": "m", "input": "Hi", "tool_choice": {"type": "function", "name": "add"}},
        {"model": "m", "input": "Hi", "reasoning": {"effort": "none", "summary": None}},
        {"model": "m", "input": "Hi", "reasoning": {"effort": "gigantic"}, "top_k": 5, "presence_penalty": 0.5},
        {"model": "m", "input": "Hi", "text": {"format": {"type": "json_object"}}, "metadata": {"n": 1}},
    ],
)
def test_short_requests_come_back(document: dict[str, Any]) -> None:
    assert again(document) == document


def test_a_string_is_what_the_user_says() -> None:
    request = read({"input": "Hi", "instructions": "Be brief."})
    (message,) = request.messages
    assert (message.role, message.plain, message.at) == ("user", True, "input")
    assert message.parts == [Text(text="Hi")]
    assert request.instructions is not None
    assert request.instructions.parts == [Text(text="Be brief.")]


def test_each_item_is_one_message_with_its_path() -> None:
    request = read({"input": ITEMS})
    assert [message.at for message in request.messages] == [f"input[{n}]" for n in range(len(ITEMS))]
    roles = [message.role for message in request.messages]
    assert roles[:3] == ["developer", "user", "user"]
    assert roles[3:9] == ["assistant"] * 5 + ["tool"]


def test_what_items_mean() -> None:
    request = read({"input": ITEMS})
    parts = [part for message in request.messages for part in message.parts]
    images = [part for part in parts if isinstance(part, Image)]
    assert (images[0].data, images[0].media_type, images[0].detail, images[0].url) == (PNG, "image/png", "low", "")
    assert images[2].file_id == "file-1"
    files = [part for part in parts if isinstance(part, File)]
    assert (files[0].media_type, files[0].name, files[1].url) == (
        "application/pdf",
        "a.pdf",
        "https://example.com/a.pdf",
    )
    assert next(part for part in parts if isinstance(part, Text) and part.text == "!").cache == CacheHint()
    thoughts = [part for part in parts if isinstance(part, Reasoning)]
    assert (thoughts[0].summary, thoughts[0].encrypted, thoughts[0].issuer) == (["hm"], "gAAAAx", "openai")
    assert thoughts[1].text == "aha"
    calls = [part for part in parts if isinstance(part, ToolCall)]
    assert [(call.id, call.name, call.arguments) for call in calls] == [
        ("call_1", "add", "{}"),
        ("call_2", "patch", '{"input":"*** \\"x\\"\\n"}'),
    ]
    assert [part.plain for part in parts if isinstance(part, ToolResult)] == [True, False, True]
    assert [part.kind for part in parts if isinstance(part, Foreign)] == [
        "computer_screenshot",
        "web_search_call",
        "item_reference",
        "item_reference",
    ]


def test_what_parameters_mean() -> None:
    request = read(DOCUMENT)
    assert request.thinking is not None
    assert (request.thinking.effort, request.thinking.summary, request.thinking.shown) == ("high", "auto", True)
    assert request.output is not None
    assert (request.output.kind, request.output.name, request.verbosity) == ("schema", "n", "low")
    assert request.tool_choice is not None
    assert (request.tool_choice.mode, request.tool_choice.names) == ("auto", ["add"])
    assert (request.logprobs, request.top_logprobs, request.max_output, request.temperature) == (True, 2, 100, 1)
    assert read({"input": "x", "reasoning": {"effort": "none"}}).thinking.mode == "off"  # type: ignore[union-attr]  # it is there


def test_a_custom_tool_is_a_function_of_one_string_that_tells_its_grammar() -> None:
    tool = read(DOCUMENT).tools[1]
    assert isinstance(tool, Tool)
    assert tool.parameters is not None
    assert tool.parameters["required"] == ["input"]
    assert tool.parameters["properties"]["input"]["description"] == "It must match this lark grammar:\nstart: x"


def test_custom_tools_may_be_among_those_that_are_allowed() -> None:
    choice = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "add"}, {"type": "custom", "name": "patch"}],
    }
    read_as = read({"input": "x", "tool_choice": choice}).tool_choice
    assert read_as is not None
    assert (read_as.mode, read_as.names) == ("required", ["add", "patch"])
    assert again({"model": "m", "input": "x", "tool_choice": choice})["tool_choice"] == choice


@pytest.mark.parametrize(
    ("document", "param", "code"),
    [
        ({"model": "m"}, "input", "missing_required_parameter"),
        ({"input": "x"}, "model", "missing_required_parameter"),
        ({"model": 1, "input": "x"}, "model", "invalid_type"),
        ({"model": "m", "input": 5}, "input", "invalid_type"),
        ({"model": "m", "input": "x", "stream": "yes"}, "stream", "invalid_type"),
        ({"model": "m", "input": "x", "temperature": "hot"}, "temperature", "invalid_type"),
        ({"model": "m", "input": "x", "max_output_tokens": True}, "max_output_tokens", "invalid_type"),
        ({"model": "m", "input": "x", "instructions": []}, "instructions", "invalid_type"),
        ({"model": "m", "input": "x", "tool_choice": "maybe"}, "tool_choice", "invalid_value"),
        ({"model": "m", "input": "x", "tool_choice": 3}, "tool_choice", "invalid_type"),
        ({"model": "m", "input": "x", "tools": "all"}, "tools", "invalid_type"),
        ({"model": "m", "input": "x", "tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
        ({"model": "m", "input": "x", "tools": [{"name": "f"}]}, "tools[0].type", "missing_required_parameter"),
        ({"model": "m", "input": "x", "text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value"),
        ({"model": "m", "input": "x", "text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema",
         "missing_required_parameter"),
        ({"model": "m", "input": "x", "reasoning": "high"}, "reasoning", "invalid_type"),
        ({"model": "m", "input": "x", "include": "all"}, "include", "invalid_type"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(document: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(ShapeError) as raised:
        again(document)
    assert (raised.value.param, raised.value.code) == (param, code)


@pytest.mark.parametrize(
    ("item", "param", "code"),
    [
        ("x", "input[0]", "invalid_type"),
        ({}, "input[0].type", "missing_required_parameter"),
        ({"type": 5}, "input[0].type", "invalid_type"),
        ({"type": "hologram"}, "input[0].type", "invalid_value"),
        ({"content": "x"}, "input[0].role", "missing_required_parameter"),
        ({"role": "wizard", "content": "x"}, "input[0].role", "invalid_value"),
        ({"role": "user"}, "input[0].content", "missing_required_parameter"),
        ({"role": "user", "content": None}, "input[0].content", "invalid_type"),
        ({"role": "user", "content": ["x"]}, "input[0].content[0]", "invalid_type"),
        ({"role": "user", "content": [{"text": "x"}]}, "input[0].content[0].type", "missing_required_parameter"),
        ({"role": "user", "content": [{"type": "smell"}]}, "input[0].content[0].type", "invalid_value"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input[0].content[0].text",
         "missing_required_parameter"),
        ({"role": "user", "content": [{"type": "input_image"}]}, "input[0].content[0].image_url",
         "missing_required_parameter"),
        ({"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,§"}]},
         "input[0].content[0].image_url", "invalid_value"),
        ({"role": "user", "content": [{"type": "input_file", "file_data": "data:text/plain;base64,*"}]},
         "input[0].content[0].file_data", "invalid_value"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[0].call_id", "missing_required_parameter"),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}, "input[0].arguments", "invalid_type"),
        ({"type": "function_call_output", "output": "x"}, "input[0].call_id", "missing_required_parameter"),
        ({"type": "function_call_output", "call_id": "c"}, "input[0].output", "missing_required_parameter"),
        ({"type": "function_call_output", "call_id": "c", "output": 3}, "input[0].output", "invalid_type"),
        ({"type": "function_call_output", "call_id": "c", "output": [{"type": "x"}]}, "input[0].output[0].type",
         "invalid_value"),
    ],
)  # fmt: skip
def test_wrong_items_are_named(item: Any, param: str, code: str) -> None:
    with pytest.raises(ShapeError) as raised:
        read({"input": [item]})
    assert (raised.value.param, raised.value.code) == (param, code)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(sorted(DOCUMENT)), below, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from([*DOCUMENT, "input"]), value=VALUES)
def test_any_field_may_hold_anything(name: str, value: Any) -> None:
    document = {**DOCUMENT, name: value}
    try:
        request = read(document)
    except ShapeError:
        return  # told by name, as others show
    assert written(request)[0] == document


def test_a_changed_text_is_the_only_change() -> None:
    request = read(DOCUMENT)
    part = request.messages[1].parts[0]
    assert isinstance(part, Text)
    part.text = "Look again"
    found, _ = written(request)
    assert found["input"][1]["content"][0] == {"type": "input_text", "text": "Look again"}
    found["input"][1] = ITEMS[1]
    assert found == DOCUMENT


def test_reasoning_of_another_family_does_not_go_to_a_provider_that_cannot_read_it() -> None:
    request = read_items({"role": "user", "content": "x"}, ITEMS[3], {"role": "assistant", "content": "y"})
    found, dropped = written(request, Dialect(issuer="xai"))
    assert [item.get("type", "message") for item in found["input"]] == ["message", "message"]
    assert dropped == ["input[1]"]
    assert written(request, Dialect(issuer="openai"))[0]["input"][1] == ITEMS[3]


def test_what_a_model_refuses_is_left_out_and_told() -> None:
    refusing = Dialect(refuses=frozenset({"temperature", "store", "verbosity"}), thinks="", max_output=50)
    found, dropped = written(read({**DOCUMENT, "temperature": 0.5}), refusing)
    assert dropped == ["temperature", "store", "text.verbosity", "reasoning"]
    assert not {"temperature", "store", "reasoning"} & set(found)
    assert found["max_output_tokens"] == 50
