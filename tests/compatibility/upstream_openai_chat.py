"""Speaks Chat Completions as OpenAI does, with the reasoning field of the open-weight servers."""

import base64
import json
from typing import Any

from tests.compatibility.scenario import Answer, Asked
from tests.compatibility.upstream import pieces

name = "openai chat"
provider: dict[str, Any] = {"type": "openai_compatible", "api_key": "sk-upstream"}
base = "/v1"


def asked(path: str, body: dict[str, Any]) -> Asked:
    assert path == "/v1/chat/completions", path
    found = Asked(model=body["model"], stream=bool(body.get("stream")), reasons="reasoning_effort" in body)
    waiting: list[str] = []
    for message in body["messages"]:
        role, content = message["role"], message.get("content")
        assert set(message) <= {
            "role",
            "content",
            "tool_calls",
            "tool_call_id",
            "name",
            "reasoning_content",
            "reasoning_details",
            "refusal",
            "prefix",
        }, message
        if role == "tool":
            assert message["tool_call_id"] in waiting, "a result without its call"
            waiting.remove(message["tool_call_id"])
            found.results.append((message["tool_call_id"], _text(content)))
            continue
        assert not waiting, "a call without its result"
        if role in ("system", "developer"):
            found.system += _text(content)
        elif role == "user":
            _user(found, content)
        else:
            assert role == "assistant", role
            calls = message.get("tool_calls") or []
            assert content or calls, "an assistant message that says nothing"
            waiting = [made["id"] for made in calls]
            found.made += waiting
            for made in calls:
                json.loads(made["function"]["arguments"])
    assert not waiting, "a call without its result"
    for tool in body.get("tools", []):
        assert set(tool["function"]) <= {"name", "description", "parameters", "strict"}
        found.tools[tool["function"]["name"]] = tool["function"]["parameters"]
    output = body.get("response_format", {})
    if output.get("type") == "json_schema":
        found.schema = output["json_schema"]["schema"]
    return found


def _user(found: Asked, content: Any) -> None:
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        if part["type"] == "text":
            found.texts.append(part["text"])
        else:
            assert part["type"] == "image_url", part["type"]
            picture = part["image_url"]
            head, _, data = (picture if isinstance(picture, str) else picture["url"]).partition(",")
            assert head == "data:image/png;base64", head
            found.pictures.append(base64.b64decode(data))


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _frame(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_770_000_000, "model": "m-1", "choices": [choice]}


def _usage(answer: Answer) -> dict[str, Any]:
    return {
        "prompt_tokens": answer.input,
        "completion_tokens": answer.output,
        "total_tokens": answer.input + answer.output,
        "prompt_tokens_details": {"cached_tokens": answer.cached},
    }


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{answer.input}_{n}",
            "type": "function",
            "function": {"name": made.name, "arguments": json.dumps(made.arguments)},
        }
        for n, made in enumerate(answer.calls)
    ]


def whole(answer: Answer) -> tuple[str, bytes]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.thought is not None:
        message["reasoning_content"] = answer.thought.text
    if answer.calls:
        message["tool_calls"] = _calls(answer)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if answer.calls else "stop",
    }
    return "application/json", json.dumps(_frame("chat.completion", choice) | {"usage": _usage(answer)}).encode()


def stream(answer: Answer) -> tuple[str, bytes]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if answer.thought is not None:
        deltas += [{"reasoning_content": piece} for piece in pieces(answer.thought.text)]
    deltas += [{"content": piece} for piece in pieces(answer.text)]
    for n, made in enumerate(_calls(answer)):
        first, *others = pieces(made["function"]["arguments"])
        begin = {**made, "index": n, "function": {"name": made["function"]["name"], "arguments": first}}
        deltas.append({"tool_calls": [begin]})
        deltas += [{"tool_calls": [{"index": n, "function": {"arguments": piece}}]} for piece in others]
    chunks = [_frame("chat.completion.chunk", {"index": 0, "delta": delta, "finish_reason": None}) for delta in deltas]
    finish = "tool_calls" if answer.calls else "stop"
    chunks.append(_frame("chat.completion.chunk", {"index": 0, "delta": {}, "finish_reason": finish}))
    chunks.append(_frame("chat.completion.chunk", {}) | {"choices": [], "usage": _usage(answer)})
    events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "text/event-stream", ("".join(events) + "data: [DONE]\n\n").encode()


def error(status: int, message: str) -> bytes:
    kind, code = ("rate_limit_error", "rate_limit_exceeded") if status == 429 else ("invalid_request_error", None)
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()
