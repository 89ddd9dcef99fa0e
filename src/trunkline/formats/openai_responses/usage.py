"""Tokens as the Responses API reports them."""

from typing import Any

import msgspec

from trunkline.formats.billing import NONE, Details, Unit, beyond_belief, reported_cost, told, units
from trunkline.formats.conversation import MOST_TOKENS, Usage

Fields = dict[str, Any]


def read_usage(value: object) -> Usage | None:
    """What a usage object says; None for what is none. Anything that is missing counts as nothing."""
    if type(value) is not dict:
        return None
    prompt, completion = _object(value, "input_tokens_details"), _object(value, "output_tokens_details")
    read, output = _count(value, "input_tokens"), _count(value, "output_tokens")
    reasoning = _count(completion, "reasoning_tokens")
    if reasoning and _count(value, "total_tokens") == read + output + reasoning:
        output += reasoning
    return Usage(
        input=read,
        cached=_count(prompt, "cached_tokens"),
        cache_write=_count(prompt, "cache_write_tokens") or _count(prompt, "cache_creation_input_tokens"),  # Perplexity
        output=output,
        reasoning=reasoning,
        details=_details(value, prompt, completion),
    )


def _details(value: Fields, prompt: Fields, completion: Fields) -> Details | None:
    counts = (value.get("input_tokens"), value.get("output_tokens"), prompt.get("cached_tokens"))
    return told(
        Details(
            audio_input=_count(prompt, "audio_tokens"),
            audio_output=_count(completion, "audio_tokens"),
            image_input=_count(prompt, "image_tokens"),
            image_output=_count(completion, "image_tokens"),
            cost=reported_cost(value),
            impossible=beyond_belief(*counts, completion.get("reasoning_tokens")),
        )
    )


_CALLS: dict[str, Unit] = {
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_execution",
}
"""Items of a response that stand for a call of the provider's own tools, which it charges for."""


class _Item(msgspec.Struct, gc=False):
    type: str = ""


_items = msgspec.json.Decoder(list[_Item]).decode


def with_calls(usage: Usage | None, output: object) -> Usage | None:
    """`usage`, and how often the provider's own tools were called, by a response's output: a list, or its bytes."""
    if usage is None:
        return None
    if isinstance(output, msgspec.Raw):
        if b'_call"' not in bytes(output):
            return usage
        try:
            kinds: list[object] = [item.type for item in _items(output)]
        except msgspec.DecodeError:
            return usage  # it passes: the client may know it
    else:
        items = output if isinstance(output, list) else []
        kinds = [item.get("type") for item in items if isinstance(item, dict)]
    calls = units({unit: kinds.count(item) for item, unit in _CALLS.items()})
    if not calls:
        return usage
    return msgspec.structs.replace(usage, details=msgspec.structs.replace(usage.details or NONE, units=calls))


def _object(value: Fields, name: str) -> Fields:
    found = value.get(name)
    return found if type(found) is dict else {}


def _count(value: Fields, name: str) -> int:
    found = value.get(name)
    return min(found, MOST_TOKENS) if type(found) is int and found > 0 else 0


def _reported(usage: Usage | None) -> Usage | None:
    """As much of it as a usage object says: calls of tools are counted by the output."""
    return usage and msgspec.structs.replace(usage, details=msgspec.structs.replace(usage.details or NONE, units=()))


def write_usage(usage: Usage | None, reported: Fields | None) -> Fields | None:
    """The object as it came, as long as it says `usage`."""
    if reported is not None and _reported(read_usage(reported)) == _reported(usage):
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
