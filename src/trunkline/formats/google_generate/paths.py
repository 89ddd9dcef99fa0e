"""Where something stands in a client's own document, for telling what cannot be carried."""

from trunkline.formats.conversation import (
    AnyPart,
    Foreign,
    FormatName,
    Message,
    Part,
    Reasoning,
    Request,
    Tool,
    ToolCall,
    ToolResult,
)

_CHAT = {
    "choices": "n",
    "max_output": "max_completion_tokens",
    "thinking": "reasoning_effort",
    "output": "response_format",
    "cache_key": "prompt_cache_key",
}
_NAMES: dict[FormatName, dict[str, str]] = {
    "openai_chat": _CHAT,
    "openai_completions": _CHAT | {"max_output": "max_tokens"},
    "openai_responses": {
        "max_output": "max_output_tokens",
        "thinking": "reasoning",
        "output": "text.format",
        "verbosity": "text.verbosity",
        "cache_key": "prompt_cache_key",
    },
    "anthropic_messages": {
        "max_output": "max_tokens",
        "output": "output_config.format",
        "stop": "stop_sequences",
        "user": "metadata.user_id",
        "cache": "cache_control",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    },
    "bedrock_converse": {
        "max_output": "inferenceConfig.maxTokens",
        "temperature": "inferenceConfig.temperature",
        "top_p": "inferenceConfig.topP",
        "top_k": "additionalModelRequestFields.top_k",
        "stop": "inferenceConfig.stopSequences",
        "tool_choice": "toolConfig.toolChoice",
        "metadata": "requestMetadata",
        "output": "outputConfig.textFormat",
        "service_tier": "serviceTier",
    },
    "google_generate": {
        "temperature": "generationConfig.temperature",
        "top_p": "generationConfig.topP",
        "top_k": "generationConfig.topK",
        "presence_penalty": "generationConfig.presencePenalty",
        "frequency_penalty": "generationConfig.frequencyPenalty",
        "seed": "generationConfig.seed",
        "stop": "generationConfig.stopSequences",
        "choices": "generationConfig.candidateCount",
        "logprobs": "generationConfig.responseLogprobs",
        "output": "generationConfig.responseMimeType",
    },
}
_FILE_NAMES: dict[FormatName, str] = {
    "openai_chat": "file.filename",
    "openai_responses": "filename",
    "anthropic_messages": "title",
    "bedrock_converse": "document.name",
}


def name_of(request: Request, field: str) -> str:
    """A neutral field of a request."""
    if field == "max_output" and request.format == "openai_chat" and "max_output" in request.spelling:
        return request.spelling["max_output"]  # of its two names, the one that was used
    return _NAMES.get(request.format, {}).get(field, field)


def file_name_path(source: FormatName, path: str) -> str:
    """The name of the file at `path`."""
    return f"{path}.{_FILE_NAMES.get(source, 'name')}"


def tool_path(source: FormatName, tool: Tool, field: str) -> str:
    """A field of a tool: `name`, `strict`, `parameters`."""
    if source == "openai_chat" and tool.at.startswith("tools"):
        return f"{tool.at}.function.{field}"
    if source == "bedrock_converse":
        return f"{tool.at}.toolSpec.{'inputSchema.json' if field == 'parameters' else field}"
    if source == "anthropic_messages" and field == "parameters":
        return f"{tool.at}.input_schema"
    return f"{tool.at}.{field}"


def part_path(source: FormatName, message: Message, number: int) -> str:
    """The part `number` of a message."""
    at, part, before = message.at, message.parts[number], message.parts[:number]
    if message.plain and not isinstance(part, ToolCall):
        return at
    match source:
        case "openai_chat":
            return f"{at}{_chat_path(part, before)}"
        case "openai_responses":
            alone = isinstance(part, ToolCall | ToolResult | Reasoning | Foreign) and len(message.parts) == 1
            return at if alone else f"{at}.content[{number}]"
        case "google_generate":
            return f"{at}.parts[{number}]"
        case "bedrock_converse":
            number += sum(other.cache is not None for other in before)  # such a hint is a block by itself
    return f"{at}[{number}]" if at == "system" else f"{at}.content[{number}]"


def _chat_path(part: AnyPart, before: list[AnyPart]) -> str:
    if isinstance(part, ToolCall):
        return f".tool_calls[{sum(isinstance(other, ToolCall) for other in before)}]"
    if isinstance(part, ToolResult):
        return ""
    if not _in_content(part):
        return ".reasoning"
    return f".content[{sum(map(_in_content, before))}]"


def _in_content(part: AnyPart) -> bool:
    """Whether a part of a chat message stands in its content: reasoning does with Mistral only."""
    return not isinstance(part, ToolCall | Reasoning) or part.spelling.get("in") == "thinking"


def hint_path(source: FormatName, node: Part | Tool, path: str) -> str:
    """The hint to cache what ends with the part or tool at `path`."""
    if source == "bedrock_converse" and path.endswith("]"):
        begin, _, number = path[:-1].rpartition("[")
        return f"{begin}[{int(number) + 1}]"
    said = node.spelling.get("cache", "cache_control")
    if said == "message":  # it stands beside the content
        return f"{path.partition(']')[0]}].cache_control"
    return f"{path}.{said}"


def thinking_names(request: Request) -> list[str]:
    """The fields that say how much to reason."""
    said = request.thinking.spelling if request.thinking is not None else {}
    if request.format == "openai_chat" and said:
        return sorted({where.partition(".")[0] for where in said.values()})
    if request.format == "bedrock_converse" and "mode" in said:
        return [f"additionalModelRequestFields.{said['mode']}"]
    return [name_of(request, "thinking")]


def inner_path(source: FormatName, path: str, number: int) -> str:
    """A part of a tool's result at `path`."""
    match source:
        case "openai_responses":
            return f"{path}.output[{number}]"
        case "bedrock_converse":
            return f"{path}.toolResult.content[{number}]"
    return f"{path}.content[{number}]"
