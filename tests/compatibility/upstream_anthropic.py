"""Speaks Messages as Anthropic does, strictly."""

import base64
import json
from typing import Any

from tests.compatibility.scenario import Answer, Asked
from tests.compatibility.upstream import pieces

name = "anthropic"
provider: dict[str, Any] = {"type": "anthropic", "api_key": "sk-upstream"}
base = "/v1"

_FIELDS = {
    "model", "messages", "max_tokens", "system", "tools", "tool_choice", "thinking", "output_config", "stream",
    "temperature", "metadata", "stop_sequences", "top_p", "top_k", "service_tier",
}  # fmt: skip


def asked(path: str, body: dict[str, Any]) -> Asked:
    assert path.partition("?")[0] == "/v1/messages", path
    assert set(body) <= _FIELDS, set(body) - _FIELDS
    thinking = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    assert body["max_tokens"] > body.get("thinking", {}).get("budget_tokens", 0)
    found = Asked(model=body["model"], stream=bool(body.get("stream")), reasons=thinking)
    system = body.get("system", "")
    found.system = system if isinstance(system, str) else "".join(block["text"] for block in system)
    waiting: list[str] = []
    speaker = "assistant"
    for message in body["messages"]:
        assert message["role"] in ("user", "assistant")
        assert message["role"] != speaker, "turns must alternate"
        speaker = message["role"]
        blocks = message["content"]
        assert blocks, "a message without content"
        waiting = _turn(
            found, speaker, [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks, waiting
        )
    assert not waiting, "a call without its result"
    for tool in body.get("tools", []):
        assert tool["input_schema"]["type"] == "object"
        found.tools[tool["name"]] = tool["input_schema"]
    found.schema = body.get("output_config", {}).get("format", {}).get("schema")
    return found


def _turn(found: Asked, role: str, blocks: list[dict[str, Any]], waiting: list[str]) -> list[str]:
    made: list[str] = []
    results = [block for block in blocks if block["type"] == "tool_result"]
    assert blocks[: len(results)] == results, "results stand first"
    assert sorted(block["tool_use_id"] for block in results) == sorted(waiting), "results and calls do not match"
    for block in blocks:
        kind = block["type"]
        if kind == "text":
            assert block["text"].strip(), "an empty text"
            if role == "user":
                found.texts.append(block["text"])
        elif kind == "image":
            assert block["source"]["type"] == "base64"
            found.pictures.append(base64.b64decode(block["source"]["data"]))
        elif kind == "tool_result":
            content = block["content"]
            text = content if isinstance(content, str) else "".join(part["text"] for part in content)
            found.results.append((block["tool_use_id"], text))
        elif kind == "tool_use":
            assert isinstance(block["input"], dict)
            made.append(block["id"])
        elif kind == "thinking":
            found.proofs.append(block["signature"])
        else:
            raise AssertionError(f"a block of type {kind}")
    found.made += made
    return made


def _blocks(answer: Answer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thought is not None:
        blocks.append({"type": "thinking", "thinking": answer.thought.text, "signature": answer.thought.proof})
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    for n, made in enumerate(answer.calls):
        blocks.append(
            {"type": "tool_use", "id": f"toolu_{answer.input}{n}", "name": made.name, "input": made.arguments}
        )
    return blocks


def _message(answer: Answer, blocks: list[dict[str, Any]], stop: str | None) -> dict[str, Any]:
    usage = {
        "input_tokens": answer.input - answer.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.cached,
        "output_tokens": answer.output if stop else 1,
    }
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1", "content": blocks,
        "stop_reason": stop, "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def whole(answer: Answer) -> tuple[str, bytes]:
    message = _message(answer, _blocks(answer), "tool_use" if answer.calls else "end_turn")
    return "application/json", json.dumps(message).encode()


def stream(answer: Answer) -> tuple[str, bytes]:
    events: list[dict[str, Any]] = [{"type": "message_start", "message": _message(answer, [], None)}, {"type": "ping"}]
    for index, block in enumerate(_blocks(answer)):
        begun, deltas = _begun(block)
        events.append({"type": "content_block_start", "index": index, "content_block": begun})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    stop = {"stop_reason": "tool_use" if answer.calls else "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": stop, "usage": {"output_tokens": answer.output}})
    events.append({"type": "message_stop"})
    return "text/event-stream", "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()


def _begun(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
    if block["type"] == "thinking":
        deltas: list[dict[str, Any]] = [{"type": "thinking_delta", "thinking": p} for p in pieces(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return {"type": "thinking", "thinking": "", "signature": ""}, deltas
    arguments = pieces(json.dumps(block["input"]))
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": p} for p in ["", *arguments]]


def error(status: int, message: str) -> bytes:
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).encode()
