"""Where things are in a client's request, in the words of its format, for telling what cannot be carried."""

from trunkline.formats.conversation import FormatName, Message, Reasoning, ToolCall, ToolResult

_BLOCKS: dict[str, str] = {"google_generate": "parts"}
_SIGNATURES: dict[str, str] = {"google_generate": "thoughtSignature", "openai_chat": "extra_content"}


def part_path(source: FormatName, message: Message, number: int) -> str:
    """The part `number` of a message of another format than this one."""
    at, part, before = message.at, message.parts[number], message.parts[:number]
    if message.plain:
        return at
    if source == "openai_chat":
        if isinstance(part, ToolCall):
            return f"{at}.tool_calls[{sum(isinstance(other, ToolCall) for other in before)}]"
        if isinstance(part, ToolResult):
            return at
        if isinstance(part, Reasoning):
            return f"{at}.reasoning"
        number = sum(not isinstance(other, ToolCall | Reasoning) for other in before)
    if source == "google_generate":  # what was signed and its signature were one part
        if isinstance(part, Reasoning) and not part.text:
            return signature_path(source, at)
        if any(isinstance(other, Reasoning) and not other.text for other in before):
            return at
    if source == "bedrock_converse":
        number += sum(other.cache is not None for other in before)  # such a hint is a block by itself
    return f"{at}[{number}]" if at == "system" else f"{at}.{_BLOCKS.get(source, 'content')}[{number}]"


def signature_path(source: FormatName, path: str) -> str:
    """What proves the part at `path` to the side that made it."""
    return f"{path}.{_SIGNATURES.get(source, 'signature')}"


def failed_path(source: FormatName, path: str) -> str:
    """The field that says that the tool whose result is at `path` has failed."""
    return f"{path}.{'toolResult.status' if source == 'bedrock_converse' else 'is_error'}"


def hint_path(source: FormatName, path: str) -> str:
    """The hint to cache what ends with the part at `path`."""
    if source == "bedrock_converse" and path.endswith("]"):
        begin, _, number = path[:-1].rpartition("[")
        return f"{begin}[{int(number) + 1}]"
    return f"{path}.cache_control"


def inner_path(source: FormatName, path: str, number: int) -> str:
    """The part `number` of a tool's result at `path`."""
    if source == "google_generate":
        return path
    if source == "openai_responses":
        return f"{path}.output[{number}]"
    return f"{path}.{'toolResult.' if source == 'bedrock_converse' else ''}content[{number}]"
