"""What a healthy OpenAI-compatible provider says: one reply, whole and streamed, and its errors."""

import json
from typing import Any

PIECES = ("Grüße", " aus", " 世界", " 🌍", ", gut", " gemacht.")
TEXT = "".join(PIECES)
"""The reply's text: it has characters of one to four bytes, written as such."""

USAGE = {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
DONE = b"data: [DONE]\n\n"
ACCOUNT = "org-4R7uNkL1nEtEsT"
"""The operator's account, named in the provider's refusals of key and credit: no caller may ever read it."""


def encode(value: Any) -> bytes:
    """Compact JSON with its characters as UTF-8, not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event(value: Any) -> bytes:
    """One server-sent event."""
    return b"data: %s\n\n" % encode(value)


def chat(model: str) -> bytes:
    """A chat completion."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": TEXT, "refusal": None},
        "logprobs": None,
        "finish_reason": "stop",
    }
    return encode(_envelope(model, "chat.completion") | {"choices": [choice], "usage": USAGE})


def chat_events(model: str, *, usage: bool) -> list[bytes]:
    """The events of a chat completion's stream: role, pieces, finish, usage where asked for, `[DONE]`.

    With `stream_options.include_usage` every chunk has `usage: null` and one more, without choices, has the usage
    (OpenAI's API reference, "The chat completion chunk object").
    """
    envelope = _envelope(model, "chat.completion.chunk")

    def part(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event(envelope | {"choices": [choice]} | ({"usage": None} if usage else {}))

    first = part({"role": "assistant", "content": "", "refusal": None})
    pieces = [part({"content": piece}) for piece in PIECES]
    last = [event(envelope | {"choices": [], "usage": USAGE})] if usage else []
    return [first, *pieces, part({}, "stop"), *last, DONE]


def error(message: str, kind: str, code: str | None = None) -> bytes:
    """An error in OpenAI's shape."""
    return encode({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _envelope(model: str, kind: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-fault",
        "object": kind,
        "created": 1790000000,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_fault",
    }
