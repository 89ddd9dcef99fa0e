"""Requests and streams of OpenAI Chat Completions, made up for tests."""

import json
from typing import Any

from trunkline.formats.document import Document
from trunkline.formats.openai_chat import CHAT, COMPLETIONS, Asked, Surface, read_request

DEPTH = 128


def document(value: Any) -> Document:
    return Document(json.dumps(value).encode(), DEPTH)


def asked(surface: Surface = CHAT, **fields: Any) -> Asked:
    """What is read of a streamed request with these fields."""
    prompt = {"prompt": "Hallo"} if surface is COMPLETIONS else {"messages": [{"role": "user", "content": "Hallo"}]}
    return read_request(surface, document({"model": "gpt-4o", "stream": True, **prompt, **fields}), 100)


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, *, index: int = 0, **fields: Any) -> bytes:
    """An event with one choice, or with none where there is neither a delta nor a finish reason."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    choices = [] if delta is None and finish is None else [choice]
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": choices, **fields})


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace") + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})
TEXT = chunk({"content": "Grüße 🌍"})
STOP = chunk(finish="stop")
USAGE = {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
USAGE_CHUNK = chunk(usage=USAGE)
DONE = b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"
ERROR = event({"error": {"message": "overloaded", "type": "server_error", "param": None, "code": None}})
