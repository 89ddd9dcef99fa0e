"""Usage, stop reasons and service tiers, which replies and streams tell in the same words."""

from typing import Any

from trunkline.formats.bedrock_converse.terms import STOP_WORDS, STOPS
from trunkline.formats.billing import Details, beyond_belief, told
from trunkline.formats.conversation import MOST_TOKENS, Stop, Usage

_TIERS = frozenset({"priority", "default", "flex", "reserved"})


def read_usage(fields: dict[str, Any]) -> tuple[Usage | None, dict[str, Any] | None]:
    """Take `usage` out of `fields`: what it counts, and as it came."""
    value = fields.get("usage")
    if not isinstance(value, dict):
        return None, None
    return usage_of(fields.pop("usage")), value


def usage_of(value: dict[str, Any]) -> Usage:
    """Tokens of a `usage` object, whose input leaves out what the cache has read and written."""
    cached = _count(value, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = _count(value, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    return Usage(
        input=_count(value, "inputTokens") + cached + written,
        cached=cached,
        cache_write=written,
        output=_count(value, "outputTokens"),
        details=_details(value),
    )


def _details(value: dict[str, Any]) -> Details | None:
    kept = value.get("cacheDetails")
    entries = [each for each in kept if isinstance(each, dict)] if isinstance(kept, list) else []
    counts = (value.get("inputTokens"), value.get("outputTokens"), value.get("cacheReadInputTokens"))
    return told(
        Details(
            cache_write_1h=sum(_count(each, "inputTokens") for each in entries if each.get("ttl") == "1h"),
            impossible=beyond_belief(*counts, value.get("cacheWriteInputTokens")),
        )
    )


def _count(value: dict[str, Any], *names: str) -> int:
    """The first of these that is there, within reason."""
    for name in names:
        tokens = value.get(name)
        if type(tokens) is int:
            return min(max(tokens, 0), MOST_TOKENS)
    return 0


def write_usage(usage: Usage | None, reported: dict[str, Any] | None) -> dict[str, Any]:
    """The object that says `usage`: `reported`, this format's own, as long as it does."""
    usage = usage or Usage()
    if reported is not None and usage_of(reported) == usage:
        return reported
    value = {
        "inputTokens": max(0, usage.input - usage.cached - usage.cache_write),
        "outputTokens": usage.output,
        "totalTokens": usage.input + usage.output,
    }
    if usage.cached or usage.cache_write:
        value["cacheReadInputTokens"] = usage.cached
        value["cacheWriteInputTokens"] = usage.cache_write
    return value


def read_stop(fields: dict[str, Any]) -> Stop | None:
    """Take out of `fields` why the answer ended. The sequence that was met is told only where it was asked for."""
    said = fields.get("stopReason")
    if type(said) is not str:
        return None
    del fields["stopReason"]
    stop = Stop(reason=STOPS.get(said, "stop"), said=said)
    left: dict[Any, Any]
    match fields.get("additionalModelResponseFields"):
        case {"stop_sequence": str(sequence), **more} if sequence:
            stop.sequence, left = sequence, more
        case {"delta": {"stop_sequence": str(sequence), **inner}, **others} if sequence:
            stop.sequence, left = sequence, {"delta": inner, **others} if inner else others
            stop.spelling = {"sequence": "delta"}  # as Claude tells it in streams
        case _:
            return stop
    del fields["additionalModelResponseFields"]
    if left:
        fields["additionalModelResponseFields"] = left
    return stop


def lay_stop(fields: dict[str, Any], stop: Stop, *, own: bool, calls: bool) -> None:
    """Put into `fields` why the answer ended: the provider's word where that is this format's `own`.

    `calls`: whether the answer has tool calls. Some providers say "stop" all the same.
    """
    if own and stop.said and STOPS.get(stop.said, "stop") == stop.reason:
        fields["stopReason"] = stop.said
    else:
        fields["stopReason"] = STOP_WORDS["tool_calls" if calls and stop.reason == "stop" else stop.reason]
    if stop.sequence:
        more = fields.get("additionalModelResponseFields") or {}
        said: dict[str, Any] = {"stop_sequence": stop.sequence}
        if own and stop.spelling.get("sequence") == "delta":
            said = {"delta": {**more.get("delta", {}), **said}}
        fields["additionalModelResponseFields"] = {**more, **said}


def read_tier(fields: dict[str, Any]) -> str:
    """Take out of `fields` the service tier."""
    match fields.get("serviceTier"):
        case {"type": str(tier), **others} if tier and not others:
            del fields["serviceTier"]
            return tier
    return ""


def lay_tier(fields: dict[str, Any], tier: str, *, own: bool) -> None:
    """Put the service tier into `fields`; another format's only where this one has it."""
    if tier and (own or tier in _TIERS):
        fields["serviceTier"] = {"type": tier}
