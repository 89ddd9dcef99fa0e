"""Bedrock Converse, read as plainly as can be."""

from typing import Any

from tests.recorded.plain.frames import frames
from tests.recorded.plain.said import Answer, At, Call, Told, arguments, words_of

_SERVERS = "server_tool_use"
"""Type of a call that Bedrock itself makes."""


def request(document: dict[str, Any]) -> Told:
    """What a request says. Parameters at its top are not looked at."""
    told = Told()
    for number, tool in enumerate((document.get("toolConfig") or {}).get("tools") or []):
        at = f"toolConfig.tools[{number}]"
        spec = tool.get("toolSpec")
        if spec is None:
            told.others.append(At(at, tool))
            continue
        schema = spec["inputSchema"].get("json")
        told.tools.append(At(at, (spec["name"], spec.get("description") or "", words_of(schema))))
    for number, block in enumerate(document.get("system") or []):
        _block(told, block, f"system[{number}]", "system")
    for number, message in enumerate(document.get("messages") or []):
        for place, block in enumerate(message.get("content") or []):
            _block(told, block, f"messages[{number}].content[{place}]", str(message.get("role")))
    return told


def _block(told: Told, block: dict[str, Any], at: str, speaker: str) -> None:
    if "text" in block:
        told.texts.append(At(at, block["text"], speaker))
    elif "toolUse" in block:
        call = block["toolUse"]
        told.calls.append(At(at, (call["name"], call.get("input")), call["toolUseId"]))
    elif "toolResult" in block:
        result = block["toolResult"]
        for place, part in enumerate(result.get("content") or []):
            if "json" in part or "text" in part:
                told.results.append(At(at, part.get("text", part.get("json")), result["toolUseId"]))
            else:
                _block(told, part, f"{at}.toolResult.content[{place}]", speaker)
    elif "reasoningContent" in block:
        told.reasoning.append(At(at, (block["reasoningContent"].get("reasoningText") or {}).get("text") or ""))
    elif media := next((block[kind] for kind in ("image", "document", "video", "audio") if kind in block), None):
        source = media["source"]
        stored = (source.get("s3Location") or {}).get("uri")
        told.media.append(At(at, source.get("bytes") or source.get("text") or stored))
    else:
        told.others.append(At(at, block))


def reply(document: dict[str, Any]) -> Answer:
    """What a whole reply says."""
    answer = Answer(usage=document.get("usage"))
    heard = answer.choice(0)
    heard.stop = str(document.get("stopReason") or "")
    for block in ((document.get("output") or {}).get("message") or {}).get("content") or []:
        heard.text += block.get("text") or ""
        heard.text += "".join(part["text"] for part in (block.get("citationsContent") or {}).get("content") or [])
        heard.reasoning += ((block.get("reasoningContent") or {}).get("reasoningText") or {}).get("text") or ""
        call = block.get("toolUse") or {"type": _SERVERS}
        if call.get("type") != _SERVERS:
            heard.calls.append(Call(call["name"], call.get("input") or {}))
    return answer


def stream(data: bytes) -> Answer:
    """What a binary stream amounts to."""
    answer = Answer()
    heard = answer.choice(0)
    calls: dict[int, list[str]] = {}
    for frame in frames(data):
        event = frame.payload
        call = event["start"].get("toolUse") if frame.name == "contentBlockStart" else None
        if call is not None and call.get("type") != _SERVERS:
            calls[event["contentBlockIndex"]] = [call["name"], ""]
        elif frame.name == "contentBlockDelta":
            delta = event["delta"]
            heard.text += delta.get("text") or ""
            heard.reasoning += (delta.get("reasoningContent") or {}).get("text") or ""
            if "toolUse" in delta and event["contentBlockIndex"] in calls:
                calls[event["contentBlockIndex"]][1] += delta["toolUse"]["input"]
        elif frame.name == "messageStop":
            heard.stop = event["stopReason"]
        elif frame.name == "metadata":
            answer.usage = event.get("usage")
        elif frame.name.endswith("Exception"):
            answer.failed = True
    heard.calls = [Call(name, arguments(text)) for _, (name, text) in sorted(calls.items())]
    return answer
