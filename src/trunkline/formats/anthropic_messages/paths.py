"""A client's own names for what its request says, for telling what cannot be carried.

Here, and nowhere else, the spelling of another format's request is looked at: it says which of several fields was
used, and that is the one that the client knows.
"""

from trunkline.formats.conversation import (
    Foreign,
    FormatName,
    Message,
    OutputFormat,
    Reasoning,
    Request,
    Tool,
    ToolCall,
    ToolResult,
)

_GENERATION = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "max_output": "maxOutputTokens",
    "stop": "stopSequences",
    "choices": "candidateCount",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "thinking": "thinkingConfig",
}
_CHAT = {
    "choices": "n",
    "max_output": "max_completion_tokens",
    "output": "response_format",
    "thinking": "reasoning_effort",
    "cache_key": "prompt_cache_key",
}
_NAMES: dict[FormatName, dict[str, str]] = {
    "openai_chat": _CHAT,
    "openai_completions": _CHAT | {"max_output": "max_tokens"},
    "openai_responses": {
        "max_output": "max_output_tokens",
        "output": "text.format",
        "verbosity": "text.verbosity",
        "thinking": "reasoning",
        "cache_key": "prompt_cache_key",
    },
    "google_generate": {name: f"generationConfig.{said}" for name, said in _GENERATION.items()}
    | {"tool_choice": "toolConfig.functionCallingConfig", "metadata": "labels", "service_tier": "serviceTier"},
    "bedrock_converse": {
        "temperature": "inferenceConfig.temperature",
        "top_p": "inferenceConfig.topP",
        "max_output": "inferenceConfig.maxTokens",
        "stop": "inferenceConfig.stopSequences",
        "tool_choice": "toolConfig.toolChoice",
        "top_k": "additionalModelRequestFields.top_k",
        "thinking": "additionalModelRequestFields.thinking",
        "output": "outputConfig.textFormat",
        "metadata": "requestMetadata",
        "service_tier": "serviceTier",
    },
    "anthropic_messages": {
        "max_output": "max_tokens",
        "stop": "stop_sequences",
        "output": "output_config.format",
        "user": "metadata.user_id",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    },
}
_SPELLED = frozenset({"seed", "max_output", "user"})
"""Fields of chat whose spelling is their name."""
WISHES = frozenset({"effort", "mode", "budget", "shown"})
"""Fields of `Thinking`."""


def name_of(request: Request, field: str) -> str:
    """A neutral field of the request in the words of its client's format."""
    if request.format in ("openai_chat", "openai_completions") and field in _SPELLED:
        said = request.spelling.get(field, "")
        if said and said != "both":
            return said
    if request.format == "google_generate" and field == "output":
        return "generationConfig.responseMimeType" if _is_json(request.output) else _google_schema(request.output)
    return _NAMES[request.format].get(field, field)


def thinking_names(request: Request, fields: frozenset[str] = WISHES) -> list[str]:
    """The names of what says how much to reason: `fields` of `Thinking`."""
    wish = request.thinking
    if request.format == "openai_chat" and wish is not None and wish.spelling:
        said = {where.partition(".")[0] for field, where in wish.spelling.items() if field in fields}
        return sorted(said) or [name_of(request, "thinking")]
    if request.format == "anthropic_messages" and wish is not None:
        said = {"thinking"} if wish.mode and fields - {"effort"} else set()
        return sorted(said | ({"output_config.effort"} if wish.effort and "effort" in fields else set()))
    if request.format == "bedrock_converse" and wish is not None and "mode" in wish.spelling:
        return [f"additionalModelRequestFields.{wish.spelling['mode']}"]
    return [name_of(request, "thinking")]


def schema_path(request: Request, inner: str) -> str:
    """A place in the schema of the answer; where it came in another dialect or as text, the schema itself."""
    match request.format:
        case "openai_chat" | "openai_completions":
            known = request.output is not None and "in" not in request.output.spelling
            return f"response_format.json_schema.schema{inner}" if known else "response_format"
        case "openai_responses":
            return f"text.format.schema{inner}"
        case _:
            return name_of(request, "output")


def tool_path(source: FormatName, tool: Tool, field: str) -> str:
    """A field of a tool: `parameters`, `strict`, `name`."""
    if source == "openai_chat" and tool.at.startswith("tools"):
        return f"{tool.at}.function.{field}"
    if source == "bedrock_converse":
        return f"{tool.at}.toolSpec.{'inputSchema' if field == 'parameters' else field}"
    if source == "google_generate" and field == "parameters":
        return f"{tool.at}.{tool.spelling.get('schema', field)}"
    return f"{tool.at}.{field}"


def in_schema(source: FormatName, tool: Tool, inner: str) -> str:
    """A place in the schema of a tool's arguments; where that came in another dialect, the tool."""
    if source == "google_generate":
        return tool.at
    held = ".json" if source == "bedrock_converse" else ""
    return f"{tool_path(source, tool, 'parameters')}{held}{inner}"


def part_paths(source: FormatName, message: Message) -> list[str]:
    """The parts of a message; the message itself where a part is not one of a list."""
    at, parts = message.at, message.parts
    match source:
        case "openai_chat":
            return _chat_paths(message)
        case "google_generate":
            beside = any(type(part) is Reasoning and not part.text for part in parts)  # it was on another part
            return [at if beside or message.plain else f"{at}.parts[{number}]" for number in range(len(parts))]
        case "openai_responses":
            alone = len(parts) == 1 and isinstance(parts[0], ToolCall | ToolResult | Reasoning | Foreign)
            return [at if alone or message.plain else f"{at}.content[{number}]" for number in range(len(parts))]
        case "bedrock_converse":
            return _converse_paths(message)
        case _:
            return [at] * len(parts)


def _chat_paths(message: Message) -> list[str]:
    at, paths = message.at, []
    calls = inside = 0
    for part in message.parts:
        if type(part) is ToolCall:
            paths.append(f"{at}.tool_calls[{calls}]")
            calls += 1
        elif type(part) is ToolResult:
            paths.append(at)
        elif type(part) is Reasoning and part.spelling.get("in") != "thinking":
            paths.append(f"{at}.reasoning")  # only Mistral has it in the content
        else:
            paths.append(f"{at}.content[{inside}]")
            inside += 1
    return paths


def _converse_paths(message: Message) -> list[str]:
    around, paths = "system" if message.at == "system" else f"{message.at}.content", []
    number = 0
    for part in message.parts:
        paths.append(f"{around}[{number}]")
        number += 1 if part.cache is None else 2  # a hint is a block of its own
    return paths


def cache_path(source: FormatName, path: str) -> str:
    """The cache hint of the part or the tool at `path`."""
    if source != "bedrock_converse":
        return f"{path}.cache_control"
    around, _, number = path.rstrip("]").rpartition("[")
    return f"{around}[{int(number) + 1}].cachePoint"


def inner_path(source: FormatName, path: str, number: int) -> str:
    """A part of a tool's result at `path`."""
    match source:
        case "openai_responses":
            return f"{path}.output[{number}]"
        case "bedrock_converse":
            return f"{path}.toolResult.content[{number}]"
        case "google_generate":
            return path
        case _:
            return f"{path}.content[{number}]"


def _is_json(output: OutputFormat | None) -> bool:
    return output is not None and output.kind == "json"


def _google_schema(output: OutputFormat | None) -> str:
    field = output.spelling.get("schema", "") if output is not None else ""
    return f"generationConfig.{field or 'responseSchema'}"
