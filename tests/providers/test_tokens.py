"""The estimate of tokens: how far it is from what providers counted, and what it takes into account."""

import re
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from tests.providers.recorded import Answered, needed, recorded

from trunkline.providers.families import FAMILIES
from trunkline.providers.models import family_of
from trunkline.providers.tokens import TOKENIZERS, Letters, Weight, estimate, letters, weigh

TALKS = ("chat", "responses", "messages", "converse", "converse_stream", "generate_content", "generate_content_stream")
UNSEEN = {"cachedContent", "previous_response_id", "conversation", "container", "preset", "models"}
"""Fields that bring in what is not in the request."""

MOST: dict[str, tuple[float, float]] = {
    "openai": (0.15, 1.0),
    "anthropic": (0.2, 0.5),
    "google": (0.25, 0.65),
    "qwen": (0.15, 0.5),
    "deepseek": (0.12, 0.6),
    "mistral": (0.15, 0.95),
    "xai": (0.35, 0.65),
    "zai": (0.1, 0.15),
}
"""Maker → median and 95th percentile of the relative error, over requests of 150 tokens and more."""


def counted(answered: Answered) -> int:
    """Tokens of input that the provider counted, cached ones among them; 0 where it told none."""
    events = re.findall(rb"^data: ?(\{.*\})\s*$", answered.body, re.MULTILINE) or [answered.body]
    found = 0
    for event in events:
        try:
            value: Any = msgspec.json.decode(event)
        except msgspec.DecodeError:
            continue
        if isinstance(value, dict):
            found = max([found, *map(_input, _usages(value))])
    return found


def _usages(value: dict[str, Any]) -> list[dict[str, Any]]:
    holders = [value, value.get("response"), value.get("message"), value.get("metadata")]
    found = [h.get(name) for h in holders if isinstance(h, dict) for name in ("usage", "usageMetadata")]
    return [usage for usage in found if isinstance(usage, dict)]


def _input(usage: dict[str, Any]) -> int:
    first = ("prompt_tokens", "promptTokenCount", "input_tokens", "inputTokens")
    beside = ("cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    tokens = next((usage[name] for name in first if isinstance(usage.get(name), int)), 0)
    return int(tokens) + sum(int(usage.get(name) or 0) for name in beside)


def seen_whole(request: dict[str, Any]) -> bool:
    """Whether all that the provider reads is in the request, as text."""
    tools = request.get("tools") or []
    own = all(t.get("type") in (None, "function", "custom") for t in tools if isinstance(t, dict))
    declared = all(set(t) & {"function", "name", "functionDeclarations", "toolSpec"} for t in tools)
    return not (UNSEEN & request.keys()) and own and declared


def errors() -> dict[str, list[float]]:
    """Maker → relative errors over the recordings, signed."""
    found = defaultdict(list)
    for answered in recorded(*TALKS):
        family, request = family_of(answered.model), answered.request
        if answered.status == 200 and family is not None and request and seen_whole(request):
            weight, tokens = weigh(request), counted(answered)
            if tokens >= 150 and not (weight.images or weight.sound or weight.files):
                guess = estimate(weight, family.tokenizer or family.maker)
                found[family.maker].append((guess - tokens) / tokens)
    return found


@pytest.mark.shared
def test_estimates_are_near_what_providers_counted() -> None:
    needed()
    measured = errors()
    for maker, (median, most) in MOST.items():
        sizes = sorted(map(abs, measured[maker]))
        assert len(sizes) >= 10, maker
        assert statistics.median(sizes) <= median, (maker, statistics.median(sizes))
        assert sizes[int(len(sizes) * 0.95)] <= most, (maker, sizes[int(len(sizes) * 0.95)])
        assert abs(statistics.median(measured[maker])) <= 0.2, maker


# Counting


def test_letters_are_told_apart() -> None:
    assert letters("") == Letters()
    assert letters("Hi there, 42!") == Letters(words=3, letters=7, digits=2, signs=2)
    assert letters("你好，世界") == Letters(words=1, wide=4, others=1)
    assert letters("Привет") == Letters(words=1, others=6)
    assert letters("naïve 😀") == Letters(words=2, letters=4, others=2)
    assert letters("a\ud800b") == Letters(words=1, letters=2, signs=1)


def test_indentation_is_not_a_word_a_space() -> None:
    assert letters("if x:\n        return 1").words <= 6


def test_scripts_count_differently() -> None:
    english = estimate(Weight(text=letters("The quick brown fox jumps over the lazy dog. " * 20)), "openai")
    assert 180 <= english <= 220  # nine words and a full stop
    chinese = Weight(text=letters("敏捷的棕色狐狸跳过了懒狗" * 20))
    assert estimate(chinese, "deepseek") < estimate(chinese, "openai") <= 260
    digits = Weight(text=letters("1234567890" * 20))
    assert estimate(digits, "qwen") > 2 * estimate(digits, "openai") - 10


ASKS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "asks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ASKS)
def test_a_conversation_weighs_about_the_same_in_every_format(name: str) -> None:
    weight = weigh(ASKS[name])
    assert (weight.images, weight.tools, weight.files, weight.sound) == (1, 1, 0, 0)
    assert weight.messages == 4
    assert 6 <= weight.text.words <= 14
    assert abs(estimate(weight, "openai") - estimate(weigh(ASKS["openai_chat"]), "openai")) < 15


def test_bytes_of_media_are_not_read_as_text() -> None:
    data = "A" * 100_000
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "mp3"}},
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{data}", "filename": "a.pdf"}},
        {"inlineData": {"mimeType": "video/mp4", "data": data}},
    ]
    weight = weigh({"messages": [{"role": "user", "content": parts}]})
    assert weight.text.letters == 0
    assert (weight.images, weight.files) == (1, 2)
    assert weight.sound == 75_000
    assert 149_000 < weight.papers < 151_000
    assert estimate(weight, "google") < 15_000


def test_signed_reasoning_counts_where_it_is_read_again() -> None:
    part = {"text": "", "thoughtSignature": "x" * 5000}
    weight = weigh({"contents": [{"role": "model", "parts": [part]}]})
    assert weight.sealed == 5000
    assert estimate(weight, "google") > 500
    assert estimate(weight, "openai") < 20


def test_a_schema_is_seen_wherever_it_stands() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    asks: list[dict[str, Any]] = [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}},
        {"text": {"format": {"type": "json_schema", "schema": schema}}},
        {"output_config": {"format": {"type": "json_schema", "schema": schema}}},
        {"generationConfig": {"responseSchema": schema}},
    ]
    assert all(weigh(ask).schema for ask in asks)
    assert not weigh({"response_format": {"type": "text"}}).schema


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"messages": None},
        {"messages": "odd"},
        {"tools": "odd"},
        {"messages": [1, None, {"content": {}}]},
        {"messages": [{"type": ["image"]}, {"type": {"text": "x"}}]},
    ],
)
def test_what_is_no_request_weighs_little(request_: dict[str, Any]) -> None:
    assert estimate(weigh(request_), "anthropic") < 600


@pytest.mark.parametrize("level", [{"content": None}, {"type": "image", "content": None}, {"signature": None}])
def test_a_request_may_be_as_deep_as_it_likes(level: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = {name: value or deep for name, value in level.items()}
    assert weigh({"messages": [deep]}).messages == 1


def test_every_tokenizer_is_of_a_maker_or_named_by_a_family() -> None:
    assert TOKENIZERS.keys() <= {family.tokenizer or family.maker for family in FAMILIES}
