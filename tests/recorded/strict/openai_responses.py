"""What OpenAI's Responses endpoint refuses beyond its published schema."""

from typing import Any

from tests.recorded.strict.rules import (
    NAME,
    Broken,
    Rules,
    bad_address,
    matches,
    openai_schema,
    out_of,
    strict_openai,
)

_BY_ROLE = {
    "assistant": frozenset({"output_text", "refusal"}),
    "user": frozenset({"input_text", "input_image", "input_file", "input_audio"}),
    "system": frozenset({"input_text"}),
    "developer": frozenset({"input_text"}),
}


def broken(document: dict[str, Any]) -> Rules:
    """The rules that a request breaks."""
    yield from _parameters(document)
    yield from _tools(document)
    entries = document.get("input")
    if not entries and not document.get("previous_response_id"):
        yield Broken("no input")
    if isinstance(entries, list):
        if not any(document.get(name) for name in ("previous_response_id", "conversation")):
            yield from _pairs(entries)
            yield from _reasoning(entries)
        for number, item in enumerate(entries):
            yield from _item(item, f"input[{number}]")


def _parameters(document: dict[str, Any]) -> Rules:
    for name, least, most in (("temperature", 0, 2), ("top_p", 0, 1), ("top_logprobs", 0, 20)):
        if out_of(document.get(name), least, most):
            yield Broken(f"{name} out of range", name)
    if out_of(document.get("max_output_tokens"), 16, 10**9):
        yield Broken("max_output_tokens below 16", "max_output_tokens")
    output = (document.get("text") or {}).get("format") or {}
    if output.get("type") == "json_schema":
        if not matches(NAME, output.get("name")):
            yield Broken("a schema's name is missing or not allowed", "text.format.name")
        yield from openai_schema(output.get("schema"), "text.format.schema")
        if output.get("strict"):
            yield from strict_openai(output.get("schema"), "text.format.schema")


def _tools(document: dict[str, Any]) -> Rules:
    tools, names = document.get("tools") or [], []
    for number, tool in enumerate(tools):
        if tool.get("type") != "function":
            continue
        at = f"tools[{number}]"
        names.append(tool.get("name"))
        if not matches(NAME, tool.get("name")):
            yield Broken("a tool's name is not allowed", at)
        parameters = tool.get("parameters")
        if parameters and parameters.get("type") != "object":
            yield Broken("parameters that are no object", at)
        yield from openai_schema(parameters, f"{at}.parameters")
        if tool.get("strict"):
            yield from strict_openai(parameters, f"{at}.parameters")
    if len(set(names)) < len(names):
        yield Broken("two tools with one name", "tools")
    choice = document.get("tool_choice")
    if choice not in (None, "auto", "none") and not tools:
        yield Broken("tool_choice without tools", "tool_choice")
    elif isinstance(choice, dict) and choice.get("type") == "function" and choice.get("name") not in names:
        yield Broken("tool_choice of a tool that is not there", "tool_choice")


def _pairs(entries: list[dict[str, Any]]) -> Rules:
    """Every call has its output somewhere behind it, every output its call before."""
    if any(item.get("type") == "item_reference" for item in entries):
        return
    called: set[str] = set()
    answered: set[str] = set()
    for number, item in enumerate(entries):
        if str(item.get("type")).endswith("_call") and "call_id" in item:
            if item["call_id"] in called:
                yield Broken("two calls with one id", f"input[{number}]")
            called.add(item["call_id"])
            answered |= set() if item["type"] == "function_call" else {item["call_id"]}
        elif item.get("type") == "function_call_output":
            if item["call_id"] not in called:
                yield Broken("a result without its call", f"input[{number}]")
            answered.add(item["call_id"])
    if called - answered:
        yield Broken("a call without its result")


def _reasoning(entries: list[dict[str, Any]]) -> Rules:
    for number, item in enumerate(entries):
        if item.get("type") != "reasoning":
            continue
        after = entries[number + 1] if number + 1 < len(entries) else {}
        if not after or after.get("type") == "function_call_output" or after.get("role", "assistant") != "assistant":
            yield Broken("reasoning without the item that follows it", f"input[{number}]")


def _item(item: dict[str, Any], at: str) -> Rules:
    kind = item.get("type") or "message"
    if kind == "function_call":
        if not item.get("call_id") or len(item["call_id"]) > 64:
            yield Broken("a call's id is missing or too long", at)
        if not matches(NAME, item.get("name")):
            yield Broken("a call's name is not allowed", at)
    elif kind == "message":
        content = item.get("content")
        if content is None or content == []:
            yield Broken("a message without content", at)
        for number, part in enumerate(content if isinstance(content, list) else []):
            yield from _part(part, str(item.get("role")), f"{at}.content[{number}]")


def _part(part: dict[str, Any], role: str, at: str) -> Rules:
    kind = part.get("type")
    if kind not in _BY_ROLE.get(role, ()):
        yield Broken(f"a part of type {kind} in a message of the {role}", at)
    if kind == "input_image" and not part.get("file_id") and (wrong := bad_address(part.get("image_url"), "image/")):
        yield Broken(wrong, at)
    if kind == "input_file":
        if not any(part.get(name) for name in ("file_id", "file_data", "file_url")):
            yield Broken("a file without anything in it", at)
        if part.get("file_data") and (wrong := bad_address(part["file_data"], "")):
            yield Broken(f"a file: {wrong}", at)
        if part.get("file_data") and not part.get("filename"):
            yield Broken("a file's data without its name", at)
