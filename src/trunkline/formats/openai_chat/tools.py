"""Tools, and which of them must be called."""

import re
from typing import Any

from trunkline.formats.conversation import ForeignTool, Request, Tool, ToolChoice
from trunkline.formats.harmless import TOOL, leave
from trunkline.formats.losses import rest
from trunkline.formats.openai_chat.leftovers import append, park, parked
from trunkline.formats.openai_chat.parts_read import take_cache
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.words import NAME
from trunkline.formats.paths import cache_path, tool_path
from trunkline.formats.strictness import arguments, is_strict

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def take_tools(fields: dict[str, Any]) -> list[Tool | ForeignTool]:
    """The tools of a request, and the functions of one in the old words."""
    tools: list[Tool | ForeignTool] = []
    if fields.get("tools"):
        for number, value in enumerate(fields.pop("tools")):
            tools.append(_read(value, f"tools[{number}]"))
    if fields.get("functions"):
        for number, value in enumerate(fields.pop("functions")):
            tool, left = _read_function(value, f"functions[{number}]")
            tool.spelling["in"] = "functions"
            tool.extras = {NAME: left} if left else {}
            tools.append(tool)
    return tools


def _read(value: dict[str, Any], at: str) -> Tool | ForeignTool:
    function, kind = value.get("function"), value.get("type")
    if not isinstance(function, dict) or kind not in ("function", None):
        return ForeignTool(format=NAME, kind=str(kind), value=value, at=at)
    tool, left = _read_function(function, at)
    fields = rest(value, "function")
    if kind is None:
        tool.spelling["type"] = "ours"
    else:
        del fields["type"]
    if left.get("type") == "function":  # said twice by some libraries
        tool.spelling["function.type"] = left.pop("type")
    hint = take_cache(fields, tool.spelling)
    if hint is not None:
        tool.cache = hint
    park(left, "function", fields, tool.spelling)
    if fields:
        tool.extras = {NAME: fields}
    return tool


def _read_function(value: dict[str, Any], at: str) -> tuple[Tool, dict[str, Any]]:
    """The function of a tool, and what is left of it."""
    tool, left = Tool(name=value["name"], at=at), dict(value)
    del left["name"]
    if left.get("description"):
        tool.description = left.pop("description")
    for name in ("parameters", "strict"):
        if left.get(name) is not None:
            setattr(tool, name, left.pop(name))
    return tool, left


def take_tool_choice(fields: dict[str, Any]) -> ToolChoice | None:
    """`tool_choice`, or `function_call` in the old words."""
    for name in ("tool_choice", "function_call"):
        choice = _read_choice(fields.get(name))
        if choice is not None:
            del fields[name]
            if name == "function_call":
                choice.spelling["in"] = name
            return choice
    return None


def _read_choice(value: object) -> ToolChoice | None:
    match value:
        case "auto":
            return ToolChoice(mode="auto")
        case "none":
            return ToolChoice(mode="none")
        case "required":
            return ToolChoice(mode="required")
        case "any":
            return ToolChoice(mode="required", spelling={"mode": "any"})
        case {"type": "function", "function": {"name": str(name), **more}, **others} if not more and not others:
            return ToolChoice(mode="required", names=[name])
        case {"function": {"name": str(name), **more}, **others} if not more and not others:
            return ToolChoice(mode="required", names=[name], spelling={"type": "ours"})
        case {"type": "tool", "name": str(name), **others} if not others:
            return ToolChoice(mode="required", names=[name], spelling={"type": "tool"})
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode, "tools": [*tools]}}:
            names = [_allowed(tool) for tool in tools]
            if all(names):
                return ToolChoice(mode=mode, names=names, spelling={"type": "allowed_tools"})
    return None


def _allowed(value: object) -> str:
    match value:
        case {"type": "function", "function": {"name": str(name), **more}, **others} if not more and not others:
            return name
    return ""


def write_tools(out: dict[str, Any], request: Request, to: Target) -> None:
    """Write the tools of `request`, those that may be called, and which must be."""
    choice = request.tool_choice
    if _as_if_none(choice, to):
        return
    if request.tools and not to.refused("tools"):
        for tool in request.tools:
            if choice is None or _callable(tool, choice, to):
                _write(out, tool, to)
            else:
                to.losses.drop(tool.at)
    if not to.own and "tools" not in out:
        return  # nothing to choose from
    if choice is not None:
        _write_choice(out, choice, to)
    if request.parallel_tool_calls is not None:
        _write_parallel(out, request.parallel_tool_calls, to)


def _as_if_none(choice: ToolChoice | None, to: Target) -> bool:
    """Whether there might as well be no tools: none may be called, and the model takes no such choice."""
    return choice is not None and choice.mode == "none" and "tool_choice" in to.refuses


def _callable(tool: Tool | ForeignTool, choice: ToolChoice, to: Target) -> bool:
    """Whether `tool` is offered. Where some may be called only and there is no word for that, only these are."""
    if not choice.names or _as_allowed(choice, to) or (choice.mode == "required" and len(choice.names) == 1):
        return True
    if isinstance(tool, ForeignTool):
        return tool.format != NAME  # of which no choice of functions says anything: it is refused
    return tool.name in choice.names


def _write_parallel(out: dict[str, Any], parallel: bool, to: Target) -> None:
    if "parallel_tool_calls" not in to.refuses:
        out["parallel_tool_calls"] = parallel
    elif not parallel:
        to.refused("parallel_tool_calls")


def _write(out: dict[str, Any], tool: Tool | ForeignTool, to: Target) -> None:
    written: dict[str, Any]
    if isinstance(tool, ForeignTool):
        if tool.format != NAME:
            why = f"'{tool.at}': a tool of type '{tool.kind}' is not offered by this model's API."
            to.losses.refuse(tool.at, why)
            return
        written = tool.value
    elif not to.own:
        written = _translated(tool, to)
    elif tool.spelling.get("in") == "functions":
        append(out, "functions", {**tool.extras.get(NAME, {}), **_known(tool)})
        return
    else:
        written = _own_tool(tool)
    append(out, "tools", written)


def _translated(tool: Tool, to: Target) -> dict[str, Any]:
    leave(tool, to.source, tool.at, to.losses, TOOL)
    if not TOOL_NAME.fullmatch(tool.name):
        why = f"'{tool.at}': a tool's name may have 64 letters, digits, '_' and '-' at this model's API."
        to.losses.must_refuse(tool.at, why)
    function = _known(tool)
    if tool.parameters and tool.parameters.get("type", "object") != "object":
        to.losses.must_refuse(tool.at, f"'{tool.at}': the arguments of a tool must be an object.")
    function["parameters"] = {"type": "object", **arguments(tool.parameters)}  # Mistral wants it in any case
    if tool.cache is not None:
        to.losses.drop(cache_path(to.source, tool.at, tool))
    if tool.strict and not is_strict(tool.parameters):
        del function["strict"]
        to.losses.drop(tool_path(to.source, tool, "strict"))
    return {"type": "function", "function": function}


def _own_tool(tool: Tool) -> dict[str, Any]:
    out = dict(tool.extras.get(NAME, {}))
    if "type" not in tool.spelling:
        out["type"] = "function"
    function = {**parked("function", out, tool.spelling), **_known(tool)}
    if "function.type" in tool.spelling:
        function["type"] = tool.spelling["function.type"]
    if tool.cache is not None:
        out["cache_control"] = {"type": "ephemeral"} | ({"ttl": tool.cache.ttl} if tool.cache.ttl else {})
    out["function"] = function
    return out


def _known(tool: Tool) -> dict[str, Any]:
    said = {"description": tool.description or None, "parameters": tool.parameters, "strict": tool.strict}
    return {"name": tool.name} | {name: value for name, value in said.items() if value is not None}


def _as_allowed(choice: ToolChoice, to: Target) -> bool:
    """Whether OpenAI's own words for a choice among some tools are kept."""
    return to.as_said and choice.spelling.get("type") == "allowed_tools"


def _write_choice(out: dict[str, Any], choice: ToolChoice, to: Target) -> None:
    if "tool_choice" in to.refuses:
        if choice.mode == "required":
            to.refused("tool_choice")
        return
    field = choice.spelling.get("in", "tool_choice") if to.own else "tool_choice"
    if _as_allowed(choice, to):
        tools = [{"type": "function", "function": {"name": name}} for name in choice.names]
        out[field] = {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": tools}}
    elif choice.mode == "required" and len(choice.names) == 1:
        if not to.own and choice.names[0] not in [tool["function"]["name"] for tool in out["tools"]]:
            to.losses.must_refuse(to.term("tool_choice"), f"There is no tool '{choice.names[0]}' to be called.")
        if not to.refused("forced_tool", to.term("tool_choice")):
            out[field] = _named(choice, to)
    elif choice.mode == "required":
        said = choice.spelling.get("mode") if to.as_said else None
        out[field] = said or to.dialect.required_choice
    else:
        out[field] = choice.mode


def _named(choice: ToolChoice, to: Target) -> dict[str, Any]:
    said = choice.spelling.get("type") if to.own else None
    if said == "tool":
        return {"type": "tool", "name": choice.names[0]}
    named = {"function": {"name": choice.names[0]}}
    return named if said == "ours" and to.as_said else {"type": "function", **named}
