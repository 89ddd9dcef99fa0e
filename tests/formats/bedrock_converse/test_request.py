"""Requests in this format: read and written back as they were, changed where they are changed, refused by path."""

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.formats.bedrock_converse.recorded import REQUESTS, request_body

from trunkline.formats.bedrock_converse import FORMAT
from trunkline.formats.conversation import (
    CacheHint,
    File,
    Foreign,
    ForeignTool,
    Image,
    Reasoning,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import Sealed, seal

HALLO = {"role": "user", "content": [{"text": "Hallo"}]}


def read(document: dict[str, Any]) -> Request:
    return FORMAT.read_request(document, Place(model="m", stream=True))


def write(request: Request, dialect: Dialect = PLAIN) -> dict[str, Any]:
    losses = Losses()
    document = FORMAT.write_request(request, dialect, losses)
    assert losses.dropped == []
    return document


def asking(*content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A request whose one message has this content."""
    return {"messages": [{"role": "user", "content": list(content)}], **fields}


@pytest.mark.shared
@pytest.mark.parametrize("name", REQUESTS)
def test_a_recorded_request_is_written_back_as_it_came(name: str) -> None:
    document = request_body(name)
    before = copy.deepcopy(document)
    assert write(read(document)) == before
    assert document == before


EVERYTHING: dict[str, Any] = {
    "messages": [
        {
            "role": "user",
            "content": [
                {"text": "Look"},
                {"cachePoint": {"type": "default", "ttl": "1h"}},
                {"image": {"format": "png", "source": {"bytes": "aGk="}}},
                {"image": {"format": "bmp", "source": {"bytes": "aGk="}}},
                {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/a", "bucketOwner": "1"}}}},
                {"document": {"format": "md", "name": "notes", "source": {"text": "# One"}, "context": "old"}},
                {"document": {"name": "bare", "source": {"text": ""}}},
                {"document": {"format": "pdf", "name": "paper", "source": {"bytes": "aGk="}}},
                {"document": {"format": "txt", "name": "parts", "source": {"content": [{"text": "a"}, {"text": "b"}]}}},
                {"video": {"format": "mpg", "source": {"s3Location": {"uri": "s3://bucket/v"}}}},
                {"audio": {"format": "mpga", "source": {"bytes": "aGk="}}},
                {"guardContent": {"text": {"text": "secret", "qualifiers": ["query"]}}},
                {"guardContent": {"image": {"format": "png", "source": {"bytes": "aGk="}}}},
                {"searchResult": {"source": "s", "title": "t", "content": [{"text": "c"}]}},
                {"cachePoint": {"type": "default"}},
                {"cachePoint": {"type": "default"}},
            ],
            "later": 1,
        },
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig=="}}},
                {"reasoningContent": {"redactedContent": "aGk="}},
                {"citationsContent": {"content": [{"text": "so"}], "citations": [{"source": "x", "location": {}}]}},
                {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1.0}}},
                {"toolUse": {"toolUseId": "t2", "name": "g", "input": "text", "type": "tool_use"}},
                {"toolUse": {"toolUseId": "t3", "name": "search", "input": {}, "type": "server_tool_use"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"json": {"b": [1, None]}}], "status": "success"}},
                {"toolResult": {"toolUseId": "t2", "content": [{"text": "no"}], "status": "error"}},
                {"toolResult": {"toolUseId": "t3", "content": [], "type": "search_result"}},
            ],
        },
        {"role": "system", "content": [{"toolAddition": {"tool": {"type": "tool", "name": "f"}}}]},
    ],
    "system": [{"text": "Be brief"}, {"cachePoint": {"type": "default"}}],
    "inferenceConfig": {"maxTokens": 100, "temperature": 1, "topP": 0.5, "stopSequences": ["|"], "later": None},
    "toolConfig": {
        "tools": [
            {
                "toolSpec": {
                    "name": "f",
                    "description": "F",
                    "inputSchema": {"json": {"type": "object"}},
                    "strict": True,
                }
            },
            {"toolSpec": {"name": "g", "description": "", "inputSchema": {"json": {}}}},
            {"cachePoint": {"type": "default"}},
            {"systemTool": {"name": "search"}},
        ],
        "toolChoice": {"tool": {"name": "f"}},
    },
    "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
    "additionalModelRequestFields": {
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "top_k": 5,
        "tool_choice": {"disable_parallel_tool_use": True},
        "anthropic_beta": ["b"],
    },
    "additionalModelResponseFieldPaths": ["/stop_sequence"],
    "outputConfig": {
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"schema": '{"type": "object" }', "name": "n", "description": "d"}},
        },
        "effort": "high",
    },
    "promptVariables": {"v": {"text": "x"}},
    "requestMetadata": {"team": "a"},
    "serviceTier": {"type": "flex"},
    "performanceConfig": {"latency": "optimized"},
    "later": {"x": 1},
}


def test_everything_the_format_has_is_written_back() -> None:
    before = copy.deepcopy(EVERYTHING)
    assert write(read(EVERYTHING)) == before


def test_what_neutral_types_have_a_place_for_is_there() -> None:
    request = read(EVERYTHING)
    assert (request.model, request.stream, request.max_output) == ("m", True, 100)
    assert request.instructions is not None
    assert request.instructions.parts == [Text(text="Be brief", cache=CacheHint())]
    first, _, result, _ = request.messages
    assert first.parts[0].cache == CacheHint(ttl="1h")
    assert [type(part) for part in first.parts[1:4]] == [Image] * 3
    assert first.parts[3] == Image(
        media_type="image/jpeg", url="s3://bucket/a", extras={"bedrock_converse": {"s3Location": {"bucketOwner": "1"}}}
    )
    paper = first.parts[6]
    assert paper == File(media_type="application/pdf", name="paper", data="aGk=")
    reasoning, redacted = request.messages[1].parts[:2]
    assert reasoning == Reasoning(text="hm", signature="sig==", issuer="anthropic")
    assert redacted == Reasoning(encrypted="aGk=", issuer="anthropic")
    assert request.messages[1].parts[3] == ToolCall(id="t1", name="f", arguments='{"a":1.0}')
    assert isinstance(request.messages[1].parts[5], Foreign)
    answer = result.parts[0]
    assert isinstance(answer, ToolResult)
    assert (answer.call, answer.failed) == ("t1", False)
    assert answer.content == [Text(text='{"b":[1,null]}', spelling={"text": "json"})]
    tool, second, third = request.tools
    assert isinstance(tool, Tool)
    assert (tool.name, tool.strict, tool.at) == ("f", True, "toolConfig.tools[0]")
    assert isinstance(second, Tool)
    assert second.cache == CacheHint()
    assert isinstance(third, ForeignTool)
    assert request.thinking is not None
    assert (request.thinking.mode, request.thinking.budget, request.thinking.effort) == ("on", 2000, "high")
    assert (request.top_k, request.parallel_tool_calls) == (5, False)
    assert request.output is not None
    assert request.output.schema == {"type": "object"}
    assert (request.metadata, request.service_tier) == ({"team": "a"}, "flex")
    assert set(request.extras["bedrock_converse"]) == {
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "guardrailConfig",
        "inferenceConfig",
        "later",
        "performanceConfig",
        "promptVariables",
    }


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        (lambda request: setattr(request.messages[0].parts[0], "text", "See"), "messages.0.content.0.text", "See"),
        (
            lambda request: setattr(request.messages[0].parts[10], "text", "x"),
            "messages.0.content.11.guardContent.text.text",
            "x",
        ),
        (lambda request: setattr(request, "temperature", 0.5), "inferenceConfig.temperature", 0.5),
        (lambda request: setattr(request.tools[0], "description", "G"), "toolConfig.tools.0.toolSpec.description", "G"),
        (
            lambda request: setattr(request.messages[1].parts[3], "arguments", '{"a":2}'),
            "messages.1.content.3.toolUse.input",
            {"a": 2},
        ),
        (
            lambda request: setattr(request.messages[2].parts[0].content[0], "text", "[REDACTED]"),
            "messages.2.content.0.toolResult.content",
            [{"text": "[REDACTED]"}],
        ),
        (
            lambda request: setattr(request.output, "schema", {"type": "array"}),
            "outputConfig.textFormat.structure.jsonSchema.schema",
            '{"type":"array"}',
        ),
        (
            lambda request: setattr(request.thinking, "budget", 4000),
            "additionalModelRequestFields.thinking.budget_tokens",
            4000,
        ),
    ],
)
def test_changing_one_thing_changes_exactly_that(change: Callable[[Request], None], path: str, value: Any) -> None:
    request = read(EVERYTHING)
    change(request)
    expected = copy.deepcopy(EVERYTHING)
    *way, last = path.split(".")
    place: Any = expected
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    assert write(request) == expected


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({"reasoning_config": {"type": "enabled", "budget_tokens": 1024}}, Thinking(mode="on", budget=1024)),
        ({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}, Thinking(mode="on", effort="low")),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, Thinking(mode="adaptive", shown=False)),
        ({"thinking": {"type": "disabled"}}, Thinking(mode="off")),
        ({"reasoning_effort": "high"}, Thinking(effort="high")),
        ({"output_config": {"effort": "max", "other": 1}}, Thinking(effort="max")),
        ({"thinking": {"type": "enabled", "unheard": 1}}, None),
        ({"inferenceConfig": {"topK": 20}}, None),
    ],
)
def test_reasoning_is_asked_for_in_each_familys_own_words(fields: dict[str, Any], thinking: Thinking | None) -> None:
    document = asking({"text": "?"}, additionalModelRequestFields=fields)
    request = read(document)
    said = request.thinking
    assert thinking == (None if said is None else msgspec.structs.replace(said, spelling={}))
    assert write(request) == document


def test_the_place_of_top_k_is_kept() -> None:
    document = asking({"text": "?"}, additionalModelRequestFields={"inferenceConfig": {"topK": 20, "x": 1}})
    request = read(document)
    assert request.top_k == 20
    request.top_k = 7
    assert write(request)["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 7, "x": 1}}


def test_the_messages_may_stand_in_a_prompt_that_the_provider_keeps() -> None:
    document = {"promptVariables": {"topic": {"text": "cats"}}}
    assert write(read(document)) == document


@pytest.mark.parametrize(
    ("document", "param", "code"),
    [
        ({}, "messages", "missing_required_parameter"),
        ({"messages": {}}, "messages", "invalid_type"),
        ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": []}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "tool", "content": []}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "messages[0].content", "invalid_type"),
        (asking({"text": 1}), "messages[0].content[0].text", "invalid_type"),
        (asking({"txt": "x"}), "messages[0].content[0]", "invalid_value"),
        (asking({"json": {}}), "messages[0].content[0]", "invalid_value"),
        (asking({"text": "a", "image": {}}), "messages[0].content[0]", "invalid_value"),
        (asking({"image": {"format": "png"}}), "messages[0].content[0].image.source", "missing_required_parameter"),
        (
            asking({"image": {"format": "png", "source": {"bytes": "no base64!"}}}),
            "messages[0].content[0].image.source.bytes",
            "invalid_value",
        ),
        (
            asking({"toolResult": {"toolUseId": "a", "content": [{"toolUse": {}}]}}),
            "messages[0].content[0].toolResult.content[0]",
            "invalid_value",
        ),
        (
            asking({"toolUse": {"toolUseId": "a", "name": "f"}}),
            "messages[0].content[0].toolUse.input",
            "missing_required_parameter",
        ),
        ({"messages": [HALLO], "system": "Be brief"}, "system", "invalid_type"),
        ({"messages": [HALLO], "system": [{"image": {}}]}, "system[0]", "invalid_value"),
        ({"messages": [HALLO], "inferenceConfig": {"maxTokens": "1"}}, "inferenceConfig.maxTokens", "invalid_type"),
        ({"messages": [HALLO], "inferenceConfig": {"topP": True}}, "inferenceConfig.topP", "invalid_type"),
        ({"messages": [HALLO], "toolConfig": {}}, "toolConfig.tools", "missing_required_parameter"),
        ({"messages": [HALLO], "toolConfig": {"tools": [{"spec": {}}]}}, "toolConfig.tools[0]", "invalid_value"),
        (
            {"messages": [HALLO], "toolConfig": {"tools": [{"toolSpec": {"inputSchema": {}}}]}},
            "toolConfig.tools[0].toolSpec.name",
            "missing_required_parameter",
        ),
    ],
)
def test_what_no_model_could_understand_is_refused_by_its_path(document: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(ShapeError) as raised:
        read(document)
    assert (raised.value.param, raised.value.code) == (param, code)
    assert f"'{param}'" in str(raised.value)


def test_reasoning_goes_back_only_to_who_made_it() -> None:
    document = {
        "messages": [
            HALLO,
            {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "own", "signature": "sig"}}},
                    {"reasoningContent": {"reasoningText": {"text": "x", "signature": seal(Sealed("google", "g"))}}},
                    {"reasoningContent": {"reasoningText": {"text": "unsigned"}}},
                    {"text": "Hi"},
                ],
            },
        ]
    }
    request, losses = read(document), Losses()
    assert isinstance(request.messages[1].parts[1], Reasoning)
    assert (request.messages[1].parts[1].issuer, request.messages[1].parts[1].signature) == ("google", "g")
    sent = FORMAT.write_request(request, Dialect(issuer="anthropic"), losses)["messages"][1]["content"]
    assert [next(iter(block)) for block in sent] == ["reasoningContent", "reasoningContent", "text"]
    assert sent[0] == document["messages"][1]["content"][0]  # type: ignore[index]  # a list of objects
    assert losses.dropped == ["messages[1].content[1]"]


def test_the_models_limits_are_kept_in_this_format_too() -> None:
    request = read(asking({"text": "?"}, inferenceConfig={"maxTokens": 9000, "temperature": 0.9}))
    sent = write(request, Dialect(max_output=4096, most_temperature=0.5))
    assert sent["inferenceConfig"] == {"maxTokens": 4096, "temperature": 0.5}


def test_ids_of_calls_fit_the_models_rule_on_both_ends() -> None:
    call = {"toolUse": {"toolUseId": "functions.f:0", "name": "f", "input": {}}}
    result = {"toolResult": {"toolUseId": "functions.f:0", "content": [{"text": "1"}]}}
    document = {
        "messages": [HALLO, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]},
    }
    sent = write(read(document), Dialect(tool_call_id="word"))["messages"]
    assert sent[1]["content"][0]["toolUse"]["toolUseId"] == sent[2]["content"][0]["toolResult"]["toolUseId"]
    assert sent[1]["content"][0]["toolUse"]["toolUseId"].startswith("call_")


def test_the_path_has_the_models_id_encoded() -> None:
    assert FORMAT.path("us.anthropic.claude-v1:0", False) == "/model/us.anthropic.claude-v1%3A0/converse"
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/x"
    assert FORMAT.path(arn, True) == (
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse-stream"
    )
