"""Requests in this format: read and written back as they were, changed where they are changed, refused by path."""

import copy
from typing import Any

import pytest
from tests.formats.anthropic_messages.recorded import REQUESTS
from tests.formats.anthropic_messages.speaking import document, read, write
from tests.recorded.exchanges import Exchange

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.conversation import (
    CacheHint,
    File,
    Foreign,
    ForeignTool,
    Image,
    Reasoning,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import Sealed, seal

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
EVERYTHING = document(
    system=[{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    messages=[
        {"role": "user", "content": "Hello"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look", "citations": None},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}, "transformations": {}},
                {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                    "title": "A paper",
                    "context": "for work",
                    "citations": {"enabled": True},
                    "cache_control": {"type": "ephemeral"},
                },
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
                {"type": "document", "source": {"type": "content", "content": "a string"}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "a"}]}},
                {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}, "title": None},
                {"type": "document", "source": {"type": "file", "file_id": "file_2"}},
                {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]},
                {"type": "container_upload", "file_id": "file_3"},
            ],
            "id": "kept",
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "b3BhcXVl"},
                {
                    "type": "text",
                    "text": "It is so.",
                    "citations": [
                        {
                            "type": "char_location",
                            "cited_text": "so",
                            "document_index": 0,
                            "document_title": "A paper",
                            "start_char_index": 1,
                            "end_char_index": 3,
                        },
                        {
                            "type": "web_search_result_location",
                            "cited_text": "is",
                            "url": "https://x.test",
                            "title": None,
                            "encrypted_index": "e",
                        },
                        {"type": "search_result_location", "source": "s", "title": "t", "cited_text": "", "x": 1},
                    ],
                },
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
                {"type": "mcp_tool_use", "id": "m1", "name": "n", "server_name": "s", "input": {}},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1, 2.5, None]}, "caller": {}},
                {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
                {"type": "tool_use", "id": "toolu_3", "name": "g", "input": {}},
                {"type": "tool_use", "id": "toolu_4", "name": "g", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [{"type": "text", "text": "x"}, {"type": "tool_reference", "tool_name": "f"}],
                    "is_error": True,
                    "cache_control": None,
                },
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": "plain", "is_error": False},
                {"type": "tool_result", "tool_use_id": "toolu_3"},
                {"type": "tool_result", "tool_use_id": "toolu_4", "content": []},
            ],
        },
        {"role": "system", "content": "From now on, be brief."},
    ],
    tools=[
        {"name": "f", "description": "does", "input_schema": {"type": "object"}, "strict": True, "defer_loading": True},
        {"type": "custom", "name": "g", "input_schema": {}, "cache_control": {"type": "ephemeral", "ttl": "5m"}},
        {"type": None, "name": "h", "input_schema": {"type": "object"}, "description": ""},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
    ],
    tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": False},
    thinking={"type": "enabled", "budget_tokens": 2048, "display": "omitted", "block_binding": {}},
    output_config={"effort": "xhigh", "format": {"type": "json_schema", "schema": {}}, "task_budget": {"total": 1}},
    temperature=1,
    top_p=0.5,
    top_k=5,
    stop_sequences=["END"],
    stream=False,
    metadata={"user_id": "u", "other": 1},
    service_tier="auto",
    cache_control={"type": "ephemeral", "ttl": "1h"},
    container={"skills": []},
    context_management={"edits": []},
    betas=["b"],
    mcp_servers=[],
)


@pytest.mark.shared
@pytest.mark.parametrize("recorded", REQUESTS)
def test_a_recorded_request_comes_back_as_it_was(recorded: Exchange) -> None:
    assert recorded.request is not None
    losses = Losses()
    written = write(FORMAT.read_request(copy.deepcopy(recorded.request), recorded.place), losses=losses)
    assert written == recorded.request
    assert losses.dropped == []


def test_everything_that_the_api_knows_comes_back_as_it_was() -> None:
    losses = Losses()
    assert write(read(copy.deepcopy(EVERYTHING)), losses=losses) == EVERYTHING
    assert losses.dropped == []


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": True},
        {"stop_sequences": []},
        {"tools": [], "tool_choice": {"type": "none"}},
        {"system": ""},
        {"system": "You are.", "metadata": {}},
        {"system": []},
        {"metadata": {"user_id": None}},
        {"thinking": {"type": "disabled"}},
        {"thinking": {"type": "between_tools"}},
        {"thinking": {"block_binding": {"prefix_mismatch_behavior": "drop_block"}}},
        {"thinking": {"display": "omitted"}, "output_config": {"effort": "low"}},
        {"thinking": {}},
        {"thinking": {"type": "adaptive", "display": "updates"}},
        {"thinking": None, "temperature": None, "stop_sequences": None, "stream": None, "output_config": None},
        {"output_config": {}},
        {"output_config": {"effort": None, "format": None}},
        {"output_config": {"effort": "beyond"}},
        {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
        {"cache_control": {"type": "ephemeral", "scope": "global"}},
        {"cache_control": {"type": "ephemeral", "ttl": "24h"}},
        {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}, "tools": EVERYTHING["tools"]},
        {"temperature": 2.5},
        {"max_tokens": 0},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "I "}]},
        {"messages": [{"role": "user", "content": ""}]},
    ],
)
def test_every_way_to_say_it_comes_back(fields: dict[str, Any]) -> None:
    assert write(read(document(**fields))) == document(**fields)


def test_what_was_read_is_where_the_neutral_types_have_a_place_for_it() -> None:
    request = read(EVERYTHING)
    assert request.instructions is not None
    assert request.instructions.parts == [Text(text="Be kind.", cache=CacheHint(ttl="1h"))]
    assert request.messages[0].plain
    assert request.messages[1].at == "messages[1]"
    kinds = [type(part) for part in request.messages[1].parts]
    assert kinds == [Text, Image, Image, Image, File, File, File, Foreign, File, File, Foreign, Foreign]
    thought, redacted, said, *rest = request.messages[2].parts
    assert (thought.text, thought.signature, thought.issuer) == ("Hm.", "c2ln", "anthropic")  # type: ignore[union-attr]
    assert redacted == Reasoning(encrypted="b3BhcXVl", issuer="anthropic")
    assert isinstance(said, Text)
    assert [(one.title, one.url, one.cited) for one in said.citations] == [
        ("A paper", "", "so"),
        ("", "https://x.test", "is"),
        ("t", "s", ""),
    ]
    assert isinstance(rest[3], ToolCall)
    assert rest[3].arguments == '{"a":[1,2.5,null]}'
    first, second, *_ = request.messages[3].parts
    assert isinstance(first, ToolResult)
    assert (first.call, first.failed, first.plain) == ("toolu_1", True, False)
    assert isinstance(second, ToolResult)
    assert (second.plain, second.failed) == (True, False)
    assert isinstance(request.tools[0], Tool)
    assert request.tools[0].strict
    assert isinstance(request.tools[3], ForeignTool)
    assert request.tool_choice == ToolChoice(mode="required", names=["f"])
    assert request.parallel_tool_calls is True
    assert request.thinking is not None
    assert (request.thinking.mode, request.thinking.budget, request.thinking.effort) == ("on", 2048, "xhigh")
    assert request.output is not None
    assert (request.user, request.service_tier, request.stop) == ("u", "auto", ["END"])
    assert set(request.extras["anthropic_messages"]) == {
        "betas",
        "container",
        "context_management",
        "mcp_servers",
        "metadata",
        "output_config",
    }


def test_a_change_changes_exactly_that() -> None:
    request = read(copy.deepcopy(EVERYTHING))
    part = request.messages[1].parts[0]
    assert isinstance(part, Text)
    part.text = "Look away"
    request.temperature = 0.5
    assert isinstance(request.tools[1], Tool)
    request.tools[1].description = "does it"
    wanted = copy.deepcopy(EVERYTHING)
    wanted["messages"][1]["content"][0]["text"] = "Look away"
    wanted["temperature"] = 0.5
    wanted["tools"][1]["description"] = "does it"
    assert write(request) == wanted


def test_bytes_that_were_fetched_take_the_place_of_the_address() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    request = read(document(messages=[{"role": "user", "content": [image]}]))
    part = request.messages[0].parts[0]
    assert isinstance(part, Image)
    part.data, part.media_type = PIXEL, "image/png"
    assert write(request)["messages"][0]["content"][0]["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": PIXEL,
    }


def test_a_model_in_the_path_is_not_written_into_the_body() -> None:
    value = document(anthropic_version="vertex-2023-10-16")
    del value["model"]
    request = FORMAT.read_request(value, Place(model="claude", stream=True))
    assert (request.model, request.stream) == ("claude", True)
    assert write(request) == value


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"model": 1}, "model", "invalid_type"),
        ({"messages": "Hello"}, "messages", "invalid_type"),
        ({"messages": [1]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        ({"system": 5}, "system", "invalid_type"),
        ({"max_tokens": "many"}, "max_tokens", "invalid_type"),
        ({"temperature": True}, "temperature", "invalid_type"),
        ({"top_k": 1.5}, "top_k", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stop_sequences": ["a", 1]}, "stop_sequences[1]", "invalid_type"),
        ({"metadata": {"user_id": 7}}, "metadata.user_id", "invalid_type"),
        ({"cache_control": "yes"}, "cache_control", "invalid_type"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema", "missing_required_parameter"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name", "missing_required_parameter"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type", "invalid_value"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name", "missing_required_parameter"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens", "missing_required_parameter"),
        ({"thinking": {"type": "deep"}}, "thinking.type", "invalid_value"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type", "invalid_value"),
        ({"output_format": {"type": "json_schema"}}, "output_format.schema", "missing_required_parameter"),
    ],
)
def test_a_wrong_shape_is_told_with_its_path(fields: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(ShapeError, match=path.replace("[", r"\[").replace("]", r"\]")) as caught:
        read(document(**fields))
    assert (caught.value.param, caught.value.code) == (path, code)


@pytest.mark.parametrize(
    ("block", "path", "code"),
    [
        ("words", "", "invalid_type"),
        ({"text": "x"}, ".type", "missing_required_parameter"),
        ({"type": "hologram"}, ".type", "invalid_value"),
        ({"type": "text"}, ".text", "missing_required_parameter"),
        ({"type": "text", "text": "x", "citations": [1]}, ".citations[0]", "invalid_type"),
        ({"type": "text", "text": "x", "cache_control": 1}, ".cache_control", "invalid_type"),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "%"}}, ".source.data", None),
        ({"type": "image", "source": {"type": "text"}}, ".source.type", "invalid_value"),
        ({"type": "document", "source": {"type": "url"}}, ".source.url", "missing_required_parameter"),
        ({"type": "tool_use", "id": "a", "name": "f"}, ".input", "missing_required_parameter"),
        ({"type": "tool_use", "id": "a", "name": "f", "input": "{}"}, ".input", "invalid_type"),
        ({"type": "tool_result"}, ".tool_use_id", "missing_required_parameter"),
        ({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "?"}]}, ".content[0].type", "invalid_value"),
        ({"type": "thinking"}, ".thinking", "missing_required_parameter"),
    ],
)
def test_a_wrong_block_is_told_with_its_path(block: Any, path: str, code: str | None) -> None:
    with pytest.raises(ShapeError) as caught:
        read(document(messages=[{"role": "user", "content": [block]}]))
    assert caught.value.param == f"messages[0].content[0]{path}"
    assert caught.value.code == (code or "invalid_value")


@pytest.mark.parametrize("name", ["model", "max_tokens", "messages"])
def test_what_the_api_requires_must_be_there(name: str) -> None:
    value = document()
    del value[name]
    with pytest.raises(ShapeError) as caught:
        read(value)
    assert (caught.value.param, caught.value.code) == (name, "missing_required_parameter")


# For a certain model


def test_reasoning_that_was_sealed_for_the_client_goes_to_its_issuer_only() -> None:
    sealed = seal(Sealed(issuer="google", signature="c2ln"))
    thought = {"type": "thinking", "thinking": "Hm.", "signature": sealed}
    own = {"type": "thinking", "thinking": "So.", "signature": "b3du" * 60}
    value = document(messages=[{"role": "user", "content": "x"}, {"role": "assistant", "content": [thought, own]}])
    request = read(value)
    part = request.messages[1].parts[0]
    assert isinstance(part, Reasoning)
    assert (part.text, part.signature, part.issuer) == ("Hm.", "c2ln", "google")
    losses = Losses()
    assert write(request, Dialect(issuer="anthropic"), losses)["messages"][1]["content"] == [own]
    assert losses.dropped == ["messages[1].content[0]"]
    at_home = write(request, Dialect(issuer="google"))["messages"][1]["content"]
    assert at_home == [{**thought, "signature": "c2ln"}, own]


def test_a_turn_of_nothing_but_anothers_reasoning_is_left_out() -> None:
    data = seal(Sealed(issuer="openai", encrypted="ZW5j"))
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": [{"type": "redacted_thinking", "data": data}]},
        {"role": "user", "content": "y"},
    ]
    written = write(read(document(messages=messages)), Dialect(issuer="anthropic"))
    assert written["messages"] == [messages[0], messages[2]]


def test_a_turn_that_began_with_anothers_reasoning_goes_on_without_thinking() -> None:
    signature = seal(Sealed(issuer="google", signature="c2ln"))
    messages = [
        {"role": "user", "content": "?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": signature},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]},
    ]
    request = read(document(messages=messages, thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=4000))
    losses = Losses()
    assert write(request, Dialect(issuer="anthropic"), losses)["thinking"] == {"type": "disabled"}
    assert losses.dropped == ["messages[1].content[0]", "thinking"]


def test_an_effort_that_the_model_knows_nothing_of_is_told() -> None:
    losses = Losses()
    written = write(read(document(output_config={"effort": "low"})), Dialect(thinks="budget", efforts=()), losses)
    assert "output_config" not in written
    assert losses.dropped == ["output_config.effort"]


def test_a_newer_model_decides_itself_how_long_to_think() -> None:
    request = read(document(thinking={"type": "enabled", "budget_tokens": 20_000}, max_tokens=30_000))
    written = write(request, Dialect(thinks="adaptive", efforts=("low", "medium", "high")))
    assert written["thinking"] == {"type": "adaptive"}
    assert written["output_config"] == {"effort": "high"}


def test_an_older_model_is_given_a_budget() -> None:
    request = read(document(thinking={"type": "adaptive"}, output_config={"effort": "low"}, max_tokens=8000))
    written = write(request, Dialect(thinks="budget", efforts=()))
    assert written["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert "output_config" not in written


def test_what_a_model_does_not_take_is_told() -> None:
    losses = Losses()
    dialect = Dialect(
        refuses=frozenset({"temperature", "top_p", "top_k", "user", "service_tier"}), thinks="", max_output=50
    )
    value = document(
        temperature=0.5,
        top_p=0.5,
        top_k=3,
        metadata={"user_id": "u"},
        service_tier="auto",
        thinking={"type": "enabled", "budget_tokens": 1024},
        max_tokens=9999,
    )
    assert write(read(value), dialect, losses) == document(max_tokens=50)
    assert set(losses.dropped) == {
        "max_tokens",
        "metadata.user_id",
        "service_tier",
        "temperature",
        "thinking",
        "top_k",
        "top_p",
    }


def test_plain_is_the_format_as_published() -> None:
    assert FORMAT.path("claude", True) == "/messages"
    assert read(document(thinking={"type": "adaptive"})).thinking == Thinking(mode="adaptive")
    assert write(read(document(thinking={"type": "adaptive"})), PLAIN)["thinking"] == {"type": "adaptive"}
