"""Anthropic Messages, read as plainly as can be."""

import json
from typing import Any

from tests.recorded.plain.frames import sent_events
from tests.recorded.plain.said import Answer, At, Call, Told, arguments, text_of, texts_of, words_of

_KNOWN = {
    "text": ("type", "text"),
    "tool_use": ("type", "id", "name", "input"),
    "tool_result": ("type", "tool_use_id", "content", "is_error"),
    "image": ("type", "source"),
    "document": ("type", "source", "title"),
    "thinking": ("type", "thinking", "signature"),
    "redacted_thinking": ("type", "data"),
}


def request(document: dict[str, Any]) -> Told:
    """What a request says. Parameters at its top are not looked at."""
    told = Told()
    for number, tool in enumerate(document.get("tools") or []):
        if tool.get("type") in (None, "custom"):
            facts = (tool["name"], tool.get("description") or "", words_of(tool.get("input_schema")))
            told.tools.append(At(f"tools[{number}]", facts))
            told.leftovers(tool, f"tools[{number}]", ("type", "name", "description", "input_schema"))
        else:
            told.others.append(At(f"tools[{number}]", tool))
    if document.get("cache_control"):
        told.others.append(At("cache_control", document["cache_control"]))
    _content(told, document.get("system"), "system", "system")
    for number, message in enumerate(document.get("messages") or []):
        _content(told, message.get("content"), f"messages[{number}].content", str(message.get("role")))
    return told


def _content(told: Told, content: Any, at: str, speaker: str) -> None:
    if isinstance(content, str):
        told.texts.append(At(at, content, speaker))
        return
    for number, block in enumerate(content or []):
        _block(told, block, f"{at}[{number}]", speaker)


def _block(told: Told, block: dict[str, Any], at: str, speaker: str) -> None:
    kind = str(block.get("type"))
    if kind == "text":
        told.texts.append(At(at, block["text"], speaker))
    elif kind == "tool_use":
        told.calls.append(At(at, (block["name"], block.get("input")), block["id"]))
    elif kind == "tool_result":
        content = block.get("content")
        told.results += texts_of(content, f"{at}.content", block["tool_use_id"])
        if isinstance(content, list):
            _content(told, [part for part in content if part.get("type") != "text"], f"{at}.content", speaker)
    elif kind in ("image", "document"):
        source = block["source"]
        value = source.get("data") or source.get("url") or source.get("file_id")
        told.media.append(At(at, value or text_of(source.get("content"))))
    elif kind == "thinking":
        told.reasoning.append(At(at, block["thinking"]))
    elif kind != "redacted_thinking":
        told.others.append(At(at, block))
        return
    told.leftovers(block, at, _KNOWN[kind])


def reply(document: dict[str, Any]) -> Answer:
    """What a whole message says."""
    answer = Answer(usage=document.get("usage"), failed=document.get("type") == "error")
    heard = answer.choice(0)
    heard.stop = str(document.get("stop_reason") or "")
    for block in document.get("content") or []:
        if block["type"] == "text":
            heard.text += block["text"]
        elif block["type"] == "thinking":
            heard.reasoning += block["thinking"]
        elif block["type"] == "tool_use":
            heard.calls.append(Call(block["name"], block.get("input") or {}))
    return answer


def stream(data: bytes) -> Answer:
    """What a stream of events amounts to."""
    answer = Answer()
    heard = answer.choice(0)
    calls: dict[int, list[str]] = {}
    brought: list[Call] = []
    for frame in sent_events(data):
        event = frame.payload
        kind = event.get("type")
        if kind == "message_start":
            answer.usage = event["message"].get("usage") or None
            given = reply({"content": event["message"].get("content")}).choice(0)  # what a server's tool has brought
            heard.text, heard.reasoning = given.text, given.reasoning
            brought, heard.stop = given.calls, str(event["message"].get("stop_reason") or "")
        elif kind == "content_block_start" and event["content_block"]["type"] == "tool_use":
            given = event["content_block"].get("input")  # all of it, where a server's tool makes the call
            calls[event["index"]] = [event["content_block"]["name"], json.dumps(given) if given else ""]
        elif kind == "content_block_start":
            heard.text += event["content_block"].get("text") or ""
            heard.reasoning += event["content_block"].get("thinking") or ""
        elif kind == "content_block_delta":
            delta = event["delta"]
            heard.text += delta.get("text") or ""
            heard.reasoning += delta.get("thinking") or ""
            if "partial_json" in delta and event["index"] in calls:
                calls[event["index"]][1] += delta["partial_json"]
        elif kind == "message_delta":
            heard.stop = str(event["delta"].get("stop_reason") or heard.stop)
            later = {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
            answer.usage = {**(answer.usage or {}), **later} or None
        elif kind == "error":
            answer.failed = True
    heard.calls = brought + [Call(name, arguments(text)) for _, (name, text) in sorted(calls.items())]
    return answer
