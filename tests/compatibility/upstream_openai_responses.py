"""Speaks Responses as OpenAI does to a caller without state."""

import base64
import json
from typing import Any

from tests.compatibility.scenario import Answer, Asked
from tests.compatibility.upstream import pieces

name = "openai responses"
provider: dict[str, Any] = {"type": "openai", "api_key": "sk-upstream", "format": "openai_responses"}
base = "/v1"


def asked(path: str, body: dict[str, Any]) -> Asked:
    assert path == "/v1/responses", path
    assert "messages" not in body
    found = Asked(
        model=body["model"],
        system=body.get("instructions") or "",
        stream=bool(body.get("stream")),
        reasons="reasoning" in body,
    )
    items = body["input"]
    for item in [{"role": "user", "content": items}] if isinstance(items, str) else items:
        _item(found, item)
    assert sorted(found.made) == sorted(call for call, _ in found.results), "calls and results do not match"
    for tool in body.get("tools", []):
        assert tool["type"] == "function"
        assert "function" not in tool, "tools are flat here"
        found.tools[tool["name"]] = tool["parameters"]
    output = body.get("text", {}).get("format", {})
    if output.get("type") == "json_schema":
        found.schema = output["schema"]
    return found


def _item(found: Asked, item: dict[str, Any]) -> None:
    kind = item.get("type", "message")
    if kind == "function_call":
        json.loads(item["arguments"])
        found.made.append(item["call_id"])
    elif kind == "function_call_output":
        assert item["call_id"] in found.made, "a result without its call"
        output = item["output"]
        found.results.append((item["call_id"], output if isinstance(output, str) else output[0]["text"]))
    elif kind == "reasoning":
        assert isinstance(item["summary"], list)
        if item.get("encrypted_content"):
            found.proofs.append(item["encrypted_content"])
    else:
        assert kind == "message", kind
        _message(found, item)


def _message(found: Asked, item: dict[str, Any]) -> None:
    role, content = item["role"], item["content"]
    parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
    for part in parts:
        if role in ("system", "developer"):
            found.system += part["text"]
        elif role == "assistant":
            assert isinstance(content, str) or part["type"] in ("output_text", "refusal"), part["type"]
        elif part["type"] == "input_text":
            found.texts.append(part["text"])
        else:
            assert part["type"] == "input_image", part["type"]
            found.pictures.append(base64.b64decode(part["image_url"].partition(",")[2]))


def _items(answer: Answer) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.thought is not None:
        summary = [{"type": "summary_text", "text": answer.thought.text}]
        items.append({"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": answer.thought.proof})
    if answer.text:
        part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        items.append({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]})
    for n, made in enumerate(answer.calls):
        items.append(
            {
                "id": f"fc_{n}",
                "type": "function_call",
                "status": "completed",
                "call_id": f"call_{answer.input}_{n}",
                "name": made.name,
                "arguments": json.dumps(made.arguments),
            }
        )
    return items


def _response(answer: Answer, status: str) -> dict[str, Any]:
    done = status == "completed"
    usage = {
        "input_tokens": answer.input,
        "input_tokens_details": {"cached_tokens": answer.cached},
        "output_tokens": answer.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.input + answer.output,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_770_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "m-1",
        "output": _items(answer) if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if done else None,
    }


def whole(answer: Answer) -> tuple[str, bytes]:
    return "application/json", json.dumps(_response(answer, "completed")).encode()


def stream(answer: Answer) -> tuple[str, bytes]:
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response(answer, "in_progress")},
        {"type": "response.in_progress", "response": _response(answer, "in_progress")},
    ]
    for index, item in enumerate(_items(answer)):
        events += _item_events(index, item)
    events.append({"type": "response.completed", "response": _response(answer, "completed")})
    lines = [
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': n})}\n\n"
        for n, event in enumerate(events)
    ]
    return "text/event-stream", "".join(lines).encode()


def _item_events(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    begun = {**item}
    between: list[dict[str, Any]] = []
    if item["type"] == "message":
        begun |= {"content": [], "status": "in_progress"}
        part = item["content"][0]
        here = {**at, "content_index": 0}
        between.append({"type": "response.content_part.added", **here, "part": {**part, "text": ""}})
        between += [
            {"type": "response.output_text.delta", **here, "delta": p, "logprobs": []} for p in pieces(part["text"])
        ]
        between.append({"type": "response.output_text.done", **here, "text": part["text"], "logprobs": []})
        between.append({"type": "response.content_part.done", **here, "part": part})
    elif item["type"] == "function_call":
        begun |= {"arguments": "", "status": "in_progress"}
        between += [
            {"type": "response.function_call_arguments.delta", **at, "delta": p} for p in pieces(item["arguments"])
        ]
        between.append(
            {
                "type": "response.function_call_arguments.done",
                **at,
                "arguments": item["arguments"],
                "name": item["name"],
            }
        )
    else:
        begun |= {"summary": []}
        part, here = item["summary"][0], {**at, "summary_index": 0}
        between.append({"type": "response.reasoning_summary_part.added", **here, "part": {**part, "text": ""}})
        between += [{"type": "response.reasoning_summary_text.delta", **here, "delta": p} for p in pieces(part["text"])]
        between.append({"type": "response.reasoning_summary_text.done", **here, "text": part["text"]})
        between.append({"type": "response.reasoning_summary_part.done", **here, "part": part})
    return [
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        *between,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def error(status: int, message: str) -> bytes:
    kind, code = ("rate_limit_error", "rate_limit_exceeded") if status == 429 else ("invalid_request_error", None)
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()
