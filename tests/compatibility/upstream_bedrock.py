"""Speaks Converse as Amazon Bedrock does, in binary frames where it streams. The signature is not looked at here."""

import base64
import binascii
import json
import struct
from typing import Any

from tests.compatibility.scenario import Answer, Asked
from tests.compatibility.upstream import pieces

name = "bedrock"
provider: dict[str, Any] = {"type": "bedrock", "api_key": "upstream", "region": "eu-central-1"}
base = ""

_FIELDS = {
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "outputConfig",
    "requestMetadata",
}


def asked(path: str, body: dict[str, Any]) -> Asked:
    model, _, verb = path.removeprefix("/model/").rpartition("/")
    assert verb in ("converse", "converse-stream"), path
    assert set(body) <= _FIELDS, set(body) - _FIELDS
    more = body.get("additionalModelRequestFields", {})
    found = Asked(model=model, stream=verb == "converse-stream", reasons=bool(more))
    found.system = "".join(block.get("text", "") for block in body.get("system", []))
    waiting: list[str] = []
    speaker = "assistant"
    for message in body["messages"]:
        assert message["role"] in ("user", "assistant")
        assert message["role"] != speaker, "turns must alternate"
        speaker = message["role"]
        waiting = _turn(found, speaker, message["content"], waiting)
    assert not waiting, "a call without its result"
    for tool in body.get("toolConfig", {}).get("tools", []):
        found.tools[tool["toolSpec"]["name"]] = tool["toolSpec"]["inputSchema"]["json"]
    structure = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {})
    if structure:
        found.schema = json.loads(structure["jsonSchema"]["schema"])
    return found


def _turn(found: Asked, role: str, blocks: list[dict[str, Any]], waiting: list[str]) -> list[str]:
    assert blocks, "a message without content"
    made: list[str] = []
    results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
    assert sorted(results) == sorted(waiting), "results and calls do not match"
    for block in blocks:
        [(kind, value)] = block.items()
        if kind == "text":
            assert value.strip(), "a blank text"
            if role == "user":
                found.texts.append(value)
        elif kind == "image":
            assert value["format"] == "png"
            found.pictures.append(base64.b64decode(value["source"]["bytes"]))
        elif kind == "toolResult":
            text = "".join(part["text"] if "text" in part else json.dumps(part["json"]) for part in value["content"])
            found.results.append((value["toolUseId"], text))
        elif kind == "toolUse":
            assert isinstance(value["input"], dict)
            made.append(value["toolUseId"])
        else:
            found.proofs.append(value["reasoningText"]["signature"])
    found.made += made
    return made


def _blocks(answer: Answer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thought is not None:
        text = {"text": answer.thought.text, "signature": answer.thought.proof}
        blocks.append({"reasoningContent": {"reasoningText": text}})
    if answer.text:
        blocks.append({"text": answer.text})
    for n, made in enumerate(answer.calls):
        blocks.append(
            {"toolUse": {"toolUseId": f"tooluse_{answer.input}{n}", "name": made.name, "input": made.arguments}}
        )
    return blocks


def _usage(answer: Answer) -> dict[str, int]:
    fresh = answer.input - answer.cached
    return {
        "inputTokens": fresh, "outputTokens": answer.output, "totalTokens": answer.input + answer.output,
        "cacheReadInputTokens": answer.cached, "cacheWriteInputTokens": 0,
    }  # fmt: skip


def whole(answer: Answer) -> tuple[str, bytes]:
    reply = {
        "output": {"message": {"role": "assistant", "content": _blocks(answer)}},
        "stopReason": "tool_use" if answer.calls else "end_turn",
        "usage": _usage(answer),
        "metrics": {"latencyMs": 100},
    }
    return "application/json", json.dumps(reply).encode()


def stream(answer: Answer) -> tuple[str, bytes]:
    frames = [_frame("messageStart", {"role": "assistant"})]
    for index, block in enumerate(_blocks(answer)):
        at = {"contentBlockIndex": index}
        if "toolUse" in block:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            frames.append(_frame("contentBlockStart", {"start": start, **at}))
            deltas: list[dict[str, Any]] = [{"toolUse": {"input": piece}} for piece in pieces(json.dumps(use["input"]))]
        elif "text" in block:
            deltas = [{"text": piece} for piece in pieces(block["text"])]
        else:
            thought = block["reasoningContent"]["reasoningText"]
            deltas = [{"reasoningContent": {"text": piece}} for piece in pieces(thought["text"])]
            deltas.append({"reasoningContent": {"signature": thought["signature"]}})
        frames += [_frame("contentBlockDelta", {"delta": delta, **at}) for delta in deltas]
        frames.append(_frame("contentBlockStop", at))
    frames.append(_frame("messageStop", {"stopReason": "tool_use" if answer.calls else "end_turn"}))
    frames.append(_frame("metadata", {"usage": _usage(answer), "metrics": {"latencyMs": 100}}))
    return "application/vnd.amazon.eventstream", b"".join(frames)


def _frame(kind: str, payload: dict[str, Any]) -> bytes:
    """One message of the event stream encoding: two lengths, their checksum, headers, payload, checksum of it all."""
    headers = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event"))
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + body
    return message + struct.pack(">I", binascii.crc32(message))


def error(status: int, message: str) -> bytes:
    del status
    return json.dumps({"message": message}).encode()
