"""The format's own words for what every format has, and their meaning."""

from typing import Final

from trunkline.formats.conversation import Stop, StopReason

NAME: Final = "openai_chat"

_REASONS: dict[str, StopReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",  # Together, until 2024
    "eos_token": "stop",
    "stop_sequence": "stop_sequence",
    "length": "length",
    "max_tokens": "length",
    "model_length": "context",  # Mistral
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",  # Azure, for models that are not OpenAI's
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "filtered",  # Google says more behind a colon, here and in the next
    "function_call_filter": "failed",
    "sensitive": "filtered",  # Z.ai, as are the next two
    "network_error": "failed",
    "model_context_window_exceeded": "context",
    "insufficient_system_resource": "failed",  # DeepSeek
    "error": "failed",  # Mistral, OpenRouter
    "abort": "failed",  # vLLM, SGLang
}

FINISH: dict[StopReason, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "context": "length",
    "tool_calls": "tool_calls",
    "filtered": "content_filter",
    "refused": "content_filter",
    "paused": "stop",
    "failed": "content_filter",  # there is no word for it, and "stop" would say that the answer is whole
}
"""Why a choice ended → `finish_reason`."""

TIERS = {
    "auto": "auto",
    "default": "default",
    "flex": "flex",
    "priority": "priority",
    "scale": "scale",
    "fast": "fast",
    "standard": "default",
    "standard_only": "default",
}
"""Service tiers of other formats → ours."""

_FAMILIES = {
    "anthropic-claude-v1": "anthropic",
    "google-gemini-v1": "google",
    "openai-responses-v1": "openai",
    "azure-openai-responses-v1": "openai",
    "xai-responses-v1": "xai",
}
_STYLES = {
    "anthropic": "anthropic-claude-v1",
    "google": "google-gemini-v1",
    "openai": "openai-responses-v1",
    "xai": "xai-responses-v1",
}
UNKNOWN_STYLE = "unknown"


def reason_of(said: str) -> StopReason:
    """What a provider's word for the end means. One that nobody knows is taken for a plain end."""
    return _REASONS.get(said) or _REASONS.get(said.partition(":")[0].lower(), "stop")


def finish_of(stop: Stop, calls: bool, own: bool) -> str:
    """`finish_reason`: as it was said, where it came from this format and still means the same."""
    if own and stop.said and stop.reason in (reason_of(stop.said), "stop_sequence"):
        return stop.said
    if calls and stop.reason in ("stop", "stop_sequence"):
        return "tool_calls"  # Google ends with STOP whatever it did
    return FINISH[stop.reason]


def issuer_of(style: object) -> str:
    """Whose reasoning a `format` of OpenRouter's `reasoning_details` marks; one that is not known stands for itself."""
    if not isinstance(style, str) or style == UNKNOWN_STYLE:
        return ""
    return _FAMILIES.get(style, style)


def style_of(issuer: str) -> str:
    """The `format` of reasoning that `issuer` made."""
    return _STYLES.get(issuer, issuer) or UNKNOWN_STYLE
