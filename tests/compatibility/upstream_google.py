"""Speaks generateContent as Gemini does, with signatures that it wants back."""

import base64
import json
from typing import Any

from tests.compatibility.scenario import Answer, Asked
from tests.compatibility.upstream import pieces

name = "google"
provider: dict[str, Any] = {"type": "google", "api_key": "upstream"}
base = "/v1beta"
SIGNED = base64.b64encode(b"signed, though nothing was thought").decode()
DUMMY = base64.b64encode(b"skip_thought_signature_validator").decode()

_FIELDS = {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings"}


def asked(path: str, body: dict[str, Any]) -> Asked:
    assert path.startswith("/v1beta/models/"), path
    model, _, verb = path.removeprefix("/v1beta/models/").partition(":")
    assert verb in ("generateContent", "streamGenerateContent?alt=sse"), verb
    assert set(body) <= _FIELDS, set(body) - _FIELDS
    config = body.get("generationConfig", {})
    found = Asked(model=model, stream=verb != "generateContent", reasons="thinkingConfig" in config)
    found.system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
    calls = 0
    speaker = "model"
    for content in body["contents"]:
        role = content.get("role", "user")
        assert role in ("user", "model"), role
        assert role != speaker, "turns must alternate"
        speaker = role
        calls = _turn(found, role, content["parts"], calls)
    assert not calls, "a call without its result"
    for tool in body.get("tools", []):
        for declared in tool["functionDeclarations"]:
            found.tools[declared["name"]] = _schema(declared)
    found.schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return found


def _bytes(data: str) -> bytes:
    """Base64 in either alphabet: the SDK writes the one for URLs."""
    return base64.b64decode(data.replace("-", "+").replace("_", "/"))


def _schema(declared: dict[str, Any]) -> dict[str, Any]:
    names = ("parametersJsonSchema", "parameters_json_schema", "parameters")
    return next(declared[name] for name in names if name in declared)


def _turn(found: Asked, role: str, parts: list[dict[str, Any]], waiting: int) -> int:
    assert parts, "a turn without parts"
    results = [part for part in parts if "functionResponse" in part]
    assert len(results) == waiting, "results and calls do not match"
    made = [part for part in parts if "functionCall" in part]
    if made:
        assert made[0].get("thoughtSignature"), "Function call is missing a thought_signature in functionCall parts."
    for part in parts:
        if part.get("thoughtSignature") not in (None, DUMMY, SIGNED):
            found.proofs.append(part["thoughtSignature"])
        if "functionResponse" in part:
            assert isinstance(part["functionResponse"]["response"], dict)
            values = list(part["functionResponse"]["response"].values())
            text = (
                values[0]
                if len(values) == 1 and isinstance(values[0], str)
                else json.dumps(part["functionResponse"]["response"])
            )
            found.results.append((part["functionResponse"]["name"], text))
        elif "functionCall" in part:
            found.made.append(part["functionCall"]["name"])
        elif "inlineData" in part:
            found.pictures.append(_bytes(part["inlineData"]["data"]))
        elif role == "user":
            found.texts.append(part["text"])
    return len(made)


def _parts(answer: Answer) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if answer.thought is not None:
        parts.append({"text": answer.thought.text, "thought": True})
    if answer.text:
        parts.append({"text": answer.text})
    parts += [{"functionCall": {"name": made.name, "args": made.arguments}} for made in answer.calls]
    calls = [part for part in parts if "functionCall" in part]
    if answer.thought is not None:
        [*calls, parts[-1]][0]["thoughtSignature"] = answer.thought.proof
    elif calls:
        calls[0]["thoughtSignature"] = SIGNED
    return parts


def _reply(answer: Answer, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage: dict[str, Any] = {"promptTokenCount": answer.input, "totalTokenCount": answer.input + answer.output}
    if finish:
        usage["candidatesTokenCount"] = answer.output
    if answer.cached:
        usage["cachedContentTokenCount"] = answer.cached
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m-1", "responseId": f"r{answer.input}"}


def whole(answer: Answer) -> tuple[str, bytes]:
    return "application/json; charset=UTF-8", json.dumps(_reply(answer, _parts(answer), "STOP")).encode()


def stream(answer: Answer) -> tuple[str, bytes]:
    chunks: list[list[dict[str, Any]]] = []
    for part in _parts(answer):
        if "text" in part:
            *first, last = pieces(part["text"])
            chunks += [[{**part, "text": piece} | {"thoughtSignature": None}] for piece in first]
            chunks.append([{**part, "text": last}])
        else:
            chunks.append([part])
    chunks = [[{k: v for k, v in part.items() if v is not None} for part in chunk] for chunk in chunks]
    chunks = chunks or [[]]
    replies = [_reply(answer, chunk, None) for chunk in chunks[:-1]] + [_reply(answer, chunks[-1], "STOP")]
    return "text/event-stream", "".join(f"data: {json.dumps(reply)}\r\n\r\n" for reply in replies).encode()


def error(status: int, message: str) -> bytes:
    word = "RESOURCE_EXHAUSTED" if status == 429 else "INVALID_ARGUMENT"
    return json.dumps({"error": {"code": status, "message": message, "status": word}}).encode()
