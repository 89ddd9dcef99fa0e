"""What OpenAI's chat endpoint refuses beyond its published schema."""

from typing import Any

from tests.recorded.strict.rules import (
    NAME,
    Broken,
    Rules,
    bad_address,
    is_base64,
    matches,
    openai_arguments,
    openai_schema,
    out_of,
    strict_openai,
)

LONGEST_ID = 40
"""Characters of a call's id."""


def broken(document: dict[str, Any]) -> Rules:
    """The rules that a request breaks."""
    yield from _parameters(document)
    yield from _tools(document)
    yield from conversation(document.get("messages") or [])
    for number, message in enumerate(document.get("messages") or []):
        yield from _message(message, f"messages[{number}]")


def _parameters(document: dict[str, Any]) -> Rules:
    if not document.get("messages"):
        yield Broken("no messages")
    for name, least, most in (
        ("temperature", 0, 2),
        ("top_p", 0, 1),
        ("presence_penalty", -2, 2),
        ("frequency_penalty", -2, 2),
        ("n", 1, 128),
        ("top_logprobs", 0, 20),
        ("max_tokens", 1, 10**9),
        ("max_completion_tokens", 1, 10**9),
    ):
        if out_of(document.get(name), least, most):
            yield Broken(f"{name} out of range", name)
    if "max_tokens" in document and "max_completion_tokens" in document:
        yield Broken("max_tokens beside max_completion_tokens")
    if isinstance(document.get("stop"), list) and len(document["stop"]) > 4:
        yield Broken("more than 4 stop sequences", "stop")
    if document.get("top_logprobs") is not None and not document.get("logprobs"):
        yield Broken("top_logprobs without logprobs", "top_logprobs")
    if document.get("stream_options") and not document.get("stream"):
        yield Broken("stream_options without stream", "stream_options")
    output = (document.get("response_format") or {}).get("json_schema")
    if output is not None:
        if not matches(NAME, output.get("name")):
            yield Broken("a schema's name is missing or not allowed", "response_format.json_schema.name")
        yield from openai_schema(output.get("schema"), "response_format.json_schema.schema")
        if output.get("strict"):
            yield from strict_openai(output.get("schema"), "response_format.json_schema.schema")


def _tools(document: dict[str, Any]) -> Rules:
    tools = document.get("tools")
    if tools is not None and not tools:
        yield Broken("an empty list of tools", "tools")
    names = []
    for number, tool in enumerate(tools or []):
        function = tool.get("function") or {}
        names.append(function.get("name"))
        if tool.get("type") == "function" and not matches(NAME, function.get("name")):
            yield Broken("a tool's name is not allowed", f"tools[{number}].function.name")
        if (parameters := function.get("parameters")) is not None and parameters and parameters.get("type") != "object":
            yield Broken("parameters that are no object", f"tools[{number}].function.parameters")
        if function.get("parameters") is not None:
            yield from openai_arguments(function["parameters"], f"tools[{number}].function.parameters")
        if function.get("strict"):
            yield from strict_openai(function.get("parameters"), f"tools[{number}].function.parameters")
    if len(set(names)) < len(names):
        yield Broken("two tools with one name", "tools")
    choice = document.get("tool_choice")
    if not tools:
        for name in ("tool_choice", "parallel_tool_calls"):
            if document.get(name) is not None:
                yield Broken(f"{name} without tools", name)
    elif isinstance(choice, dict) and choice.get("type") == "function" and choice["function"]["name"] not in names:
        yield Broken("tool_choice of a tool that is not there", "tool_choice")


def _message(message: dict[str, Any], at: str) -> Rules:
    role, content = message.get("role"), message.get("content")
    if role == "assistant":
        others = ("tool_calls", "refusal", "audio", "function_call")
        if content is None and not any(message.get(name) for name in others):
            yield Broken("an assistant message without content", at)
        if message.get("tool_calls") == []:
            yield Broken("an empty list of calls", at)
    elif content is None:
        yield Broken("a message without content", at)
    if isinstance(content, list) and not content:
        yield Broken("an empty list of parts", at)
    if "name" in message and not matches(NAME, message["name"]):
        yield Broken("a speaker's name is not allowed", f"{at}.name")
    for number, call in enumerate(message.get("tool_calls") or []):
        yield from _call(call, f"{at}.tool_calls[{number}]")
    for number, part in enumerate(content if isinstance(content, list) else []):
        yield from _part(part, str(role), f"{at}.content[{number}]")


def _call(call: dict[str, Any], at: str) -> Rules:
    if not call.get("id"):
        yield Broken("a call without id", at)
    elif len(call["id"]) > LONGEST_ID:
        yield Broken("a call's id is too long", at)
    if not matches(NAME, call["function"]["name"]):
        yield Broken("a call's name is not allowed", at)


def _part(part: dict[str, Any], role: str, at: str) -> Rules:
    kind = part.get("type")
    if role != "user" and kind not in ("text", "refusal"):
        yield Broken(f"a part of type {kind} in a message of the {role}", at)
    if kind == "image_url" and (wrong := bad_address(part["image_url"].get("url"), "image/")):
        yield Broken(wrong, at)
    if kind == "input_audio" and not is_base64(part["input_audio"].get("data")):
        yield Broken("a sound with bad Base64", at)
    if kind == "file":
        facts = part["file"]
        if not facts.get("file_id") and (wrong := bad_address(facts.get("file_data"), "")):
            yield Broken(f"a file: {wrong}", at)
        if facts.get("file_data") and not facts.get("filename"):
            yield Broken("a file's data without its name", at)


def conversation(messages: list[dict[str, Any]]) -> Rules:
    """Every call is answered by messages of role `tool` right after it, and by nothing else before."""
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_calls:
                yield Broken("a result without its call", at)
            else:
                open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            yield Broken("a call without its result", at)
        open_calls = [call.get("id") for call in message.get("tool_calls") or []]
        if len(set(open_calls)) < len(open_calls):
            yield Broken("two calls with one id", at)
    if open_calls:
        yield Broken("calls at the end without results")
