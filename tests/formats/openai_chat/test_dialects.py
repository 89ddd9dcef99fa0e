"""What a provider that departs from the format gets of a chat request."""

from typing import Any

import msgspec
import pytest
from tests.formats.openai_chat.talking import CALL, HALLO, TOOL, asking, assistant, read, sent, user, write

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.formats.losses import CannotCarry, Losses

RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
THOUGHT = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
ASKED_FOR = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}


@pytest.mark.parametrize("said", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("wanted", ["max_tokens", "max_completion_tokens"])
def test_the_cap_has_the_name_that_the_provider_knows(said: str, wanted: str) -> None:
    written = sent(asking(**{said: 50}), max_tokens_field=wanted, max_output=1000)
    assert written[wanted] == 50
    assert {"max_tokens", "max_completion_tokens"} & written.keys() == {wanted}


def test_wishes_are_lowered_to_what_the_model_does() -> None:
    written = sent(asking(max_tokens=50_000, temperature=1.8), max_output=4096, most_temperature=1.5)
    assert (written["max_completion_tokens"], written["temperature"]) == (4096, 1.5)


@pytest.mark.parametrize("said", ["system", "developer"])
@pytest.mark.parametrize("wanted", ["system", "developer"])
def test_instructions_come_from_whom_the_model_obeys(said: str, wanted: str) -> None:
    written = sent(asking({"role": said, "content": "Be brief"}, HALLO), system_role=wanted, max_output=9)
    assert written["messages"][0] == {"role": wanted, "content": "Be brief"}


def test_a_model_without_instructions_is_told_by_the_user() -> None:
    written = sent(asking({"role": "system", "content": "Be brief"}, HALLO), refuses=frozenset({"system"}))
    assert written["messages"][0] == {"role": "user", "content": "Be brief"}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"reasoning_field": "reasoning_content", "replays_reasoning": "always"}, {"reasoning_content": "Hm"}),
        ({"reasoning_field": "reasoning", "replays_reasoning": "always"}, {"reasoning": "Hm"}),
        ({"reasoning_field": "reasoning_content", "replays_reasoning": "tool_turns"}, {}),
        ({"reasoning_field": "reasoning_content", "replays_reasoning": "never"}, {}),
        ({"reasoning_field": "", "replays_reasoning": "always"}, {}),
    ],
)
def test_reasoning_of_earlier_turns_goes_back_where_it_is_wanted(flags: Any, expected: dict[str, str]) -> None:
    losses = Losses()
    written = write(read(asking(THOUGHT, HALLO)), Dialect(**flags), losses)
    assert written["messages"][0] == {"role": "assistant", "content": "Hi", **expected}
    assert losses.dropped == ([] if expected else ["messages[0].reasoning"])


def test_mistral_gets_reasoning_as_a_part() -> None:
    written = sent(asking(THOUGHT, HALLO), reasoning_field="thinking_parts", replays_reasoning="always")
    assert written["messages"][0]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
        {"type": "text", "text": "Hi"},
    ]


def test_a_turn_with_calls_has_reasoning_for_deepseek_even_where_there_is_none() -> None:
    flags: Any = {"reasoning_field": "reasoning_content", "replays_reasoning": "tool_turns"}
    thought = {**CALLED, "reasoning_content": "Hm"}
    assert sent(asking(thought, RESULT), **flags)["messages"][0]["reasoning_content"] == "Hm"
    assert sent(asking(CALLED, RESULT), **flags)["messages"][0]["reasoning_content"] == ""


@pytest.mark.parametrize(("issuer", "kept"), [("anthropic", True), ("openai", False), ("", False)])
def test_signed_reasoning_goes_to_its_issuer_only(issuer: str, kept: bool) -> None:
    signed = {"type": "reasoning.text", "text": "Hm", "signature": "s", "format": "anthropic-claude-v1", "index": 0}
    document = asking({"role": "assistant", "content": "Hi", "reasoning_details": [signed]}, HALLO)
    losses = Losses()
    dialect = Dialect(reasoning_field="reasoning_details", replays_reasoning="always", issuer=issuer)
    written = write(read(document), dialect, losses)
    assert written["messages"][0].get("reasoning_details") == ([signed] if kept else None)
    assert bool(losses.dropped) is not kept


@pytest.mark.parametrize(("issuer", "kept"), [("google", True), ("openai", False)])
def test_googles_signatures_go_to_google_only(issuer: str, kept: bool) -> None:
    signed = {**CALL, "extra_content": {"google": {"thought_signature": "c2ln"}}}
    losses = Losses()
    document = asking({**CALLED, "tool_calls": [signed]}, RESULT)
    written = write(read(document), Dialect(issuer=issuer), losses)
    assert written["messages"][0]["tool_calls"] == [signed if kept else CALL]
    assert losses.dropped == ([] if kept else ["messages[0].tool_calls[0].extra_content"])


@pytest.mark.parametrize(
    ("fields", "flags", "expected"),
    [
        ({"reasoning_effort": "xhigh"}, {}, {"reasoning_effort": "high"}),
        ({"reasoning_effort": "none"}, {}, {"reasoning_effort": "minimal"}),
        ({"reasoning_effort": "none"}, {"efforts": ("none", "high")}, {"reasoning_effort": "none"}),
        ({"enable_thinking": True}, {}, {"reasoning_effort": "medium"}),
        ({"reasoning": {"max_tokens": 3000}}, {}, {"reasoning_effort": "medium"}),
        ({"reasoning_effort": "low"}, {"thinking_field": "reasoning"}, {"reasoning": {"effort": "low"}}),
        (
            {"reasoning_effort": "low"},
            {"thinking_field": "reasoning", "thinks": "budget"},
            {"reasoning": {"max_tokens": 2048}},
        ),
        ({"thinking": {"type": "disabled"}}, {"thinking_field": "reasoning"}, {"reasoning": {"enabled": False}}),
        (
            {"reasoning_effort": "high"},
            {"thinking_field": "thinking"},
            {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        ),
        (
            {"reasoning_effort": "high"},
            {"thinking_field": "thinking", "thinks": "switch"},
            {"thinking": {"type": "enabled"}},
        ),
        (
            {"thinking": {"type": "enabled", "clear_thinking": False}},
            {"thinking_field": "thinking", "thinks": "switch"},
            {"thinking": {"type": "enabled", "clear_thinking": False}},
        ),
        ({"reasoning_effort": "none"}, {"thinking_field": "thinking"}, {"thinking": {"type": "disabled"}}),
        ({"enable_thinking": True}, {"thinking_field": "thinking"}, {"thinking": {"type": "enabled"}}),
        (
            {"reasoning_effort": "low"},
            {"thinking_field": "enable_thinking", "thinks": "budget"},
            {"enable_thinking": True, "thinking_budget": 2048},
        ),
        (
            {"reasoning_effort": "none", "chat_template_kwargs": {"x": 1}},
            {"thinking_field": "chat_template_kwargs", "thinks": "switch"},
            {"chat_template_kwargs": {"x": 1, "enable_thinking": False, "thinking": False}},
        ),
    ],
)
def test_how_much_to_think_is_said_in_the_providers_words(
    fields: dict[str, Any], flags: dict[str, Any], expected: dict[str, Any]
) -> None:
    written = sent(asking(**fields), max_output=9, **flags)
    assert {name: value for name, value in written.items() if name not in ("model", "messages")} == expected


@pytest.mark.parametrize("flags", [{"thinks": ""}, {"thinking_field": ""}, {"refuses": frozenset({"thinking"})}])
def test_a_model_that_cannot_think_is_not_asked_to_which_is_told(flags: dict[str, Any]) -> None:
    losses = Losses()
    assert write(read(asking(reasoning_effort="high")), Dialect(**flags), losses) == asking()
    assert losses.dropped == ["reasoning_effort"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("json_schema", ASKED_FOR),
        ("value", {"type": "json_schema", "value": SCHEMA}),
        ("json_object_schema", {"type": "json_object", "schema": SCHEMA}),
        ("json_object", {"type": "json_object"}),
    ],
)
def test_a_schema_goes_where_the_provider_looks_for_it(field: str, expected: dict[str, Any]) -> None:
    losses = Losses()
    written = write(read(asking(response_format=ASKED_FOR)), Dialect(schema_field=field, max_output=9), losses)  # type: ignore[arg-type]  # one of them
    assert written["response_format"] == expected
    assert losses.dropped == (["response_format"] if field == "json_object" else [])


@pytest.mark.parametrize("system", [[], [{"role": "system", "content": "Be brief"}]])
def test_a_schema_without_a_place_is_asked_for_in_the_instructions(system: list[Any]) -> None:
    written = sent(asking(*system, HALLO, response_format=ASKED_FOR), schema_field="json_object")
    first = written["messages"][0]
    assert first["role"] == "system"
    assert "JSON Schema" in first["content"]
    assert msgspec.json.encode(SCHEMA).decode() in first["content"]
    assert len(written["messages"]) == 2


def test_ids_of_calls_are_made_to_fit_and_still_belong_together() -> None:
    written = sent(asking(CALLED, RESULT), tool_call_id="nine")
    call_id = written["messages"][0]["tool_calls"][0]["id"]
    assert len(call_id) == 9
    assert written["messages"][1]["tool_call_id"] == call_id


def test_what_was_missing_in_a_call_is_there_for_a_stricter_provider() -> None:
    bare = {"role": "assistant", "content": None, "tool_calls": [{"id": "", "function": {"name": "weather"}}]}
    written = sent(asking(bare, {"role": "tool", "content": "rain"}), max_output=9)
    call = written["messages"][0]["tool_calls"][0]
    assert call == {"id": call["id"], "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    assert written["messages"][1]["tool_call_id"] == call["id"] != ""


@pytest.mark.parametrize("speaker", ["user", "system"])
def test_the_assistant_speaks_after_a_tool_where_it_must(speaker: str) -> None:
    written = sent(asking(CALLED, RESULT, {"role": speaker, "content": "Go on"}), assistant_after_tool=True)
    assert [message["role"] for message in written["messages"]] == ["assistant", "tool", "assistant", speaker]


def test_mistral_goes_on_with_what_it_began_to_say() -> None:
    document = asking(HALLO, {"role": "assistant", "content": "Well,"})
    assert sent(document, assistant_after_tool=True)["messages"][-1]["prefix"] is True


def test_other_words_for_the_same() -> None:
    document = asking(tools=[TOOL], tool_choice="required", seed=7, stream=True)
    written = sent(document, required_choice="any", seed_field="random_seed")
    assert (written["tool_choice"], written["random_seed"]) == ("any", 7)
    assert written["stream_options"] == {"include_usage": True}


def test_usage_is_not_asked_of_a_provider_that_refuses_the_question() -> None:
    document = asking(stream=True, stream_options={"include_usage": True})
    assert "stream_options" not in sent(document, stream_usage=False)


def test_only_some_tools_are_offered_where_there_is_no_word_for_a_choice_among_them() -> None:
    other = {"type": "function", "function": {"name": "time"}}
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "weather"}}]}
    document = asking(tools=[TOOL, other], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    written = sent(document, max_output=9)
    assert (written["tools"], written["tool_choice"]) == ([TOOL], "auto")
    losses = Losses()
    write(read(document), Dialect(max_output=9), losses)
    assert losses.dropped == ["tools[1]"]


@pytest.mark.parametrize(
    ("parameter", "fields", "told"),
    [
        ("temperature", {"temperature": 0.5}, "temperature"),
        ("top_p", {"top_p": 0.5}, "top_p"),
        ("seed", {"seed": 1}, "seed"),
        ("user", {"user": "u"}, "user"),
        ("metadata", {"metadata": {"a": "b"}}, "metadata"),
        ("service_tier", {"service_tier": "flex"}, "service_tier"),
        ("store", {"store": True}, "store"),
        ("cache_key", {"prompt_cache_key": "k"}, "prompt_cache_key"),
        ("verbosity", {"verbosity": "low"}, "verbosity"),
    ],
)
def test_a_harmless_parameter_is_dropped_and_told(parameter: Parameter, fields: dict[str, Any], told: str) -> None:
    losses = Losses()
    assert write(read(asking(**fields)), Dialect(refuses=frozenset({parameter})), losses) == asking()
    assert losses.dropped == [told]


@pytest.mark.parametrize(
    ("parameter", "fields", "told"),
    [
        ("stop", {"stop": "a"}, "stop"),
        ("choices", {"n": 2}, "n"),
        ("logit_bias", {"logit_bias": {"5": 1}}, "logit_bias"),
        ("logprobs", {"logprobs": True}, "logprobs"),
        ("tools", {"tools": [TOOL]}, "tools"),
        ("tool_choice", {"tools": [TOOL], "tool_choice": "required"}, "tool_choice"),
        (
            "forced_tool",
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "weather"}}},
            "tool_choice",
        ),
        ("parallel_tool_calls", {"tools": [TOOL], "parallel_tool_calls": False}, "parallel_tool_calls"),
        ("output_json", {"response_format": {"type": "json_object"}}, "response_format"),
        ("output_schema", {"response_format": ASKED_FOR}, "response_format"),
    ],
)
def test_what_the_answer_depends_on_is_refused_by_name(parameter: Parameter, fields: dict[str, Any], told: str) -> None:
    dialect = Dialect(refuses=frozenset({parameter}))
    with pytest.raises(CannotCarry) as caught:
        write(read(asking(**fields)), dialect)
    assert caught.value.param == told
    losses = Losses(drop_all=True)
    write(read(asking(**fields)), dialect, losses)
    assert losses.dropped == [told]


@pytest.mark.parametrize(
    ("parameter", "fields"),
    [
        ("choices", {"n": 1}),
        ("logprobs", {"logprobs": False}),
        ("tool_choice", {"tools": [TOOL], "tool_choice": "auto"}),
        ("parallel_tool_calls", {"tools": [TOOL], "parallel_tool_calls": True}),
    ],
)
def test_what_is_done_anyway_is_left_out_without_a_word(parameter: Parameter, fields: dict[str, Any]) -> None:
    losses = Losses()
    written = write(read(asking(**fields)), Dialect(refuses=frozenset({parameter})), losses)
    assert written.keys() - {"tools"} == {"model", "messages"}
    assert losses.dropped == []


def test_no_tool_may_be_called_where_none_is_offered() -> None:
    written = sent(asking(tools=[TOOL], tool_choice="none"), refuses=frozenset({"tool_choice"}))
    assert written == asking()


@pytest.mark.parametrize(
    ("parameter", "part"),
    [
        ("images", {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}),
        ("image_urls", {"type": "image_url", "image_url": {"url": "https://a/b.png"}}),
        ("audio", {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
        ("files", {"type": "file", "file": {"file_id": "f"}}),
    ],
)
def test_a_part_that_the_model_cannot_read_is_refused_with_its_path(parameter: Parameter, part: Any) -> None:
    document = asking({"role": "user", "content": [{"type": "text", "text": "See"}, part]})
    with pytest.raises(CannotCarry) as caught:
        sent(document, refuses=frozenset({parameter}))
    assert caught.value.param == "messages[0].content[1]"


def test_a_turn_that_the_assistant_is_to_end_is_refused_where_it_cannot() -> None:
    began = Request(format="anthropic_messages", model="m", messages=[user("Hallo"), assistant("Well,")])
    losses, refuses = Losses(), Dialect(refuses=frozenset({"prefill"}))
    with pytest.raises(CannotCarry) as caught:
        write(began, refuses, losses)
    assert caught.value.param == "messages[1]"
    dropping = Losses(drop_all=True)
    assert write(began, refuses, dropping)["messages"][-1] == {"role": "assistant", "content": "Well,"}
    assert dropping.dropped == ["messages[1]"]


def test_a_client_of_this_format_means_what_it_does_with_a_turn_that_the_assistant_ends() -> None:
    document = asking(HALLO, {"role": "assistant", "content": "Well,"})
    assert sent(document, refuses=frozenset({"prefill"}))["messages"] == document["messages"]
