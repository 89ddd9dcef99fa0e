"""Responses, read as plainly as can be."""

from typing import Any

from tests.recorded.plain.frames import sent_events
from tests.recorded.plain.said import Answer, At, Call, Told, arguments, texts_of, words_of

_TEXTS = ("input_text", "output_text", "text", "summary_text", "reasoning_text")


def request(document: dict[str, Any]) -> Told:
    """What a request says. Parameters at its top are not looked at."""
    told = Told()
    for number, tool in enumerate(document.get("tools") or []):
        if tool.get("type") == "function":
            facts = (tool["name"], tool.get("description") or "", words_of(tool.get("parameters")))
            told.tools.append(At(f"tools[{number}]", facts))
        else:
            told.others.append(At(f"tools[{number}]", tool))
    if document.get("instructions"):
        told.texts.append(At("instructions", document["instructions"], "system"))
    entries = document.get("input")
    if isinstance(entries, str):
        told.texts.append(At("input", entries, "user"))
        return told
    for number, item in enumerate(entries or []):
        _item(told, item, f"input[{number}]")
    return told


def _item(told: Told, item: dict[str, Any], at: str) -> None:
    kind = item.get("type") or "message"
    if kind == "message":
        told.leftovers(item, at, ("type", "role", "content", "id", "status"))
        speaker = str(item.get("role")).replace("developer", "system")
        _content(told, item.get("content"), f"{at}.content", speaker)
    elif kind == "function_call":
        told.calls.append(At(at, (item["name"], arguments(item.get("arguments"))), item["call_id"]))
    elif kind == "custom_tool_call":  # its text is the one argument of the function that stands for the tool
        told.calls.append(At(at, (item["name"], {"input": item["input"]}), item["call_id"]))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        output = item.get("output")
        told.results += texts_of(output, f"{at}.output", item["call_id"])
        if isinstance(output, list):
            _content(told, [part for part in output if part.get("type") not in _TEXTS], f"{at}.output", "user")
    elif kind == "reasoning":
        words = [part.get("text") or "" for part in [*(item.get("summary") or []), *(item.get("content") or [])]]
        told.reasoning.append(At(at, "".join(words)))
    else:
        told.others.append(At(at, item))


def _content(told: Told, content: Any, at: str, speaker: str) -> None:
    if isinstance(content, str):
        told.texts.append(At(at, content, speaker))
        return
    for number, part in enumerate(content or []):
        path, kind = f"{at}[{number}]", part.get("type")
        if kind in _TEXTS:
            told.texts.append(At(path, part.get("text") or "", speaker))
        elif kind == "refusal":
            told.texts.append(At(path, part.get("refusal") or "", speaker))
        elif kind == "input_image":
            told.media.append(At(path, part.get("image_url") or part.get("file_id")))
        elif kind == "input_file":
            told.media.append(At(path, part.get("file_data") or part.get("file_url") or part.get("file_id")))
        elif kind == "input_audio":
            told.media.append(At(path, part["input_audio"]["data"]))
        else:
            told.others.append(At(path, part))


def reply(document: dict[str, Any]) -> Answer:
    """What a whole response says."""
    answer = Answer(usage=document.get("usage"), failed=bool(document.get("error")))
    if "output" not in document:
        return answer
    heard = answer.choice(0)
    for item in document.get("output") or []:
        kind = item.get("type")
        if kind == "message" and item.get("role") == "assistant":  # a compacted response repeats the user's, too
            for part in item.get("content") or []:
                heard.text += part.get("text") or part.get("refusal") or ""
        elif kind == "function_call":
            heard.calls.append(Call(item["name"], arguments(item.get("arguments"))))
        elif kind == "reasoning":
            shown = item.get("content") or item.get("summary") or []
            heard.reasoning += "".join(part.get("text") or "" for part in shown)
    heard.stop = stop_of(document)
    return answer


def stop_of(document: dict[str, Any]) -> str:
    """Status, or why it is incomplete."""
    details = document.get("incomplete_details") or {}
    return str(details.get("reason") or document.get("status") or "")


def stream(data: bytes) -> Answer:
    """What a stream amounts to: the deltas, and of the last response its status and usage."""
    answer = Answer()
    heard = answer.choice(0)
    calls: dict[int, list[str]] = {}
    raw, summary = "", ""
    for frame in sent_events(data):
        event = frame.payload
        kind = event.get("type") or frame.name
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            heard.text += event["delta"]
        elif kind == "response.reasoning_text.delta":
            raw += event["delta"]
        elif kind == "response.reasoning_summary_text.delta":
            summary += event["delta"]
        elif kind in ("response.output_item.added", "response.output_item.done"):
            if event["item"].get("type") == "function_call":
                known = calls.setdefault(event["output_index"], ["", ""])
                calls[event["output_index"]] = [event["item"]["name"], event["item"].get("arguments") or known[1]]
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            heard.stop = stop_of(event["response"])
            answer.usage = event["response"].get("usage")
            answer.failed = kind == "response.failed"
        elif kind == "error":
            answer.failed = True
    heard.reasoning = raw or summary
    heard.calls = [Call(name, arguments(text)) for _, (name, text) in sorted(calls.items())]
    return answer
