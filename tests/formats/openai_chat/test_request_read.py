"""What a chat request says, whoever's words it uses."""

from typing import Any

import pytest
from tests.formats.openai_chat.talking import CALL, TOOL, asking, read, write

from trunkline.formats.conversation import (
    Audio,
    CacheHint,
    File,
    Foreign,
    ForeignTool,
    Image,
    Message,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.harmless import leave_request
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat import FORMAT

PNG = "iVBORw0KGgo="


def part(value: dict[str, Any]) -> Any:
    """The neutral part of one of a user's message, which must be written back as it was."""
    document = asking({"role": "user", "content": [value]})
    request = read(document)
    assert write(request) == document
    return request.messages[0].parts[0]


def only(message: dict[str, Any]) -> Message:
    """The neutral message of one, which must be written back as it was."""
    document = asking(message)
    request = read(document)
    assert write(request) == document
    return request.messages[0]


def shape_error(document: dict[str, Any]) -> tuple[str, str | None, str]:
    with pytest.raises(ShapeError) as caught:
        read(document)
    return str(caught.value), caught.value.param, caught.value.code


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_words_are_a_message_with_one_text(role: str) -> None:
    message = only({"role": role, "content": "Grüße"})
    assert (message.role, message.plain, message.at) == (role, True, "messages[0]")
    assert message.parts == [Text(text="Grüße")]


@pytest.mark.parametrize("content", ["", None, []])
def test_a_message_of_no_words_has_no_parts_and_comes_back(content: Any) -> None:
    assert only({"role": "assistant", "content": content, "tool_calls": [CALL]}).parts[0] == ToolCall(
        id="call_1", name="weather", arguments='{"city":"Köln"}'
    )


def test_a_speakers_name_is_known() -> None:
    assert only({"role": "user", "name": "Ada", "content": "Hi"}).name == "Ada"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "image_url", "image_url": {"url": "https://a/b.png"}}, {"url": "https://a/b.png"}),
        ({"type": "image_url", "image_url": "https://a/b.png"}, {"url": "https://a/b.png"}),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
            {"data": PNG, "media_type": "image/png", "detail": "low"},
        ),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;charset=x;base64,{PNG}"}},
            {"data": PNG, "media_type": "image/png"},
        ),
    ],
)
def test_a_picture_is_an_address_or_bytes(value: dict[str, Any], expected: dict[str, str]) -> None:
    image = part(value)
    assert isinstance(image, Image)
    assert {name: getattr(image, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}, ("AAAA", "audio/mpeg", "")),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "new"}}, ("AAAA", "audio/new", "")),
        ({"type": "input_audio", "input_audio": "//NkxAAA"}, ("//NkxAAA", "audio/mpeg", "")),
        ({"type": "input_audio", "input_audio": {"data": "UklGRgAA"}}, ("UklGRgAA", "audio/wav", "")),
        ({"type": "input_audio", "input_audio": {"data": "data:;base64,UklGRgAA"}}, ("UklGRgAA", "audio/wav", "")),
        ({"type": "input_audio", "input_audio": "https://a/b"}, ("", "", "https://a/b")),
        ({"type": "audio_url", "audio_url": {"url": "https://a/b"}}, ("", "", "https://a/b")),
    ],
)
def test_a_sound_is_bytes_or_an_address(value: dict[str, Any], expected: tuple[str, str, str]) -> None:
    sound = part(value)
    assert isinstance(sound, Audio)
    assert (sound.data, sound.media_type, sound.url) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
            {"name": "a.pdf", "data": "JVBERi0=", "media_type": "application/pdf"},
        ),
        ({"type": "file", "file": {"file_data": "JVBERi0="}}, {"data": "JVBERi0=", "media_type": "application/pdf"}),
        ({"type": "file", "file": {"file_id": "file-1"}}, {"file_id": "file-1"}),
        ({"type": "file", "file_id": "file-1"}, {"file_id": "file-1"}),
        (
            {"type": "document_url", "document_url": "https://a/b.pdf", "document_name": "b"},
            {"url": "https://a/b.pdf", "name": "b", "media_type": "application/pdf"},
        ),
        ({"type": "file_url", "file_url": {"url": "UEsDBBQA"}}, {"data": "UEsDBBQA", "url": ""}),
        (
            {"type": "file_url", "file_url": {"url": "https://a/b"}, "file_name": "b"},
            {"url": "https://a/b", "name": "b"},
        ),
        ({"type": "video_url", "video_url": {"url": "https://a/b"}}, {"url": "https://a/b", "media_type": "video/mp4"}),
        ({"type": "video_url", "video_url": {"url": "data:;base64,AAAA"}}, {"data": "AAAA", "media_type": "video/mp4"}),
        (
            {"type": "pdf_url", "pdf_url": {"url": "https://a/b"}},
            {"url": "https://a/b", "media_type": "application/pdf"},
        ),
    ],
)
def test_a_file_comes_in_many_ways(value: dict[str, Any], expected: dict[str, str]) -> None:
    file = part(value)
    assert isinstance(file, File)
    assert {name: getattr(file, name) for name in expected} == expected


@pytest.mark.parametrize(
    "said", [[{"type": "text", "text": "Hm"}], "Hm", [{"type": "text", "text": "H"}, {"type": "text", "text": "m"}]]
)
def test_mistrals_thinking_is_reasoning(said: Any) -> None:
    message = only({"role": "assistant", "content": [{"type": "thinking", "thinking": said, "closed": True}]})
    assert isinstance(message.parts[0], Reasoning)
    assert message.parts[0].text == "Hm"


def test_databricks_reasoning_is_reasoning() -> None:
    summary = [{"type": "summary_text", "text": "Hm", "signature": "c2ln"}]
    part = only({"role": "assistant", "content": [{"type": "reasoning", "summary": summary}]}).parts[0]
    assert isinstance(part, Reasoning)
    assert (part.text, part.signature) == ("Hm", "c2ln")


def test_a_refusal_is_one_wherever_it_stands() -> None:
    for message in ({"content": None, "refusal": "No"}, {"content": [{"type": "refusal", "refusal": "No"}]}):
        refusal = only({"role": "assistant", **message}).parts[0]
        assert isinstance(refusal, Refusal)
        assert refusal.text == "No"


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        ({"cache_control": {"type": "ephemeral"}}, CacheHint()),
        ({"cache_control": {"type": "ephemeral", "ttl": "1h"}}, CacheHint(ttl="1h")),
        ({"prompt_cache_breakpoint": {"mode": "explicit"}}, CacheHint()),
        ({"cache_control": {"type": "other"}}, None),
        ({"cache_control": {"type": "ephemeral", "ttl": None}}, None),
    ],
)
def test_a_hint_to_cache_is_known(hint: dict[str, Any], expected: CacheHint | None) -> None:
    assert part({"type": "text", "text": "long", **hint}).cache == expected


def test_a_hint_on_a_message_is_one_on_its_last_part() -> None:
    hint = {"cache_control": {"type": "ephemeral"}}
    assert only({"role": "user", "content": "long", **hint}).parts[-1].cache == CacheHint()


def test_a_hint_on_a_message_beside_one_on_its_last_part_stays() -> None:
    part = {"type": "text", "text": "long", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    message = only({"role": "user", "content": [part], "cache_control": {"type": "ephemeral"}})
    assert message.parts[-1].cache == CacheHint(ttl="1h")


def test_a_hint_beside_the_messages_is_one_for_all_of_them() -> None:
    document = asking(cache_control={"type": "ephemeral", "ttl": "1h"})
    request = read(document)
    assert request.cache == CacheHint(ttl="1h")
    assert write(request) == document


def test_a_part_of_another_servers_passes_as_it_is() -> None:
    assert part({"type": "reference", "reference_ids": [1]}) == Foreign(
        format="openai_chat", kind="reference", value={"type": "reference", "reference_ids": [1]}
    )


# Reasoning

_SIGNED = {"type": "reasoning.text", "text": "Hm", "signature": "c2ln", "format": "anthropic-claude-v1", "index": 0}
_SUMMARY = {"type": "reasoning.summary", "summary": "In short", "format": "openai-responses-v1", "index": 0}
_SEALED = {"type": "reasoning.encrypted", "data": "ZGF0", "id": "rs_1", "format": "openai-responses-v1", "index": 0}


@pytest.mark.parametrize("fields", [["reasoning_content"], ["reasoning"], ["reasoning_content", "reasoning"]])
def test_reasoning_is_read_from_either_field(fields: list[str]) -> None:
    message = only({"role": "assistant", "content": "Hi", **dict.fromkeys(fields, "Hm")})
    assert message.parts == [Reasoning(text="Hm"), Text(text="Hi")]


@pytest.mark.parametrize(
    ("details", "text", "expected"),
    [
        ([_SIGNED], "Hm", {"text": "Hm", "signature": "c2ln", "issuer": "anthropic"}),
        ([_SUMMARY, _SEALED], "In short", {"summary": ["In short"], "encrypted": "ZGF0", "id": "rs_1"}),
        ([{**_SIGNED, "text": "H"}, {**_SIGNED, "text": "m", "signature": None}], None, {"text": "Hm"}),
        ([{**_SEALED, "format": "made-up-v1"}], None, {"encrypted": "ZGF0", "issuer": "made-up-v1"}),
        ([{**_SIGNED, "format": "unknown", "signature": ""}], "Hm", {"text": "Hm", "issuer": ""}),
    ],
)
def test_details_of_one_index_are_one_piece_of_reasoning(
    details: list[Any], text: str | None, expected: dict[str, Any]
) -> None:
    message = only({"role": "assistant", "content": None, "reasoning": text, "reasoning_details": details})
    assert len(message.parts) == 1
    assert {name: getattr(message.parts[0], name) for name in expected} == expected


def test_reasoning_beside_encrypted_details_is_not_lost() -> None:
    message = only({"role": "assistant", "content": "Hi", "reasoning": "Hm", "reasoning_details": [_SEALED]})
    assert [part.text for part in message.parts if isinstance(part, Reasoning)] == ["Hm", ""]


@pytest.mark.parametrize("kind", ["reasoning.new", ["reasoning.text"]])
def test_details_that_nobody_knows_stay_as_they_are(kind: Any) -> None:
    message = only({"role": "assistant", "content": "Hi", "reasoning_details": [{"type": kind}]})
    assert message.parts == [Text(text="Hi")]


# Calls and results


@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        ({}, '{"city":"Köln"}'),
        ({"function": {"name": "weather", "arguments": ""}}, "{}"),
        ({"function": {"name": "weather", "arguments": None}}, "{}"),
        ({"function": {"name": "weather"}}, "{}"),
        ({"function": {"name": "weather", "arguments": {"a": 1}}}, '{"a":1}'),
        ({"function": {"name": "weather", "arguments": '{"cut": "of'}}, '{"cut": "of'),
        ({"index": 3, "type": None}, '{"city":"Köln"}'),
    ],
)
def test_a_call_always_has_arguments_that_are_text(change: dict[str, Any], arguments: str) -> None:
    call = only({"role": "assistant", "content": None, "tool_calls": [CALL | change]}).parts[0]
    assert isinstance(call, ToolCall)
    assert (call.id, call.name, call.arguments) == ("call_1", "weather", arguments)


@pytest.mark.parametrize("no_id", ["", "0", None])
def test_calls_without_an_id_get_one_each_and_always_the_same(no_id: str | None) -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [{**CALL, "id": no_id}, {**CALL, "id": no_id}]}
    first, second = (part.id for part in only(message).parts if isinstance(part, ToolCall))
    assert first != second
    assert [first, second] == [part.id for part in only(message).parts if isinstance(part, ToolCall)]


def test_googles_signature_of_a_call_is_known() -> None:
    extra = {"extra_content": {"google": {"thought_signature": "c2ln", "thought": True}}}
    call = only({"role": "assistant", "content": None, "tool_calls": [CALL | extra]}).parts[0]
    assert isinstance(call, ToolCall)
    assert (call.signature, call.issuer) == ("c2ln", "google")


def test_googles_signature_of_a_message_stands_before_what_it_signs() -> None:
    signed = {"extra_content": {"google": {"thought_signature": "c2ln"}}, "thought_signature": "c2ln"}
    mark, text = only({"role": "assistant", "content": "Noon", **signed}).parts
    assert isinstance(mark, Reasoning)
    assert (mark.signature, mark.issuer, mark.text) == ("c2ln", "google", "")
    assert text == Text(text="Noon")


def test_a_call_of_a_custom_tool_passes_as_it_is() -> None:
    custom = {"id": "call_1", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}
    assert isinstance(only({"role": "assistant", "content": None, "tool_calls": [custom]}).parts[0], Foreign)


def test_a_result_names_the_call_it_answers() -> None:
    document = asking(
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "name": "weather", "content": [{"type": "text", "text": "rain"}]},
    )
    request = read(document)
    assert request.messages[1].parts == [ToolResult(call="call_1", name="weather", content=[Text(text="rain")])]
    assert write(request) == document


def test_a_result_without_an_id_answers_the_first_call_that_waits() -> None:
    document = asking(
        {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "call_2"}]},
        {"role": "tool", "content": "rain"},
        {"role": "tool", "content": "sun"},
    )
    request = read(document)
    results = [part for message in request.messages for part in message.parts if isinstance(part, ToolResult)]
    assert [result.call for result in results] == ["call_1", "call_2"]
    assert write(request) == document


def test_a_call_and_its_result_in_the_old_words_belong_together() -> None:
    document = asking(
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": "rain"},
        functions=[{"name": "weather", "parameters": {}}],
        function_call={"name": "weather"},
    )
    request = read(document)
    call, result = request.messages[0].parts[0], request.messages[1].parts[0]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert call.id == result.call != ""
    assert request.tools[0].at == "functions[0]"
    assert write(request) == document


# What is refused


@pytest.mark.parametrize(
    ("message", "param", "code"),
    [
        ({"role": "narrator", "content": "Once"}, "messages[0].role", "invalid_value"),
        ({"role": "user", "content": [{"type": "hologram"}]}, "messages[0].content[0].type", "invalid_value"),
        ({"role": "user", "content": [{"text": "a"}]}, "messages[0].content[0].type", "missing_required_parameter"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0].text", "missing_required_parameter"),
        ({"role": "user", "content": [{"type": "text", "text": 5}]}, "messages[0].content[0].text", "invalid_type"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {}}]},
            "messages[0].content[0].image_url.url",
            "missing_required_parameter",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,§"}}]},
            "messages[0].content[0].image_url.url",
            "invalid_value",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "no base64!"}}]},
            "messages[0].content[0].input_audio.data",
            "invalid_value",
        ),
        ({"role": "tool", "content": "rain"}, "messages[0].tool_call_id", "missing_required_parameter"),
    ],
)
def test_what_no_provider_could_understand_is_told_with_its_path(
    message: dict[str, Any], param: str, code: str
) -> None:
    text, *where = shape_error(asking(message))
    assert where == [param, code]
    assert param.rpartition(".")[0] in text or code == "invalid_value"


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({"messages": [{"role": "user", "content": "Hi"}]}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        (asking(temperature="hot"), "temperature"),
        (asking(seed="one"), "seed"),
        (asking(tools=[{"type": "function", "function": {}}]), "tools[0].function.name"),
        (asking(response_format={"json_schema": {}}), "response_format.type"),
    ],
)
def test_a_wrong_parameter_is_told_by_name(document: dict[str, Any], param: str) -> None:
    assert shape_error(document)[1] == param


def test_the_path_may_name_the_model() -> None:
    request = FORMAT.read_request({"messages": [{"role": "user", "content": "Hi"}]}, Place(model="deployment"))
    assert request.model == "deployment"


# Parameters


def test_parameters_that_every_format_knows_are_neutral() -> None:
    document = asking(
        temperature=1, top_p=0.5, n=2, max_completion_tokens=9, stop="a", seed=7, logprobs=True, top_logprobs=3,
        presence_penalty=0, frequency_penalty=1.5, logit_bias={"5": -1}, user="u", metadata={"a": "b"}, store=True,
        service_tier="flex", prompt_cache_key="k", verbosity="low", parallel_tool_calls=False, tools=[TOOL],
        stream=True, stream_options={"include_usage": True, "include_obfuscation": False},
    )  # fmt: skip
    request = read(document)
    assert (request.temperature, request.choices, request.max_output, request.stop) == (1, 2, 9, ["a"])
    assert type(request.temperature) is int
    assert (request.stream, request.stream_usage, request.cache_key) == (True, True, "k")
    assert request.extras == {"openai_chat": {"stream_options": {"include_obfuscation": False}}}
    assert write(request) == document


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 5},
        {"max_tokens": 5, "max_completion_tokens": 5},
        {"max_tokens": 5, "max_completion_tokens": 6},
        {"random_seed": 5},
        {"safety_identifier": "u"},
        {"safety_identifier": "u", "user": "v"},
        {"modalities": ["text"]},
        {"metadata": {"a": 1}},
        {"stop": ["a"]},
        {"tools": [], "stop": [], "user": "", "n": None, "stream": False, "stream_options": None},
        {"tools": [{"function": {"name": "f", "description": "", "strict": None}}]},
        {"tools": [TOOL | {"cache_control": {"type": "ephemeral"}}]},
        {"tools": [TOOL | {"type": None}]},
        {"logprobs": 5},
        {"logprobs": 0},
        {"logit_bias": [[15043, 1.0]]},
    ],
)
def test_every_way_to_say_it_comes_back(fields: dict[str, Any]) -> None:
    document = asking(**fields)
    assert write(read(document)) == document


def test_a_number_of_likely_tokens_is_a_wish_for_their_probabilities() -> None:
    request = read(asking(logprobs=5))
    assert (request.logprobs, request.top_logprobs) == (True, 5)


@pytest.mark.parametrize("fields", [{"max_tokens": -1}, {"top_k": -1}, {"top_k": 0}])
def test_a_number_that_means_no_bound_is_none_and_comes_back(fields: dict[str, Any]) -> None:
    document = asking(**fields)
    request = read(document)
    assert (request.max_output, request.top_k) == (None, None)
    assert write(request) == document
    leave_request(request, losses := Losses())
    assert losses.dropped == list(fields)


@pytest.mark.parametrize(
    "tool",
    [{"type": "custom", "custom": {"name": "sql"}}, {"type": "openrouter:web_search"}, {"type": "web_search", "x": 1}],
)
def test_a_providers_own_tool_passes_as_it_is(tool: dict[str, Any]) -> None:
    request = read(asking(tools=[tool]))
    assert request.tools == [ForeignTool(format="openai_chat", kind=tool["type"], value=tool, at="tools[0]")]


@pytest.mark.parametrize(
    ("choice", "mode", "names"),
    [
        ("auto", "auto", []),
        ("none", "none", []),
        ("required", "required", []),
        ("any", "required", []),
        ({"type": "function", "function": {"name": "weather"}}, "required", ["weather"]),
        ({"function": {"name": "weather"}}, "required", ["weather"]),
        ({"type": "tool", "name": "weather"}, "required", ["weather"]),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "weather"}}]},
            },
            "auto",
            ["weather"],
        ),
    ],
)
def test_a_choice_among_tools_comes_in_many_ways(choice: Any, mode: str, names: list[str]) -> None:
    document = asking(tools=[TOOL], tool_choice=choice)
    request = read(document)
    assert request.tool_choice is not None
    assert (request.tool_choice.mode, request.tool_choice.names) == (mode, names)
    assert write(request) == document


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ({"type": "text"}, "text"),
        ({"type": "json_object"}, "json"),
        ({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": None}}, "schema"),
        ({"type": "json_object", "schema": {"type": "object"}}, "schema"),
        ({"type": "json_object", "value": {"type": "object"}}, "schema"),
        ({"type": "json", "value": {"type": "object"}}, "schema"),
        ({"type": "json_schema", "schema": {"type": "object"}}, "schema"),
    ],
)
def test_a_shape_of_the_answer_comes_in_many_ways(output: dict[str, Any], kind: str) -> None:
    document = asking(response_format=output)
    request = read(document)
    assert request.output is not None
    assert request.output.kind == kind
    assert write(request) == document


def test_a_grammar_stays_as_it_is() -> None:
    request = read(asking(response_format={"type": "regex", "value": "a+"}))
    assert request.output is None
    assert request.extras == {"openai_chat": {"response_format": {"type": "regex", "value": "a+"}}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reasoning_effort": "high"}, {"effort": "high"}),
        ({"reasoning_effort": "default"}, {"mode": "on"}),
        ({"reasoning_effort": True}, {"mode": "on"}),
        ({"reasoning_effort": False}, {"mode": "off"}),
        ({"reasoning_effort": 1024}, {"budget": 1024}),
        ({"reasoning": {"effort": "low", "exclude": True}}, {"effort": "low", "shown": False}),
        ({"reasoning": {"max_tokens": 2000}}, {"budget": 2000}),
        ({"reasoning": {"enabled": True}}, {"mode": "on"}),
        ({"thinking": {"type": "disabled"}}, {"mode": "off"}),
        ({"thinking": {"type": "enabled", "clear_thinking": False}, "reasoning_effort": "max"}, {"effort": "max"}),
        ({"thinking": {"type": "auto", "budget_tokens": 9}}, {"mode": "adaptive", "budget": 9}),
        ({"enable_thinking": False}, {"mode": "off"}),
        ({"enable_thinking": True, "thinking_budget": 50}, {"mode": "on", "budget": 50}),
        ({"chat_template_kwargs": {"enable_thinking": False, "x": 1}}, {"mode": "off"}),
        ({"chat_template_kwargs": {"thinking": True}}, {"mode": "on"}),
        ({"include_reasoning": False}, {"shown": False}),
        ({"reasoning_format": "raw"}, {"shown": True}),
        ({"reasoning_format": "hidden"}, {"shown": False}),
        ({"reasoning_effort": "low", "reasoning": {"effort": "high"}}, {"effort": "low"}),
    ],
)
def test_how_much_to_think_comes_in_many_ways(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    document = asking(**fields)
    request = read(document)
    assert request.thinking is not None
    assert {name: getattr(request.thinking, name) for name in expected} == expected
    assert write(request) == document


@pytest.mark.parametrize(
    "fields", [{"chat_template_kwargs": {"x": 1}}, {"reasoning_effort": "colossal"}, {"thinking": True}]
)
def test_a_word_that_nobody_knows_is_left_to_the_provider(fields: dict[str, Any]) -> None:
    request = read(asking(**fields))
    assert request.thinking is None
    assert request.extras == {"openai_chat": fields}
