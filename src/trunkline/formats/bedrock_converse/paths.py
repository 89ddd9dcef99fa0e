"""Where something stands in a client's own document, in the words of its format, for telling what cannot be carried.

Here, and nowhere else, the spelling of another format's request is looked at: it says which of several fields was
used, and that is the one that the client knows.
"""

from trunkline.formats.conversation import (
    AnyPart,
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
    "anthropic_messages": {
        "max_output": "max_tokens",
        "stop": "stop_sequences",
        "output": "output_config.format",
        "user": "metadata.user_id",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    },
    "google_generate": {
        "temperature": "generationConfig.temperature",
        "top_p": "generationConfig.topP",
        "top_k": "generationConfig.topK",
        "seed": "generationConfig.seed",
        "max_output": "generationConfig.maxOutputTokens",
        "stop": "generationConfig.stopSequences",
        "choices": "generationConfig.candidateCount",
        "presence_penalty": "generationConfig.presencePenalty",
        "frequency_penalty": "generationConfig.frequencyPenalty",
        "logprobs": "generationConfig.responseLogprobs",
        "top_logprobs": "generationConfig.logprobs",
        "thinking": "generationConfig.thinkingConfig",
        "tool_choice": "toolConfig.functionCallingConfig",
        "metadata": "labels",
        "service_tier": "serviceTier",
    },
}
_AS_SPELLED = frozenset({"seed", "max_output", "user"})
"""Fields of chat whose spelling is their name."""
_CALLS: dict[FormatName, tuple[str, str]] = {
    "openai_chat": ("function.name", "function.arguments"),
    "openai_responses": ("name", "arguments"),
    "anthropic_messages": ("name", "input"),
    "google_generate": ("functionCall.name", "functionCall.args"),
}


def name_of(request: Request, field: str) -> str:
    """A neutral field of the request in the words of its client's format."""
    source = request.format
    said = request.spelling.get(field, "") if field in _AS_SPELLED else ""
    if source in ("openai_chat", "openai_completions") and said not in ("", "both"):
        return said
    if source == "google_generate" and field == "output":
        return f"generationConfig.{_google_output(request.output)}"
    return _NAMES.get(source, {}).get(field, field)


def _google_output(output: OutputFormat | None) -> str:
    if output is None or output.kind != "schema":
        return "responseMimeType"
    return output.spelling.get("schema", "responseSchema")


def thinking_names(request: Request) -> list[str]:
    """The fields of the request that say how much to reason. Chat has many, each server its own."""
    wish = request.thinking
    if request.format == "openai_chat" and wish is not None:
        fields = {where.partition(".")[0] for name, where in wish.spelling.items() if name in _WISHES}
        if fields:
            return sorted(fields)
    return [name_of(request, "thinking")]


_WISHES = frozenset({"effort", "mode", "budget", "shown"})


def schema_path(request: Request, inner: str) -> str:
    """A place in the schema of the answer; where that came in another dialect, the schema itself."""
    output = request.output
    match request.format:
        case "openai_chat" | "openai_completions":
            plain = output is not None and "in" not in output.spelling
            return f"response_format.json_schema.schema{inner}" if plain else "response_format"
        case "google_generate":
            return name_of(request, "output")
        case _:
            return f"{name_of(request, 'output')}.schema{inner}"


def tool_path(source: FormatName, tool: Tool, field: str, inner: str = "") -> str:
    """A field of a tool (`name`, `strict`, `parameters`), or a place in its schema."""
    if source == "openai_chat" and tool.at.startswith("tools"):
        return f"{tool.at}.function.{field}{inner}"
    if field == "parameters" and source == "anthropic_messages":
        return f"{tool.at}.input_schema{inner}"
    if field == "parameters" and source == "google_generate":
        return f"{tool.at}.{tool.spelling.get('schema', field)}"  # the schema may have come in another dialect
    return f"{tool.at}.{field}{inner}"


def part_path(source: FormatName, message: Message, number: int) -> str:
    """The part `number` of a message."""
    at, part, before = message.at, message.parts[number], message.parts[:number]
    match source:
        case "openai_chat":
            if isinstance(part, ToolCall):
                return f"{at}.tool_calls[{sum(isinstance(other, ToolCall) for other in before)}]"
            if isinstance(part, ToolResult) or not _in_content(part):
                return at
            return f"{at}.content" if message.plain else f"{at}.content[{sum(map(_in_content, before))}]"
        case "google_generate":
            carried = any(isinstance(other, Reasoning) and not other.text for other in before)  # on another part
            return at if carried or message.plain else f"{at}.parts[{number}]"
        case "openai_responses":
            alone = isinstance(part, ToolCall | ToolResult | Reasoning | Foreign) and len(message.parts) == 1
            return at if alone or message.plain else f"{at}.content[{number}]"
        case _:
            if message.plain:
                return at if at == "system" else f"{at}.content"
            return f"{at}[{number}]" if at == "system" else f"{at}.content[{number}]"


def _in_content(part: AnyPart) -> bool:
    """Whether a part of a chat message stands in its content: calls do not, and reasoning with Mistral only."""
    return not isinstance(part, ToolCall | Reasoning) or part.spelling.get("in") == "thinking"


def reasoning_path(source: FormatName, message: Message, number: int) -> str:
    """The same of reasoning, which in chat is mostly a field of the message."""
    beside = source == "openai_chat" and not _in_content(message.parts[number])
    return f"{message.at}.reasoning" if beside else part_path(source, message, number)


def call_paths(source: FormatName, path: str) -> tuple[str, str]:
    """Name and arguments of the call at `path`."""
    name, arguments = _CALLS.get(source, ("name", "arguments"))
    return f"{path}.{name}", f"{path}.{arguments}"


def result_path(source: FormatName, path: str, number: int, *, plain: bool) -> str:
    """A part of the tool's result at `path`."""
    field = "output" if source == "openai_responses" else "content"
    if source == "google_generate":
        return path
    return f"{path}.{field}" if plain else f"{path}.{field}[{number}]"


def detail_path(source: FormatName, path: str) -> str:
    """How closely the picture at `path` is to be looked at."""
    return f"{path}.image_url.detail" if source == "openai_chat" else f"{path}.detail"
