"""Requests: read, and written back as they were."""

from typing import Any

import pytest
from tests.formats.google_generate.speaking import again, contents, hello, read

from trunkline.formats.conversation import (
    Audio,
    File,
    Foreign,
    ForeignTool,
    Image,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.harmless import leave
from trunkline.formats.losses import Losses

CALL = {"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
SAME: dict[str, dict[str, Any]] = {
    "the shortest": hello(),
    "no role": {"contents": [{"parts": [{"text": "Hello"}]}]},
    "a null role": {"contents": [{"role": None, "parts": [{"text": "Hello"}]}]},
    "one content": {"contents": {"role": "user", "parts": {"text": "Hello"}}},
    "a function's role": contents(
        ("user", [{"text": "?"}]),
        ("model", [CALL]),
        ("function", [{"functionResponse": {"name": "add", "response": {"result": "2"}}}]),
    ),
    "an instruction": hello(systemInstruction={"role": "user", "parts": [{"text": "Be nice."}]}),
    "an instruction of one part": hello(system_instruction={"parts": {"text": ""}}),
    "an instruction as a string": hello(systemInstruction="Be nice."),
    "nulls": hello(systemInstruction=None, generationConfig=None, toolConfig=None, safetySettings=None),
    "the model in the body": hello(model="models/m"),
    "what nobody knows": hello(newThing={"a": [1, 2.0, None]}),
    "labels": hello(labels={"team": "a"}, serviceTier="flex", store=False, cachedContent="cachedContents/x"),
    "every setting": hello(
        generationConfig={
            "temperature": 1,
            "topP": 0.5,
            "top_k": 40,
            "candidateCount": 2,
            "maxOutputTokens": 9,
            "stopSequences": ["a"],
            "seed": 7,
            "presence_penalty": 0.0,
            "frequencyPenalty": 0.5,
            "responseLogprobs": True,
            "logprobs": 3,
            "responseModalities": ["TEXT"],
            "mediaResolution": "MEDIA_RESOLUTION_LOW",
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
            "thinkingConfig": {"include_thoughts": True, "thinkingBudget": -1, "newThing": 1},
        }
    ),
    "empty objects": hello(generationConfig={"stopSequences": [], "thinkingConfig": {}}, toolConfig={}, tools=[]),
    "a level of thought": hello(generationConfig={"thinkingConfig": {"thinkingLevel": "low"}}),
    "a level that is none": hello(
        generationConfig={"thinking_config": {"thinking_level": "THINKING_LEVEL_UNSPECIFIED"}}
    ),
    "numbers as protobuf takes them": hello(
        generationConfig={"maxOutputTokens": "100", "candidate_count": 1.0, "seed": -7.0, "topK": 2.0, "topP": "0.5"}
    ),
    "a level from later": hello(generationConfig={"thinkingConfig": {"thinkingLevel": "EXTREME"}}),
    "no thought": hello(generationConfig={"thinkingConfig": {"thinkingBudget": 0}}),
    "JSON": hello(generationConfig={"responseMimeType": "application/json"}),
    "plain text": hello(generationConfig={"responseMimeType": "text/plain"}),
    "JSON Schema": hello(
        generationConfig={"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}}
    ),
    "a Schema": hello(
        generationConfig={
            "responseMimeType": "application/json",
            "response_schema": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}},
        }
    ),
    "an enum": hello(
        generationConfig={"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}}
    ),
    "tools": hello(
        tools=[
            {"functionDeclarations": [{"name": "a", "description": ""}, {"name": "b", "parameters": {"type": 6}}]},
            {"google_search": {}, "codeExecution": None},
            {"function_declarations": [{"name": "c", "parameters_json_schema": {"type": "object"}, "behavior": "X"}]},
            {},
            {"functionDeclarations": []},
        ],
        toolConfig={
            "functionCallingConfig": {
                "mode": "ANY",
                "allowedFunctionNames": ["a"],
                "streamFunctionCallArguments": True,
            },
            "includeServerSideToolInvocations": True,
        },
    ),
    "one tool": hello(tools={"functionDeclarations": [{"name": "a"}]}),
    "modes": hello(toolConfig={"function_calling_config": {"mode": "VALIDATED", "allowed_function_names": []}}),
    "a mode that is none": hello(toolConfig={"functionCallingConfig": {"mode": "MODE_UNSPECIFIED"}}),
    "a mode by number": hello(toolConfig={"functionCallingConfig": {"mode": 2}}),
    "a mode from later": hello(toolConfig={"functionCallingConfig": {"mode": "SOMETIMES"}}),
    "all parts": contents(
        (
            "user",
            [
                {"text": "a", "thought": False},
                {"text": "", "partMetadata": {"x": 1}},
                {"inline_data": {"mime_type": "image/png", "data": "aGk_"}, "mediaResolution": {"level": "X"}},
                {"inlineData": {"mimeType": "audio/wav", "data": "aGk"}},
                {"inlineData": {"mimeType": "application/pdf", "data": "aGk=", "displayName": "a.pdf"}},
                {"fileData": {"file_uri": "gs://b/a.png", "mimeType": "image/png", "display_name": "A"}},
                {"fileData": {"fileUri": "https://youtu.be/x"}, "videoMetadata": {"fps": 1}},
            ],
        ),
        (
            "model",
            [
                {"text": "thinking", "thought": True},
                {"text": "signed", "thought": True, "thoughtSignature": "c2ln"},
                {"text": "words", "thought_signature": "c2ln"},
                {"text": "", "thoughtSignature": "c2ln"},
                {"thoughtSignature": "c2ln"},
                {"thought": True, "thoughtSignature": "c2ln"},
                {"inlineData": {"mimeType": "image/png", "data": "aGk="}, "thought": True},
                {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "c2ln"},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
                {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "x", "args": {}}},
                {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "x"}},
                CALL,
                {"function_call": {"name": "add"}, "thought": False},
                {"functionCall": {"name": "add", "id": "c3", "args": None}},
            ],
        ),
        (
            "user",
            [
                {"functionResponse": {"name": "add", "response": {"output": "2"}}},
                {"function_response": {"name": "add", "response": {"error": "no"}, "willContinue": False}},
                {
                    "functionResponse": {
                        "id": "c3",
                        "name": "add",
                        "response": {"a": 1.0, "b": None},
                        "parts": [{"inline_data": {"mime_type": "image/png", "data": "aGk="}}],
                    }
                },
            ],
        ),
    ),
    "results of all kinds": contents(
        ("user", [{"text": "?"}]),
        ("model", [CALL, CALL, CALL, CALL]),
        (
            "user",
            [
                {"functionResponse": {"name": "add", "response": {"result": {"deep": [1]}}}},
                {"functionResponse": {"name": "add", "response": {"result": 5}}},
                {"functionResponse": {"name": "add", "response": {}}},
                {"functionResponse": {"name": "add"}},
            ],
        ),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_a_request_comes_back_as_it_was(name: str) -> None:
    assert again(SAME[name]) == SAME[name]


def test_parts_are_read_as_what_they_are() -> None:
    request = read(SAME["all parts"])
    kinds = [[type(part) for part in message.parts] for message in request.messages]
    assert kinds[0] == [Text, Text, Image, Audio, File, Image, File]
    assert kinds[1] == [
        Reasoning,
        Reasoning,
        Reasoning,  # the signature of the words behind it
        Text,
        Reasoning,
        Reasoning,
        Reasoning,
        Reasoning,  # a picture drawn in thought
        Foreign,
        Foreign,
        Foreign,
        Foreign,
        ToolCall,
        ToolCall,
        ToolCall,
    ]
    assert kinds[2] == [ToolResult, ToolResult, ToolResult]


def test_base64_of_the_sdk_is_read_in_the_standard_alphabet() -> None:
    picture, sound = read(SAME["all parts"]).messages[0].parts[2:4]
    assert isinstance(picture, Image)
    assert picture.data == "aGk/"
    assert isinstance(sound, Audio)
    assert sound.data == "aGk="


def test_calls_without_ids_and_their_results_are_paired_by_name_and_order() -> None:
    request = read(
        contents(
            ("user", [{"text": "?"}]),
            (
                "model",
                [{"functionCall": {"name": "a"}}, {"functionCall": {"name": "b"}}, {"functionCall": {"name": "a"}}],
            ),
            ("user", [{"functionResponse": {"name": name, "response": {}}} for name in ("a", "a", "b")]),
        )
    )
    first, second, third = (part.id for part in request.messages[1].parts if isinstance(part, ToolCall))
    answered = [part.call for part in request.messages[2].parts if isinstance(part, ToolResult)]
    assert answered == [first, third, second]
    assert len({first, second, third, ""}) == 4
    assert [part.id for part in read(SAME["results of all kinds"]).messages[1].parts if isinstance(part, ToolCall)] == [
        part.id for part in read(SAME["results of all kinds"]).messages[1].parts if isinstance(part, ToolCall)
    ]


def test_results_are_unwrapped() -> None:
    results = [part for part in read(SAME["results of all kinds"]).messages[2].parts if isinstance(part, ToolResult)]
    texts = [[part.text for part in result.content if isinstance(part, Text)] for result in results]
    assert texts == [['{"deep":[1]}'], ["5"], ["{}"], []]
    failed = [part for part in read(SAME["all parts"]).messages[2].parts if isinstance(part, ToolResult)][1]
    assert failed.failed is True


def test_settings_are_read_into_neutral_fields() -> None:
    request = read(SAME["every setting"])
    assert (request.temperature, request.top_p, request.top_k, request.choices) == (1, 0.5, 40, 2)
    assert (request.max_output, request.stop, request.seed, request.top_logprobs) == (9, ["a"], 7, 3)
    assert request.thinking is not None
    assert (request.thinking.mode, request.thinking.budget, request.thinking.shown) == ("adaptive", -1, True)
    assert set(request.extras["google_generate"]) == {
        "generationConfig.mediaResolution",
        "generationConfig.speechConfig",
        "generationConfig.thinkingConfig.newThing",
    }


def test_whole_numbers_may_be_written_as_strings_or_with_a_point() -> None:
    request = read(SAME["numbers as protobuf takes them"])
    assert (request.max_output, request.choices, request.seed) == (100, 1, -7)
    assert (request.top_k, request.top_p) == (2, 0.5)
    request.max_output = 99
    assert FORMAT.write_request(request, PLAIN, Losses())["generationConfig"]["maxOutputTokens"] == 99


def test_files_have_names_that_others_know() -> None:
    file = read(SAME["all parts"]).messages[0].parts[4]
    assert isinstance(file, File)
    assert file.name == "a.pdf"


def test_schemas_of_both_dialects_are_read_as_json_schema() -> None:
    schema = read(SAME["a Schema"]).output
    assert schema is not None
    assert schema.schema == {"type": "object", "properties": {"a": {"type": ["string", "null"]}}}
    tool = read(SAME["tools"]).tools[1]
    assert isinstance(tool, Tool)
    assert tool.parameters == {"type": "object"}


def test_tools_of_google_are_its_own() -> None:
    kinds = [tool.kind for tool in read(SAME["tools"]).tools if isinstance(tool, ForeignTool)]
    assert kinds == ["googleSearch"]


def test_places_are_told_in_camel_case_however_the_client_writes() -> None:
    request = read(hello(tools={"function_declarations": [{"name": "a"}], "google_search": {}}))
    assert [tool.at for tool in request.tools] == ["tools[0].functionDeclarations[0]", "tools[0].googleSearch"]


def test_what_stands_within_a_part_is_told_by_its_path() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "aGk=", "display_name": "A"}}
    response = {"name": "add", "response": {}, "scheduling": "WHEN_IDLE", "willContinue": True}
    losses = Losses()
    for part in read(contents(("user", [picture, {"functionResponse": response}]))).messages[0].parts:
        leave(part, "google_generate", "part", losses)
    assert losses.dropped == [
        "part.inlineData.displayName",
        "part.functionResponse.scheduling",
        "part.functionResponse.willContinue",
    ]


def test_a_change_of_one_field_changes_just_that() -> None:
    document = SAME["tools"]
    request = read(document)
    tool = request.tools[0]
    assert isinstance(tool, Tool)
    tool.description = "Something else"
    request.temperature = 0.5
    changed = FORMAT.write_request(request, PLAIN, Losses())
    assert changed["tools"][0]["functionDeclarations"].pop(0) == {"name": "a", "description": "Something else"}
    assert changed.pop("generationConfig") == {"temperature": 0.5}
    before = again(document)
    before["tools"][0]["functionDeclarations"].pop(0)
    assert changed == before


def test_a_changed_schema_is_written_anew_in_its_dialect() -> None:
    request = read(hello(tools=[{"functionDeclarations": [{"name": "a", "parameters": {"type": "OBJECT"}}]}]))
    tool = request.tools[0]
    assert isinstance(tool, Tool)
    tool.parameters = {"type": "object", "properties": {"x": {"type": "integer"}}}
    written = FORMAT.write_request(request, PLAIN, Losses())["tools"][0]["functionDeclarations"][0]
    assert written["parameters"] == {"type": "OBJECT", "properties": {"x": {"type": "INTEGER"}}}


def test_the_model_and_the_stream_are_in_the_path() -> None:
    request = read(hello(), Place(model="gemini-3-flash", stream=True, array=True))
    assert (request.model, request.stream, request.spelling["stream"]) == ("gemini-3-flash", True, "array")
    assert FORMAT.path("gemini-3-flash", False) == "/models/gemini-3-flash:generateContent"
    assert FORMAT.path("gemini-3-flash", True) == "/models/gemini-3-flash:streamGenerateContent?alt=sse"


def test_a_model_in_the_body_follows_the_one_it_is_sent_to() -> None:
    request = read(hello(model="models/m"))
    request.model = "gemini-3-flash"
    assert FORMAT.write_request(request, PLAIN, Losses())["model"] == "models/gemini-3-flash"


@pytest.mark.parametrize(
    ("document", "param", "code"),
    [
        ({}, "contents", "missing_required_parameter"),
        ({"contents": "Hello"}, "contents", "invalid_type"),
        ({"contents": [{"role": "robot", "parts": [{"text": ""}]}]}, "contents[0].role", "invalid_value"),
        ({"contents": [{"role": 1, "parts": [{"text": ""}]}]}, "contents[0].role", "invalid_type"),
        ({"contents": [{"role": "user"}]}, "contents[0].parts", "missing_required_parameter"),
        ({"contents": [{"role": "user", "parts": []}]}, "contents[0].parts", "invalid_value"),
        (contents(("user", [{}])), "contents[0].parts[0]", "invalid_value"),
        (contents(("user", [{"txt": "a"}])), "contents[0].parts[0]", "invalid_value"),
        (contents(("user", [{"text": 1}])), "contents[0].parts[0].text", "invalid_type"),
        (contents(("user", [{"text": "a", "functionCall": {}}])), "contents[0].parts[0]", "invalid_value"),
        (
            contents(("user", [{"inlineData": {"mimeType": "image/png", "data": "?"}}])),
            "contents[0].parts[0].inlineData.data",
            "invalid_value",
        ),
        (
            contents(("user", [{"functionResponse": {"response": {}}}])),
            "contents[0].parts[0].functionResponse.name",
            "missing_required_parameter",
        ),
        (hello(systemInstruction=[]), "systemInstruction", "invalid_type"),
        (
            hello(tools=[{"functionDeclarations": [{}]}]),
            "tools[0].functionDeclarations[0].name",
            "missing_required_parameter",
        ),
        (hello(generationConfig={"temperature": "hot"}), "generationConfig.temperature", "invalid_type"),
        (hello(generationConfig={"maxOutputTokens": 1.5}), "generationConfig.maxOutputTokens", "invalid_type"),
        (hello(generationConfig={"seed": "9" * 5000}), "generationConfig.seed", "invalid_type"),
        (hello(generationConfig={"maxOutputTokens": 1e300}), "generationConfig.maxOutputTokens", "invalid_type"),
        (hello(generationConfig={"seed": "seven"}), "generationConfig.seed", "invalid_type"),
        (hello(generationConfig=[]), "generationConfig", "invalid_type"),
    ],
)
def test_what_no_provider_could_understand_is_named(document: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(ShapeError) as refused:
        read(document)
    assert (refused.value.param, refused.value.code) == (param, code)
