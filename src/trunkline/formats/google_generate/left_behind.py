"""What other formats' requests say that generateContent has no words for, and which of it is harmless.

Harmless is what the answer does not depend on: bookkeeping, hints for speed or cost, routing, what only shapes the
provider's own storage. Everything else is refused by name (`formats/losses.py`).
"""

from trunkline.formats.conversation import FormatName, Node, Request
from trunkline.formats.google_generate.paths import name_of
from trunkline.formats.losses import Losses

_CHAT = frozenset(
    {
        "chat_template_kwargs",
        "enable_thinking",
        "include_reasoning",
        "metadata",
        "models",
        "prediction",
        "prompt_cache_options",
        "prompt_cache_retention",
        "provider",
        "reasoning_format",
        "route",
        "safety_identifier",
        "service_tier",
        "session_id",
        "store",
        "stream_options",
        "thinking",
        "trace",
        "transforms",
        "usage",
        "user",
        "verbosity",
    }
)
_REQUEST: dict[FormatName, frozenset[str]] = {
    "openai_chat": _CHAT,
    "openai_completions": _CHAT,
    "openai_responses": frozenset(
        {
            "background",
            "client_metadata",
            "include",
            "max_tool_calls",
            "metadata",
            "prompt_cache_options",
            "prompt_cache_retention",
            "reasoning",
            "safety_identifier",
            "service_tier",
            "store",
            "stream_options",
            "text",
            "truncation",
            "user",
        }
    ),
    "anthropic_messages": frozenset(
        {
            "anthropic_beta",
            "anthropic_version",
            "betas",
            "context_management",
            "inference_geo",
            "metadata",
            "service_tier",
            "speed",
        }
    ),
    "bedrock_converse": frozenset(
        {"additionalModelResponseFieldPaths", "performanceConfig", "requestMetadata", "serviceTier"}
    ),
}
MESSAGE = frozenset({"annotations", "id", "index", "phase", "prefix", "provider_specific_fields", "status"})
"""Fields of messages, of any format."""
PART = frozenset(
    {
        "annotations",
        "caller",
        "citations",  # whether a document is to be cited
        "extra_content",
        "format",
        "id",
        "index",
        "logprobs",
        "namespace",
        "phase",
        "prompt_cache_breakpoint",
        "status",
        "type",
    }
)
"""Fields of parts."""
TOOL = frozenset(
    {"allowed_callers", "defer_loading", "eager_input_streaming", "input_examples", "output_schema", "type"}
)
"""Fields of tools."""
_THINKING = frozenset(
    {"chat_template_kwargs", "context", "display", "enabled", "exclude", "generate_summary", "mode", "thinking"}
)
_CHOICE = frozenset({"type"})
_NOTHING: frozenset[str] = frozenset()


def leave_request(request: Request, losses: Losses) -> None:
    """The fields of the request itself that only its own format knows. Raises `CannotCarry`."""
    source = request.format
    harmless = _REQUEST.get(source, _NOTHING)
    if request.extras.get(source, {}).get("modalities") == ["text"]:  # what it is without saying so
        harmless |= {"modalities"}
    losses.leave(request.extras, source, "", harmless)
    parts: tuple[tuple[Node | None, str, frozenset[str]], ...] = (
        (request.thinking, "thinking", _THINKING),
        (request.output, "output", _NOTHING),
        (request.tool_choice, "tool_choice", _CHOICE),
    )
    for node, field, fields in parts:
        if node is not None:
            leave(node, source, name_of(request, field), losses, fields)


def leave(node: Node, source: FormatName, path: str, losses: Losses, harmless: frozenset[str]) -> None:
    """The same of a message, a part or a tool at `path`."""
    if node.extras:
        losses.leave(node.extras, source, path, harmless)
