"""Requests of other formats in Google's words: turns, calls and results, signatures, media, what is refused."""

from typing import Any

import msgspec
import pytest
from tests.formats.google_generate.speaking import GEMINI, answers, calls, dropped, foreign, read, says, written

from trunkline.formats.conversation import (
    AnyPart,
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
    ToolChoice,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import ShapeError
from trunkline.formats.google_generate.signatures import DUMMY, wrapped
from trunkline.formats.losses import CannotCarry
from trunkline.formats.sealed import Sealed, seal
from trunkline.formats.turns import SHOWN_BELOW


def turns(request: Request, dialect: Dialect = GEMINI) -> list[tuple[str, list[dict[str, Any]]]]:
    """Roles and parts of what is written."""
    return [(content["role"], content["parts"]) for content in written(request, dialect)["contents"]]


# Turns


def test_the_first_system_messages_become_the_instruction_and_later_ones_stay_in_their_place() -> None:
    request = foreign(says("system", "A"), says("user", "Hi"), says("developer", "B"), says("user", "there"))
    document = written(request)
    assert document["systemInstruction"] == {"parts": [{"text": "A"}]}
    marked = {"text": "<system-reminder>\nB\n</system-reminder>"}
    assert document["contents"] == [{"role": "user", "parts": [{"text": "Hi"}, marked, {"text": "there"}]}]
    assert dropped(request) == ["messages[2].role"]


def test_instructions_alone_are_said_by_the_user() -> None:
    document = written(foreign(says("system", "Tell a joke")))
    assert document == {"contents": [{"role": "user", "parts": [{"text": "Tell a joke"}]}]}


def test_the_user_begins() -> None:
    assert turns(foreign(says("assistant", "Hello"), says("user", "Hi"))) == [
        ("user", [{"text": " "}]),
        ("model", [{"text": "Hello"}]),
        ("user", [{"text": "Hi"}]),
    ]


def test_empty_texts_are_left_out_but_not_the_users_turn() -> None:
    assert turns(foreign(says("user", ""), says("assistant", ""), says("user", "Hi"))) == [
        ("user", [{"text": " "}, {"text": "Hi"}])
    ]


def test_a_begun_answer_is_refused_where_the_model_does_not_go_on_with_it() -> None:
    request = foreign(says("user", "Hi"), says("assistant", "I"))
    assert turns(request)[-1] == ("model", [{"text": "I"}])
    with pytest.raises(CannotCarry) as refused:
        written(request, msgspec.structs.replace(GEMINI, refuses=frozenset({"prefill"})))
    assert refused.value.param == "messages[1]"


def test_refusals_are_words_and_names_are_told() -> None:
    request = foreign(says("user", "Hi", name="Ann"), says("assistant", Refusal(text="No.")), says("user", "Please"))
    assert turns(request)[1] == ("model", [{"text": "No."}])
    assert dropped(request) == ["messages[0].name"]


# Calls and results


def test_results_come_right_after_their_calls_in_their_order_and_apart_from_words() -> None:
    request = foreign(
        says("user", "?"),
        says("assistant", "Let me see", calls("c1", "a"), calls("c2", "b")),
        says("tool", answers("c2", "two")),
        says("tool", answers("c1", "one")),
        says("user", "Go on"),
    )
    assert turns(request, PLAIN)[1:] == [
        (
            "model",
            [
                {"text": "Let me see"},
                {"functionCall": {"id": "c1", "name": "a", "args": {"a": 1}}},
                {"functionCall": {"id": "c2", "name": "b", "args": {"a": 1}}},
            ],
        ),
        (
            "user",
            [
                {"functionResponse": {"id": "c1", "name": "a", "response": {"output": "one"}}},
                {"functionResponse": {"id": "c2", "name": "b", "response": {"output": "two"}}},
            ],
        ),
        ("user", [{"text": "Go on"}]),
    ]


def test_a_failed_result_is_an_error_and_pictures_are_its_parts() -> None:
    picture = Image(data="aGk=", media_type="image/png")
    result = ToolResult(call="c1", content=[Text(text="no"), picture], failed=True)
    request = foreign(says("user", "?"), says("assistant", calls("c1")), says("tool", result))
    assert turns(request)[-1][1][0]["functionResponse"] == {
        "id": "c1",
        "name": "add",
        "response": {"error": "no"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}],
    }


@pytest.mark.parametrize(
    ("shown", "inside", "media_type"),
    [
        (Image(data="aGk=", media_type="image/png"), False, "image/png"),
        (Audio(data="aGk=", media_type="audio/wav"), True, "audio/wav"),
        (File(data="aGk=", media_type="application/zip"), True, "application/zip"),
    ],
)
def test_what_a_result_shows_stands_beside_it_where_a_model_takes_it_only_there(
    shown: AnyPart, inside: bool, media_type: str
) -> None:
    result = ToolResult(call="c1", content=[shown])
    request = foreign(
        says("user", "?"),
        says("assistant", calls("c1"), calls("c2")),
        says("tool", result, answers("c2", "two")),
        says("user", "Well?"),
    )
    dialect = msgspec.structs.replace(GEMINI, media_in_results=inside)
    first, second, medium = turns(request, dialect)[-2][1]
    assert first["functionResponse"] == {"id": "c1", "name": "add", "response": {"output": SHOWN_BELOW}}
    assert second["functionResponse"]["response"] == {"output": "two"}
    assert medium == {"inlineData": {"mimeType": media_type, "data": "aGk="}}
    assert turns(request, dialect)[-1] == ("user", [{"text": "Well?"}])


@pytest.mark.parametrize("arguments", ["", "null", "{}"])
def test_a_call_without_arguments_has_an_empty_object(arguments: str) -> None:
    request = foreign(
        says("user", "?"), says("assistant", calls("c1", "a", arguments)), says("tool", answers("c1", ""))
    )
    assert turns(request)[1][1][0]["functionCall"]["args"] == {}


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ([says("user", "?"), says("assistant", calls("c1"))], "messages[1].tool_calls[0]"),
        ([says("user", "?"), says("assistant", calls("c1")), says("user", "!")], "messages[1].tool_calls[0]"),
        ([says("user", "?"), says("tool", answers("c1", "x"))], "messages[1]"),
        (
            [says("user", "?"), says("assistant", calls("c1")), says("tool", answers("c1", "x"), answers("c1", "y"))],
            "messages[2]",
        ),
        ([says("user", "?"), says("assistant", answers("c1", "x"))], "messages[1]"),
    ],
)
def test_calls_and_results_that_do_not_fit_are_named(messages: list[Message], param: str) -> None:
    with pytest.raises(CannotCarry) as refused:
        written(foreign(*messages))
    assert refused.value.param == param


def test_arguments_that_are_cut_are_refused() -> None:
    with pytest.raises(CannotCarry) as refused:
        written(foreign(says("user", "?"), says("assistant", calls("c1", "a", '{"b'))))
    assert refused.value.param == "messages[1].tool_calls[0]"


# Signatures


def history(*parts: AnyPart) -> Request:
    """A turn of the model with these parts and a call, and its result."""
    return foreign(says("user", "?"), says("assistant", *parts, calls("c1")), says("tool", answers("c1", "x")))


def test_history_from_elsewhere_gets_the_dummy_on_its_first_call_only() -> None:
    request = foreign(
        says("user", "?"),
        says("assistant", calls("c1"), calls("c2")),
        says("tool", answers("c1", "x"), answers("c2", "y")),
    )
    parts = turns(request)[1][1]
    assert [part.get("thoughtSignature") for part in parts] == [DUMMY, None]
    assert all("thoughtSignature" not in part for part in turns(request, PLAIN)[1][1])


def test_a_signature_of_google_goes_back_onto_its_call() -> None:
    call = calls("c1")
    call.signature, call.issuer = "c2ln", "google"
    request = foreign(says("user", "?"), says("assistant", call), says("tool", answers("c1", "x")))
    assert turns(request)[1][1][0]["thoughtSignature"] == "c2ln"
    assert dropped(request, PLAIN) == ["messages[1].tool_calls[0].extra_content"]


def test_what_stands_where_a_signature_was_is_not_sent() -> None:
    call = calls("c1")
    call.signature, call.issuer = "<redacted by a library>", "google"
    request = foreign(says("user", "?"), says("assistant", call), says("tool", answers("c1", "x")))
    assert turns(request)[1][1][0]["thoughtSignature"] == DUMMY
    assert dropped(request) == ["messages[1].tool_calls[0].extra_content"]
    assert dropped(history(Reasoning(encrypted="[redacted]", issuer="google"))) == ["messages[1].reasoning"]


def test_a_signature_that_came_apart_goes_onto_what_follows() -> None:
    signature = Reasoning(encrypted="c2ln", issuer="google")
    assert turns(history(signature))[1][1][0]["thoughtSignature"] == "c2ln"
    assert turns(history(signature, Text(text="so")))[1][1][0] == {"text": "so", "thoughtSignature": "c2ln"}
    assert turns(foreign(says("user", "?"), says("assistant", "so", signature)))[1][1] == [
        {"text": "so"},
        {"text": "", "thoughtSignature": "c2ln"},
    ]


def test_reasoning_of_others_is_left_out_and_told() -> None:
    request = history(Reasoning(text="hm", signature="s", issuer="anthropic"))
    assert turns(request)[1][1] == [
        {"functionCall": {"id": "c1", "name": "add", "args": {"a": 1}}, "thoughtSignature": DUMMY}
    ]
    assert dropped(request) == ["messages[1].reasoning"]


def test_words_of_thought_go_where_the_dialect_wants_them() -> None:
    request = foreign(says("user", "?"), says("assistant", Reasoning(text="hm"), "so"), says("user", "!"))
    assert dropped(request) == ["messages[1].reasoning"]
    replaying = msgspec.structs.replace(GEMINI, replays_reasoning="always")
    assert turns(request, replaying)[1][1][0] == {"text": "hm", "thought": True}


def test_a_sealed_signature_that_a_google_client_brings_back_is_not_sent_to_google() -> None:
    proof = wrapped(seal(Sealed("anthropic", "their signature")))
    document: dict[str, Any] = {
        "contents": [
            {"role": "user", "parts": [{"text": "?"}]},
            {
                "role": "model",
                "parts": [
                    {"text": "one ", "thought": True},
                    {"text": "two", "thought": True},
                    {"text": "", "thought": True, "thoughtSignature": proof},
                    {"functionCall": {"name": "a", "args": {}}, "thoughtSignature": DUMMY},
                ],
            },
            {"role": "user", "parts": [{"functionResponse": {"name": "a", "response": {"result": "x"}}}]},
        ]
    }
    request = read(document)
    thought = request.messages[1].parts[0]
    assert isinstance(thought, Reasoning)
    assert (thought.text, thought.signature, thought.issuer) == ("one two", "their signature", "anthropic")
    assert written(request)["contents"][1]["parts"] == document["contents"][1]["parts"][3:]
    assert dropped(request) == ["contents[1].parts[0]"]


# Media


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Image(url="data:image/png;base64,aGk="), {"inlineData": {"mimeType": "image/png", "data": "aGk="}}),
        (Image(url="https://a.b/c.png?d"), {"fileData": {"mimeType": "image/png", "fileUri": "https://a.b/c.png?d"}}),
        (Image(data="iVBORw0KGgo="), {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}),
        (Image(file_id="gs://b/c.png"), {"fileData": {"mimeType": "image/png", "fileUri": "gs://b/c.png"}}),
        (Audio(data="aGk=", media_type="audio/wav"), {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}}),
        (Audio(id="audio_1", transcript="Hi"), {"text": "Hi"}),
        (File(text="words"), {"inlineData": {"mimeType": "text/plain", "data": "d29yZHM="}}),
        (File(url="https://youtu.be/x"), {"fileData": {"fileUri": "https://youtu.be/x"}}),
    ],
)
def test_media_are_inline_or_by_address(part: AnyPart, expected: dict[str, Any]) -> None:
    parts = turns(foreign(says("user", part)))[0][1]
    assert parts == [expected]


@pytest.mark.parametrize(
    ("part", "refuses"),
    [
        (Image(file_id="file-1"), ()),
        (Audio(id="audio_1"), ()),
        (File(data="aGk="), ()),  # of what kind?
        (Image(url="https://a.b/c.png"), ("image_urls",)),
        (Image(data="aGk=", media_type="image/png"), ("images",)),
        (Foreign(format="openai_chat", kind="thing", value={}), ()),
    ],
)
def test_media_that_cannot_be_carried_are_named(part: AnyPart, refuses: tuple[Any, ...]) -> None:
    with pytest.raises(CannotCarry) as refused:
        written(foreign(says("user", "Look", part)), msgspec.structs.replace(GEMINI, refuses=frozenset(refuses)))
    assert refused.value.param == "messages[0].content[1]"


def test_bad_base64_is_named() -> None:
    with pytest.raises(ShapeError) as refused:
        written(foreign(says("user", Image(url="data:image/png;base64,???"))))
    assert refused.value.param == "messages[0].content[0]"


# Tools


def declared(tool: Tool, dialect: Dialect = GEMINI) -> dict[str, Any]:
    """A tool in Google's words."""
    document = written(foreign(says("user", "?"), tools=[tool]), dialect)
    declaration: dict[str, Any] = document["tools"][0]["functionDeclarations"][0]
    return declaration


def test_tools_go_as_json_schema_or_where_the_model_is_old_as_the_subset() -> None:
    tool = Tool(
        name="a", description="d", parameters={"type": "object", "properties": {"x": {"const": "y"}}}, at="tools[0]"
    )
    assert declared(tool) == {"name": "a", "description": "d", "parametersJsonSchema": tool.parameters}
    old = Dialect(schema_field="value")
    subset = {"type": "OBJECT", "properties": {"x": {"enum": ["y"]}}}
    assert declared(tool, old) == {"name": "a", "description": "d", "parameters": subset}
    assert declared(Tool(name="a", parameters={"type": "object", "properties": {}}), old) == {"name": "a"}


def test_what_the_subset_cannot_say_is_named_with_its_path() -> None:
    tool = Tool(name="a", parameters={"type": "object", "properties": {"x": {"not": {}}}}, at="tools[0]")
    with pytest.raises(CannotCarry) as refused:
        declared(tool, Dialect(schema_field="value"))
    assert refused.value.param == "tools[0].function.parameters.properties.x.not"


def test_tools_that_google_cannot_have_are_named() -> None:
    for tool, param in (
        (Tool(name="1st", at="tools[0]"), "tools[0].function.name"),
        (ForeignTool(format="openai_chat", kind="web_search", value={}, at="tools[0]"), "tools[0]"),
    ):
        with pytest.raises(CannotCarry) as refused:
            written(foreign(says("user", "?"), tools=[tool]))
        assert refused.value.param == param


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice(mode="auto"), {"mode": "AUTO"}),
        (ToolChoice(mode="none"), {"mode": "NONE"}),
        (ToolChoice(mode="required"), {"mode": "ANY"}),
        (ToolChoice(mode="required", names=["a"]), {"mode": "ANY", "allowedFunctionNames": ["a"]}),
        (ToolChoice(mode="auto", names=["a"]), {"mode": "VALIDATED", "allowedFunctionNames": ["a"]}),
    ],
)
def test_the_choice_of_tools(choice: ToolChoice, config: dict[str, Any]) -> None:
    document = written(foreign(says("user", "?"), tools=[Tool(name="a")], tool_choice=choice))
    assert document["toolConfig"] == {"functionCallingConfig": config}


def test_a_choice_without_tools_is_not_sent() -> None:
    assert "toolConfig" not in written(foreign(says("user", "?"), tool_choice=ToolChoice(mode="auto")))


# Settings


def settings(dialect: Dialect = GEMINI, **fields: Any) -> dict[str, Any]:
    """`generationConfig` of a request with these fields."""
    config: dict[str, Any] = written(foreign(says("user", "?"), **fields), dialect).get("generationConfig", {})
    return config


def test_sampling_and_caps() -> None:
    assert settings(temperature=1, top_p=0.5, seed=2**40 + 3, stop=["a"], choices=2, logprobs=True, top_logprobs=2) == {
        "temperature": 1,
        "topP": 0.5,
        "seed": 3,
        "stopSequences": ["a"],
        "candidateCount": 2,
        "responseLogprobs": True,
        "logprobs": 2,
    }
    assert settings(Dialect(max_output=9, most_temperature=1.0), max_output=10, temperature=2) == {
        "maxOutputTokens": 9,
        "temperature": 1.0,
    }
    assert settings(choices=1, logprobs=False, max_output=0) == {}


def test_what_the_model_refuses_is_dropped_or_refused() -> None:
    strict = Dialect(refuses=frozenset({"temperature", "stop", "choices", "logprobs"}))
    assert dropped(foreign(says("user", "?"), temperature=1), strict) == ["temperature"]
    for fields, param in (({"stop": ["a"]}, "stop"), ({"choices": 2}, "n"), ({"logprobs": True}, "logprobs")):
        with pytest.raises(CannotCarry) as refused:
            settings(strict, **fields)
        assert refused.value.param == param
    with pytest.raises(CannotCarry):
        settings(stop=list("abcdef"))


def test_what_has_no_place_is_told() -> None:
    request = foreign(
        says("user", "?"), user="u", metadata={"a": "b"}, store=True, parallel_tool_calls=False, cache_key="k"
    )
    assert dropped(request) == ["user", "metadata", "store", "prompt_cache_key", "parallel_tool_calls"]
    hinted = foreign(says("user", Text(text="long", cache=CacheHint())), source="anthropic_messages")
    assert dropped(hinted) == ["messages[0].content[0].cache_control"]
    with pytest.raises(CannotCarry):
        settings(logit_bias={"1": 5})


def test_extras_of_others_are_dropped_where_harmless_and_refused_where_not() -> None:
    request = foreign(
        says("user", "?"), extras={"openai_chat": {"prediction": {"type": "content"}, "modalities": ["text"]}}
    )
    assert dropped(request) == ["prediction", "modalities"]
    request.extras["openai_chat"]["modalities"] = ["text", "audio"]
    with pytest.raises(CannotCarry) as refused:
        written(request)
    assert refused.value.param == "modalities"


@pytest.mark.parametrize(
    ("thinking", "thinks", "config"),
    [
        (Thinking(effort="low"), "level", {"thinkingLevel": "LOW"}),
        (Thinking(effort="max"), "level", {"thinkingLevel": "HIGH"}),
        (Thinking(effort="none"), "level", {"thinkingLevel": "MINIMAL"}),
        (Thinking(mode="on", budget=9000), "level", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        (Thinking(effort="medium"), "budget", {"thinkingBudget": 10000}),
        (Thinking(mode="on", budget=1234), "budget", {"thinkingBudget": 1234, "includeThoughts": True}),
        (Thinking(mode="off"), "budget", {"thinkingBudget": 0}),
        (Thinking(mode="adaptive"), "budget", {"thinkingBudget": -1, "includeThoughts": True}),
        (Thinking(effort="high", shown=False), "switch", {"thinkingBudget": -1, "includeThoughts": False}),
        (Thinking(summary="auto"), "level", {"includeThoughts": True}),
    ],
)
def test_thinking_is_asked_for_in_the_models_way(thinking: Thinking, thinks: Any, config: dict[str, Any]) -> None:
    assert settings(Dialect(thinks=thinks), thinking=thinking)["thinkingConfig"] == config


def test_thinking_that_the_model_does_not_do_is_told() -> None:
    assert dropped(foreign(says("user", "?"), thinking=Thinking(effort="low")), Dialect(thinks="")) == [
        "reasoning_effort"
    ]


def test_the_form_of_the_output() -> None:
    schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
    asked = OutputFormat(kind="schema", name="n", schema=schema, strict=True)
    assert settings(output=asked) == {"responseMimeType": "application/json", "responseJsonSchema": schema}
    assert settings(Dialect(schema_field="value"), output=asked)["responseSchema"] == {
        "type": "OBJECT",
        "properties": {"b": {"type": "STRING"}, "a": {"type": "STRING"}},
        "propertyOrdering": ["b", "a"],
    }
    assert settings(output=OutputFormat(kind="json")) == {"responseMimeType": "application/json"}
    assert settings(output=OutputFormat(kind="text")) == {}
    with pytest.raises(CannotCarry) as refused:
        settings(Dialect(refuses=frozenset({"output_schema"})), output=asked)
    assert refused.value.param == "response_format"


def test_writing_leaves_the_request_as_it_was() -> None:
    request = history(Text(text="so"))
    before = msgspec.json.encode(request)
    first = written(request)
    assert msgspec.json.encode(request) == before
    assert written(request) == first
