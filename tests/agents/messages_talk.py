"""What a request in Anthropic's format says."""

import base64
from typing import Any

from tests.agents.words import SHOWN, Talk

Json = dict[str, Any]


def talk_of(body: Json) -> Talk:
    """Read out of the document as an agent sends it."""
    talk = Talk(system="\n".join(block["text"] for block in blocks(body.get("system") or [])))
    for message in body["messages"]:
        for block in blocks(message["content"]):
            _hear(talk, message["role"], block)
    talk.tools = [(tool["name"], tool.get("description", ""), tool["input_schema"]) for tool in body.get("tools") or []]
    return talk


def blocks(content: str | list[Json]) -> list[Json]:
    """Content as blocks: a string is one of text."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _hear(talk: Talk, role: str, block: Json) -> None:
    match block["type"]:
        case "text":
            talk.say(role, block["text"])
        case "image":
            talk.pictures.append(base64.b64decode(block["source"]["data"]))
        case "tool_use":
            talk.call(block["id"], block["name"], block["input"])
        case "tool_result":
            inner = blocks(block.get("content") or [])
            pictures = [piece for piece in inner if piece["type"] == "image"]
            texts = [piece["text"] for piece in inner if piece["type"] == "text"]
            words = SHOWN if pictures and not texts else "".join(texts)
            talk.result(block["tool_use_id"], words, failed=block.get("is_error", False))
            for piece in pictures:
                _hear(talk, role, piece)
        case "thinking" | "redacted_thinking":
            pass
        case kind:
            raise AssertionError(f"a block of type {kind}")
