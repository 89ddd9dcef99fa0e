"""Tokens as the Responses API reports them."""

from typing import Any

from trunkline.formats.conversation import MOST_TOKENS, Usage

Fields = dict[str, Any]


def read_usage(value: object) -> Usage | None:
    """What a usage object says; None for what is none. Anything that is missing counts as nothing."""
    if type(value) is not dict:
        return None
    prompt, completion = _object(value, "input_tokens_details"), _object(value, "output_tokens_details")
    usage = Usage(
        input=_count(value, "input_tokens"),
        cached=_count(prompt, "cached_tokens"),
        cache_write=_count(prompt, "cache_write_tokens"),
        output=_count(value, "output_tokens"),
        reasoning=_count(completion, "reasoning_tokens"),
    )
    if usage.reasoning and _count(value, "total_tokens") == usage.input + usage.output + usage.reasoning:
        return Usage(usage.input, usage.cached, usage.cache_write, usage.output + usage.reasoning, usage.reasoning)
    return usage


def _object(value: Fields, name: str) -> Fields:
    found = value.get(name)
    return found if type(found) is dict else {}


def _count(value: Fields, name: str) -> int:
    found = value.get(name)
    return min(found, MOST_TOKENS) if type(found) is int and found > 0 else 0


def write_usage(usage: Usage | None, reported: Fields | None) -> Fields | None:
    """The object as it came, as long as it says `usage`."""
    if reported is not None and read_usage(reported) == usage:
        return reported
    if usage is None:
        return None
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
