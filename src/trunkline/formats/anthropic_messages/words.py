"""The words of this format: kinds of blocks, stop reasons, media types."""

from typing import Final

from trunkline.formats.conversation import Effort, FormatName, StopReason

NAME: Final[FormatName] = "anthropic_messages"
ISSUER: Final = "anthropic"
THINKING: Final = frozenset({"thinking", "redacted_thinking"})
"""Blocks of reasoning."""

SERVER_KINDS: Final = frozenset(
    {
        "advisor_tool_result",
        "bash_code_execution_tool_result",
        "browser_state",
        "code_execution_tool_result",
        "compaction",
        "connector_text",
        "container_upload",
        "fallback",
        "mcp_tool_listing",
        "mcp_tool_result",
        "mcp_tool_use",
        "search_result",
        "server_tool_use",
        "text_editor_code_execution_tool_result",
        "tool_addition",
        "tool_reference",
        "tool_removal",
        "tool_search_tool_result",
        "web_fetch_tool_result",
        "web_search_tool_result",
    }
)
"""Blocks that the published description knows (also its beta part) and no other format has."""

EFFORTS: Final[tuple[Effort, ...]] = ("low", "medium", "high", "xhigh", "max")
"""What `output_config.effort` can say, from least to most."""

TTLS: Final = ("5m", "1h")
"""How long a prompt can be kept in the cache."""

IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

STOP_REASONS: Final[dict[str, StopReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "context",
    "tool_use": "tool_calls",
    "refusal": "refused",
    "pause_turn": "paused",
    "compaction": "paused",
}
"""What the API says → what it means."""

STOP_WORDS: Final[dict[StopReason, str]] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "context": "model_context_window_exceeded",
    "tool_calls": "tool_use",
    "filtered": "refusal",
    "refused": "refusal",
    "paused": "pause_turn",
    "failed": "refusal",  # there is no word for it; with this one goes an explanation
}
"""What it means → what is said."""


def is_server_kind(kind: str) -> bool:
    """Whether blocks of this kind belong to a tool that the provider runs, today's or tomorrow's."""
    return kind in SERVER_KINDS or kind.endswith(("_tool_use", "_tool_result"))
