"""Every text in the recorded provider traffic: what clients and models really say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_IDENTIFIERS = {
    "id", "call_id", "tool_call_id", "tool_use_id", "item_id", "response_id", "previous_response_id", "system_fingerprint",
    "signature", "thoughtSignature", "thought_signature", "encrypted_content", "data", "url", "file_id", "fileUri", "file_uri",
    "b64_json", "obfuscation", "request_id", "messageId", "responseId", "name", "model", "key",
}  # fmt: skip
"""Fields that hold no text of anybody's."""


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """File and text; what streams say in pieces is put together."""
    for path in sorted(folder.glob("*/*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"))
        request, response = recording.get("request") or {}, recording.get("response") or {}
        for body in (request.get("body"), response.get("body")):
            for text in _strings(body):
                yield path.name, text
        streamed = "".join(piece for piece in _streamed(response.get("sse") or "") if isinstance(piece, str))
        if streamed:
            yield path.name, streamed


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _IDENTIFIERS:
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _streamed(sse: str) -> Iterator[Any]:
    for line in sse.splitlines():
        if line.startswith("data: {"):
            try:
                event = json.loads(line[6:])
            except ValueError:
                continue
            for choice in event.get("choices") or []:
                yield (choice.get("delta") or {}).get("content") or ""
            delta = event.get("delta")
            if isinstance(delta, dict):
                yield delta.get("text") or ""
            elif isinstance(delta, str):
                yield delta
            for candidate in event.get("candidates") or []:
                for part in (candidate.get("content") or {}).get("parts") or []:
                    yield part.get("text") or ""
