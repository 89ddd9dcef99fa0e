"""Requests and streams of OpenAI Chat Completions, made up for tests."""

import json
from typing import Any

from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Format, Place
from trunkline.formats.openai_chat import FORMAT, FORMAT_COMPLETIONS

DEPTH = 128


def document(value: Any) -> Document:
    return Document(json.dumps(value).encode(), DEPTH)


def asked(spoken: Format = FORMAT, **fields: Any) -> Asked:
    """What is read of a streamed request with these fields."""
    chat = {"messages": [{"role": "user", "content": "Hallo"}]}
    prompt = {"prompt": "Hallo"} if spoken is FORMAT_COMPLETIONS else chat
    return spoken.look({"model": "gpt-4o", "stream": True, **prompt, **fields}, Place(), 100)


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
