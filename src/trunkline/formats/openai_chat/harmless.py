"""Fields of other formats that may be left behind, because the answer does not depend on them. They are told."""

REQUEST = frozenset(
    {
        # OpenAI Responses
        "include",
        "truncation",
        "background",
        "safety_identifier",
        "prompt_cache_retention",
        "prompt_cache_options",
        "stream_options",
        "max_tool_calls",
        "service_tier",
        "metadata",
        "moderation",
        "client_metadata",
        # Anthropic
        "anthropic_version",
        "anthropic_beta",
        "betas",
        "context_management",
        "speed",
        "diagnostics",
        # Google
        "safetySettings",
        "safety_settings",
        "labels",
        "serviceTier",
        "toolConfig.includeServerSideToolInvocations",
        "generationConfig.mediaResolution",
        # Bedrock
        "performanceConfig",
        "requestMetadata",
        "additionalModelResponseFieldPaths",
    }
)
MESSAGE = frozenset({"id", "status", "phase", "type", "role", "name", "created_by", "cache_control"})
PART = frozenset(
    {
        # OpenAI Responses
        "id",
        "status",
        "type",
        "annotations",
        "logprobs",
        "created_by",
        "prompt_cache_breakpoint",
        "namespace",
        "caller",
        # Anthropic
        "citations",
        "cache_control",
        "title",
        # Google
        "videoMetadata",
        "mediaResolution",
        "partMetadata",
        "thoughtSignature",
        "thought",
        "scheduling",
        "willContinue",
    }
)
TOOL = frozenset(
    {
        "type",
        "cache_control",
        "defer_loading",
        "allowed_callers",
        "input_examples",
        "eager_input_streaming",
        "behavior",
        "response",
        "responseJsonSchema",
        "strict",
    }
)
