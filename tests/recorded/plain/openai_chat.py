"""Chat Completions and legacy Completions, read as plainly as can be."""

import json
from typing import Any

from tests.recorded.plain.frames import sent_events
from tests.recorded.plain.said import Answer, At, Call, Heard, Told, arguments, text_of, texts_of, words_of

_MEDIA = {
    "image_url": ("image_url", "url"),
    "input_audio": ("input_audio", "data"),
    "file": ("file", "file_data"),
    "video_url": ("video_url", "url"),
    "audio_url": ("audio_url", "url"),
    "document_url": ("document_url", "url"),
    "file_url": ("file_url", "url"),
    "pdf_url": ("pdf_url", "url"),
}
_MESSAGE = (
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "reasoning_content",
    "reasoning",
    "refusal",
    "function_call",
)


def request(document: dict[str, Any]) -> Told:
    """What a request says. Parameters at its top are not looked at."""
    told = Told()
    for number, tool in enumerate(document.get("tools") or []):
        function = tool.get("function") if tool.get("type") in (None, "function") else None
        if isinstance(function, dict):
            facts = (function["name"], function.get("description") or "", words_of(function.get("parameters")))
            told.tools.append(At(f"tools[{number}]", facts))
        else:
            told.others.append(At(f"tools[{number}]", tool))
    for number, function in enumerate(document.get("functions") or []):  # what tools were called at first
        facts = (function["name"], function.get("description") or "", words_of(function.get("parameters")))
        told.tools.append(At(f"functions[{number}]", facts))
    for number, message in enumerate(document.get("messages") or []):
        _message(told, message, f"messages[{number}]")
    if "prompt" in document:
        _prompt(told, document["prompt"])
    return told


def _prompt(told: Told, prompt: Any) -> None:
    several = prompt if isinstance(prompt, list) else [prompt]
    told.texts += [At("prompt", text, "user") for text in several if isinstance(text, str)]


def _message(told: Told, message: dict[str, Any], at: str) -> None:
    told.leftovers(message, at, _MESSAGE)
    content = message.get("content")
    for field in ("reasoning_content", "reasoning"):
        if message.get(field):
            told.reasoning.append(At(f"{at}.{field}", message[field]))
            break
    if message.get("role") in ("tool", "function"):
        call = message.get("tool_call_id") or _in_turn(told.results, message.get("name"))
        told.results += texts_of(content, f"{at}.content", call)
        for number, part in enumerate(content if isinstance(content, list) else []):
            if part.get("type") != "text":
                _part(told, part, f"{at}.content[{number}]", "user")
        return
    speaker = str(message.get("role")).replace("developer", "system")
    for number, part in enumerate([{"type": "text", "text": content}] if isinstance(content, str) else content or []):
        _part(told, part, f"{at}.content" if isinstance(content, str) else f"{at}.content[{number}]", speaker)
    if message.get("refusal"):
        told.texts.append(At(f"{at}.refusal", message["refusal"], speaker))
    for number, call in enumerate(message.get("tool_calls") or []):
        function = call.get("function")
        if function is None:  # a tool that is no function
            told.others.append(At(f"{at}.tool_calls[{number}]", call))
            continue
        facts = (function["name"], arguments(function.get("arguments")))
        told.calls.append(At(f"{at}.tool_calls[{number}]", facts, str(call.get("id"))))
    if function := message.get("function_call"):
        facts = (function["name"], arguments(function.get("arguments")))
        told.calls.append(At(f"{at}.function_call", facts, _in_turn(told.calls, function["name"])))


def _in_turn(before: list[At], name: Any) -> str:
    """What stands for the id of a call or a result that has none: which it is of those with its name."""
    return f"{name} {sum(at.by.startswith(f'{name} ') for at in before)}"


def _part(told: Told, part: dict[str, Any], at: str, speaker: str) -> None:
    kind = part.get("type")
    if kind in ("text", "refusal"):
        told.texts.append(At(at, part.get(kind) or "", speaker))
        told.leftovers(part, at, ("type", kind))
    elif kind == "thinking":
        told.reasoning.append(At(at, text_of(part.get("thinking"))))
    elif kind == "reasoning":
        told.reasoning.append(At(at, text_of(part.get("summary"))))
    elif kind in _MEDIA:
        outer, inner = _MEDIA[kind]
        value = part.get(outer)
        facts = value if isinstance(value, dict) else {inner: value}
        told.media.append(At(at, facts.get(inner) or facts.get("file_id") or part.get("file_id")))
    else:
        told.others.append(At(at, part))


def reply(document: dict[str, Any]) -> Answer:
    """What a whole reply says."""
    answer = Answer(usage=document.get("usage"), failed=_failed(document))
    for number, choice in enumerate(document.get("choices") or []):
        heard = answer.choice(choice.get("index", number))
        message = choice.get("message") or {}
        heard.stop = _stop(choice)
        heard.met = _met(choice)
        _say(heard, {"content": choice.get("text"), **message})
        heard.reasoning = heard.reasoning or _detailed(message)
        functions = [call["function"] for call in message.get("tool_calls") or [] if "function" in call]
        heard.calls += [Call(function["name"], arguments(function.get("arguments"))) for function in functions]
        legacy = message.get("function_call") or {}
        if legacy.get("name"):
            heard.calls.append(Call(legacy["name"], arguments(legacy.get("arguments"))))
    return answer


def stream(data: bytes) -> Answer:
    """What a stream of chunks amounts to."""
    answer = Answer()
    calls: dict[int, list[dict[str, str]]] = {}
    detailed: dict[int, str] = {}
    for frame in sent_events(data):
        chunk = frame.payload
        answer.failed = answer.failed or _failed(chunk) or frame.name == "error"
        answer.usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage") or answer.usage
        for choice in chunk.get("choices") or []:
            index = choice.get("index", 0)
            heard = answer.choice(index)
            heard.stop = _stop(choice) or heard.stop
            heard.met = heard.met or _met(choice)
            delta = choice.get("delta") or {}
            _say(heard, {"content": choice.get("text"), **delta})
            if delta.get("function_call"):
                delta = {"tool_calls": [{"index": 0, "function": delta["function_call"]}]}
            detailed[index] = detailed.get(index, "") + _detailed(delta)
            _grow(calls.setdefault(index, []), [one for one in delta.get("tool_calls") or [] if one.get("function")])
    for index, text in detailed.items():
        answer.choice(index).reasoning = answer.choice(index).reasoning or text
    for index, built in calls.items():
        answer.choice(index).calls = [Call(call["name"], arguments(call["arguments"])) for call in built]
    return answer


def error(body: bytes) -> Any:
    """The error that a reply, or an event of a stream, is; None where there is none."""
    try:
        said = [json.loads(body)]
    except ValueError:
        said = [frame.payload for frame in sent_events(body)]
    failed = (one for one in said if isinstance(one, dict) and _failed(one))
    return next((one.get("error") or one.get("base_resp") or one for one in failed), None)


def _failed(said: dict[str, Any]) -> bool:
    """Whether a reply or a chunk is an error, in any of the shapes that servers have for one."""
    refused = (said.get("base_resp") or {}).get("status_code") and not said.get("choices")
    return bool(said.get("error") or said.get("object") == "error" or refused)


def _stop(choice: dict[str, Any]) -> str:
    return str(choice.get("finish_reason") or "")


def _met(choice: dict[str, Any]) -> bool:
    """Whether a server (vLLM, SGLang) says which stop sequence was met; a number is a token."""
    said = choice.get("stop_reason") or choice.get("matched_stop")
    return bool(choice.get("finish_reason")) and isinstance(said, str)


def _say(heard: Heard, said: dict[str, Any]) -> None:
    """Add the words of a message or a delta."""
    content = said.get("content")
    heard.text += text_of(content) + (said.get("refusal") or "")
    heard.spoken += (said.get("audio") or {}).get("transcript") or ""
    heard.reasoning += said.get("reasoning_content") or said.get("reasoning") or ""
    for part in content if isinstance(content, list) else []:
        if part.get("type") in ("thinking", "reasoning"):
            heard.reasoning += text_of(part.get("thinking") or part.get("summary"))


def _detailed(said: dict[str, Any]) -> str:
    """Reasoning as OpenRouter's details tell it: what counts where it is told in no other way."""
    details = said.get("reasoning_details") or []
    return "".join(detail.get("text") or detail.get("summary") or "" for detail in details)


def _grow(built: list[dict[str, str]], fragments: list[dict[str, Any]]) -> None:
    """Add fragments to the calls with their indices; one with a new id there is a call of its own. Without an index, a
    fragment with a name begins a call, and as many as there are without one go on with the last ones in their order.
    """
    for number, fragment in enumerate(fragments):
        function, call_id = fragment.get("function") or {}, fragment.get("id") or ""
        index = fragment.get("index")
        if isinstance(index, int):
            same = [call for call in built if call["index"] == str(index)]
        else:
            begins = function.get("name") or call_id or len(built) < len(fragments)
            same = [] if begins else [built[len(built) - len(fragments) + number]]
        if not same or (call_id and same[-1]["id"] and same[-1]["id"] != call_id):
            same = [{"index": str(index), "id": call_id, "name": "", "arguments": ""}]
            built += same
        call, said = same[-1], function.get("arguments") or ""
        call["name"] = function.get("name") or call["name"]
        call["arguments"] += said if isinstance(said, str) else json.dumps(said)
