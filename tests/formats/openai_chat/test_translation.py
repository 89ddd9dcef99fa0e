"""What is written of a request that came in another format."""

from typing import Any

import pytest
from tests.formats.openai_chat.talking import assistant, translated, user, write

from trunkline.formats.conversation import (
    Audio,
    CacheHint,
    File,
    Foreign,
    ForeignTool,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.losses import CannotCarry, Losses

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool(name="weather", parameters=PARAMETERS, at="tools[0]")


def call(call_id: str = "toolu_1", name: str = "weather") -> ToolCall:
    return ToolCall(id=call_id, name=name, arguments="{}")


def result(call_id: str = "toolu_1", *content: Any, **fields: Any) -> ToolResult:
    return ToolResult(call=call_id, content=list(content or [Text(text="rain")]), **fields)


def roles(document: dict[str, Any]) -> list[str]:
    return [message["role"] for message in document["messages"]]


def refused(*messages: Message, **fields: Any) -> str:
    with pytest.raises(CannotCarry) as caught:
        translated(*messages, **fields)
    return caught.value.param


def told(*messages: Message, dialect: Dialect = PLAIN, **fields: Any) -> list[str]:
    losses = Losses()
    write(Request(format="anthropic_messages", model="m", messages=list(messages), **fields), dialect, losses)
    return losses.dropped


def test_instructions_become_the_first_message() -> None:
    written = translated(user("Hi"), instructions=Message(role="system", parts=[Text(text="Be brief")], at="system"))
    assert written["messages"] == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
    ]


def test_several_texts_of_one_speaker_stay_apart() -> None:
    assert translated(user("a", "b"))["messages"][0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]


def test_results_follow_their_calls_before_anything_else_is_said() -> None:
    written = translated(
        user("Hi"),
        assistant("Let me see", call("a"), call("b")),
        user("And now?", result("b"), result("a"), at="messages[2]"),
    )
    assert roles(written) == ["user", "assistant", "tool", "tool", "user"]
    assert [message.get("tool_call_id") for message in written["messages"][2:4]] == ["b", "a"]
    assert written["messages"][-1] == {"role": "user", "content": "And now?"}


def test_calls_and_results_that_came_one_by_one_are_put_together() -> None:
    items = [
        user("Hi", at="input[0]"),
        assistant(call("a"), at="input[1]"),
        assistant(call("b"), at="input[2]"),
        Message(role="tool", parts=[result("a")], at="input[3]"),
        Message(role="developer", parts=[Text(text="Hurry")], at="input[4]"),
        Message(role="tool", parts=[result("b")], at="input[5]"),
    ]
    written = write(Request(format="openai_responses", model="m", messages=items))
    assert roles(written) == ["user", "assistant", "tool", "tool", "system"]
    assert [one["id"] for one in written["messages"][1]["tool_calls"]] == ["a", "b"]


def test_calls_without_ids_are_answered_by_name_and_in_order() -> None:
    written = translated(
        user("Hi"),
        assistant(call("", "weather"), call("", "time")),
        user(ToolResult(name="time", content=[Text(text="noon")]), ToolResult(name="weather"), at="messages[2]"),
    )
    ids = {one["function"]["name"]: one["id"] for one in written["messages"][1]["tool_calls"]}
    assert len(set(ids.values())) == 2
    assert [message["tool_call_id"] for message in written["messages"][2:]] == [ids["time"], ids["weather"]]


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([user("Hi"), assistant(call("a")), user("Well?", at="messages[2]")], "messages[1].content[0]"),
        ([user("Hi"), assistant(call("a"))], "messages[1].content[0]"),
        ([user(result("a"))], "messages[0].content[0]"),
        ([user("Hi"), assistant(call("a")), user(result("b"), at="messages[2]")], "messages[2].content[0]"),
    ],
)
def test_a_call_without_its_result_and_a_result_without_its_call_are_refused(
    messages: list[Message], param: str
) -> None:
    assert refused(*messages) == param


def test_pictures_that_a_tool_shows_are_shown_by_the_user() -> None:
    picture = Image(data="AAAA", media_type="image/png")
    written = translated(user("Hi"), assistant(call("a")), user(result("a", picture), "What is it?", at="messages[2]"))
    tool, after = written["messages"][2:]
    assert isinstance(tool["content"], str)
    assert tool["content"]
    assert [part["type"] for part in after["content"]] == ["image_url", "text"]


def test_a_picture_at_the_end_is_shown_by_the_user_too() -> None:
    picture = Image(url="https://a/b.png")
    written = translated(
        user("Hi"), assistant(call("a")), user(result("a", Text(text="see"), picture), at="messages[2]")
    )
    assert roles(written) == ["user", "assistant", "tool", "user"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Image(url="https://a/b.png", detail="low"), {"image_url": {"url": "https://a/b.png", "detail": "low"}}),
        (Image(data="AAAA", media_type="image/png"), {"image_url": {"url": "data:image/png;base64,AAAA"}}),
        (Audio(data="AAAA", media_type="audio/x-wav"), {"input_audio": {"data": "AAAA", "format": "wav"}}),
        (
            File(data="JVBERi0=", media_type="application/pdf", name="a.pdf"),
            {"file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        ),
        (
            File(data="JVBERi0=", media_type="application/pdf"),
            {"file": {"filename": "file.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        ),
        (File(text="words", name="notes"), {"text": "notes\n\nwords"}),
        (File(data="d29yZHM=", media_type="text/plain"), {"text": "words"}),
    ],
)
def test_media_are_said_in_chats_words(part: Any, expected: dict[str, Any]) -> None:
    written = translated(user("See", part))["messages"][0]["content"][1]
    assert {name: value for name, value in written.items() if name != "type"} == expected


@pytest.mark.parametrize(
    "part",
    [
        Image(file_id="file-1"),
        Image(url="gs://bucket/a.png"),
        Audio(data="AAAA", media_type="audio/flac"),
        Audio(url="https://a/b.wav"),
        File(url="https://a/b.pdf"),
        File(file_id="file-1"),
        File(data="AAAA", media_type="video/mp4"),
        Foreign(format="anthropic_messages", kind="server_tool_use", value={}),
    ],
)
def test_what_chat_has_no_words_for_is_refused_with_its_path(part: Any) -> None:
    assert refused(user("See", part)) == "messages[0].content[1]"
    losses = Losses(drop_all=True)
    request = Request(format="anthropic_messages", model="m", messages=[user("See", part)])
    assert write(request, PLAIN, losses)["messages"] == [{"role": "user", "content": [{"type": "text", "text": "See"}]}]
    assert losses.dropped == ["messages[0].content[1]"]


def test_a_refusal_is_told_as_one() -> None:
    written = translated(user("Hi"), assistant(Refusal(text="No")), user("Why?", at="messages[2]"))
    assert written["messages"][1]["content"] == [{"type": "refusal", "refusal": "No"}]
    written = translated(user("Hi"), assistant("Well", Refusal(text="No")), user("Why?", at="messages[2]"))
    assert written["messages"][1] == {"role": "assistant", "content": "Well", "refusal": "No"}


def test_a_turn_of_nothing_but_reasoning_is_left_out_and_told() -> None:
    thought = Reasoning(text="Hm", signature="s", issuer="anthropic")
    messages = [user("Hi"), assistant(thought), user("Well?", at="messages[2]")]
    assert roles(translated(*messages)) == ["user", "user"]
    assert told(*messages) == ["messages[1].content[0]"]


def test_signed_reasoning_goes_back_as_openrouter_wants_it() -> None:
    thought = Reasoning(text="Hm", signature="s", issuer="anthropic")
    dialect = Dialect(reasoning_field="reasoning_details", replays_reasoning="always", issuer="anthropic")
    request = Request(format="anthropic_messages", model="m", messages=[user("Hi"), assistant(thought, "Hi")])
    assert write(request, dialect)["messages"][1]["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
    ]


def test_the_text_of_another_familys_reasoning_is_enough_for_deepseek() -> None:
    thought = Reasoning(text="Hm", signature="s", issuer="anthropic")
    dialect = Dialect(reasoning_field="reasoning_content", replays_reasoning="tool_turns", issuer="deepseek")
    messages = [user("Hi"), assistant(thought, call("a")), user(result("a"), at="messages[2]")]
    request = Request(format="anthropic_messages", model="m", messages=messages)
    assert write(request, dialect)["messages"][1]["reasoning_content"] == "Hm"


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (Dialect(issuer="google"), {"extra_content": {"google": {"thought_signature": "c2ln"}}}),
        (Dialect(issuer="openai"), {}),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_googles_signature_goes_back_with_the_call(dialect: Dialect, expected: dict[str, Any], apart: bool) -> None:
    signed = call("a")
    before = [Reasoning(signature="c2ln", issuer="google")] if apart else []
    if not apart:
        signed.signature, signed.issuer = "c2ln", "google"
    messages = [user("Hi"), assistant(*before, signed), user(result("a"), at="messages[2]")]
    written = write(Request(format="google_generate", model="m", messages=messages), dialect)
    plain = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    assert written["messages"][1]["tool_calls"] == [plain | expected]


def test_hints_to_cache_are_dropped_and_told() -> None:
    hint = CacheHint()
    assert told(
        user(Text(text="long", cache=hint)),
        instructions=Message(role="system", parts=[Text(text="Be brief", cache=hint)], at="system"),
        tools=[Tool(name="weather", cache=hint, at="tools[0]")],
        cache=hint,
    ) == ["system[0].cache_control", "messages[0].content[0].cache_control", "tools[0].cache_control", "cache_control"]


def test_that_a_tool_failed_is_dropped_and_told() -> None:
    messages = [user("Hi"), assistant(call("a")), user(result("a", failed=True), at="messages[2]")]
    assert told(*messages) == ["messages[2].content[0].is_error"]


def test_extra_fields_are_refused_unless_they_are_harmless() -> None:
    extras: Any = {"anthropic_messages": {"context_management": {"edits": []}}}
    assert told(user("Hi"), extras=extras) == ["context_management"]
    assert refused(user("Hi"), extras={"anthropic_messages": {"mcp_servers": [{}]}}) == "mcp_servers"


def test_a_stored_prompt_in_place_of_messages_is_what_is_refused() -> None:
    with pytest.raises(CannotCarry) as caught:
        write(Request(format="openai_responses", model="m", extras={"openai_responses": {"prompt": {"id": "pmpt_1"}}}))
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    ("source", "fields", "param"),
    [
        ("anthropic_messages", {"temperature": -1}, "temperature"),
        ("google_generate", {"temperature": 3}, "generationConfig.temperature"),
        ("google_generate", {"choices": 200}, "generationConfig.candidateCount"),
        ("anthropic_messages", {"max_output": 0}, "max_tokens"),
        ("anthropic_messages", {"stop": ["a", "b", "c", "d", "e"]}, "stop_sequences"),
        ("anthropic_messages", {"tools": [ForeignTool(format="x", kind="y", value={}, at="tools[0]")]}, "tools[0]"),
        ("google_generate", {"tools": [Tool(name="a.b", at="tools[0].functionDeclarations[0]")]}, None),
        ("anthropic_messages", {"tools": [Tool(name="f", parameters={"type": "string"}, at="tools[0]")]}, "tools[0]"),
        (
            "anthropic_messages",
            {"tools": [WEATHER], "tool_choice": ToolChoice(mode="required", names=["time"])},
            "tool_choice",
        ),
    ],
)
def test_what_openai_would_refuse_is_refused_in_the_clients_words(
    source: Any, fields: dict[str, Any], param: str | None
) -> None:
    with pytest.raises(CannotCarry) as caught:
        write(Request(format=source, model="m", messages=[user("Hi")], **fields))
    assert caught.value.param == (param or fields["tools"][0].at)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tools": [WEATHER], "tool_choice": ToolChoice(mode="required")}, {"tool_choice": "required"}),
        (
            {"tools": [WEATHER], "tool_choice": ToolChoice(mode="required", names=["weather"])},
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
        ),
        ({"tool_choice": ToolChoice(mode="auto"), "parallel_tool_calls": False}, {}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"thinking": Thinking(mode="on", budget=5000)}, {"reasoning_effort": "medium"}),
        ({"thinking": Thinking(mode="off")}, {"reasoning_effort": "minimal"}),
        ({"output": OutputFormat(kind="json")}, {"response_format": {"type": "json_object"}}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"max_output": 9, "stop": ["a"]}, {"max_completion_tokens": 9, "stop": ["a"]}),
        ({"top_logprobs": 3}, {}),
        ({"store": True, "user": "u"}, {"user": "u"}),
    ],
)
def test_parameters_are_said_in_chats_words(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    written = translated(user("Hi"), **fields)
    assert {name: value for name, value in written.items() if name not in ("model", "messages", "tools")} == expected


@pytest.mark.parametrize(
    ("fields", "dropped"),
    [
        ({"top_k": 5}, ["top_k"]),
        ({"service_tier": "provisioned"}, ["service_tier"]),
        ({"thinking": Thinking(mode="adaptive")}, ["thinking"]),
    ],
)
def test_wishes_that_chat_has_no_words_for_are_told(fields: dict[str, Any], dropped: list[str]) -> None:
    assert told(user("Hi"), **fields) == dropped


def test_a_choice_among_functions_does_not_hide_that_a_server_tool_cannot_be_carried() -> None:
    search = ForeignTool(format="google_generate", kind="googleSearch", value={}, at="tools[0].googleSearch")
    choice = ToolChoice(mode="required", names=["weather", "time"])
    assert refused(user("Hi"), tools=[WEATHER, search], tool_choice=choice) == "tools[0].googleSearch"


def test_a_tool_without_parameters_says_so() -> None:
    written = translated(user("Hi"), tools=[Tool(name="now", at="tools[0]")])
    assert written["tools"][0]["function"] == {"name": "now", "parameters": {"type": "object", "properties": {}}}


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": TEXT}, "required": [], "additionalProperties": False}, False),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}, False),
        ({"type": "object", "properties": {}, "required": []}, False),
        ({"type": "object", "properties": {}, "additionalProperties": False, "oneOf": []}, False),
    ],
)
def test_strictness_is_asked_for_only_where_openai_can_be_strict(schema: dict[str, Any], strict: bool) -> None:
    tool = Tool(name="f", parameters=schema, strict=True, at="tools[0]")
    output = OutputFormat(kind="schema", schema=schema, strict=True)
    written = translated(user("Hi"), tools=[tool], output=output)
    assert written["tools"][0]["function"].get("strict", False) is strict
    assert written["response_format"]["json_schema"]["strict"] is strict
    assert bool(told(user("Hi"), tools=[tool], output=output)) is not strict


@pytest.mark.parametrize(
    ("source", "expected"), [("anthropic_messages", True), ("google_generate", True), ("openai_responses", None)]
)
def test_a_schema_that_is_always_enforced_elsewhere_is_enforced_here(source: Any, expected: bool | None) -> None:
    schema = {"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False}
    output = OutputFormat(kind="schema", schema=schema)
    written = write(Request(format=source, model="m", messages=[user("Hi")], output=output))
    assert written["response_format"]["json_schema"].get("strict") is expected


def test_a_schema_without_a_name_gets_one() -> None:
    output = OutputFormat(kind="schema", schema={"type": "object"})
    assert translated(user("Hi"), output=output)["response_format"]["json_schema"]["name"] == "answer"
