"""Tools, and which of them may or must be called, both ways.

A custom tool takes free text rather than JSON. Elsewhere it is a function with one string, whose description says the
grammar that the text must follow; the same request's reply turns its calls back (see `compose.py`).
"""

from typing import Any, Final

import msgspec

from trunkline.formats.conversation import ChoiceMode, ForeignTool, Tool, ToolChoice
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.shape import (
    invalid_type,
    invalid_value,
    missing,
    needed_objects,
    needed_text,
    taken,
)

Fields = dict[str, Any]
_MODES: Final[tuple[ChoiceMode, ...]] = ("none", "auto", "required")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def read_tools(values: object) -> list[Tool | ForeignTool]:
    """The tools of a request. Raises `ShapeError`."""
    return [_read_tool(value, f"tools[{number}]") for number, value in enumerate(needed_objects(values, "tools"))]


def _read_tool(value: Fields, at: str) -> Tool | ForeignTool:
    kind = needed_text(value, "type", at)
    if kind == "function":
        return _read_function(value, at)
    if kind == "custom":
        return _read_custom(value, at)
    return ForeignTool(format=NAME, kind=kind, value=value, at=at)


def _read_function(value: Fields, at: str) -> Tool:
    rest = dict(value)
    tool = Tool(name=needed_text(value, "name", at), description=taken(rest, "description"), at=at)
    del rest["type"], rest["name"]
    parameters, strict = rest.get("parameters"), rest.get("strict")
    if type(parameters) is dict:
        tool.parameters = rest.pop("parameters")
    elif parameters is not None:
        raise invalid_type(f"{at}.parameters", "object", parameters)
    if type(strict) is bool:
        tool.strict = rest.pop("strict")
    elif strict is not None:
        raise invalid_type(f"{at}.strict", "bool", strict)
    if rest:
        tool.extras = {NAME: rest}
    return tool


def _read_custom(value: Fields, at: str) -> Tool:
    rest = dict(value)
    tool = Tool(name=needed_text(value, "name", at), description=taken(rest, "description"), at=at)
    del rest["type"], rest["name"]
    tool.spelling = {"type": "custom"}
    text: Fields = {"type": "string"}
    wanted = rest.get("format")
    if type(wanted) is dict:
        tool.spelling["format"] = _encode(rest.pop("format")).decode()
        if wanted.get("definition"):
            text["description"] = f"It must match this {wanted.get('syntax', '')} grammar:\n{wanted['definition']}"
    tool.parameters = {
        "type": "object",
        "properties": {"input": text},
        "required": ["input"],
        "additionalProperties": False,
    }
    if rest:
        tool.extras = {NAME: rest}
    return tool


def write_tool(tool: Tool | ForeignTool) -> Fields:
    """The tool that was read as `tool`."""
    if isinstance(tool, ForeignTool):
        return tool.value
    value: Fields = {**tool.extras.get(NAME, {}), "type": tool.spelling.get("type", "function"), "name": tool.name}
    if tool.description:
        value["description"] = tool.description
    if is_custom(tool):
        if "format" in tool.spelling:
            value["format"] = _decode(tool.spelling["format"])
        return value
    if tool.parameters is not None:
        value["parameters"] = tool.parameters
    if tool.strict is not None:
        value["strict"] = tool.strict
    return value


def is_custom(tool: Tool | ForeignTool) -> bool:
    """Whether this is a custom tool of this format in a function's clothes."""
    return isinstance(tool, Tool) and tool.spelling.get("type") == "custom"


def read_choice(value: object) -> ToolChoice | None:
    """A tool choice; None for one that only this format knows. Raises `ShapeError`."""
    if type(value) is str:
        if value not in _MODES:
            raise invalid_value("tool_choice", value, _MODES)
        return ToolChoice(mode=value)
    if type(value) is not dict:
        raise invalid_type("tool_choice", "str | object", value)
    kind = value.get("type")
    if kind == "allowed_tools":
        return _read_allowed(value)
    if kind in ("function", "custom") and value.keys() == {"type", "name"} and type(value["name"]) is str:
        choice = ToolChoice(mode="required", names=[value["name"]])
        if kind == "custom":
            choice.spelling = {"type": "custom"}
        return choice
    if kind is None:
        raise missing("tool_choice.type")
    return None


def _read_allowed(value: Fields) -> ToolChoice | None:
    mode, tools = value.get("mode"), value.get("tools")
    if mode not in ("auto", "required") or value.keys() != {"type", "mode", "tools"} or type(tools) is not list:
        return None
    if not tools or not all(type(tool) is dict and tool.keys() == {"type", "name"} for tool in tools):
        return None
    if not all(tool["type"] in ("function", "custom") and type(tool["name"]) is str for tool in tools):
        return None
    spelling = {"type": "allowed_tools"}
    if custom := [str(number) for number, tool in enumerate(tools) if tool["type"] == "custom"]:
        spelling["custom"] = ",".join(custom)
    return ToolChoice(mode=mode, names=[tool["name"] for tool in tools], spelling=spelling)


def write_choice(choice: ToolChoice) -> str | Fields:
    """A tool choice of any format."""
    if not choice.names or choice.mode == "none":
        return choice.mode
    spelled = choice.spelling.get("type", "")
    if len(choice.names) == 1 and choice.mode == "required" and spelled != "allowed_tools":
        return {"type": "custom" if spelled == "custom" else "function", "name": choice.names[0]}
    custom = choice.spelling.get("custom", "").split(",")
    tools = [
        {"type": "custom" if str(number) in custom else "function", "name": name}
        for number, name in enumerate(choice.names)
    ]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": tools}
