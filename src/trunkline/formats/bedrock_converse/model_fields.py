"""What Converse passes on to the model as it is (`additionalModelRequestFields`), and the effort beside it.

Reasoning is asked for there, in each family's own words: Claude's `thinking` (once `reasoning_config`), Nova's
`reasoningConfig`, `reasoning_effort` of open models. So are `top_k` and the ban on parallel calls. Sources: the
recordings; https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html.
"""

from typing import Any, Final

from trunkline.formats.conversation import Request, Thinking, ThinkingMode
from trunkline.formats.efforts import ORDER
from trunkline.formats.losses import rest

MODES: Final[dict[str, ThinkingMode]] = {"enabled": "on", "disabled": "off", "adaptive": "adaptive"}
MODE_WORDS = {mode: word for word, mode in MODES.items()}
SHOWN = {"summarized": True, "omitted": False}


def read_model_fields(value: dict[str, Any], request: Request) -> dict[str, Any]:
    """Take what the neutral types have a place for; gives back the rest."""
    left = dict(value)
    for name in ("thinking", "reasoning_config", "reasoningConfig"):
        thinking = _read_thinking(left.get(name), name)
        if thinking is not None:
            del left[name]
            request.thinking = thinking
            break
    read_effort(left, request, "reasoning_effort", "reasoning_effort")
    for holder, read in (("output_config", _read_nested_effort), ("inferenceConfig", _read_nested_top_k)):
        inner = left.get(holder)
        if isinstance(inner, dict) and inner:
            left[holder] = read(dict(inner), request)
            if not left[holder]:
                del left[holder]
    if _is_number(left.get("top_k")) and request.top_k is None:
        request.top_k = left.pop("top_k")
    match left.get("tool_choice"):
        case {"disable_parallel_tool_use": bool(disabled), **choice}:
            request.parallel_tool_calls = not disabled
            left["tool_choice"] = choice
    return left


def read_effort(left: dict[str, Any], request: Request, field: str, spelling: str) -> dict[str, Any]:
    """Take an effort out of `left[field]`, unless there is one already."""
    effort = left.get(field)
    thinking = request.thinking or Thinking()
    if isinstance(effort, str) and effort in ORDER and thinking.effort is None:
        thinking.effort = left.pop(field)
        thinking.spelling = {**thinking.spelling, "effort": spelling}
        request.thinking = thinking
    return left


def _read_nested_effort(inner: dict[str, Any], request: Request) -> dict[str, Any]:
    return read_effort(inner, request, "effort", "output_config")


def _read_nested_top_k(inner: dict[str, Any], request: Request) -> dict[str, Any]:
    if _is_number(inner.get("topK")):
        request.top_k = inner.pop("topK")
        request.spelling = {**request.spelling, "top_k": "inferenceConfig"}
    return inner


def _read_thinking(value: object, name: str) -> Thinking | None:
    """An object that says how to think; None where it says something that is not understood."""
    if not isinstance(value, dict):
        return None
    said = value.get("type")
    mode = MODES.get(said) if isinstance(said, str) else None
    if mode is None:
        return None
    thinking = Thinking(mode=mode, spelling={"mode": name})
    for field, said in rest(value, "type").items():
        if field == "budget_tokens" and type(said) is int:
            thinking.budget = said
        elif field == "display" and said in ("summarized", "omitted"):
            thinking.shown = SHOWN[said]
        elif field == "maxReasoningEffort" and isinstance(said, str) and said in ORDER:
            thinking.effort = said
            thinking.spelling["effort"] = field
        else:
            return None
    return thinking


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def write_as_spelled(request: Request, fields: dict[str, Any], output: dict[str, Any]) -> None:
    """Put back what `read_model_fields` took, where it was: into the model's fields, or `outputConfig`."""
    if request.thinking is not None:
        _write_thinking(request.thinking, fields, output)
    if request.top_k is not None:
        if request.spelling.get("top_k") == "inferenceConfig":
            fields["inferenceConfig"] = {**fields.get("inferenceConfig", {}), "topK": request.top_k}
        else:
            fields["top_k"] = request.top_k
    if request.parallel_tool_calls is not None:
        disabled = {"disable_parallel_tool_use": not request.parallel_tool_calls}
        fields["tool_choice"] = {**fields.get("tool_choice", {}), **disabled}


def _write_thinking(thinking: Thinking, fields: dict[str, Any], output: dict[str, Any]) -> None:
    effort = thinking.spelling.get("effort", "") if thinking.effort is not None else ""
    if thinking.mode:
        said: dict[str, Any] = {"type": MODE_WORDS[thinking.mode]}
        if thinking.budget is not None:
            said["budget_tokens"] = thinking.budget
        if thinking.shown is not None:
            said["display"] = "summarized" if thinking.shown else "omitted"
        if effort == "maxReasoningEffort":
            said[effort] = thinking.effort
        fields[thinking.spelling.get("mode", "thinking")] = said
    match effort:
        case "reasoning_effort":
            fields[effort] = thinking.effort
        case "output_config":
            fields[effort] = {**fields.get(effort, {}), "effort": thinking.effort}
        case "outputConfig":
            output["effort"] = thinking.effort
