"""How much the model shall reason, in the many words that servers have for it.

OpenAI says `reasoning_effort`, for which Fireworks takes a number of tokens or yes and no, too; OpenRouter `reasoning:
{effort, max_tokens, enabled, exclude}`; DeepSeek, Z.ai and others `thinking: {type, budget_tokens}`; DashScope
`enable_thinking` and `thinking_budget`; vLLM and SGLang `chat_template_kwargs: {enable_thinking}` or `{thinking}`. A
spelling says for each neutral field which of them it was.
"""

from typing import Any, Literal

from trunkline.formats import efforts
from trunkline.formats.conversation import Request, Thinking
from trunkline.formats.efforts import BUDGETS, ORDER, nearest
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.words import NAME

_TYPES: dict[object, Literal["on", "off", "adaptive"]] = {
    "enabled": "on",
    "disabled": "off",
    "adaptive": "adaptive",
    "auto": "adaptive",
}
_SWITCHES = ("enable_thinking", "thinking")


def take_thinking(fields: dict[str, Any]) -> Thinking | None:
    """What a request says of reasoning, taken out of it; None where it says nothing."""
    thinking = Thinking()
    _take_effort(fields, thinking)
    _take_shown(fields, thinking)
    for name in ("reasoning", "thinking", "chat_template_kwargs"):
        value = fields.get(name)
        if isinstance(value, dict) and value:
            _take_object(fields, name, dict(value), thinking)
    enabled = fields.get("enable_thinking")
    if isinstance(enabled, bool) and _take(thinking, "mode", "on" if enabled else "off", "enable_thinking"):
        del fields["enable_thinking"]
    budget = fields.get("thinking_budget")
    if type(budget) is int and _take(thinking, "budget", budget, "thinking_budget"):
        del fields["thinking_budget"]
    return thinking if thinking.spelling or thinking.extras else None


def _take(thinking: Thinking, name: str, value: object, where: str) -> bool:
    """Set a field, unless another word has set it: then that one stays where it is."""
    if name in thinking.spelling:
        return False
    setattr(thinking, name, value)
    thinking.spelling[name] = where
    return True


def _take_effort(fields: dict[str, Any], thinking: Thinking) -> None:
    effort = fields.get("reasoning_effort")
    if effort in ORDER:
        _take(thinking, "effort", fields.pop("reasoning_effort"), "reasoning_effort")
    elif effort == "default":  # Groq, for models that can be told to think or not
        _take(thinking, "mode", "on", "reasoning_effort")
        del fields["reasoning_effort"]
    elif isinstance(effort, bool):  # Fireworks, as is the next
        _take(thinking, "mode", "on" if effort else "off", "reasoning_effort")
        thinking.spelling["reasoning_effort"] = "bool"
        del fields["reasoning_effort"]
    elif isinstance(effort, int):
        _take(thinking, "budget", effort, "reasoning_effort")
        del fields["reasoning_effort"]


def _take_shown(fields: dict[str, Any], thinking: Thinking) -> None:
    shown = fields.get("include_reasoning")
    if isinstance(shown, bool):
        _take(thinking, "shown", fields.pop("include_reasoning"), "include_reasoning")
    form = fields.get("reasoning_format")
    if form in ("parsed", "raw", "hidden") and _take(thinking, "shown", form != "hidden", "reasoning_format"):
        thinking.spelling["reasoning_format"] = fields.pop("reasoning_format")  # Groq


def _take_object(fields: dict[str, Any], name: str, left: dict[str, Any], thinking: Thinking) -> None:
    """Take what is understood of an object, and keep what is left of it with the rest about reasoning."""
    before = len(thinking.spelling)
    taking = {"reasoning": _take_reasoning, "thinking": _take_typed, "chat_template_kwargs": _take_switches}
    taking[name](left, thinking)
    if name == "chat_template_kwargs" and len(thinking.spelling) == before:
        return  # about something else
    del fields[name]
    if left:
        thinking.extras.setdefault(NAME, {})[name] = left


def _take_reasoning(left: dict[str, Any], thinking: Thinking) -> None:
    if left.get("effort") in ORDER and _take(thinking, "effort", left["effort"], "reasoning"):
        del left["effort"]
    if type(left.get("max_tokens")) is int and _take(thinking, "budget", left["max_tokens"], "reasoning"):
        del left["max_tokens"]
    enabled, exclude, summary = left.get("enabled"), left.get("exclude"), left.get("summary")
    if isinstance(enabled, bool) and _take(thinking, "mode", "on" if enabled else "off", "reasoning"):
        del left["enabled"]
    if isinstance(exclude, bool) and _take(thinking, "shown", not exclude, "reasoning"):
        del left["exclude"]
    if isinstance(summary, str) and _take(thinking, "summary", summary, "reasoning"):
        del left["summary"]


def _take_typed(left: dict[str, Any], thinking: Thinking) -> None:
    kind = left.get("type")
    mode = _TYPES.get(kind) if isinstance(kind, str) else None
    if mode is not None and _take(thinking, "mode", mode, "thinking"):
        del left["type"]
        if kind == "auto":
            thinking.spelling["type"] = "auto"
    if type(left.get("budget_tokens")) is int and _take(thinking, "budget", left["budget_tokens"], "thinking"):
        del left["budget_tokens"]


def _take_switches(left: dict[str, Any], thinking: Thinking) -> None:
    for name in _SWITCHES:
        value = left.get(name)
        where = f"chat_template_kwargs.{name}"
        if isinstance(value, bool) and _take(thinking, "mode", "on" if value else "off", where):
            del left[name]


def write_thinking(out: dict[str, Any], request: Request, to: Target) -> None:
    """Write what `request` says of reasoning, as it was said or in the dialect's words."""
    thinking = request.thinking
    if thinking is None:
        return
    if to.own:
        for name, left in thinking.extras.get(NAME, {}).items():
            out[name] = dict(left)
    if to.as_said:
        _write_as_said(out, thinking)
    elif "thinking" in to.refuses or not to.dialect.thinks or not to.dialect.thinking_field:
        if thinking.effort != "none" and thinking.mode != "off":
            to.drop_thinking()
    else:
        _WRITERS[to.dialect.thinking_field](out, thinking, to)
        if thinking.shown is not None and "reasoning" not in out:
            to.drop_thinking()


def _write_as_said(out: dict[str, Any], thinking: Thinking) -> None:
    where = thinking.spelling
    said = {"effort": thinking.effort, "mode": thinking.mode, "budget": thinking.budget, "shown": thinking.shown}
    for name, value in said.items():
        if value is not None and value != "":
            _put(out, name, value, where.get(name, "reasoning_effort" if name == "effort" else "reasoning"), where)
    if thinking.summary:
        _inside(out, "reasoning")["summary"] = thinking.summary


def _put(out: dict[str, Any], name: str, value: Any, where: str, spelling: dict[str, str]) -> None:
    """Write one neutral field into the field `where` it came from."""
    match where, name:
        case "reasoning_effort", "mode" if "reasoning_effort" in spelling:
            out[where] = value == "on"
        case "reasoning_effort", "mode":
            out[where] = "default" if value == "on" else "none"
        case "reasoning_effort", _:
            out[where] = value
        case "reasoning", _:
            field = {"budget": "max_tokens", "mode": "enabled", "shown": "exclude"}.get(name, name)
            said = {"mode": value == "on", "shown": not value}.get(name, value)
            _inside(out, where)[field] = said
        case "thinking", "mode":
            kind = {"on": "enabled", "off": "disabled", "adaptive": spelling.get("type", "adaptive")}[value]
            _inside(out, where)["type"] = kind
        case "thinking", _:
            _inside(out, where)["budget_tokens"] = value
        case "reasoning_format", _:
            out[where] = (spelling[where] if spelling[where] != "hidden" else "parsed") if value else "hidden"
        case ("enable_thinking", _) if name == "mode":
            out[where] = value == "on"
        case _ if "." in where:
            field, _, switch = where.partition(".")
            _inside(out, field)[switch] = value == "on"
        case _:
            out[where] = value


def _inside(out: dict[str, Any], name: str) -> dict[str, Any]:
    """The object in the field `name`, to be written into: one of its own, not the request's."""
    said = out.get(name)
    opened: dict[str, Any] = dict(said) if isinstance(said, dict) else {}
    out[name] = opened
    return opened


# in the words of a dialect


def effort_of(thinking: Thinking, known: tuple[str, ...]) -> str:
    """The effort asked for, moved to the nearest of those that are known; empty where none is asked for."""
    effort = thinking.effort
    if not effort and thinking.mode == "off":
        effort = "none"
    if not effort and thinking.budget is None and thinking.mode == "on":
        effort = "medium"
    if not effort and thinking.budget is not None:
        effort = efforts.effort_of(thinking.budget)
    return nearest(effort, known) if effort else ""


def budget_of(thinking: Thinking) -> int | None:
    """The tokens asked for."""
    if thinking.budget is not None:
        return thinking.budget
    if thinking.effort in (None, "none", "max"):
        return None  # the most that a model thinks is its own affair
    return BUDGETS[thinking.effort]


def _is_on(thinking: Thinking) -> bool:
    return thinking.mode != "off" and thinking.effort != "none" and thinking.budget != 0


def _as_effort(out: dict[str, Any], thinking: Thinking, to: Target) -> None:
    effort = effort_of(thinking, to.dialect.efforts)
    if effort:
        out["reasoning_effort"] = effort
    elif thinking.mode:
        to.drop_thinking()  # it is left to the model, as it is without a word


def _as_reasoning(out: dict[str, Any], thinking: Thinking, to: Target) -> None:
    said = _inside(out, "reasoning")
    if not _is_on(thinking):
        said["enabled"] = False
    elif to.dialect.thinks == "budget" and budget_of(thinking) is not None:
        said["max_tokens"] = budget_of(thinking)
    elif effort := effort_of(thinking, to.dialect.efforts):
        said["effort"] = effort
    else:
        said["enabled"] = True
    if thinking.shown is False:
        said["exclude"] = True


def _as_typed(out: dict[str, Any], thinking: Thinking, to: Target) -> None:
    said = _inside(out, "thinking")
    said["type"] = "enabled" if _is_on(thinking) else "disabled"
    if not _is_on(thinking):
        return
    if to.dialect.thinks == "budget" and budget_of(thinking) is not None:
        said["budget_tokens"] = budget_of(thinking)
    elif to.dialect.thinks == "effort" and (thinking.effort or thinking.budget):
        _as_effort(out, thinking, to)


def _as_switch(out: dict[str, Any], thinking: Thinking, to: Target) -> None:
    out["enable_thinking"] = _is_on(thinking)
    if _is_on(thinking) and to.dialect.thinks == "budget" and budget_of(thinking) is not None:
        out["thinking_budget"] = budget_of(thinking)


def _as_template(out: dict[str, Any], thinking: Thinking, to: Target) -> None:
    said = _inside(out, "chat_template_kwargs")
    for name in _SWITCHES:  # templates differ in which of the two they read
        said[name] = _is_on(thinking)
    if to.dialect.thinks == "effort" and _is_on(thinking) and (thinking.effort or thinking.budget):
        _as_effort(out, thinking, to)


_WRITERS = {
    "reasoning_effort": _as_effort,
    "reasoning": _as_reasoning,
    "thinking": _as_typed,
    "enable_thinking": _as_switch,
    "chat_template_kwargs": _as_template,
}
