"""Which fields that only another format knows may be left behind, and be told.

A field is harmless where the answer does not depend on it: bookkeeping, routing of a provider, hints.
"""

from typing import Any

from trunkline.formats.bedrock_converse.paths import name_of
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
_REQUEST: dict[FormatName, frozenset[str]] = {
    "openai_chat": _CHAT_REQUEST,
    "openai_completions": _CHAT_REQUEST,
    "openai_responses": frozenset(
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
    ),
    "anthropic_messages": frozenset(
        {"anthropic_version", "betas", "context_management", "inference_geo", "metadata", "speed"}
    ),
    "google_generate": frozenset({"labels", "mediaResolution", "safetySettings", "serviceTier"}),
}
_NONE: frozenset[str] = frozenset()
_MESSAGE = frozenset({"annotations", "id", "index", "phase", "prefix", "provider_specific_fields", "status"})
_PART = frozenset(
    {
        "annotations",
        "caller",
        "citations",  # whether a document is to be cited
        "context",
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
_TOOL = frozenset(
    {"allowed_callers", "defer_loading", "eager_input_streaming", "input_examples", "response", "responseJsonSchema"}
)
_THINKING = frozenset({"context", "display", "enabled", "exclude", "generate_summary", "mode", "thinking"})
_SAYS_NOTHING: dict[str, Any] = {
    "modalities": ["text"],
    "responseModalities": ["TEXT"],
    "generationConfig.responseModalities": ["TEXT"],
    "min_p": 0,
    "repetition_penalty": 1,
    "truncation": "disabled",
}
"""Fields of requests with a value that asks for what happens anyway."""


def leave_request(request: Request, losses: Losses) -> None:
    """The fields of a request that only its own format knows. Raises `CannotCarry`."""
    source = request.format
    fields = request.extras.get(source, {})
    speaking = {
        name: value for name, value in fields.items() if name not in _SAYS_NOTHING or value != _SAYS_NOTHING[name]
    }
    losses.leave({source: speaking}, source, "", _REQUEST.get(source, _NONE))
    for field, harmless in (("thinking", _THINKING), ("output", _NONE), ("tool_choice", _NONE)):
        node = getattr(request, field)
        if node is not None:
            losses.leave(node.extras, source, name_of(request, field), harmless)


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
