"""What Anthropic's Messages endpoint refuses beyond its published schema."""

import re
from collections.abc import Iterator
from typing import Any

from tests.recorded.strict.rules import (
    IMAGES,
    WORD,
    Broken,
    Rules,
    Turn,
    in_turns,
    is_base64,
    is_blank,
    matches,
    out_of,
    strict_anthropic,
)

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_HINTS = 4
"""Most cache breakpoints."""


def broken(document: dict[str, Any]) -> Rules:
    """The rules that a request breaks."""
    yield from _parameters(document)
    yield from _thinking(document)
    yield from _tools(document)
    messages = document.get("messages") or []
    yield from in_turns(_turns(messages))
    for path, block in _blocks(document):
        yield from _block(block, path)
    if messages and messages[-1].get("role") == "assistant":
        yield from _prefill(messages[-1], f"messages[{len(messages) - 1}]")
    if sum("cache_control" in node for node in _nodes(document)) > _HINTS:
        yield Broken("more than 4 cache breakpoints")


def _parameters(document: dict[str, Any]) -> Rules:
    if not isinstance(document.get("max_tokens"), int) or document["max_tokens"] < 1:
        yield Broken("max_tokens is missing", "max_tokens")
    for name in ("temperature", "top_p"):
        if out_of(document.get(name), 0, 1):
            yield Broken(f"{name} out of range", name)
    if any(is_blank(sequence) for sequence in document.get("stop_sequences") or []):
        yield Broken("a blank stop sequence", "stop_sequences")
    if document.get("system") == "":
        yield Broken("an empty system prompt", "system")
    output = (document.get("output_config") or {}).get("format") or {}
    if output.get("type") == "json_schema":
        yield from strict_anthropic(output.get("schema"), "output_config.format.schema")


def _thinking(document: dict[str, Any]) -> Rules:
    thinking = document.get("thinking") or {}
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens") or 0
        if budget < 1024:
            yield Broken("a thinking budget below 1024", "thinking.budget_tokens")
        if budget >= document.get("max_tokens", 0):
            yield Broken("a thinking budget not below max_tokens", "thinking.budget_tokens")
    if thinking.get("type") in ("enabled", "adaptive"):
        if document.get("temperature", 1) != 1:
            yield Broken("temperature beside thinking", "temperature")
        if document.get("top_k") is not None:
            yield Broken("top_k beside thinking", "top_k")
        if (document.get("tool_choice") or {}).get("type") in ("any", "tool"):
            yield Broken("a forced tool beside thinking", "tool_choice")


def _tools(document: dict[str, Any]) -> Rules:
    tools = document.get("tools") or []
    names = [tool.get("name") for tool in tools]
    for number, tool in enumerate(tools):
        at = f"tools[{number}]"
        if not matches(_NAME, tool.get("name")):
            yield Broken("a tool's name is not allowed", at)
        if "input_schema" in tool and tool["input_schema"].get("type") != "object":
            yield Broken("an input_schema that is no object", at)
        if any(word in tool.get("input_schema", {}) for word in ("oneOf", "allOf", "anyOf")):
            yield Broken("an input_schema with alternatives at its root", at)
        if tool.get("strict"):
            yield from strict_anthropic(tool.get("input_schema"), f"{at}.input_schema")
    if len(set(names)) < len(names):
        yield Broken("two tools with one name", "tools")
    choice = document.get("tool_choice")
    if choice is not None and not tools:
        yield Broken("tool_choice without tools", "tool_choice")
    elif choice is not None and choice.get("type") == "tool" and choice.get("name") not in names:
        yield Broken("tool_choice of a tool that is not there", "tool_choice")


def _turns(messages: list[dict[str, Any]]) -> Iterator[Turn]:
    for number, message in enumerate(messages):
        content = message.get("content")
        blocks = content if isinstance(content, list) else []
        kinds = [block.get("type") for block in blocks]
        yield Turn(
            at=f"messages[{number}]",
            role=str(message.get("role")),
            calls=[block["id"] for block in blocks if block.get("type") == "tool_use"],
            results=[block["tool_use_id"] for block in blocks if block.get("type") == "tool_result"],
            others_before_results=kinds[: kinds.count("tool_result")] != ["tool_result"] * kinds.count("tool_result"),
        )
        if isinstance(content, list) and not content:
            yield Turn(f"messages[{number}]: an empty list of blocks", "nobody", [], [])


def _blocks(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All blocks: strings count as one of text."""
    if document.get("system"):
        yield from _blocks_of(document["system"], "system")
    for number, message in enumerate(document.get("messages") or []):
        yield from _blocks_of(message.get("content"), f"messages[{number}].content")


def _blocks_of(content: Any, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, block in enumerate([{"type": "text", "text": content}] if isinstance(content, str) else content or []):
        yield f"{at}[{number}]", block
        if block.get("type") == "tool_result" and isinstance(block.get("content"), list):
            yield from _blocks_of(block["content"], f"{at}[{number}].content")


def _block(block: dict[str, Any], at: str) -> Rules:
    match block.get("type"):
        case "text" if is_blank(block.get("text")):
            yield Broken("a blank text", at)
        case "tool_use":
            if not matches(WORD, block.get("id")):
                yield Broken("a call's id is not allowed", at)
            if not matches(_NAME, block.get("name")):
                yield Broken("a call's name is not allowed", at)
            if not isinstance(block.get("input"), dict):
                yield Broken("a call's input is no object", at)
        case "tool_result" if block.get("content") == []:
            yield Broken("a result with an empty list", at)
        case "image" | "document":
            yield from _source(block, at)
        case "thinking" if not block.get("signature"):
            yield Broken("thinking without a signature", at)


def _source(block: dict[str, Any], at: str) -> Rules:
    source = block.get("source") or {}
    if source.get("type") == "base64":
        if not is_base64(source.get("data")):
            yield Broken("bad Base64", at)
        kinds = IMAGES if block["type"] == "image" else {"application/pdf"}
        if source.get("media_type") not in kinds:
            yield Broken(f"an {block['type']} of a media type that is not taken", at)
    elif source.get("type") == "url" and not str(source.get("url")).startswith(("http://", "https://")):
        yield Broken("an address that is not http", at)
    elif source.get("type") == "text" and is_blank(source.get("data")):
        yield Broken("a blank document", at)


def _prefill(message: dict[str, Any], at: str) -> Rules:
    content = message.get("content")
    last = content if isinstance(content, str) else (content or [{}])[-1].get("text")
    if isinstance(last, str) and last != last.rstrip():
        yield Broken("a prefill that ends in white space", at)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for name, below in value.items():
            if name not in ("input_schema", "input"):
                yield from _nodes(below)
    elif isinstance(value, list):
        for below in value:
            yield from _nodes(below)
