"""What of another format's own fields is left behind, and what is refused."""

from typing import Any

import pytest

from trunkline.formats.conversation import Message, Request
from trunkline.formats.harmless import MESSAGE, leave, leave_request
from trunkline.formats.losses import CannotCarry, Losses


def left(source: Any, extras: dict[str, Any], carried: frozenset[str] = frozenset()) -> list[str]:
    losses = Losses()
    leave_request(Request(format=source, extras={source: extras}), losses, carried)
    return losses.dropped


def test_what_the_answer_does_not_depend_on_is_told() -> None:
    assert left("openai_chat", {"prediction": {"type": "content"}, "trace": None}) == ["prediction"]
    assert left("openai_chat", {"moderation": True, "user": "a"}, carried=frozenset({"moderation"})) == ["user"]
    assert left("anthropic_messages", {"fallbacks": "default", "fallback_credit_token": "x"}) == [
        "fallbacks",
        "fallback_credit_token",
    ]
    assert left("openai_responses", {"context_management": [{"type": "compaction"}]}) == ["context_management"]


@pytest.mark.parametrize(
    ("source", "field", "value"),
    [
        ("openai_chat", "web_search_options", {"a": 1}),
        ("openai_chat", "modalities", ["audio"]),
        ("openai_completions", "suffix", "x"),
        ("anthropic_messages", "inference_geo", "eu"),
        ("google_generate", "cachedContent", "x"),
    ],
)
def test_what_it_depends_on_is_refused_by_name(source: str, field: str, value: Any) -> None:
    with pytest.raises(CannotCarry) as caught:
        left(source, {field: value})
    assert caught.value.param == field


def test_what_asks_for_what_happens_anyway_is_told() -> None:
    assert left("openai_chat", {"modalities": ["text"], "min_p": 0}) == ["modalities", "min_p"]


def test_a_google_client_is_told_in_camel_case_however_it_writes() -> None:
    fields = {
        "generationConfig.media_resolution": "MEDIA_RESOLUTION_LOW",
        "safety_settings": [{}],
        "toolConfig.include_server_side_tool_invocations": True,
        "generationConfig.thinkingConfig.thinking_level": "THINKING_LEVEL_UNSPECIFIED",
    }
    assert left("google_generate", fields) == [
        "generationConfig.mediaResolution",
        "safetySettings",
        "toolConfig.includeServerSideToolInvocations",
        "generationConfig.thinkingConfig.thinkingLevel",
    ]
    with pytest.raises(CannotCarry) as caught:
        left("google_generate", {"generationConfig.speech_config": {"language_code": "de"}})
    assert caught.value.param == "generationConfig.speechConfig"


@pytest.mark.parametrize("field", ["cache_salt", "id_slot", "reasoning_split", "request_id", "return_token_ids"])
def test_what_servers_of_one_format_keep_books_with_is_told(field: str) -> None:
    assert left("openai_chat", {field: "x"}) == [field]


def test_a_message_has_harmless_fields_of_its_own() -> None:
    losses = Losses()
    leave(Message(role="user", extras={"openai_chat": {"phase": "x"}}), "openai_chat", "messages[0]", losses, MESSAGE)
    assert losses.dropped == ["messages[0].phase"]
