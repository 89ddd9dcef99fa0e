"""Which extra fields of another format's request are harmless to leave behind.

A field is harmless where the answer does not depend on it: bookkeeping, routing of a provider, hints.
"""

from typing import Any

from trunkline.formats.anthropic_messages.paths import name_of
from trunkline.formats.conversation import Extras, FormatName, Request
from trunkline.formats.losses import Losses

_CHAT_REQUEST = frozenset(
    {
        "chat_template_kwargs",
        "enable_thinking",
        "include_reasoning",
        "models",
        "prediction",
        "prompt_cache_options",
        "prompt_cache_retention",
        "provider",
        "reasoning_format",
        "route",
        "safety_identifier",
        "session_id",
        "stream_options",
        "thinking",
        "trace",
        "transforms",
        "usage",
        "verbosity",
    }
)
_RESPONSES_REQUEST = frozenset(
    {
        "background",
        "include",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "stream_options",
        "text",
        "truncation",
    }
)
_REQUEST: dict[FormatName, frozenset[str]] = {
    "openai_chat": _CHAT_REQUEST,
    "openai_completions": _CHAT_REQUEST,
    "openai_responses": _RESPONSES_REQUEST,
    "google_generate": frozenset(
        {
            "generationConfig.mediaResolution",
            "labels",
            "safetySettings",
            "serviceTier",
            "toolConfig.includeServerSideToolInvocations",
        }
    ),
    "bedrock_converse": frozenset({"performanceConfig", "requestMetadata", "serviceTier"}),
}
_NOTHING: frozenset[str] = frozenset()

_MESSAGE = frozenset({"annotations", "id", "index", "phase", "prefix", "provider_specific_fields", "status"})
_PART = frozenset(
    {
        "annotations",
        "extra_content",
        "format",
        "id",
        "index",
        "logprobs",
        "mediaResolution",
        "partMetadata",
        "phase",
        "status",
        "type",
    }
)
_TOOL = frozenset({"defer_loading", "response", "responseJsonSchema"})
_THINKING = frozenset(
    {"chat_template_kwargs", "context", "enabled", "exclude", "generate_summary", "mode", "reasoning", "thinking"}
)

_SAYS_NOTHING: dict[str, Any] = {
    "generationConfig.responseModalities": ["TEXT"],
    "min_p": 0,
    "modalities": ["text"],
    "repetition_penalty": 1,
}
"""Fields of requests with a value that asks for what happens anyway."""


def leave_request(request: Request, losses: Losses) -> None:
    """The fields of a request that only its own format knows."""
    source = request.format
    harmless = _REQUEST.get(source, _NOTHING)
    said = {name for name, value in request.extras.get(source, {}).items() if _SAYS_NOTHING.get(name, losses) == value}
    losses.leave(request.extras, source, "", harmless | said if said else harmless)
    if request.thinking is not None:
        path = "" if source == "openai_chat" else name_of(request, "thinking")
        losses.leave(request.thinking.extras, source, path, _THINKING)
    if request.output is not None:
        losses.leave(request.output.extras, source, name_of(request, "output"), _NOTHING)
    if request.tool_choice is not None:
        losses.leave(request.tool_choice.extras, source, name_of(request, "tool_choice"), _NOTHING)


def leave_message(extras: Extras, source: FormatName, at: str, losses: Losses) -> None:
    """The same of a message."""
    if extras:
        losses.leave(extras, source, at, _MESSAGE)


def leave_part(extras: Extras, source: FormatName, path: str, losses: Losses) -> None:
    """The same of a part."""
    if extras:
        losses.leave(extras, source, path, _PART)


def leave_tool(extras: Extras, source: FormatName, at: str, losses: Losses) -> None:
    """The same of a tool."""
    if extras:
        losses.leave(extras, source, at, _TOOL)
