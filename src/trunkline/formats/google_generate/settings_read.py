"""`generationConfig` of a request: sampling, the output's form, thinking."""

from typing import Any

import msgspec

from trunkline.formats.conversation import Effort, OutputFormat, Request, Thinking
from trunkline.formats.google_generate.names import (
    SETTINGS,
    THINKING,
    number,
    sort_out,
    spelling_of,
    table,
    whole,
    wrong_type,
)
from trunkline.formats.google_generate.schemas import to_json_schema

NUMBERS = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
INTEGERS = {"candidateCount": "choices", "maxOutputTokens": "max_output", "seed": "seed", "logprobs": "top_logprobs"}
"""Google's name → the neutral one."""
_SETTINGS = table(
    *NUMBERS,
    *INTEGERS,
    "stopSequences",
    "responseLogprobs",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseModalities",
    "thinkingConfig",
)
_THINKING = table("thinkingBudget", "thinkingLevel", "includeThoughts")
_EFFORTS: dict[str, Effort] = {
    "MINIMAL": "minimal",
    "LOW": "low",
    "MEDIUM": "medium",
    "HIGH": "high",
    "XHIGH": "xhigh",
}

_encode = msgspec.json.Encoder().encode


def read_settings(request: Request, value: Any, rest: dict[str, Any]) -> None:
    """Fill `request` from its `generationConfig`; what has no place goes to `rest` under its path."""
    if not isinstance(value, dict):
        raise wrong_type(SETTINGS, "object", value)
    request.spelling.setdefault(SETTINGS, SETTINGS)
    known, others = sort_out(value, _SETTINGS)
    request.spelling.update((f"{SETTINGS}.{name}", written) for name, written in spelling_of(value, _SETTINGS).items())
    _read_numbers(request, known)
    if "responseLogprobs" in known:
        request.logprobs = known.pop("responseLogprobs")
        if not isinstance(request.logprobs, bool):
            raise wrong_type(f"{SETTINGS}.responseLogprobs", "bool", request.logprobs)
    _read_stop(request, known)
    if known.get("responseModalities") == ["TEXT"]:  # what it is without saying so
        request.spelling["modalities"] = "text"
        del known["responseModalities"]
    _read_output(request, known)
    if "thinkingConfig" in known:
        _read_thinking(request, known.pop("thinkingConfig"), rest)
    for name, field in known.items():
        others[request.spelling.get(f"{SETTINGS}.{name}", name)] = field
    rest.update((f"{SETTINGS}.{name}", field) for name, field in others.items())


def _read_numbers(request: Request, known: dict[str, Any]) -> None:
    for name, field in (NUMBERS | INTEGERS).items():
        said = known.pop(name, None)
        if said is None:
            continue
        meant: float | None = whole(said)
        if name in NUMBERS and (meant is None or name != "topK"):  # which is of type float here, and whole elsewhere
            meant = number(said)
        if meant is None:
            raise wrong_type(f"{SETTINGS}.{name}", "number" if name in NUMBERS else "int", said)
        setattr(request, field, meant)
        if type(said) is not type(meant):
            request.spelling[f"{SETTINGS}.{name} as written"] = _encode(said).decode()


def _read_stop(request: Request, known: dict[str, Any]) -> None:
    stop = known.get("stopSequences")
    if not stop:
        return  # an empty list stays where it is
    if not isinstance(stop, list) or not all(isinstance(word, str) for word in stop):
        raise wrong_type(f"{SETTINGS}.stopSequences", "array of str", stop)
    request.stop = known.pop("stopSequences")


def _read_output(request: Request, known: dict[str, Any]) -> None:
    media_type = known.get("responseMimeType")
    field = next((name for name in ("responseJsonSchema", "responseSchema") if name in known), "")
    schema = known.get(field)
    if media_type not in (None, "application/json", "text/plain") or (field and not isinstance(schema, dict)):
        return  # enums as plain text, XML, …: all of it stays in the extras
    if media_type is None and not field:
        return
    output = OutputFormat(kind="schema" if field else "json" if media_type == "application/json" else "text")
    if field and isinstance(schema, dict):
        output.spelling["schema"] = field
        output.schema = schema if field == "responseJsonSchema" else to_json_schema(schema)
        if output.schema != schema:
            output.spelling["as written"] = _encode(schema).decode()
        del known[field]
    if media_type != ("text/plain" if output.kind == "text" else "application/json"):
        output.spelling["media type"] = media_type or "absent"
    known.pop("responseMimeType", None)
    request.output = output


def _read_thinking(request: Request, value: Any, rest: dict[str, Any]) -> None:
    at = THINKING
    if not isinstance(value, dict):
        raise wrong_type(at, "object", value)
    known, others = sort_out(value, _THINKING)
    thinking = request.thinking = Thinking(spelling=spelling_of(value, _THINKING))
    shown, budget, level = known.get("includeThoughts"), known.get("thinkingBudget"), known.get("thinkingLevel")
    if isinstance(shown, bool):
        thinking.shown = shown
    elif shown is not None:
        raise wrong_type(f"{at}.includeThoughts", "bool", shown)
    if type(budget) is int:
        thinking.budget = budget
        thinking.mode = "off" if budget == 0 else "adaptive" if budget < 0 else "on"
    elif budget is not None:
        raise wrong_type(f"{at}.thinkingBudget", "int", budget)
    if isinstance(level, str) and level.upper() in _EFFORTS:
        thinking.effort = _EFFORTS[level.upper()]
        thinking.spelling["level"] = level
    elif level is not None:
        others[thinking.spelling.get("thinkingLevel", "thinkingLevel")] = level
    rest.update((f"{at}.{name}", field) for name, field in others.items())
