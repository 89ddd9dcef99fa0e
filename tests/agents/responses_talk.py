"""What a request in the Responses format says."""

import base64
from typing import Any

from tests.agents.words import SHOWN, Talk

Json = dict[str, Any]
OWN = "custom"
"""In place of the schema of a tool that has none; beside it, what the grammar of its input is."""


def talk_of(body: Json, before: list[Json] | None = None) -> Talk:
    """Read out of the document as an agent sends it, with the items that the server has from `before`."""
    talk = Talk(system=body.get("instructions") or "")
    for item in [*(before or []), *body["input"]]:
        _hear(talk, item)
    talk.tools = [_tool(tool) for tool in body.get("tools") or []]
    return talk


def _tool(tool: Json) -> tuple[str, str, Json]:
    schema = tool["parameters"] if tool["type"] == "function" else {OWN: tool.get("format", {}).get("definition", "")}
    return tool["name"], tool.get("description") or "", schema


def _hear(talk: Talk, item: Json) -> None:
    match item.get("type", "message"):
        case "message":
            content = item["content"]
            for part in [{"type": "input_text", "text": content}] if isinstance(content, str) else content:
                _part(talk, item["role"], part)
        case "function_call":
            talk.call(item["call_id"], item["name"], item["arguments"])
        case "custom_tool_call":
            talk.call(item["call_id"], item["name"], {"input": item["input"]})
        case "function_call_output" | "custom_tool_call_output":
            output = item["output"]
            parts = [{"type": "input_text", "text": output}] if isinstance(output, str) else output
            texts = [part["text"] for part in parts if part["type"] == "input_text"]
            talk.result(item["call_id"], "".join(texts) if texts or not parts else SHOWN)
            for part in parts:
                if part["type"] == "input_image":
                    _part(talk, "user", part)
        case "reasoning":
            pass
        case kind:
            raise AssertionError(f"an item of type {kind}")


def _part(talk: Talk, role: str, part: Json) -> None:
    if part["type"] == "input_image":
        talk.pictures.append(base64.b64decode(part["image_url"].partition(",")[2]))
    elif role in ("system", "developer"):
        talk.instruct(part["text"])
    else:
        talk.say(role, part["text"])
