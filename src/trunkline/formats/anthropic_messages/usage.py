"""Tokens: here what was read from and written to the cache stands beside the input, not in it.

In a stream the numbers are cumulative: those of `message_start` hold until `message_delta` gives others.
"""

from typing import Any

from trunkline.formats.billing import Details, beyond_belief, reported_cost, told, units
from trunkline.formats.conversation import MOST_TOKENS, Usage


def read_usage(reported: dict[str, Any]) -> Usage:
    """The neutral count of a usage object. What is missing or null is none."""
    cached = _count(reported.get("cache_read_input_tokens"))
    written = _count(reported.get("cache_creation_input_tokens"))
    details = reported.get("output_tokens_details")
    return Usage(
        input=_count(reported.get("input_tokens")) + cached + written,
        cached=cached,
        cache_write=written,
        output=_count(reported.get("output_tokens")),
        reasoning=_count(details.get("thinking_tokens")) if type(details) is dict else 0,
        details=_details(reported),
    )


def _details(reported: dict[str, Any]) -> Details | None:
    lasting, tools = reported.get("cache_creation"), reported.get("server_tool_use")
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    return told(
        Details(
            cache_write_1h=_count(lasting.get("ephemeral_1h_input_tokens")) if type(lasting) is dict else 0,
            units=units({"web_search": tools.get("web_search_requests")}) if type(tools) is dict else (),
            cost=reported_cost(reported),
            impossible=beyond_belief(*map(reported.get, names)),
        )
    )


def service_tier(reported: dict[str, Any]) -> str:
    """By which prices the answer is charged: `fast` where it was asked for, else the tier; empty where nothing says."""
    said = "fast" if reported.get("speed") == "fast" else reported.get("service_tier")
    return said if isinstance(said, str) else ""


def _count(tokens: object) -> int:
    return min(int(tokens), MOST_TOKENS) if isinstance(tokens, int | float) and tokens > 0 else 0


def merged(before: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """A usage object with what a later event says over it. Null says nothing."""
    return {**before, **{name: value for name, value in later.items() if value is not None or name not in before}}


def write_usage(usage: Usage | None, reported: dict[str, Any] | None) -> dict[str, Any]:
    """The usage object: as it was reported if that says `usage`, else made of it."""
    if reported is not None and usage is not None and "output_tokens" in reported and read_usage(reported) == usage:
        return reported
    usage = usage or Usage()
    value: dict[str, Any] = {
        "input_tokens": max(0, usage.input - usage.cached - usage.cache_write),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        value["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return value
