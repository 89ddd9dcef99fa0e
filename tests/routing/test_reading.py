"""What planning sees in a request, whichever API it came by."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.formats import conversation
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.registry import FORMATS
from trunkline.routing import reading

CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
                {"type": "file", "file": {"file_id": "f"}},
            ],
        },
    ],
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}},
    "max_completion_tokens": 50,
    "temperature": 0,
    "n": 1,
    "stop": None,
    "metadata": {"plan": "free", "count": 3},
}
RESPONSES = {
    "model": "m",
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "What is this?"}, {"type": "input_image"}]},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_file", "file_id": "f"}]},
    ],
    "text": {"format": {"type": "json_object"}},
    "max_output_tokens": 60,
    "reasoning": {"effort": "low"},
}
MESSAGES = {
    "model": "m",
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {"role": "user", "content": [{"type": "document", "source": {}}, {"type": "text", "text": "Sum it up."}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": {}}]}],
        },
    ],
    "tools": [{"name": "f", "input_schema": {}}, {"name": "g", "input_schema": {}}],
    "max_tokens": 70,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}
GOOGLE = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "What is this?"}, {"inlineData": {"mimeType": "image/png", "data": ""}}]},
        {"role": "user", "parts": [{"fileData": {"mimeType": "video/mp4", "fileUri": "gs://a"}}]},
        {"role": "user", "parts": [{"inline_data": {"mime_type": "audio/wav", "data": ""}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}],
    "generationConfig": {"maxOutputTokens": 80, "responseSchema": {"type": "OBJECT"}, "topP": 0.5},
}
BEDROCK = {
    "system": [{"text": "Be brief."}],
    "messages": [
        {"role": "user", "content": [{"text": "What is this?"}, {"image": {"format": "png", "source": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"document": {}}]}}]},
    ],
    "toolConfig": {"tools": [{"toolSpec": {"name": "f"}}]},
    "inferenceConfig": {"maxTokens": 90, "temperature": 0.1},
}


@pytest.mark.parametrize(
    ("document", "media", "tools", "form", "cap"),
    [
        (CHAT, {"images": 1, "audio": 1, "files": 1}, 1, "output_schema", 50),
        (RESPONSES, {"images": 1, "files": 1}, 0, "output_json", 60),
        (MESSAGES, {"images": 1, "files": 1}, 2, None, 70),
        (GOOGLE, {"images": 1, "audio": 1, "files": 1}, 2, "output_schema", 80),
        (BEDROCK, {"images": 1, "files": 1}, 1, None, 90),
    ],
)
def test_every_api_s_way_is_seen(
    document: dict[str, Any], media: dict[str, int], tools: int, form: str | None, cap: int
) -> None:
    assert dict(reading.media(document)) == media
    assert reading.count_tools(document) == tools
    assert reading.structured(document) == form
    assert reading.output_cap(document) == cap
    needed = {*media, *(["tools"] if tools else []), *([form] if form else [])}
    assert reading.capabilities(document) == needed


def test_parameters_that_are_set_are_told_and_others_not() -> None:
    assert reading.parameters(CHAT) >= {"temperature", "output_schema", "tools"}
    assert reading.parameters(CHAT).isdisjoint({"choices", "stop"})
    assert "thinking" in reading.parameters(RESPONSES)
    assert "thinking" in reading.parameters(MESSAGES)
    assert {"top_p", "output_schema"} <= reading.parameters(GOOGLE)
    assert "temperature" in reading.parameters(BEDROCK)
    assert "choices" in reading.parameters({"n": 2, "messages": []})


@pytest.mark.parametrize("document", [CHAT, RESPONSES, GOOGLE, BEDROCK])
def test_the_last_words_are_the_user_s(document: dict[str, Any]) -> None:
    assert reading.last_words(document) == "What is this?"


def test_the_last_words_are_not_a_tool_s_result() -> None:
    assert reading.last_words(MESSAGES) == "Sum it up."
    assert reading.last_words({"input": "Hello"}) == "Hello"
    assert reading.last_words({"prompt": "Once upon"}) == "Once upon"
    assert reading.last_words({}) == ""


def test_metadata_is_what_is_text_of_it() -> None:
    assert reading.metadata(CHAT) == {"plan": "free"}
    assert reading.metadata({"metadata": []}) == {}


def test_a_conversation_keeps_its_beginning_and_others_have_another() -> None:
    def chat(*texts: str) -> dict[str, Any]:
        roles = ("system", "user", "assistant", "user")
        return {"messages": [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]}

    begun, later = chat("Be brief.", "Hello"), chat("Be brief.", "Hello", "Hi!", "How are you?")
    assert reading.beginning(begun) == reading.beginning(later)
    assert len({reading.beginning(each) for each in (begun, chat("Be long.", "Hello"), chat("Be brief.", "Hell"))}) == 3
    assert reading.beginning(MESSAGES) != reading.beginning({**MESSAGES, "system": "Be long."})


FIELDS = (
    "messages content parts input contents type tools toolConfig toolResult text response_format generationConfig "
    "inlineData system metadata role n output_config"
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from([*CHAT, *GOOGLE, *BEDROCK, "input", "prompt", "text"]), json_values, max_size=6))
@example({"messages": [{"role": ["system"], "content": "x"}]})
def test_nothing_that_a_client_may_send_raises(document: dict[str, Any]) -> None:
    reading.parameters(document)
    reading.plain_words(document)
    reading.last_words(document)
    reading.beginning(document)
    reading.instructions(document)
    reading.output_cap(document)
    reading.metadata(document)


@pytest.mark.shared
def test_recorded_requests_are_seen_as_their_formats_read_them() -> None:
    """Against what a whole reading of the request says: pictures, sound, files, tools, structured output."""
    apis: dict[str, conversation.FormatName] = {
        "chat": "openai_chat",
        "responses": "openai_responses",
        "messages": "anthropic_messages",
        "generate_content": "google_generate",
        "converse": "bedrock_converse",
    }
    looked: Counter[str] = Counter()
    wrong = []
    for file in sorted((Path(__file__).parents[3] / "shared" / "recorded").glob("*/*.json")):
        recording = json.loads(file.read_text(encoding="utf-8"))
        body = (recording.get("request") or {}).get("body")
        name = apis.get(recording["api"])
        if name is None or not isinstance(body, dict):
            continue
        try:
            request = FORMATS[name].read_request(body, Place("m"))
        except ShapeError:
            continue
        looked[name] += 1
        found, read = reading.capabilities(body), seen(request)
        if "audio" in found and "fileData" in json.dumps(body):
            read = {"audio" if kind == "files" else kind for kind in read}  # sound that Google keeps
        if found != read:
            wrong.append((file.name, found, read))
    assert not wrong, wrong[:10]
    assert min(looked[name] for name in apis.values()) > 20, looked


def seen(request: conversation.Request) -> set[str]:
    """What the neutral form of a request needs."""
    found = {kind for message in request.messages for part in message.parts for kind in of_part(part)}
    if request.tools:
        found.add("tools")
    if request.output is not None and request.output.kind != "text":
        found.add("output_schema" if request.output.kind == "schema" else "output_json")
    return found


def of_part(part: conversation.AnyPart) -> set[str]:
    match part:
        case conversation.Image():
            return {"images"}
        case conversation.Audio():
            return {"audio"}
        case conversation.File():
            return {"files"}
        case conversation.ToolResult(content=content):
            return {kind for inner in content for kind in of_part(inner)}
    return set()
