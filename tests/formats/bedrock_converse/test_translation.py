"""Requests of other formats: what is sent is what the description allows and the service's rules accept, or is
refused by the client's own path.
"""

import base64
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from tests.formats.bedrock_converse.published import faults_of_request

from trunkline.formats.bedrock_converse import FORMAT
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    CacheHint,
    Citation,
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
from trunkline.formats.turns import SHOWN_BELOW

CLAUDE = Dialect(issuer="anthropic", thinks="budget")
ADAPTIVE = Dialect(issuer="anthropic", thinks="adaptive", efforts=("low", "medium", "high", "max"))
WEATHER = Tool(name="weather", description="Tells it", parameters={"type": "object", "properties": {}}, at="tools[0]")


def conversation(*turns: tuple[str, Sequence[AnyPart] | str], **fields: Any) -> Request:
    """A chat request of these messages."""
    messages = [
        Message(
            role=role,  # type: ignore[arg-type]  # a role
            parts=[Text(text=said)] if isinstance(said, str) else list(said),
            plain=isinstance(said, str),
            at=f"messages[{number}]",
        )
        for number, (role, said) in enumerate(turns)
    ]
    return Request(format="openai_chat", model="m", messages=messages, **fields)


def asking(**fields: Any) -> Request:
    return conversation(("user", "Hallo"), **fields)


def sent(request: Request, dialect: Dialect = PLAIN, *, dropped: list[str] | None = None) -> dict[str, Any]:
    """What is sent, which must be valid. `dropped`: what the client is told to have been left out."""
    losses = Losses()
    document = FORMAT.write_request(request, dialect, losses)
    assert faults_of_request(document) == []
    roles = [message["role"] for message in document["messages"]]
    assert roles[0] == "user"
    assert all(role != after for role, after in pairwise(roles))
    assert losses.dropped == (dropped or [])
    return document


def refused(request: Request, dialect: Dialect = PLAIN) -> str:
    """The parameter for which the request is refused."""
    with pytest.raises(CannotCarry) as raised:
        FORMAT.write_request(request, dialect, Losses())
    assert raised.value.param in str(raised.value)
    return raised.value.param


def call(call_id: str = "call_1", name: str = "weather", arguments: str = '{"at":"Bonn"}') -> ToolCall:
    return ToolCall(id=call_id, name=name, arguments=arguments)


def result(call_id: str = "call_1", text: str = "Rain") -> ToolResult:
    return ToolResult(call=call_id, content=[Text(text=text)], plain=True)


# Turns


def test_the_first_system_messages_stand_apart_and_later_ones_stay_in_their_place() -> None:
    request = conversation(("system", "One"), ("user", "Hallo"), ("developer", "Two"), ("user", "Again"))
    document = sent(request, dropped=["messages[2].role"])
    assert document["system"] == [{"text": "One"}]
    marked = {"text": "<system-reminder>\nTwo\n</system-reminder>"}
    assert document["messages"] == [{"role": "user", "content": [{"text": "Hallo"}, marked, {"text": "Again"}]}]


def test_instructions_go_into_the_first_turn_of_a_model_that_has_none() -> None:
    request = conversation(("system", "Be brief"), ("user", "Hallo"))
    document = sent(request, Dialect(refuses=frozenset({"system"})))
    assert document["messages"][0]["content"] == [{"text": "Be brief"}, {"text": "Hallo"}]
    assert "system" not in document


@pytest.mark.parametrize(
    "request_", [conversation(("system", "Be brief")), conversation(("assistant", "How can I help?"), ("user", "Hm"))]
)
def test_the_first_turn_is_the_users(request_: Request) -> None:
    assert sent(request_)["messages"][0] == {"role": "user", "content": [{"text": "."}]}


def test_a_request_that_says_nothing_is_refused() -> None:
    assert refused(conversation()) == "messages"
    assert refused(conversation(("user", ""))) == "messages"


def test_blank_text_is_left_out_and_told_unless_it_is_nothing_at_all() -> None:
    request = conversation(("user", [Text(text=" \n"), Text(text="Hallo"), Text(text="")]), ("assistant", ""))
    document = sent(request, dropped=["messages[0].content[0]"])
    assert document["messages"] == [{"role": "user", "content": [{"text": "Hallo"}]}]


def test_an_answer_begun_by_the_client_ends_without_white_space_or_is_refused() -> None:
    request = conversation(("user", "Count"), ("assistant", "One, "))
    assert sent(request)["messages"][-1] == {"role": "assistant", "content": [{"text": "One,"}]}
    assert refused(request, Dialect(refuses=frozenset({"prefill"}))) == "messages[1]"
    request.messages[1].parts[0].cache = CacheHint()
    assert sent(request)["messages"][-1]["content"][0] == {"text": "One,"}


def test_names_of_speakers_are_told_to_be_left_out() -> None:
    request = asking()
    request.messages[0].name = "ada"
    sent(request, dropped=["messages[0].name"])


def test_a_refusal_of_an_earlier_turn_is_text() -> None:
    request = conversation(("user", "?"), ("assistant", [Refusal(text="No.")]), ("user", "Why?"))
    assert sent(request)["messages"][1]["content"] == [{"text": "No."}]


# Tools


def test_results_follow_their_calls_at_once_in_order_and_in_one_turn() -> None:
    request = conversation(
        ("user", "?"),
        ("assistant", [Text(text="Let me see"), call("a"), call("b")]),
        ("tool", [result("b", "two")]),
        ("tool", [result("a", "one")]),
        ("user", "And now?"),
        tools=[WEATHER],
    )
    document = sent(request)
    assert [next(iter(block)) for block in document["messages"][1]["content"]] == ["text", "toolUse", "toolUse"]
    answers = document["messages"][2]["content"]
    assert [block["toolResult"]["toolUseId"] for block in answers[:2]] == ["a", "b"]
    assert answers[0]["toolResult"]["content"] == [{"text": "one"}]
    assert answers[2] == {"text": "And now?"}


def test_calls_without_ids_and_with_the_same_id_get_their_own() -> None:
    request = conversation(
        ("user", "?"),
        ("assistant", [call("", "f"), call("", "g")]),
        ("user", [ToolResult(name="g", content=[Text(text="G")]), ToolResult(name="f", content=[Text(text="F")])]),
        ("assistant", [call("0")]),
        ("tool", [result("0", "first")]),
        ("assistant", [call("0")]),
        ("tool", [result("0", "second")]),
        tools=[WEATHER],
    )
    messages = sent(request)["messages"]
    assert sent(request)["messages"] == messages  # nothing is random
    calls = [block["toolUse"]["toolUseId"] for message in messages[1::2] for block in message["content"]]
    results = [block["toolResult"] for message in messages[2::2] for block in message["content"]]
    assert len(set(calls)) == 4
    assert [answer["toolUseId"] for answer in results] == calls
    assert [answer["content"][0]["text"] for answer in results] == ["F", "G", "first", "second"]


def test_ids_fit_the_pattern() -> None:
    odd = "call|ä" + "x" * 80
    request = conversation(("user", "?"), ("assistant", [call(odd)]), ("tool", [result(odd)]), tools=[WEATHER])
    messages = sent(request)["messages"]
    assert messages[1]["content"][0]["toolUse"]["toolUseId"] == messages[2]["content"][0]["toolResult"]["toolUseId"]


@pytest.mark.parametrize(
    ("turns", "param"),
    [
        ([("user", "?"), ("tool", [result("a")])], "messages[1]"),
        ([("user", "?"), ("assistant", [call("a")]), ("user", "no")], "messages[1].tool_calls[0]"),
        ([("user", "?"), ("assistant", [call("a")])], "messages[1].tool_calls[0]"),
        (
            [("user", "?"), ("assistant", [call("a")]), ("tool", [result("a")]), ("tool", [result("a")])],
            "messages[3]",
        ),
        (
            [("user", "?"), ("assistant", [call("a", arguments="{")]), ("tool", [result("a")])],
            "messages[1].tool_calls[0].function.arguments",
        ),
        (
            [("user", "?"), ("assistant", [call("a", arguments="[1]")]), ("tool", [result("a")])],
            "messages[1].tool_calls[0].function.arguments",
        ),
        (
            [("user", "?"), ("assistant", [call("a", "with.dot")]), ("tool", [result("a")])],
            "messages[1].tool_calls[0].function.name",
        ),
    ],
)
def test_calls_and_results_that_do_not_match_are_refused(turns: list[Any], param: str) -> None:
    assert refused(conversation(*turns, tools=[WEATHER])) == param


def test_files_of_the_user_are_kept_apart_from_results_of_tools() -> None:
    picture = Image(data="aGk=", media_type="image/png")
    paper = File(data="aGk=", media_type="application/pdf", name="a_b.pdf")
    answered = ("user", "?"), ("assistant", [call()]), ("tool", [result()])
    with_file = sent(conversation(*answered, ("user", [paper]), tools=[WEATHER]))["messages"]
    assert [message["role"] for message in with_file] == ["user", "assistant", "user", "assistant", "user"]
    assert with_file[3]["content"] == [{"text": "."}]
    assert with_file[4]["content"][0]["document"]["name"] == "a-b"
    assert with_file[4]["content"][1]["text"]  # a document is not taken without words
    with_picture = conversation(*answered, ("user", [picture]), tools=[WEATHER])
    assert len(sent(with_picture)["messages"]) == 3
    assert len(sent(with_picture, Dialect(assistant_after_tool=True))["messages"]) == 5


def test_results_carry_pictures_and_failures_and_are_never_empty() -> None:
    picture = Image(data="aGk=", media_type="image/jpg")
    results: list[AnyPart] = [
        ToolResult(call="a", content=[Text(text="see"), picture], failed=False),
        ToolResult(call="b", content=[Text(text="")], plain=True, failed=True),
    ]
    request = conversation(("user", "?"), ("assistant", [call("a"), call("b")]), ("tool", results), tools=[WEATHER])
    first, second = (block["toolResult"] for block in sent(request)["messages"][2]["content"])
    assert first["content"][1] == {"image": {"source": {"bytes": "aGk="}, "format": "jpeg"}}
    assert "status" not in first
    assert second == {"toolUseId": "b", "content": [{"text": "(no output)"}], "status": "error"}


def test_a_result_that_failed_has_words_and_what_it_shows_stands_beside_it() -> None:
    picture = Image(data="aGk=", media_type="image/png")
    failed = ToolResult(call="a", content=[picture], failed=True)
    request = conversation(("user", "?"), ("assistant", [call("a")]), ("tool", [failed]), tools=[WEATHER])
    result, beside = sent(request)["messages"][2]["content"]
    assert result["toolResult"] == {"toolUseId": "a", "content": [{"text": SHOWN_BELOW}], "status": "error"}
    assert beside == {"image": {"source": {"bytes": "aGk="}, "format": "png"}}


def test_tools_are_carried() -> None:
    tools = [WEATHER, Tool(name="now", cache=CacheHint("5m"), at="tools[1]")]
    document = sent(asking(tools=tools, tool_choice=ToolChoice(mode="auto")))
    assert document["toolConfig"] == {
        "tools": [
            {
                "toolSpec": {
                    "name": "weather",
                    "description": "Tells it",
                    "inputSchema": {"json": {"type": "object", "properties": {}}},
                }
            },
            {"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
            {"cachePoint": {"type": "default", "ttl": "5m"}},
        ],
        "toolChoice": {"auto": {}},
    }


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ToolChoice(mode="required"), {"any": {}}),
        (ToolChoice(mode="required", names=["weather"]), {"tool": {"name": "weather"}}),
        (ToolChoice(mode="required", names=["weather", "now"]), {"any": {}}),
    ],
)
def test_the_choice_of_tools(choice: ToolChoice, said: dict[str, Any]) -> None:
    tools = [WEATHER, Tool(name="now", at="tools[1]"), Tool(name="other", at="tools[2]")]
    left = ["tools[2]"] if len(choice.names) == 2 else []
    config = sent(asking(tools=tools, tool_choice=choice), dropped=left)["toolConfig"]
    assert config["toolChoice"] == said
    assert len(config["tools"]) == (2 if len(choice.names) == 2 else 3)
    assert (
        refused(asking(tools=tools, tool_choice=choice), Dialect(refuses=frozenset({"forced_tool"}))) == "tool_choice"
    )


def test_no_call_is_wanted() -> None:
    none = ToolChoice(mode="none")
    assert "toolConfig" not in sent(asking(tools=[WEATHER], tool_choice=none), dropped=["tools[0]"])
    assert "toolConfig" in sent(asking(tools=[WEATHER], tool_choice=none), CLAUDE)
    turns = ("user", "?"), ("assistant", [call()]), ("tool", [result()])
    request = conversation(*turns, tools=[WEATHER], tool_choice=none)
    assert refused(request) == "tool_choice"
    document = sent(request, CLAUDE)
    assert document["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}
    assert "toolChoice" not in document["toolConfig"]


def test_a_conversation_with_calls_has_tools_even_if_the_request_has_none() -> None:
    request = conversation(("user", "?"), ("assistant", [call(name="old")]), ("tool", [result()]))
    config = sent(request)["toolConfig"]
    assert [tool["toolSpec"]["name"] for tool in config["tools"]] == ["old"]
    assert sent(request, CLAUDE)["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}


def test_a_call_that_must_be_made_needs_a_tool() -> None:
    assert refused(asking(tool_choice=ToolChoice(mode="required"))) == "tool_choice"


def test_parallel_calls_can_be_forbidden_to_claude_only() -> None:
    request = asking(tools=[WEATHER], parallel_tool_calls=False)
    assert sent(request, CLAUDE)["additionalModelRequestFields"] == {
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}
    }
    sent(request, dropped=["parallel_tool_calls"])
    request.tool_choice = ToolChoice(mode="required")
    document = sent(request, CLAUDE)  # the type is told once only, or the service finds two
    assert document["additionalModelRequestFields"] == {"tool_choice": {"disable_parallel_tool_use": True}}
    assert document["toolConfig"]["toolChoice"] == {"any": {}}


@pytest.mark.parametrize(
    ("tool", "param"),
    [
        (Tool(name="with.dot", at="tools[0]"), "tools[0].function.name"),
        (Tool(name="x" * 65, at="tools[0]"), "tools[0].function.name"),
        (ForeignTool(format="openai_responses", kind="web_search", value={}, at="tools[0]"), "tools[0]"),
        (Tool(name="f", parameters={"type": "array"}, at="tools[0]"), "tools[0].function.parameters.type"),
    ],
)
def test_tools_that_cannot_be_carried_are_refused(tool: Tool | ForeignTool, param: str) -> None:
    assert refused(asking(tools=[tool])) == param


def test_tools_have_names_of_their_own_and_the_choice_is_one_of_them() -> None:
    assert refused(asking(tools=[WEATHER, Tool(name="weather", at="tools[1]")])) == "tools[1].function.name"
    assert refused(asking(tools=[WEATHER], tool_choice=ToolChoice(mode="required", names=["other"]))) == "tool_choice"


def test_sounds_are_no_results_of_tools() -> None:
    sound = ToolResult(call="call_1", content=[Audio(data="aGk=", media_type="audio/wav")])
    request = conversation(("user", "?"), ("assistant", [call()]), ("tool", [sound]), tools=[WEATHER])
    assert refused(request) == "messages[2].content[0]"


def test_a_tool_that_cannot_be_strict_is_sent_without_being_strict() -> None:
    strict = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    spec = sent(asking(tools=[Tool(name="f", parameters=strict, strict=True, at="tools[0]")]))["toolConfig"]["tools"][0]
    assert spec["toolSpec"]["strict"] is True
    assert spec["toolSpec"]["inputSchema"]["json"] == {**strict, "additionalProperties": False}
    loose = {"type": "object", "additionalProperties": {"type": "string"}}
    tools = [Tool(name="f", parameters=loose, strict=True, at="tools[0]")]
    spec = sent(asking(tools=tools), dropped=["tools[0].function.strict"])["toolConfig"]["tools"][0]
    assert spec["toolSpec"]["inputSchema"]["json"] == loose
    assert "strict" not in spec["toolSpec"]


# Media


def test_pictures_sounds_and_files() -> None:
    parts: list[AnyPart] = [
        Text(text="Look"),
        Image(data="aGk=", media_type="image/webp", detail="high"),
        Image(url="s3://bucket/a.png", media_type="image/png"),
        Audio(data="aGk=", media_type="audio/x-wav"),
        File(data="aGk=", media_type="video/mp4"),
        File(data="aGk=", media_type="application/pdf", name="Q1/Q2 report: final.pdf"),
        File(data="aGk=", media_type="application/pdf", name="Q1/Q2 report: final.pdf"),
        File(text="a,b", media_type="text/csv", name="t.csv"),
        File(data="aGk=", media_type="application/json"),
        File(data="aGk=", name="x.docx"),
        File(data="aGk=", media_type="image/gif", name="dot.gif"),
    ]
    content = sent(conversation(("user", parts)), dropped=["messages[0].content[1].image_url.detail"])["messages"][0][
        "content"
    ]
    assert content[1] == {"image": {"format": "webp", "source": {"bytes": "aGk="}}}
    assert content[2] == {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}}
    assert content[3] == {"audio": {"format": "wav", "source": {"bytes": "aGk="}}}
    assert content[4] == {"video": {"format": "mp4", "source": {"bytes": "aGk="}}}
    documents = [block["document"] for block in content[5:10]]
    assert [(document["name"], document["format"]) for document in documents] == [
        ("Q1-Q2 report- final", "pdf"),
        ("Q1-Q2 report- final (2)", "pdf"),
        ("t", "csv"),
        ("document", "txt"),
        ("x", "docx"),
    ]
    assert base64.b64decode(documents[2]["source"]["bytes"]) == b"a,b"
    assert content[10] == {"image": {"format": "gif", "source": {"bytes": "aGk="}}}


@pytest.mark.parametrize(
    "part",
    [
        Image(url="https://example.com/a.png"),
        Image(file_id="file-1"),
        Image(data="aGk=", media_type="image/tiff"),
        Image(data="?", media_type="image/png"),
        Audio(data="aGk=", media_type="audio/unheard"),
        File(file_id="file-1", media_type="application/pdf"),
        File(data="aGk=", media_type="application/zip", name="a.zip"),
        Foreign(format="anthropic_messages", kind="search_result"),
    ],
)
def test_what_the_api_cannot_take_from_the_user_is_refused_by_its_path(part: AnyPart) -> None:
    assert refused(conversation(("user", [Text(text="?"), part]))) == "messages[0].content[1]"


def test_what_the_model_does_not_take_is_refused() -> None:
    for kind, part in (
        ("images", Image(data="aGk=", media_type="image/png")),
        ("audio", Audio(data="aGk=", media_type="audio/wav")),
        ("files", File(data="aGk=", media_type="application/pdf")),
    ):
        dialect = Dialect(refuses=frozenset({kind}))  # type: ignore[arg-type]  # one of the parameters
        assert refused(conversation(("user", [Text(text="?"), part])), dialect) == "messages[0].content[1]"


def test_pictures_are_the_users_only() -> None:
    picture = Image(data="aGk=", media_type="image/png")
    turns = ("user", "?"), ("assistant", [picture]), ("user", "?")
    assert refused(conversation(*turns)) == "messages[1].content[0]"
    assert refused(conversation(("system", [picture]), ("user", "?"))) == "messages[0].content[0]"


def test_a_citation_of_an_earlier_turn_is_told_to_be_left_out() -> None:
    cited = Text(text="So", citations=[Citation(url="https://example.com")])
    request = conversation(("user", "?"), ("assistant", [cited]), ("user", "?"))
    sent(request, dropped=["messages[1].annotations"])


def test_cache_hints_become_cache_points() -> None:
    hint = CacheHint("1h")
    request = conversation(
        ("system", [Text(text="Long", cache=CacheHint())]), ("user", [Text(text="a", cache=hint), Text(text="b")])
    )
    request.cache = CacheHint("unheard")
    document = sent(request)
    assert document["system"] == [{"text": "Long"}, {"cachePoint": {"type": "default"}}]
    assert document["messages"][0]["content"] == [
        {"text": "a"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"text": "b"},
        {"cachePoint": {"type": "default"}},
    ]


def test_a_cache_hint_inside_of_a_result_stands_behind_it() -> None:
    hinted = ToolResult(call="1", content=[Text(text="a", cache=CacheHint("1h")), Text(text="b")])
    request = conversation(
        ("user", [Text(text="?")]), ("assistant", [ToolCall(id="1", name="f", arguments="{}")]), ("user", [hinted])
    )
    _, point = sent(request)["messages"][2]["content"]
    assert point == {"cachePoint": {"type": "default", "ttl": "1h"}}


# Parameters


def test_sampling() -> None:
    request = asking(temperature=1.5, top_p=0.5, max_output=9000, stop=["|", ""], seed=0, presence_penalty=0.0)
    document = sent(request, Dialect(max_output=4096), dropped=["seed", "temperature"])
    assert document["inferenceConfig"] == {"maxTokens": 4096, "temperature": 1.0, "topP": 0.5, "stopSequences": ["|"]}
    none = Dialect(refuses=frozenset({"temperature", "top_p"}))
    assert "temperature" not in sent(request, none, dropped=["seed", "temperature", "top_p"])["inferenceConfig"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": -5.0}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"max_output": 0}, "max_completion_tokens"),
        ({"choices": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"extras": {"openai_chat": {"web_search_options": {"x": 1}}}}, "web_search_options"),
    ],
)
def test_parameters_on_which_the_answer_depends_are_refused(fields: dict[str, Any], param: str) -> None:
    assert refused(asking(**fields)) == param


def test_bookkeeping_is_carried_where_it_fits_and_told_where_not() -> None:
    request = asking(metadata={"team": "a"}, service_tier="priority", user="u", store=True, cache_key="k")
    document = sent(request, dropped=["user", "prompt_cache_key", "store"])
    assert (document["requestMetadata"], document["serviceTier"]) == ({"team": "a"}, {"type": "priority"})
    sent(asking(metadata={"team": "ü"}, service_tier="scale"), dropped=["metadata", "service_tier"])
    sent(asking(service_tier="auto"))


def test_top_k_has_a_name_known_for_claude_only() -> None:
    assert sent(asking(top_k=5), CLAUDE)["additionalModelRequestFields"] == {"top_k": 5}
    sent(asking(top_k=5), dropped=["top_k"])


def test_stop_sequences_of_white_space_are_refused_for_claude() -> None:
    assert refused(asking(stop=["\n"]), CLAUDE) == "stop"
    assert sent(asking(stop=["\n"]))["inferenceConfig"] == {"stopSequences": ["\n"]}


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}, "required": ["n"]}


def test_a_schema_for_the_answer() -> None:
    request = asking(output=OutputFormat(kind="schema", name="n", schema=SCHEMA))
    definition = sent(request, dropped=["response_format.json_schema.schema"])["outputConfig"]["textFormat"][
        "structure"
    ]
    assert definition["jsonSchema"]["name"] == "n"
    assert '"additionalProperties":false' in definition["jsonSchema"]["schema"]
    assert '"minimum":0' not in definition["jsonSchema"]["schema"]
    assert refused(request, Dialect(refuses=frozenset({"output_schema"}))) == "response_format"
    free = OutputFormat(kind="schema", schema={"type": "object", "additionalProperties": {"type": "string"}})
    assert refused(asking(output=free)).startswith("response_format.json_schema.schema")


def test_json_is_asked_for_in_words_because_the_api_has_none() -> None:
    document = sent(asking(output=OutputFormat(kind="json")), dropped=["response_format"])
    assert "JSON object" in document["system"][0]["text"]
    assert "outputConfig" not in document
    assert refused(asking(output=OutputFormat(kind="json")), Dialect(refuses=frozenset({"output_json"})))


# Reasoning


@pytest.mark.parametrize(
    ("thinking", "dialect", "fields", "output"),
    [
        (Thinking(effort="low"), PLAIN, {"reasoning_effort": "low"}, None),
        (Thinking(effort="max"), PLAIN, {"reasoning_effort": "high"}, None),
        (Thinking(mode="on", budget=9000), PLAIN, {"reasoning_effort": "medium"}, None),
        (Thinking(effort="high"), CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 16_384}}, None),
        (Thinking(mode="on"), CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 10_000}}, None),
        (Thinking(mode="on", budget=-1), CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 10_000}}, None),
        (Thinking(mode="on", budget=-1), PLAIN, {"reasoning_effort": "medium"}, None),
        (Thinking(mode="on", budget=5), CLAUDE, {"thinking": {"type": "enabled", "budget_tokens": 1024}}, None),
        (Thinking(effort="none"), CLAUDE, {"thinking": {"type": "disabled"}}, None),
        (Thinking(effort="xhigh"), ADAPTIVE, {"thinking": {"type": "adaptive"}}, {"effort": "high"}),
        (
            Thinking(mode="adaptive", shown=True),
            ADAPTIVE,
            {"thinking": {"type": "adaptive", "display": "summarized"}},
            None,
        ),
        (
            Thinking(effort="minimal"),
            Dialect(thinks="level"),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            None,
        ),
        (Thinking(mode="off"), Dialect(thinks="level"), {"reasoningConfig": {"type": "disabled"}}, None),
        (Thinking(mode="on"), Dialect(thinks="switch"), {"thinking": {"type": "enabled"}}, None),
        (Thinking(mode="off"), Dialect(thinks=""), None, None),
    ],
)
def test_reasoning_is_asked_for_as_the_model_takes_it(
    thinking: Thinking, dialect: Dialect, fields: dict[str, Any] | None, output: dict[str, Any] | None
) -> None:
    document = sent(asking(thinking=thinking), dialect)
    assert document.get("additionalModelRequestFields") == fields
    assert document.get("outputConfig") == output


def test_a_model_that_cannot_reason_or_not_stop_to_is_told_about() -> None:
    sent(asking(thinking=Thinking(effort="high")), Dialect(thinks=""), dropped=["reasoning_effort"])
    sent(asking(thinking=Thinking(effort="none")), PLAIN, dropped=["reasoning_effort"])
    sent(asking(thinking=Thinking(shown=True)), PLAIN, dropped=["reasoning_effort"])


def test_a_claude_model_that_thinks_takes_no_sampling_and_no_forced_call() -> None:
    request = asking(thinking=Thinking(effort="high"), temperature=0.2, top_p=0.9, top_k=3)
    document = sent(request, CLAUDE, dropped=["temperature", "top_p", "top_k"])
    assert "inferenceConfig" not in document
    assert document["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 16_384}}
    assert sent(asking(thinking=Thinking(mode="on"), temperature=1), CLAUDE)["inferenceConfig"] == {"temperature": 1}
    forced = asking(thinking=Thinking(mode="on"), tools=[WEATHER], tool_choice=ToolChoice(mode="required"))
    assert "additionalModelRequestFields" not in sent(forced, CLAUDE, dropped=["reasoning_effort"])


def test_the_budget_leaves_room_for_the_answer() -> None:
    def budget(max_output: int) -> int:
        request = asking(thinking=Thinking(effort="high"), max_output=max_output)
        said: int = sent(request, CLAUDE)["additionalModelRequestFields"]["thinking"]["budget_tokens"]
        return said

    assert [budget(40_000), budget(8000), budget(1500)] == [16_384, 4000, 1024]
    small = asking(thinking=Thinking(effort="high"), max_output=1000)
    assert "additionalModelRequestFields" not in sent(small, CLAUDE, dropped=["reasoning_effort"])


def test_signed_reasoning_goes_back_to_its_issuer_only() -> None:
    own = Reasoning(text="hm", signature="sig", issuer="anthropic")
    turn: list[AnyPart] = [own, Reasoning(encrypted="aGk=", issuer="anthropic"), call()]
    request = conversation(("user", "?"), ("assistant", turn), ("tool", [result()]), tools=[WEATHER])
    content = sent(request, CLAUDE)["messages"][1]["content"]
    assert content[0] == {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}}
    assert content[1] == {"reasoningContent": {"redactedContent": "aGk="}}
    assert "toolUse" in sent(request, dropped=["messages[1].reasoning"])["messages"][1]["content"][0]


def test_plain_reasoning_goes_back_where_the_model_wants_it() -> None:
    turn: list[AnyPart] = [Reasoning(text="hm"), Text(text="So")]
    request = conversation(("user", "?"), ("assistant", turn), ("user", "?"))
    content = sent(request, Dialect(replays_reasoning="always"))["messages"][1]["content"]
    assert content[0] == {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    sent(request, Dialect(replays_reasoning="tool_turns"), dropped=["messages[1].reasoning"])


def test_claude_does_not_think_on_in_a_turn_whose_thoughts_are_lost() -> None:
    request = conversation(("user", "?"), ("assistant", [call()]), ("tool", [result()]), tools=[WEATHER])
    request.thinking = Thinking(effort="high")
    assert "additionalModelRequestFields" not in sent(request, CLAUDE, dropped=["reasoning_effort"])
    assert sent(request, ADAPTIVE)["additionalModelRequestFields"] == {"thinking": {"type": "adaptive"}}


def test_the_operator_may_want_what_matters_to_be_dropped() -> None:
    losses = Losses(drop_all=True)
    request = asking(
        choices=2, logprobs=True, tools=[ForeignTool(format="openai_chat", kind="x", value={}, at="tools[0]")]
    )
    document = FORMAT.write_request(request, PLAIN, losses)
    assert document == {"messages": [{"role": "user", "content": [{"text": "Hallo"}]}]}
    assert losses.dropped == ["logprobs", "n", "tools[0]"]
