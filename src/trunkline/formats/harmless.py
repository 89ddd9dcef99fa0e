"""Which fields that only one format knows are harmless to leave behind when its request goes to another.

A field is harmless where the answer does not depend on it: bookkeeping, hints for speed or cost, routing of a
provider, what only shapes the provider's own storage. All of these are told; everything else is refused by name
(`formats/losses.py`).
"""

from typing import Any

from trunkline.formats.conversation import FormatName, Node, Request
from trunkline.formats.losses import Losses
from trunkline.formats.paths import name_of, told_name

_CHAT = frozenset(
    {
        "cache_prompt",  # llama.cpp
        "cache_salt",  # vLLM
        "chat_template_kwargs",
        "debug",  # OpenRouter
        "draft_model",  # LM Studio
        "enable_thinking",
        "id_slot",  # llama.cpp
        "include_reasoning",
        "metadata",
        "models",
        "moderation",
        "perf_metrics_in_response",  # Fireworks
        "prediction",
        "priority",  # vLLM
        "prompt_cache_options",
        "prompt_cache_retention",
        "provider",
        "raw_output",  # Fireworks
        "reasoning_format",
        "reasoning_split",  # MiniMax
        "request_id",  # Z.ai
        "return_progress",  # llama.cpp
        "return_token_ids",  # vLLM
        "route",
        "safety_identifier",
        "separate_reasoning",  # SGLang
        "service_tier",
        "session_id",
        "store",
        "stream_mode",  # Perplexity
        "stream_options",
        "stream_reasoning",  # SGLang
        "thinking",
        "timings_per_token",  # llama.cpp
        "tool_stream",  # Z.ai
        "trace",
        "transforms",
        "ttl",  # LM Studio
        "usage",
        "user",
        "user_id",  # Z.ai
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
            "context_management",
            "include",
            "max_tool_calls",
            "metadata",
            "moderation",
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
            "billing_policy",
            "context_management",
            "diagnostics",
            "fallback_credit_token",
            "fallbacks",
            "metadata",
            "service_tier",
            "speed",
            "user_profile_id",
        }
    ),
    "google_generate": frozenset(
        {
            "generationConfig.mediaResolution",
            "labels",
            "safetySettings",
            "serviceTier",
            "toolConfig.includeServerSideToolInvocations",
        }
    ),
    "bedrock_converse": frozenset(
        {"additionalModelResponseFieldPaths", "performanceConfig", "requestMetadata", "serviceTier"}
    ),
}
_SAYS_NOTHING: dict[str, Any] = {
    "add_generation_prompt": True,
    "do_sample": True,
    "generationConfig.responseModalities": ["TEXT"],
    "generationConfig.thinkingConfig.thinkingLevel": "THINKING_LEVEL_UNSPECIFIED",
    "length_penalty": 1,
    "max_tokens": -1,
    "min_p": 0,
    "modalities": ["text"],
    "n_predict": -1,
    "parse_tool_calls": True,
    "repetition_penalty": 1,
    "skip_special_tokens": True,
    "top_k": -1,
    "truncation": "disabled",
}
"""Fields of requests with a value that asks for what happens anyway."""
USUAL: dict[str, float] = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
"""What a model does that takes no word about it: such a value is no loss."""
MESSAGE = frozenset(
    {
        "annotations",
        "cache_control",
        "created_by",
        "id",
        "index",
        "name",
        "partial",  # as `prefix`: DashScope, Moonshot
        "phase",
        "prefix",
        "provider_specific_fields",
        "reasoning_details",
        "refusal",
        "role",
        "status",
        "type",
    }
)
"""Fields of messages, of any format."""
PART = frozenset(
    {
        "annotations",
        "cache_control",
        "caller",
        "citations",  # whether a document is to be cited
        "context",
        "created_by",
        "detail",
        "extra_content",
        "fileData.displayName",
        "format",
        "functionCall.willContinue",
        "functionResponse.scheduling",
        "functionResponse.willContinue",
        "fps",  # of a video, and below how many pixels of a picture are looked at (DashScope)
        "id",
        "index",
        "inlineData",  # a picture that was drawn in thinking
        "inlineData.displayName",
        "logprobs",
        "max_pixels",
        "mediaResolution",
        "min_pixels",
        "namespace",
        "partMetadata",
        "phase",
        "prompt_cache_breakpoint",
        "s3Location",  # whose bucket it is
        "status",
        "thought",
        "thoughtSignature",
        "title",
        "total_pixels",
        "transformations",  # what becomes of a picture that is too large
        "type",
        "uuid",  # under which vLLM keeps a picture
    }
)
"""Fields of parts."""
TOOL = frozenset(
    {
        "allowed_callers",
        "behavior",
        "cache_control",
        "defer_loading",
        "eager_input_streaming",
        "input_examples",
        "output_schema",
        "response",
        "responseJsonSchema",
        "strict",
        "title",
        "type",
    }
)
"""Fields of tools."""
_KIND = frozenset({"type"})


def leave_request(request: Request, losses: Losses, carried: frozenset[str] = frozenset()) -> None:
    """Leave behind the fields of a request that only its own format knows, but for those that are `carried` all the
    same. Raises `CannotCarry`.
    """
    source = request.format
    fields = request.extras.get(source)
    if fields:
        left = {name: value for name, value in fields.items() if name not in carried} if carried else fields
        said = {told_name(source, name): value for name, value in left.items()}
        silent = {name for name in said.keys() & _SAYS_NOTHING.keys() if said[name] == _SAYS_NOTHING[name]}
        losses.leave({source: left}, source, "", _REQUEST[source] | silent)
    thinking = request.thinking
    if thinking is not None and thinking.extras:
        path = "" if source == "openai_chat" else name_of(request, "thinking")
        losses.leave(thinking.extras, source, path, frozenset(thinking.extras.get(source, ())))
    if request.output is not None:
        leave(request.output, source, name_of(request, "output"), losses, _KIND)
    if request.tool_choice is not None:
        leave(request.tool_choice, source, name_of(request, "tool_choice"), losses, _KIND)


def leave(node: Node, source: FormatName, path: str, losses: Losses, harmless: frozenset[str] = PART) -> None:
    """The same of a part at `path`, or of another node, with its own set of what is `harmless`."""
    if node.extras:
        losses.leave(node.extras, source, path, harmless)
