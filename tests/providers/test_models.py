"""What is known of models: whose family a name is, and what it comes to at a provider."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest
from tests.providers.recorded import Answered, needed, recorded

from trunkline.formats.dialect import Dialect, Parameter
from trunkline.providers import PROVIDERS
from trunkline.providers.families import FAMILIES, Family, Rules
from trunkline.providers.families.family import ALL
from trunkline.providers.models import facts_for, family_of, model_at, needed_format, plain
from trunkline.providers.tokens import TOKENIZERS


@pytest.mark.parametrize(
    ("model", "known_as"),
    [
        ("gpt-4.1-mini", "gpt-4-1-mini"),
        ("anthropic/claude-sonnet-4.5:beta", "claude-sonnet-4-5"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929-v1"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307-v1"),
        ("claude-opus-4-1@20250805", "claude-opus-4-1-20250805"),
        ("us.deepseek.r1-v1:0", "deepseek-r1-v1"),
        ("accounts/fireworks/models/gpt-oss-20b", "gpt-oss-20b"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3-1-8b-instruct"),
        ("Meta-Llama-3.1-8B", "llama-3-1-8b"),
        ("@cf/meta/llama-3.1-8b-instruct", "llama-3-1-8b-instruct"),
        ("llama3.2:3b-instruct-fp16", "llama3-2"),
        ("models/gemini-2.5-flash", "gemini-2-5-flash"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "gpt-4o-mini-2024-07-18"),
        ("", ""),
    ],
)
def test_a_name_has_one_plain_spelling(model: str, known_as: str) -> None:
    assert plain(model) == known_as


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4-1106-preview", "gpt-4"),  # not gpt-4.1
        ("gpt-4.1-2025-04-14", "gpt-4-1"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-5.1-codex-max", "gpt-5-1-codex-max"),
        ("gpt-5.1-codex-mini", "gpt-5-1-codex"),
        ("o1-2024-12-17", "o1"),
        ("claude-opus-4-20250514", "claude-opus-4"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-sonnet-5-5", "claude"),  # newer than the table: as the newest in it
        ("gemini-3.8-flash", "gemini-3"),
        ("kimi-k2-thinking", "kimi-k2-thinking"),
        ("kimi-k2-0905", "kimi-k2"),
    ],
)
def test_the_longest_beginning_names_the_family(model: str, name: str) -> None:
    family = family_of(model)
    assert family is not None
    assert name in family.names


def test_a_name_that_nobody_knows_has_no_family() -> None:
    assert family_of("granite3.2-vision") is None
    assert family_of("o") is None
    assert family_of("gpt-5x") is None


# The table


def test_a_beginning_belongs_to_one_family() -> None:
    counted = Counter(name for family in FAMILIES for name in family.names)
    assert [name for name, times in counted.items() if times > 1] == []
    assert [name for name in counted if name != plain(name)] == []


def test_rules_are_flags_of_a_dialect() -> None:
    flags = {field.name: field for field in msgspec.structs.fields(Dialect)}
    hints = Rules.__annotations__
    assert hints.keys() <= flags.keys()
    for name, hint in hints.items():
        if get_args(hint) and name != "refuses":
            assert set(get_args(hint)) <= set(get_args(flags[name].type)) | {str, ...}, name


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.names[0])
def test_a_family_makes_sense(family: Family) -> None:
    known = set(get_args(Parameter))
    assert family.refuses <= known
    assert family.refuses_thinking <= known
    assert not family.refuses & family.refuses_thinking
    assert family.context is None or family.max_output is None or family.max_output <= family.context
    assert family.reasons or not family.rules.get("thinks")
    assert family.rules.get("default_max_output", 0) <= (family.max_output or 10**9)
    assert (family.tokenizer or family.maker) in TOKENIZERS or family.maker == "perplexity"


# At providers


def at(provider: str, model: str) -> Dialect:
    return facts_for(PROVIDERS[provider], model)


def test_a_models_own_rules_hold_at_its_maker_and_its_limits_everywhere() -> None:
    own, relayed = at("anthropic", "claude-opus-4-8"), at("openrouter", "anthropic/claude-opus-4.8")
    assert own.thinks == "adaptive"
    assert own.efforts == ("low", "medium", "high", "xhigh", "max")
    assert relayed.thinking_field == "reasoning"
    assert "minimal" in relayed.efforts
    for dialect in (own, relayed):
        assert dialect.max_output == 128_000
        assert {"temperature", "top_k", "prefill"} <= dialect.refuses
        assert dialect.issuer == "anthropic"


def test_what_cannot_reason_is_not_asked_to_anywhere() -> None:
    for provider, model in [("openai", "gpt-4o"), ("openrouter", "openai/gpt-4o"), ("groq", "llama-3.3-70b-versatile")]:
        assert at(provider, model).thinks == ""
    assert at("groq", "openai/gpt-oss-20b").efforts == ("low", "medium", "high")
    assert at("bedrock", "us.meta.llama4-maverick-17b-instruct-v1:0").thinks == ""


def test_the_provider_says_how_it_is_spoken_to_and_the_model_what_it_takes() -> None:
    deepseek = at("deepseek", "deepseek-v4-flash")
    assert (deepseek.thinking_field, deepseek.thinks) == ("thinking", "effort")
    assert (deepseek.reasoning_field, deepseek.replays_reasoning) == ("reasoning_content", "tool_turns")
    assert "images" in deepseek.refuses
    assert "images" not in at("deepseek", "deepseek-v4-flash-vision-exp").refuses
    assert at("azure", "mistral-large-2411").max_tokens_field == "max_tokens"
    assert at("azure", "gpt-5-mini").max_tokens_field == "max_completion_tokens"


def test_signed_reasoning_goes_back_only_to_who_signed_it() -> None:
    claude = PROVIDERS["vertex"].speaking("anthropic_messages")
    assert claude is not None
    assert facts_for(claude, "claude-sonnet-4-5@20250929").issuer == "anthropic"
    assert at("vertex", "gemini-3-flash-preview").issuer == "google"
    assert at("groq", "openai/gpt-oss-120b").issuer == ""
    assert at("openrouter", "openai/gpt-oss-120b").issuer == ""
    assert at("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo").issuer == ""


def test_limits_of_open_models_are_those_of_who_serves_them() -> None:
    assert at("zai", "glm-4.6").max_output == 131_072
    assert at("vllm", "zai-org/GLM-4.6").max_output is None
    assert at("bedrock", "us.anthropic.claude-3-haiku-20240307-v1:0").max_output == 4096


def test_a_model_that_nobody_knows_is_taken_as_its_provider_is() -> None:
    assert at("mistral", "ours") == PROVIDERS["mistral"].dialect
    assert at("openai_compatible", "ours") == Dialect()


def test_what_the_operator_says_goes_before_all_that_is_known() -> None:
    said = Rules(refuses=frozenset(), thinks="effort", max_output=100, ending="finish")
    facts = PROVIDERS["anthropic"].adjusted(format=None, elsewhere=False, overrides=said)
    dialect = facts_for(facts, "claude-opus-4-8")
    assert (dialect.refuses, dialect.thinks, dialect.max_output, dialect.ending) == (
        frozenset(),
        "effort",
        100,
        "finish",
    )
    assert dialect.issuer == "anthropic"


def test_what_the_operator_says_is_refused_is_all_that_is() -> None:
    facts = PROVIDERS["openai"].adjusted(format=None, elsewhere=False, overrides=Rules(refuses=frozenset()))
    dialect = facts_for(facts, "gpt-5.2")
    assert dialect.refuses == dialect.refuses_thinking == frozenset()


@pytest.mark.parametrize(
    ("provider", "model", "format_", "need"),
    [
        ("openai", "gpt-5.6-terra-2026-07-01", "openai_responses", "reasoned tools"),
        ("azure", "gpt-5.4-mini", "openai_responses", "reasoned tools"),
        ("openai", "gpt-5.4-pro-2026-03-05", "openai_responses", "always"),
        ("openai", "gpt-5.1-codex-max", "openai_responses", "always"),
        ("vertex", "claude-opus-4-8", "anthropic_messages", "always"),
        ("bedrock", "openai.gpt-5.6", "openai_responses", "always"),
    ],
)
def test_some_models_are_spoken_to_in_one_format_only(provider: str, model: str, format_: str, need: str) -> None:
    assert needed_format(PROVIDERS[provider], model) == (format_, need)


@pytest.mark.parametrize("model", ["gpt-5.1", "gpt-5", "gpt-4o", "o3", "gpt-5.44", "ours"])
def test_others_are_spoken_to_in_any(model: str) -> None:
    assert needed_format(PROVIDERS["openai"], model) is None


def test_facts_are_looked_up_once() -> None:
    assert at("anthropic", "claude-opus-4-8") is at("anthropic", "claude-opus-4-8")


# Windows


def test_windows_come_from_the_catalogue_and_the_table_whichever_is_larger() -> None:
    assert model_at(PROVIDERS["openai"], "gpt-4o").context == 128_000
    assert model_at(PROVIDERS["deepseek"], "deepseek-chat").context == 1_000_000  # the catalogue is behind
    assert model_at(PROVIDERS["google"], "gemini-2.5-pro").context == 1_048_576  # the catalogue has none
    assert model_at(PROVIDERS["vllm"], "Qwen/Qwen3-8B").context is None
    assert model_at(PROVIDERS["openai"], "nothing-like-it").context is None


def test_a_model_says_what_it_takes() -> None:
    gemini = model_at(PROVIDERS["google"], "gemini-2.5-flash")
    assert gemini.takes == ALL
    assert (gemini.maker, gemini.tokenizer, gemini.reasons, gemini.tools) == ("google", "google", True, True)
    assert model_at(PROVIDERS["openai"], "gpt-4o-mini").tokenizer == "gpt-4o-mini"
    assert model_at(PROVIDERS["openai"], "gpt-5.2").refuses_thinking >= {"temperature"}
    assert model_at(PROVIDERS["openai"], "unheard-of").takes is None


@pytest.mark.shared
def test_windows_agree_with_what_providers_said_when_a_request_did_not_fit() -> None:
    needed()
    told = {
        "anthropic/30126fa8e7b67518": r"> (\d+) maximum",
        "deepseek/e7245931fb662116": r"length is (\d+) tokens",
        "vertex/389952cebfcc4008": r"allowed \((\d+)\)",
    }
    for answered in recorded():
        if answered.name in told:
            model = answered.model or re.search(r"models/([^:]+):", answered.url)[1]  # type: ignore[index]  # it is there
            window = int(re.search(told[answered.name], answered.body.decode())[1])  # type: ignore[index]  # likewise
            known = model_at(PROVIDERS[answered.type], model).context
            assert known is not None
            assert abs(known - window) < 0.05 * window, answered.name


# What was taken


TAKEN: dict[Parameter, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "presence_penalty": ("presence_penalty",),
    "frequency_penalty": ("frequency_penalty",),
    "seed": ("seed", "random_seed"),
    "stop": ("stop", "stop_sequences"),
    "logit_bias": ("logit_bias",),
    "logprobs": ("logprobs",),
    "parallel_tool_calls": ("parallel_tool_calls",),
    "tools": ("tools",),
    "metadata": ("metadata",),
    "service_tier": ("service_tier",),
    "verbosity": ("verbosity",),
}
"""Parameter → fields that say it in the chat and Messages formats."""


def taken(request: dict[str, Any]) -> Iterator[Parameter]:
    """What a request asks for that a dialect can refuse."""
    for parameter, names in TAKEN.items():
        if any(request.get(name) not in (None, False, [], {}) for name in names):
            yield parameter
    if (request.get("n") or 1) > 1:
        yield "choices"
    choice = request.get("tool_choice")
    if choice in ("required", "any") or (isinstance(choice, dict) and choice.get("type") != "auto"):
        yield "forced_tool"
    parts = [part for message in request.get("messages", []) for part in content(message)]
    kinds = {part.get("type") for part in parts}
    if kinds & {"image_url", "image"}:
        yield "images"
    if kinds & {"input_audio"}:
        yield "audio"
    if kinds & {"file", "document"}:
        yield "files"


def content(message: Any) -> list[dict[str, Any]]:
    found = message.get("content") if isinstance(message, dict) else None
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


PASSED_OVER = {"ollama": {"forced_tool"}}
"""What a provider accepted although it does not do it."""


@pytest.mark.shared
def test_nothing_is_said_to_be_refused_that_was_taken() -> None:
    needed()
    wrong: set[tuple[str, str, str]] = set()
    for answered in recorded("chat", "messages"):
        if answered.status == 200 and answered.model and answered.request and not failed_midway(answered):
            facts = PROVIDERS[answered.type].speaking(
                "anthropic_messages" if answered.api == "messages" else "openai_chat"
            )
            if facts is not None:
                refuses = facts_for(facts, answered.model).refuses
                hit = set(taken(answered.request)) & refuses - PASSED_OVER.get(answered.type, set())
                wrong |= {(answered.type, answered.model, name) for name in hit}
    assert wrong == set()


@pytest.mark.shared
def test_no_answer_was_longer_than_what_is_said_to_be_the_most() -> None:
    needed()
    for answered in recorded("chat", "messages"):
        asked = answered.request.get("max_tokens") or answered.request.get("max_completion_tokens") or 0
        most = facts_for(PROVIDERS[answered.type], answered.model).max_output if answered.model else None
        if answered.status == 200 and most is not None:
            assert asked <= most, (answered.name, answered.model, asked, most)


def failed_midway(answered: Answered) -> bool:
    return "midstream_error" in answered.features
