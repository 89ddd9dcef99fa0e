"""Where something stands in a client's own document, in the words of its format, for telling what cannot be carried.

Writers of every format ask here for names and paths of a request that came in another one. Here, and nowhere else, the
spelling of another format's request is looked at: it says which of several fields was used, and that is the one that
the client knows. Names of Google's are told in camel case, however the client wrote them.
"""

import re

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Foreign,
    FormatName,
    Message,
    Node,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)

_GENERATION = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "seed": "seed",
    "max_output": "maxOutputTokens",
    "stop": "stopSequences",
    "choices": "candidateCount",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "output": "responseMimeType",
    "thinking": "thinkingConfig",
}
_CHAT = {
    "choices": "n",
    "max_output": "max_completion_tokens",
    "output": "response_format",
    "thinking": "reasoning_effort",
    "cache": "cache_control",
    "cache_key": "prompt_cache_key",
}
_NAMES: dict[FormatName, dict[str, str]] = {
    "openai_chat": _CHAT,
    "openai_completions": _CHAT | {"max_output": "max_tokens", "messages": "prompt"},
    "openai_responses": {
        "messages": "input",
        "max_output": "max_output_tokens",
        "output": "text.format",
        "verbosity": "text.verbosity",
        "thinking": "reasoning",
        "cache_key": "prompt_cache_key",
        "logprobs": "include",
    },
    "anthropic_messages": {
        "max_output": "max_tokens",
        "stop": "stop_sequences",
        "output": "output_config.format",
        "user": "metadata.user_id",
        "cache": "cache_control",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
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
        "top_k": "additionalModelRequestFields.top_k",
        "max_output": "inferenceConfig.maxTokens",
        "stop": "inferenceConfig.stopSequences",
        "tools": "toolConfig.tools",
        "tool_choice": "toolConfig.toolChoice",
        "parallel_tool_calls": "additionalModelRequestFields.tool_choice",
        "thinking": "additionalModelRequestFields.thinking",
        "output": "outputConfig.textFormat",
        "metadata": "requestMetadata",
        "service_tier": "serviceTier",
    },
}
"""Format → field of `Request` → its path; without an entry, it is called the same."""
_INSIDE: dict[FormatName, dict[str, str]] = {
    "openai_chat": {
        "name": "function.name",
        "arguments": "function.arguments",
        "signature": "extra_content",
        "detail": "image_url.detail",
        "file_name": "file.filename",
    },
    "openai_responses": {"content": "output", "citations": "annotations", "file_name": "filename"},
    "anthropic_messages": {"arguments": "input", "failed": "is_error", "file_name": "title"},
    "google_generate": {
        "name": "functionCall.name",
        "arguments": "functionCall.args",
        "signature": "thoughtSignature",
        "detail": "mediaResolution",
        "failed": "functionResponse.response",
        "file_name": "displayName",
    },
    "bedrock_converse": {
        "name": "toolUse.name",
        "arguments": "toolUse.input",
        "content": "toolResult.content",
        "failed": "toolResult.status",
        "file_name": "document.name",
    },
}
"""Format → field of a part → its path in the part."""
_CALLED_AS_SPELLED = frozenset({"seed", "max_output", "user"})
"""Fields of chat whose spelling is their name."""
WISHES = frozenset({"effort", "mode", "budget", "shown"})
"""Fields of `Thinking` that say how much to reason."""
_HUMP = re.compile(r"_([a-z0-9])")


def told_name(source: FormatName, name: str) -> str:
    """What a field that only its own format knows is called when it is told of; dots may lead to it."""
    if source != "google_generate" or "_" not in name:
        return name
    return _HUMP.sub(lambda found: found[1].upper(), name)


# The request


def name_of(request: Request, field: str) -> str:
    """A field of the request: what its client calls it."""
    source = request.format
    if source == "openai_chat" and field in _CALLED_AS_SPELLED:
        said = request.spelling.get(field, "both")
        if said != "both":
            return said
    elif source == "bedrock_converse" and field == "top_k" and "top_k" in request.spelling:
        return f"additionalModelRequestFields.{request.spelling['top_k']}.topK"
    elif field == "output" and request.output is not None:
        spelling = request.output.spelling
        if source == "google_generate" and request.output.kind == "schema":
            return f"generationConfig.{spelling.get('schema', 'responseSchema')}"
        if source == "anthropic_messages" and "field" in spelling:
            return spelling["field"]
    return _NAMES[source].get(field, field)


def thinking_names(request: Request, fields: frozenset[str] = WISHES) -> list[str]:
    """What says how much to reason: `fields` of `Thinking`. Chat has many names for it, each server its own."""
    wish = request.thinking
    if wish is not None:
        match request.format:
            case "openai_chat":
                said = {where.partition(".")[0] for field, where in wish.spelling.items() if field in fields}
            case "anthropic_messages":
                asked = wish.mode or wish.shown is not None
                said = {"thinking"} if asked and fields - {"effort"} else set()
                said |= {"output_config.effort"} if wish.effort and "effort" in fields else set()
            case "bedrock_converse":
                said = _converse_thinking(wish)
            case _:
                said = set()
        if said:
            return sorted(said)
    return [name_of(request, "thinking")]


def _converse_thinking(wish: Thinking) -> set[str]:
    """Models that are asked through Converse have fields of their own for it."""
    effort, mode = wish.spelling.get("effort"), wish.spelling.get("mode")
    said = {f"additionalModelRequestFields.{mode}"} if mode else set()
    if effort == "outputConfig":
        said.add("outputConfig.effort")
    elif effort and effort != "maxReasoningEffort":  # that stands in the object beside the mode
        said.add(f"additionalModelRequestFields.{effort}")
    return said


def schema_path(request: Request, inner: str = "") -> str:
    """A place in the schema of the answer; where that came in another dialect or as text, the schema itself."""
    output = request.output
    spelling = output.spelling if output is not None else {}
    path = name_of(request, "output")
    match request.format:
        case "openai_chat":
            return f"{path}.json_schema.schema{inner}" if "in" not in spelling else path
        case "google_generate":
            return f"{path}{inner}" if spelling.get("schema") == "responseJsonSchema" else path
        case "bedrock_converse":
            return path
    return f"{path}.schema{inner}"


def tool_path(source: FormatName, tool: Tool, field: str, inner: str = "") -> str:
    """A field of a tool (`name`, `strict`, `parameters`), or a place in its schema."""
    at = tool.at
    if source == "openai_chat" and at.startswith("tools"):
        at = f"{at}.function"
    elif source == "bedrock_converse":
        at = f"{at}.toolSpec"
        field = "inputSchema.json" if field == "parameters" else field
    elif source == "anthropic_messages" and field == "parameters":
        field = "input_schema"
    elif source == "google_generate" and field == "parameters":
        field = tool.spelling.get("schema", field)
        inner = inner if field == "parametersJsonSchema" else ""  # the other is not in the words of JSON Schema
    return f"{at}.{field}{inner}"


# Parts of a message


def part_paths(source: FormatName, message: Message) -> list[str]:
    """The parts of a message, in their order."""
    at, parts = message.at, message.parts
    if message.plain and (source != "openai_chat" or (len(parts) == 1 and type(parts[0]) is Text)):
        return [f"{at}.content" if at[-1:] == "]" else at] * len(parts)  # the usual case
    if source == "openai_chat":
        return _chat_paths(message)
    if source == "google_generate":
        return _google_paths(message)
    if source == "openai_responses" and len(parts) == 1 and isinstance(parts[0], _ITEMS):
        return [at]
    around = at if at == "system" else f"{at}.content"
    paths: list[str] = []
    number = 0
    for part in parts:
        paths.append(f"{around}[{number}]")
        number += 2 if source == "bedrock_converse" and part.cache is not None else 1  # a hint is a block of its own
    return paths


_ITEMS = ToolCall | ToolResult | Reasoning | Foreign
"""What is an item of its own in Responses."""


def _chat_paths(message: Message) -> list[str]:
    at, paths = message.at, []
    calls = inside = 0
    for part in message.parts:
        kind = type(part)
        if kind is ToolResult:
            paths.append(at)
        elif kind is ToolCall and "in" not in part.spelling:
            paths.append(f"{at}.tool_calls[{calls}]")
            calls += 1
        elif kind is not Text and (beside := _beside(part, message)):
            paths.append(f"{at}.{beside}")
        else:
            paths.append(f"{at}.content" if message.plain else f"{at}.content[{inside}]")
            inside += 1
    return paths


def _beside(part: AnyPart, message: Message) -> str:
    """The field of a chat message in which a part stands beside the content; empty for what is in the content."""
    said = part.spelling.get("in", "")
    match part:
        case ToolCall():
            return said
        case Reasoning():
            return "" if said == "thinking" else "reasoning"  # only Mistral has it in the content
        case Refusal():
            return "" if said else "refusal"
        case Audio():
            return "audio" if message.role == "assistant" else ""
    return ""


def _google_paths(message: Message) -> list[str]:
    paths: list[str] = []
    number = 0
    for part in message.parts:
        path = f"{message.at}.parts[{number}]"
        if type(part) is Reasoning and part.spelling.get("on") == "next":  # it was on the part that follows
            paths.append(f"{path}.thoughtSignature")
        else:
            paths.append(path)
            number += 1
    return paths


def field_path(source: FormatName, path: str, field: str) -> str:
    """A field of the part at `path`: `name` and `arguments` of a call, `signature`, `failed` of a result, `citations`,
    `detail` of a picture, `file_name`.
    """
    if source == "openai_chat" and field == "citations":  # they stand beside the content
        return f"{path.partition(']')[0]}].annotations"
    return f"{path}.{_INSIDE.get(source, {}).get(field, field)}"


def inner_path(source: FormatName, path: str, result: ToolResult, number: int) -> str:
    """The part `number` of a tool's result at `path`."""
    if source == "google_generate":  # it has an object there, not parts
        return path
    whole = field_path(source, path, "content")
    return whole if result.plain else f"{whole}[{number}]"


def cache_path(source: FormatName, path: str, node: Node | None = None) -> str:
    """The hint to cache what ends with the part or the tool at `path`, which `node` is, where that is known."""
    if source == "bedrock_converse" and path.endswith("]"):
        around, _, number = path[:-1].rpartition("[")
        return f"{around}[{int(number) + 1}].cachePoint"
    if source == "openai_responses":
        return f"{path}.prompt_cache_breakpoint"
    said = node.spelling.get("cache", "cache_control") if node is not None else "cache_control"
    if said == "message":  # it stands beside the content
        return f"{path.partition(']')[0]}].cache_control"
    return f"{path}.{said}"
