"""Where something stands in the request of a client that speaks another format, for telling what cannot be carried."""

from trunkline.formats.conversation import (
    AnyPart,
    Foreign,
    FormatName,
    Message,
    Part,
    Reasoning,
    Request,
    ToolCall,
    ToolResult,
)

_OWN = {
    "output": "response_format",
    "thinking": "reasoning_effort",
    "choices": "n",
    "cache_key": "prompt_cache_key",
    "max_output": "max_completion_tokens",
}
_GENERATION = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "seed": "seed",
    "stop": "stopSequences",
    "choices": "candidateCount",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "max_output": "maxOutputTokens",
    "output": "responseMimeType",
    "thinking": "thinkingConfig",
}
_NAMES: dict[FormatName, dict[str, str]] = {
    "openai_chat": _OWN,
    "openai_completions": _OWN | {"max_output": "max_tokens", "messages": "prompt"},
    "openai_responses": {
        "messages": "input",
        "output": "text.format",
        "thinking": "reasoning",
        "max_output": "max_output_tokens",
        "verbosity": "text.verbosity",
        "cache_key": "prompt_cache_key",
    },
    "anthropic_messages": {
        "stop": "stop_sequences",
        "output": "output_config.format",
        "max_output": "max_tokens",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
        "cache": "cache_control",
        "user": "metadata.user_id",
    },
    "google_generate": {name: f"generationConfig.{said}" for name, said in _GENERATION.items()}
    | {
        "messages": "contents",
        "tool_choice": "toolConfig.functionCallingConfig",
        "metadata": "labels",
        "service_tier": "serviceTier",
    },
    "bedrock_converse": {
        "temperature": "inferenceConfig.temperature",
        "top_p": "inferenceConfig.topP",
        "stop": "inferenceConfig.stopSequences",
        "max_output": "inferenceConfig.maxTokens",
        "output": "outputConfig.textFormat",
        "tools": "toolConfig.tools",
        "tool_choice": "toolConfig.toolChoice",
        "service_tier": "serviceTier",
        "metadata": "requestMetadata",
    },
}
_MODEL_FIELDS = "additionalModelRequestFields"


def name_of(request: Request, field: str) -> str:
    """What the client calls the field of `Request`."""
    said = request.spelling.get(field)
    if request.format == "openai_chat" and field in ("max_output", "seed", "user") and said not in (None, "both"):
        return said
    if request.format == "bedrock_converse" and field == "top_k":
        return f"{_MODEL_FIELDS}.{said}.topK" if said else f"{_MODEL_FIELDS}.top_k"
    if request.format == "bedrock_converse" and field == "thinking":
        where = request.thinking.spelling if request.thinking is not None else {}
        return f"{_MODEL_FIELDS}.{where.get('mode') or where.get('effort') or 'thinking'}"
    return _NAMES[request.format].get(field, field)


def places(request: Request) -> dict[int, str]:
    """Where each part of the messages stands in the client's document, by the part's identity."""
    found: dict[int, str] = {}
    messages = [request.instructions] if request.instructions is not None else []
    for message in [*messages, *request.messages]:
        for number, part in enumerate(message.parts):
            path = found[id(part)] = part_path(request.format, message, number)
            if isinstance(part, ToolResult):
                for place, inner in enumerate(part.content):
                    found[id(inner)] = inner_path(request.format, path, place)
    return found


def part_path(source: FormatName, message: Message, number: int) -> str:
    """The part `number` of a message."""
    at, part, before = message.at, message.parts[number], message.parts[:number]
    match source:
        case "openai_chat":
            return f"{at}{_own_path(part, before)}"
        case _ if message.plain and not isinstance(part, ToolCall):
            return at
        case "openai_responses":
            alone = isinstance(part, ToolCall | ToolResult | Reasoning | Foreign) and len(message.parts) == 1
            return at if alone else f"{at}.content[{number}]"
        case "google_generate":
            marks = sum(isinstance(other, Reasoning) and not other.text for other in before)  # each was on another part
            return f"{at}.parts[{number - marks}]"
        case "bedrock_converse":
            number += sum(other.cache is not None for other in before)  # a hint is a block by itself there
    return f"{at}[{number}]" if at == "system" else f"{at}.content[{number}]"


def _own_path(part: AnyPart, before: list[AnyPart]) -> str:
    if isinstance(part, ToolResult):
        return ""
    if isinstance(part, ToolCall):
        return f".tool_calls[{sum(isinstance(other, ToolCall) for other in before)}]"
    if _is_beside(part):
        return ".reasoning"
    return f".content[{sum(not _is_beside(other) for other in before)}]"


def _is_beside(part: AnyPart) -> bool:
    """Whether it is reasoning that stands in a field of the message."""
    return isinstance(part, Reasoning) and part.spelling.get("in") != "thinking"


def inner_path(source: FormatName, path: str, number: int) -> str:
    """The part `number` of a tool's result at `path`."""
    match source:
        case "google_generate":
            return path
        case "openai_responses":
            return f"{path}.output[{number}]"
        case "bedrock_converse":
            return f"{path}.toolResult.content[{number}]"
    return f"{path}.content[{number}]"


def hint_path(source: FormatName, node: Part | None, path: str) -> str:
    """The hint to cache what ends with the part or the tool at `path`."""
    if source == "bedrock_converse" and path.endswith("]"):
        begin, _, number = path[:-1].rpartition("[")
        return f"{begin}[{int(number) + 1}]"
    return f"{path}.{node.spelling.get('cache', 'cache_control') if node is not None else 'cache_control'}"
