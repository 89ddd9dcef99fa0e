"""A client's request as the neutral one. Raises `ShapeError` for what no provider could understand."""

from typing import Any

from trunkline.formats.anthropic_messages.blocks_read import leave, read_blocks, read_cache
from trunkline.formats.anthropic_messages.checks import (
    list_in,
    missing,
    object_in,
    text_in,
    wrong_type,
    wrong_value,
)
from trunkline.formats.anthropic_messages.words import EFFORTS, NAME
from trunkline.formats.conversation import (
    ForeignTool,
    Message,
    OutputFormat,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from trunkline.formats.format import Place

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


def read_request(value: dict[str, Any], place: Place) -> Request:
    """What a client asks of `/v1/messages`."""
    if "max_tokens" not in value:
        raise missing("max_tokens")
    return read_any_request(value, place)


def read_any_request(value: dict[str, Any], place: Place) -> Request:
    """The same of any endpoint that takes messages (`count_tokens` wants no `max_tokens`)."""
    request = Request(format=NAME)
    taken: set[str] = {"messages"}
    _read_model(request, value, place, taken)
    request.messages = _read_messages(list_in(value, "messages", ""))
    _read_system(request, value, taken)
    _read_scalars(request, value, taken)
    _read_stream(request, value, place, taken)
    _read_tools(request, value, taken)
    _read_tool_choice(request, value, taken)
    left: dict[str, Any] = {}
    _read_thinking(request, value, taken)
    _read_output(request, value, taken, left)
    _read_metadata(request, value, taken, left)
    request.cache = read_cache(value, "")
    if request.cache is not None:
        taken.add("cache_control")
    left |= {name: field for name, field in value.items() if name not in taken}
    if left:
        request.extras = {NAME: left}
    return request


def _read_model(request: Request, value: dict[str, Any], place: Place, taken: set[str]) -> None:
    if "model" in value or not place.model:
        request.model = text_in(value, "model", "")
        taken.add("model")
    else:
        request.model = place.model
        request.spelling["model"] = "place"


def _read_system(request: Request, value: dict[str, Any], taken: set[str]) -> None:
    system = value.get("system")
    if type(system) is str:
        request.instructions = Message(role="system", parts=[Text(text=system)], plain=True, at="system")
    elif type(system) is list:
        if not system:
            return
        request.instructions = Message(role="system", parts=read_blocks(system, "system"), at="system")
    elif system is None:
        return
    else:
        raise wrong_type("system", "str | array", system)
    taken.add("system")


def _read_messages(messages: list[Any]) -> list[Message]:
    return [_read_message(message, f"messages[{number}]") for number, message in enumerate(messages)]


def _read_message(value: Any, at: str) -> Message:
    if type(value) is not dict:
        raise wrong_type(at, "object", value)
    role = _ROLES.get(text_in(value, "role", at))
    if role is None:
        raise wrong_value(f"{at}.role", f"'{value['role']}' is not 'user', 'assistant' or 'system'")
    content = value.get("content")
    if type(content) is str:
        message = Message(role=role, parts=[Text(text=content)], plain=True, at=at)
    elif type(content) is list:
        message = Message(role=role, parts=read_blocks(content, f"{at}.content"), at=at)
    elif "content" not in value:
        raise missing(f"{at}.content")
    else:
        raise wrong_type(f"{at}.content", "str | array", content)
    if len(value) > 2:
        leave(message, value, ("role", "content"))
    return message


_NUMBERS = (("temperature", float), ("top_p", float), ("top_k", int))


def _read_scalars(request: Request, value: dict[str, Any], taken: set[str]) -> None:
    cap = value.get("max_tokens")
    if cap is not None:
        if type(cap) is not int:
            raise wrong_type("max_tokens", "int", cap)
        request.max_output = cap
        taken.add("max_tokens")
    for name, kind in _NUMBERS:
        number = value.get(name)
        if number is None:
            continue
        if type(number) is not int and type(number) is not kind:
            raise wrong_type(name, kind.__name__, number)
        setattr(request, name, number)
        taken.add(name)
    stop = value.get("stop_sequences")
    if stop:
        list_in(value, "stop_sequences", "")
        for number, words in enumerate(stop):
            if type(words) is not str:
                raise wrong_type(f"stop_sequences[{number}]", "str", words)
        request.stop = stop
        taken.add("stop_sequences")
    tier = value.get("service_tier")
    if tier:
        request.service_tier = text_in(value, "service_tier", "")
        taken.add("service_tier")


def _read_stream(request: Request, value: dict[str, Any], place: Place, taken: set[str]) -> None:
    stream = value.get("stream")
    if stream is None:
        request.stream = place.stream
        if place.stream:
            request.spelling["stream"] = "place"
        return
    if type(stream) is not bool:
        raise wrong_type("stream", "bool", stream)
    request.stream = stream
    request.spelling["stream"] = "said"
    taken.add("stream")


def _read_metadata(request: Request, value: dict[str, Any], taken: set[str], left: dict[str, Any]) -> None:
    metadata = value.get("metadata")
    if not metadata:
        return
    user = object_in(value, "metadata", "").get("user_id")
    if user:
        request.user = text_in(metadata, "user_id", "metadata")
        taken.add("metadata")
        rest = {name: field for name, field in metadata.items() if name != "user_id"}
        if rest:
            left["metadata"] = rest


def _read_tools(request: Request, value: dict[str, Any], taken: set[str]) -> None:
    if value.get("tools"):
        tools = list_in(value, "tools", "")
        request.tools = [_read_tool(tool, f"tools[{number}]") for number, tool in enumerate(tools)]
        taken.add("tools")


def _read_tool(value: Any, at: str) -> Tool | ForeignTool:
    if type(value) is not dict:
        raise wrong_type(at, "object", value)
    kind = value.get("type")
    if kind is not None and kind != "custom":
        return ForeignTool(format=NAME, kind=text_in(value, "type", at), value=value, at=at)
    tool = Tool(name=text_in(value, "name", at), parameters=object_in(value, "input_schema", at), at=at)
    taken = ["name", "input_schema"]
    if kind is not None:
        tool.spelling = {"type": "said"}
        taken.append("type")
    if value.get("description"):
        tool.description = text_in(value, "description", at)
        taken.append("description")
    if type(value.get("strict")) is bool:
        tool.strict = value["strict"]
        taken.append("strict")
    tool.cache = read_cache(value, at)
    if tool.cache is not None:
        taken.append("cache_control")
    if len(value) > len(taken):
        leave(tool, value, taken)
    return tool


def _read_tool_choice(request: Request, value: dict[str, Any], taken: set[str]) -> None:
    if value.get("tool_choice") is None:
        return
    choice = object_in(value, "tool_choice", "")
    kind = text_in(choice, "type", "tool_choice")
    known = ["type"]
    if kind == "tool":
        request.tool_choice = ToolChoice(mode="required", names=[text_in(choice, "name", "tool_choice")])
        known.append("name")
    elif kind == "any":
        request.tool_choice = ToolChoice(mode="required")
    elif kind == "auto":
        request.tool_choice = ToolChoice(mode="auto")
    elif kind == "none":
        request.tool_choice = ToolChoice(mode="none")
    else:
        raise wrong_value("tool_choice.type", f"'{kind}' is not 'auto', 'any', 'tool' or 'none'")
    serial = choice.get("disable_parallel_tool_use")
    if type(serial) is bool and kind != "none":
        request.parallel_tool_calls = not serial
        known.append("disable_parallel_tool_use")
    leave(request.tool_choice, choice, known)
    taken.add("tool_choice")


def _read_thinking(request: Request, value: dict[str, Any], taken: set[str]) -> None:
    if value.get("thinking") is None:
        return
    wish = object_in(value, "thinking", "")
    if not wish:
        return
    kind = text_in(wish, "type", "thinking") if "type" in wish else ""
    known = ["type"]
    thinking = Thinking()
    if kind == "enabled":
        thinking.mode = "on"
        budget = wish.get("budget_tokens")
        if type(budget) is not int:
            raise (
                missing("thinking.budget_tokens")
                if budget is None
                else wrong_type("thinking.budget_tokens", "int", budget)
            )
        thinking.budget = budget
        known.append("budget_tokens")
    elif kind == "disabled":
        thinking.mode = "off"
    elif kind in ("adaptive", "between_tools"):
        thinking.mode = "adaptive"
        if kind != "adaptive":
            thinking.spelling = {"mode": kind}
    elif "type" in wish:
        raise wrong_value("thinking.type", f"'{kind}' is not 'enabled', 'disabled' or 'adaptive'")
    display = wish.get("display")
    if display in ("summarized", "omitted"):
        thinking.shown = display == "summarized"
        known.append("display")
    leave(thinking, wish, known)
    request.thinking = thinking
    taken.add("thinking")


def _read_output(request: Request, value: dict[str, Any], taken: set[str], left: dict[str, Any]) -> None:
    """`output_config` with its effort and format, and `output_format`, which came before it."""
    if value.get("output_config"):
        config = object_in(value, "output_config", "")
        effort, shape = config.get("effort"), config.get("format")
        known = []
        if effort is not None and text_in(config, "effort", "output_config") in EFFORTS:
            request.thinking = request.thinking or Thinking()
            request.thinking.effort = effort
            known.append("effort")
        if shape is not None:
            request.output = _read_format(object_in(config, "format", "output_config"), "output_config.format")
            known.append("format")
        rest = {name: field for name, field in config.items() if name not in known}
        if known:
            taken.add("output_config")
            if rest:
                left["output_config"] = rest
    if value.get("output_format") is not None and request.output is None:
        request.output = _read_format(object_in(value, "output_format", ""), "output_format")
        request.output.spelling = {"field": "output_format"}
        taken.add("output_format")


def _read_format(value: dict[str, Any], path: str) -> OutputFormat:
    kind = text_in(value, "type", path)
    if kind != "json_schema":
        raise wrong_value(f"{path}.type", f"'{kind}' is not 'json_schema'")
    output = OutputFormat(kind="schema", schema=object_in(value, "schema", path))
    leave(output, value, ("type", "schema"))
    return output
