"""Google generateContent, read as plainly as can be. In requests, snake_case is as good as camelCase."""

import re
from typing import Any

from tests.recorded.plain.frames import events
from tests.recorded.plain.said import Answer, At, Call, Heard, Told, words_of

_HUMP = re.compile(r"_([a-z])")
_FREE = frozenset({"args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "responseSchema"})
"""What is below these is the caller's own."""
_LISTS = frozenset({"contents", "parts", "tools", "functionDeclarations"})
_PART = frozenset({"text", "thought", "thoughtSignature", "functionCall", "functionResponse", "inlineData", "fileData"})
_COUNTS = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
"""Vertex reports usage that counts nothing: at the beginning of a stream, and of prompts that were blocked."""


def camel(value: Any) -> Any:
    """A request with the names that Google documents, and lists where one thing stands for a list of it."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = {_HUMP.sub(lambda found: found[1].upper(), name): below for name, below in value.items()}
    said = {name: below if name in _FREE else camel(below) for name, below in named.items()}
    return {name: [below] if name in _LISTS and isinstance(below, dict) else below for name, below in said.items()}


def request(document: dict[str, Any]) -> Told:
    """What a request says. Parameters at its top are not looked at."""
    told, document = Told(), camel(document)
    for number, tool in enumerate(document.get("tools") or []):
        for place, declared in enumerate(tool.get("functionDeclarations") or []):
            schema = declared.get("parametersJsonSchema") or declared.get("parameters")
            facts = (declared["name"], declared.get("description") or "", words_of(schema))
            told.tools.append(At(f"tools[{number}].functionDeclarations[{place}]", facts))
        told.leftovers(tool, f"tools[{number}]", ("functionDeclarations",))
    system = document.get("systemInstruction")
    system = {"parts": [{"text": system}]} if isinstance(system, str) else system or {}
    for place, part in enumerate(system.get("parts") or []):
        _part(told, part, f"systemInstruction.parts[{place}]", "system")
    for number, content in enumerate(document.get("contents") or []):
        for place, part in enumerate(content.get("parts") or []):
            speaker = "assistant" if content.get("role") == "model" else "user"
            _part(told, part, f"contents[{number}].parts[{place}]", speaker)
    return told


def _part(told: Told, part: dict[str, Any], at: str, speaker: str) -> None:
    told.leftovers(part, at, _PART)
    if part.get("thought"):
        told.reasoning.append(At(at, part.get("text") or ""))
    elif "text" in part:
        told.texts.append(At(at, part["text"], speaker))
    elif "functionCall" in part:
        call = part["functionCall"]
        told.calls.append(At(at, (call.get("name"), call.get("args") or {}), _next(told.calls, call.get("name"))))
    elif "functionResponse" in part:
        answer = part["functionResponse"]
        told.results.append(At(at, answer.get("response"), _next(told.results, answer.get("name"))))
        for inner in answer.get("parts") or []:
            _part(told, inner, at, speaker)
    elif "inlineData" in part:
        told.media.append(At(at, part["inlineData"].get("data")))
    elif "fileData" in part:
        told.media.append(At(at, part["fileData"].get("fileUri")))


def _next(known: list[At], name: Any) -> str:
    """Calls and responses belong together by name and order."""
    return f"{name} {sum(at.by.startswith(f'{name} ') for at in known)}"


def reply(document: dict[str, Any]) -> Answer:
    """What a whole reply says."""
    answer = Answer()
    _hear(answer, document)
    return answer


def stream(data: bytes) -> Answer:
    """What a stream of replies amounts to."""
    answer = Answer()
    for frame in events(data, "google_generate"):
        _hear(answer, frame.payload)
    return answer


def _hear(answer: Answer, document: dict[str, Any]) -> None:
    answer.failed = answer.failed or bool(document.get("error"))
    usage = document.get("usageMetadata") or {}
    answer.usage = usage if any(usage.get(name) is not None for name in _COUNTS) else answer.usage
    candidates = document.get("candidates") or []
    for number, candidate in enumerate(candidates):
        heard = answer.choice(candidate.get("index") or number)
        finish = candidate.get("finishReason")
        heard.stop = heard.stop if finish in (None, 0, "FINISH_REASON_UNSPECIFIED") else str(finish)
        for part in (candidate.get("content") or {}).get("parts") or []:
            _add(heard, part)
    blocked = (document.get("promptFeedback") or {}).get("blockReason")
    if blocked and not candidates:
        answer.choice(0).stop = f"blocked: {blocked}"


def _add(heard: Heard, part: dict[str, Any]) -> None:
    if part.get("thought"):
        heard.reasoning += part.get("text") or ""
    else:
        heard.text += part.get("text") or ""
    call = part.get("functionCall")
    if not call:
        return
    if call.get("name"):
        heard.calls.append(Call(call["name"], dict(call.get("args") or {})))
    for piece in call.get("partialArgs") or []:
        steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]$']+", piece["jsonPath"])]
        value = next((piece[name] for name in ("stringValue", "numberValue", "boolValue") if name in piece), None)
        _put(heard.calls[-1].arguments, steps, value)


def _put(node: Any, steps: list[Any], value: Any) -> None:
    """Set or lengthen what `steps` lead to, in objects and arrays that come to be on the way."""
    step, *further = steps
    known = node.get(step) if isinstance(node, dict) else node[step] if step < len(node) else None
    if known is None or not further:
        grown = known + value if isinstance(known, str) and isinstance(value, str) else value
        known = ([] if isinstance(further[0], int) else {}) if further else grown
        if isinstance(node, list) and step == len(node):
            node.append(known)
        else:
            node[step] = known
    if further:
        _put(known, further, value)
