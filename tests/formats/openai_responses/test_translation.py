"""Requests of other formats, written for a provider of this one."""

import base64
from typing import Any

import pytest
from tests.formats.openai_responses.speaking import OPENAI, written

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    CacheHint,
    Citation,
    File,
    Foreign,
    ForeignTool,
    FormatName,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    Refusal,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.formats.openai_responses import FORMAT

DATA = base64.b64encode(b"data").decode()
CLOSED = {
    "type": "object",
    "properties": {"x": {"type": "integer"}},
    "required": ["x"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {"x": {"type": "integer"}}}


def message(role: Role, *parts: AnyPart, at: str = "messages[0]") -> Message:
    return Message(role=role, parts=list(parts), at=at)


def asking(*messages: Message, source: FormatName = "anthropic_messages", **fields: Any) -> Request:
    return Request(format=source, model="m", messages=list(messages) or [message("user", Text(text="Hi"))], **fields)


def items(*messages: Message, source: FormatName = "anthropic_messages", dialect: Dialect = PLAIN) -> Any:
    return written(asking(*messages, source=source), dialect)[0]["input"]


def refused(request: Request, dialect: Dialect = PLAIN) -> str:
    with pytest.raises(CannotCarry) as raised:
        FORMAT.write_request(request, dialect, Losses())
    return raised.value.param


def test_a_turn_becomes_as_many_items_as_it_takes() -> None:
    found = items(
        message("user", Text(text="Add")),
        message(
            "assistant",
            Text(text="I "),
            Text(text="call."),
            ToolCall(id="a", name="f", arguments='{"x":1}'),
            ToolCall(id="b", name="g"),
            at="messages[1]",
        ),
        message(
            "user",
            ToolResult(call="a", content=[Text(text="1")]),
            ToolResult(call="b", content=[Text(text="2"), Image(data=DATA, media_type="image/png")]),
            Text(text="So?"),
            at="messages[2]",
        ),
    )
    assert found == [
        {"type": "message", "role": "user", "content": "Add"},
        {"type": "message", "role": "assistant", "content": "I call."},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x":1}'},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "1"},
        {
            "type": "function_call_output",
            "call_id": "b",
            "output": [
                {"type": "input_text", "text": "2"},
                {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{DATA}"},
            ],
        },
        {"type": "message", "role": "user", "content": "So?"},
    ]


def test_parts_of_a_users_message() -> None:
    (found,) = items(
        message(
            "user",
            Text(text="See"),
            Image(url="https://e.com/a.png", detail="high"),
            File(data=DATA, media_type="application/pdf"),
            File(text="words", name="notes"),
            File(url="https://e.com/a.pdf"),
        )
    )
    assert found["content"] == [
        {"type": "input_text", "text": "See"},
        {"type": "input_image", "detail": "high", "image_url": "https://e.com/a.png"},
        {"type": "input_file", "file_data": f"data:application/pdf;base64,{DATA}", "filename": "document.pdf"},
        {
            "type": "input_file",
            "file_data": f"data:text/plain;base64,{base64.b64encode(b'words').decode()}",
            "filename": "notes",
        },
        {"type": "input_file", "file_url": "https://e.com/a.pdf"},
    ]


def test_system_messages_stay_where_they_are_and_instructions_apart() -> None:
    request = asking(
        message("user", Text(text="Hi")),
        message("system", Text(text="Now shout."), at="messages[1]"),
        instructions=Message(role="system", parts=[Text(text="Be brief."), Text(text="Be kind.")], at="system"),
    )
    document, dropped = written(request)
    assert document["instructions"] == "Be brief.\n\nBe kind."
    assert document["input"][1] == {"type": "message", "role": "system", "content": "Now shout."}
    assert written(request, Dialect(system_role="developer"))[0]["input"][1]["role"] == "developer"
    assert dropped == []


def test_what_the_assistant_said_is_a_string() -> None:
    request = asking(
        message("user", Text(text="Hi")),
        message(
            "assistant", Text(text="See ", citations=[Citation(url="https://e.com")]), Refusal(text="no."), at="m[1]"
        ),
        message("assistant", Text(text=""), at="m[2]"),
    )
    document, dropped = written(request)
    assert document["input"][1:] == [{"type": "message", "role": "assistant", "content": "See no."}]
    assert dropped == ["m[1].content[0].citations"]


def test_calls_without_ids_get_one_and_their_results_find_them() -> None:
    found = items(
        message("user", Text(text="Add")),
        message("assistant", ToolCall(name="f"), ToolCall(name="g"), ToolCall(name="f"), at="contents[1]"),
        message("user", ToolResult(name="g"), ToolResult(name="f"), ToolResult(name="f"), at="contents[2]"),
        source="google_generate",
    )
    first, second, third = (item["call_id"] for item in found[1:4])
    assert len({first, second, third}) == 3
    assert [item["call_id"] for item in found[4:]] == [second, first, third]


def test_ids_that_come_twice_or_are_too_long_are_replaced() -> None:
    long = "x" * 100
    found = items(
        message("user", Text(text="Add")),
        message("assistant", ToolCall(id="0", name="f"), at="messages[1]"),
        message("tool", ToolResult(call="0"), at="messages[2]"),
        message("assistant", ToolCall(id="0", name="f"), ToolCall(id=long, name="f"), at="messages[3]"),
        message("tool", ToolResult(call="0"), ToolResult(call=long), at="messages[4]"),
        source="openai_chat",
    )
    ids = [item["call_id"] for item in found[1:]]
    assert ids[0] == ids[1] == "0"
    assert ids[2] == ids[4] != "0"
    assert ids[3] == ids[5] != long
    assert all(len(one) <= 64 for one in ids)


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([message("tool", ToolResult(call="a"), at="messages[1]")], "messages[1]"),
        ([message("assistant", ToolCall(id="a", name="f"), at="messages[1]")], "messages[1]"),
        (
            [
                message("assistant", ToolCall(id="a", name="f"), at="messages[1]"),
                message("user", Text(text="Well?"), at="messages[2]"),
                message("tool", ToolResult(call="a"), at="messages[3]"),
            ],
            "messages[1]",
        ),
        ([message("user", Audio(data=DATA, media_type="audio/wav"), at="messages[1]")], "messages[1].content[0]"),
        ([message("user", File(file_id="file_1"), at="messages[1]")], "messages[1].content[0]"),
        ([message("user", File(url="gs://b/a.pdf"), at="messages[1]")], "messages[1].content[0]"),
        (
            [
                message("assistant", ToolCall(id="c", name="ns:add"), at="messages[1]"),
                message("user", ToolResult(call="c"), at="messages[2]"),
            ],
            "messages[1].content[0].name",
        ),
        ([message("user", File(data=DATA, media_type="video/mp4"), at="messages[1]")], "messages[1].content[0]"),
        (
            [message("user", Text(text="x"), Foreign(format="anthropic_messages", kind="container_upload"), at="m")],
            "m.content[1]",
        ),
        ([message("assistant", Image(data=DATA, media_type="image/png"), at="messages[1]")], "messages[1].content[0]"),
    ],
)
def test_what_the_api_would_refuse_is_refused_by_name(messages: list[Message], param: str) -> None:
    assert refused(asking(message("user", Text(text="Hi")), *messages)) == param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"stop": ["END"]}, "stop_sequences"),
        ({"choices": 2}, "choices"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"tools": [ForeignTool(format="anthropic_messages", kind="bash", value={}, at="tools[0]")]}, "tools[0]"),
        ({"tools": [Tool(name="ns:add", at="tools[0]")]}, "tools[0].name"),
        ({"extras": {"anthropic_messages": {"container": "c"}}}, "container"),
    ],
)
def test_parameters_without_words_are_refused_in_the_clients_terms(fields: dict[str, Any], param: str) -> None:
    assert refused(asking(**fields)) == param


def test_the_operator_may_want_them_dropped() -> None:
    losses = Losses(drop_all=True)
    request = asking(
        message("user", Text(text="Hi"), Foreign(format="anthropic_messages", kind="x")),
        stop=["END"],
        tools=[ForeignTool(format="anthropic_messages", kind="bash", value={}, at="tools[0]")],
    )
    document = FORMAT.write_request(request, PLAIN, losses)
    assert losses.dropped == ["messages[0].content[1]", "stop_sequences", "tools[0]"]
    assert document["input"] == [{"type": "message", "role": "user", "content": "Hi"}]


def test_what_is_harmless_is_dropped_and_told() -> None:
    request = asking(
        message("user", Text(text="Hi", cache=CacheHint(ttl="1h"))),
        top_k=5,
        seed=1,
        presence_penalty=0.5,
        frequency_penalty=0,
        service_tier="standard_only",
        extras={"anthropic_messages": {"metadata": {"k": "v"}}},
    )
    document, dropped = written(request)
    assert dropped == [
        "metadata",
        "messages[0].content[0].cache_control",
        "presence_penalty",
        "top_k",
        "seed",
        "service_tier",
    ]
    assert set(document) == {"model", "input", "store"}


def test_what_chat_says_in_the_same_words_is_kept() -> None:
    request = asking(
        source="openai_chat",
        user="u",
        metadata={"a": "b"},
        cache_key="k",
        service_tier="flex",
        verbosity="low",
        store=True,
        stream=True,
        logprobs=True,
        top_logprobs=3,
        extras={"openai_chat": {"safety_identifier": "s", "prompt_cache_retention": "24h"}},
    )
    document, dropped = written(request)
    assert dropped == []
    document.pop("input")
    assert document == {
        "model": "m",
        "user": "u",
        "metadata": {"a": "b"},
        "prompt_cache_key": "k",
        "service_tier": "flex",
        "text": {"verbosity": "low"},
        "store": True,
        "stream": True,
        "include": ["message.output_text.logprobs"],
        "top_logprobs": 3,
        "safety_identifier": "s",
        "prompt_cache_retention": "24h",
    }


def test_nothing_is_stored_unless_the_client_wants_it() -> None:
    assert written(asking())[0]["store"] is False


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        (Tool(name="f"), {"parameters": {"type": "object", "properties": {}}, "strict": False}),
        (Tool(name="f", description="D", parameters=OPEN), {"parameters": OPEN, "strict": False, "description": "D"}),
        (Tool(name="f", parameters=CLOSED, strict=True), {"parameters": CLOSED, "strict": True}),
    ],
)
def test_tools(tool: Tool, found: dict[str, Any]) -> None:
    document, dropped = written(asking(tools=[tool]))
    assert document["tools"] == [{"type": "function", "name": "f", **found}]
    assert dropped == []


def test_a_tool_that_strict_mode_would_refuse_is_sent_without_it() -> None:
    document, dropped = written(asking(tools=[Tool(name="f", parameters=OPEN, strict=True, at="tools[0]")]))
    assert document["tools"][0]["strict"] is False
    assert dropped == ["tools[0].strict"]


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (ToolChoice(mode="auto"), "auto"),
        (ToolChoice(mode="none"), "none"),
        (ToolChoice(mode="required"), "required"),
        (ToolChoice(mode="required", names=["f"]), {"type": "function", "name": "f"}),
        (
            ToolChoice(mode="auto", names=["f"]),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_tool_choices(choice: ToolChoice, found: Any) -> None:
    assert written(asking(tools=[Tool(name="f")], tool_choice=choice))[0]["tool_choice"] == found
    assert "tool_choice" not in written(asking(tool_choice=ToolChoice(mode="auto")))[0]


@pytest.mark.parametrize(
    ("source", "output", "found"),
    [
        (
            "anthropic_messages",
            OutputFormat(kind="schema", schema=CLOSED),
            {"type": "json_schema", "name": "answer", "schema": CLOSED, "strict": True},
        ),
        (
            "google_generate",
            OutputFormat(kind="schema", schema=OPEN),
            {"type": "json_schema", "name": "answer", "schema": OPEN, "strict": False},
        ),
        (
            "openai_chat",
            OutputFormat(kind="schema", name="a name", schema=OPEN),
            {"type": "json_schema", "name": "a_name", "schema": OPEN},
        ),
        ("openai_chat", OutputFormat(kind="json"), {"type": "json_object"}),
    ],
)
def test_the_shape_of_the_answer(source: FormatName, output: OutputFormat, found: Any) -> None:
    assert written(asking(source=source, output=output))[0]["text"] == {"format": found}


def test_json_is_asked_for_in_words_because_the_api_wants_it() -> None:
    json = OutputFormat(kind="json")
    assert written(asking(output=json))[0]["instructions"] == "Answer with JSON."
    assert "instructions" not in written(asking(message("user", Text(text="As JSON!")), output=json))[0]


@pytest.mark.parametrize(
    ("thinking", "dialect", "found"),
    [
        (Thinking(mode="on", budget=1024), PLAIN, {"effort": "minimal", "summary": "auto"}),
        (Thinking(mode="on", budget=8000, shown=False), PLAIN, {"effort": "medium"}),
        (Thinking(mode="on", budget=60_000), Dialect(efforts=("low", "xhigh")), {"effort": "xhigh", "summary": "auto"}),
        (Thinking(mode="adaptive"), PLAIN, {"summary": "auto"}),
        (Thinking(mode="off"), PLAIN, {"effort": "minimal"}),
        (Thinking(mode="off"), Dialect(efforts=("none", "high")), {"effort": "none"}),
        (Thinking(effort="max"), PLAIN, {"effort": "high"}),
    ],
)
def test_how_much_to_think(thinking: Thinking, dialect: Dialect, found: Any) -> None:
    assert written(asking(thinking=thinking), dialect)[0]["reasoning"] == found


def test_a_model_that_does_not_think_is_not_asked_to() -> None:
    document, dropped = written(asking(thinking=Thinking(mode="on", budget=2000)), Dialect(thinks=""))
    assert "reasoning" not in document
    assert dropped == ["thinking"]


def test_reasoning_goes_back_to_its_issuer_only_and_never_alone() -> None:
    signed = Reasoning(summary=["hm"], encrypted="gAAAAx", issuer="openai", id="rs_1")
    talk = [
        message("user", Text(text="Hi")),
        message("assistant", signed, Text(text="Yes"), at="messages[1]"),
        message("assistant", signed, at="messages[2]"),
    ]
    document, dropped = written(asking(*talk), OPENAI)
    assert document["input"][1] == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAAAx",
    }
    assert document["include"] == ["reasoning.encrypted_content"]
    assert dropped == ["messages[2].content[0]"]
    document, dropped = written(asking(*talk), Dialect(issuer="xai"))
    assert len(document["input"]) == 2
    assert dropped == ["messages[1].content[0]", "messages[2].content[0]"]


def test_plain_reasoning_goes_to_those_that_want_it() -> None:
    thought = Reasoning(text="hm")
    talk = [message("user", Text(text="Hi")), message("assistant", thought, Text(text="Yes"), at="messages[1]")]
    found = items(*talk, dialect=Dialect(replays_reasoning="always"))
    assert found[1]["content"] == [{"type": "reasoning_text", "text": "hm"}]
    assert len(items(*talk)) == 2


def test_caps_are_kept_within_what_api_and_model_take() -> None:
    document, dropped = written(asking(max_output=1, temperature=1.5), Dialect(most_temperature=1.0))
    assert (document["max_output_tokens"], document["temperature"]) == (16, 1.0)
    assert dropped == ["max_tokens"]
    assert written(asking(max_output=9000), Dialect(max_output=4000))[0]["max_output_tokens"] == 4000


@pytest.mark.parametrize(
    ("request_", "refuses", "param"),
    [
        (asking(tools=[Tool(name="f")]), "tools", "tools"),
        (asking(tools=[Tool(name="f")], tool_choice=ToolChoice(mode="required")), "forced_tool", "tool_choice"),
        (asking(output=OutputFormat(kind="schema", schema=OPEN)), "output_schema", "output_config.format"),
        (asking(message("user", Image(url="https://e.com/a.png"))), "image_urls", "messages[0].content[0]"),
        (asking(message("user", Image(data=DATA))), "images", "messages[0].content[0]"),
        (asking(message("user", Text(text="x")), message("assistant", Text(text="y"), at="m[1]")), "prefill", "m[1]"),
    ],
)
def test_what_the_model_cannot_do_is_refused_by_name(request_: Request, refuses: Any, param: str) -> None:
    assert refused(request_, Dialect(refuses=frozenset({refuses}))) == param
