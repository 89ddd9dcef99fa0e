"""Where things stand in clients' documents: every path is one that the document has."""

from typing import Any

import pytest

from trunkline.formats.conversation import Request
from trunkline.formats.format import Place
from trunkline.formats.paths import cache_path, field_path, inner_path, name_of, part_paths, schema_path, tool_path
from trunkline.formats.registry import FORMATS

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
SIGNED = {"text": "b", "thoughtSignature": "c2ln"}


def read(source: str, **document: Any) -> Request:
    return FORMATS[source].read_request({"model": "m", **document}, Place(model="m"))


def chat(*messages: dict[str, Any], **fields: Any) -> Request:
    return read("openai_chat", messages=list(messages), **fields)


def test_parts_of_a_chat_message_stand_in_its_content_and_beside_it() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    content = [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]
    said = {"role": "assistant", "content": content, "reasoning_content": "Hm", "refusal": "No", "tool_calls": [call]}
    messages = chat(
        {"role": "user", "content": "a"}, said, {"role": "tool", "tool_call_id": "a", "content": "d"}
    ).messages
    assert part_paths("openai_chat", messages[0]) == ["messages[0].content"]
    assert part_paths("openai_chat", messages[1]) == [
        "messages[1].reasoning",
        "messages[1].content[0]",
        "messages[1].content[1]",
        "messages[1].refusal",
        "messages[1].tool_calls[0]",
    ]
    assert part_paths("openai_chat", messages[2]) == ["messages[2]"]
    assert inner_path("openai_chat", "messages[2]", messages[2].parts[0], 0) == "messages[2].content"  # type: ignore[arg-type]  # it is a result


def test_a_signature_of_google_stands_on_the_part_that_it_signs() -> None:
    request = read("google_generate", contents=[{"role": "model", "parts": [{"text": "a"}, SIGNED, {"text": "c"}]}])
    assert part_paths("google_generate", request.messages[0]) == [
        "contents[0].parts[0]",
        "contents[0].parts[1].thoughtSignature",
        "contents[0].parts[1]",
        "contents[0].parts[2]",
    ]


def test_a_cache_point_of_converse_is_a_block_of_its_own() -> None:
    content = [{"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "b"}]
    request = read("bedrock_converse", messages=[{"role": "user", "content": content}])
    paths = part_paths("bedrock_converse", request.messages[0])
    assert paths == ["messages[0].content[0]", "messages[0].content[2]"]
    assert cache_path("bedrock_converse", paths[0]) == "messages[0].content[1].cachePoint"


def test_items_are_named_as_a_whole_and_texts_by_their_field() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "b"}]}
    messages = read("openai_responses", input=[{"role": "user", "content": "a"}, call, result]).messages
    assert [part_paths("openai_responses", message) for message in messages] == [
        ["input[0].content"], ["input[1]"], ["input[2]"],
    ]  # fmt: skip
    assert inner_path("openai_responses", "input[2]", messages[2].parts[0], 0) == "input[2].output[0]"  # type: ignore[arg-type]  # it is a result
    assert part_paths("openai_responses", read("openai_responses", input="a").messages[0]) == ["input"]


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_parameter_with_two_names_is_called_as_the_client_called_it(field: str) -> None:
    assert name_of(chat({"role": "user", "content": "a"}, **{field: 5}), "max_output") == field


def test_logprobs_are_asked_for_in_a_list_of_what_to_include() -> None:
    request = read("openai_responses", input="a", include=["message.output_text.logprobs"])
    assert request.logprobs
    assert name_of(request, "logprobs") == "include"


def test_a_hint_that_stands_beside_the_content_is_found_there() -> None:
    message = chat({"role": "user", "content": "a", "cache_control": {"type": "ephemeral"}}).messages[0]
    path = part_paths("openai_chat", message)[0]
    assert cache_path("openai_chat", path, message.parts[0]) == "messages[0].cache_control"


def test_places_in_schemas_are_told_where_the_client_wrote_json_schema() -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    request = chat({"role": "user", "content": "a"}, tools=tools, response_format=form)
    tool: Any = request.tools[0]
    assert tool_path("openai_chat", tool, "parameters", ".properties") == "tools[0].function.parameters.properties"
    assert schema_path(request, ".properties") == "response_format.json_schema.schema.properties"
    config = {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}
    said = read("google_generate", contents=[{"role": "user", "parts": [{"text": "a"}]}], generationConfig=config)
    assert schema_path(said, ".properties") == "generationConfig.responseSchema"


def test_fields_of_parts_have_the_names_of_their_format() -> None:
    assert (
        field_path("bedrock_converse", "messages[1].content[0]", "arguments") == "messages[1].content[0].toolUse.input"
    )
    assert field_path("anthropic_messages", "messages[1].content[0]", "name") == "messages[1].content[0].name"
    assert field_path("openai_chat", "messages[1].content", "citations") == "messages[1].annotations"
