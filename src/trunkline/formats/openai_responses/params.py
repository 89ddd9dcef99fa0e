"""What other formats call the parameters that this one has no words for, and which of theirs can be left behind."""

from trunkline.formats.conversation import FormatName

_SAID: dict[str, dict[str, str]] = {
    "choices": {"openai_chat": "n", "openai_completions": "n", "google_generate": "generationConfig.candidateCount"},
    "stop": {
        "anthropic_messages": "stop_sequences",
        "google_generate": "generationConfig.stopSequences",
        "bedrock_converse": "inferenceConfig.stopSequences",
    },
    "top_k": {"google_generate": "generationConfig.topK", "bedrock_converse": "additionalModelRequestFields.top_k"},
    "top_p": {"google_generate": "generationConfig.topP", "bedrock_converse": "inferenceConfig.topP"},
    "temperature": {
        "google_generate": "generationConfig.temperature",
        "bedrock_converse": "inferenceConfig.temperature",
    },
    "logprobs": {"google_generate": "generationConfig.responseLogprobs"},
    "top_logprobs": {"google_generate": "generationConfig.logprobs"},
    "service_tier": {"google_generate": "serviceTier", "bedrock_converse": "serviceTier"},
    "seed": {"google_generate": "generationConfig.seed"},
    "presence_penalty": {"google_generate": "generationConfig.presencePenalty"},
    "frequency_penalty": {"google_generate": "generationConfig.frequencyPenalty"},
    "max_output": {
        "openai_responses": "max_output_tokens",
        "openai_chat": "max_completion_tokens",
        "openai_completions": "max_tokens",
        "anthropic_messages": "max_tokens",
        "google_generate": "generationConfig.maxOutputTokens",
        "bedrock_converse": "inferenceConfig.maxTokens",
    },
    "output": {
        "openai_responses": "text.format",
        "openai_chat": "response_format",
        "anthropic_messages": "output_config.format",
        "google_generate": "generationConfig.responseMimeType",
        "bedrock_converse": "outputConfig.textFormat",
    },
    "thinking": {
        "openai_responses": "reasoning",
        "openai_chat": "reasoning_effort",
        "google_generate": "generationConfig.thinkingConfig",
        "bedrock_converse": "additionalModelRequestFields.thinking",
    },
    "tool_choice": {"google_generate": "toolConfig.functionCallingConfig", "bedrock_converse": "toolConfig.toolChoice"},
    "parallel_tool_calls": {"anthropic_messages": "tool_choice.disable_parallel_tool_use"},
    "user": {"anthropic_messages": "metadata.user_id"},
    "verbosity": {"openai_responses": "text.verbosity"},
    "cache_key": {"openai_responses": "prompt_cache_key", "openai_chat": "prompt_cache_key"},
    "cache": {"anthropic_messages": "cache_control"},
    "metadata": {"bedrock_converse": "requestMetadata", "google_generate": "labels"},
}


def said(name: str, source: FormatName) -> str:
    """The path of a parameter in the words of the format that the request came in."""
    return _SAID.get(name, {}).get(source, name)


_CHAT = frozenset(
    {
        "chat_template_kwargs",
        "enable_thinking",
        "include_reasoning",
        "metadata",
        "models",
        "prediction",
        "provider",
        "reasoning_format",
        "route",
        "service_tier",
        "session_id",
        "stream_options",
        "trace",
        "transforms",
        "usage",
        "user",
    }
)
HARMLESS: dict[str, frozenset[str]] = {
    "openai_chat": _CHAT,
    "openai_completions": _CHAT | {"best_of"},
    "anthropic_messages": frozenset(
        {
            "anthropic_beta",
            "anthropic_version",
            "betas",
            "context_management",
            "diagnostics",
            "metadata",
            "service_tier",
            "speed",
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
"""Source format → fields of its requests that the answer does not depend on."""

MESSAGE_HARMLESS = frozenset(
    {"annotations", "index", "phase", "provider_specific_fields", "reasoning_details", "refusal", "status"}
)
"""Fields of other formats' messages that answers do not depend on."""

PART_HARMLESS = frozenset(
    {
        "annotations",
        "cache_control",
        "caller",
        "citations",
        "context",
        "detail",
        "extra_content",
        "format",
        "id",
        "index",
        "logprobs",
        "mediaResolution",
        "partMetadata",
        "title",
        "type",
    }
)
"""The same of their parts."""

TOOL_HARMLESS = frozenset(
    {
        "allowed_callers",
        "behavior",
        "defer_loading",
        "eager_input_streaming",
        "input_examples",
        "response",
        "responseJsonSchema",
        "title",
        "type",
    }
)
"""The same of their tools."""

SHARED = frozenset({"safety_identifier", "prompt_cache_retention", "prompt_cache_options", "moderation"})
"""Fields of Chat Completions that mean the same here."""
