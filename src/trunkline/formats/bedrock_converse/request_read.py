"""Reading requests."""

from typing import Any, Final

import msgspec

from trunkline.formats.bedrock_converse.checks import extras, invalid, need, typed
from trunkline.formats.bedrock_converse.model_fields import read_effort, read_model_fields
from trunkline.formats.bedrock_converse.parts_read import IN_MESSAGES, IN_SYSTEM, read_hint, read_parts
from trunkline.formats.bedrock_converse.terms import NAME
from trunkline.formats.conversation import ForeignTool, Message, OutputFormat, Request, Role, Tool, ToolChoice
from trunkline.formats.format import Place
from trunkline.formats.losses import rest

_ROLES: Final[tuple[Role, ...]] = ("user", "assistant", "system")


def read_request(value: dict[str, Any], place: Place) -> Request:
    """The request in `value`. Raises `ShapeError` for what no model could understand."""
    left = rest(value, "messages")
    request = Request(format=NAME, model=place.model, stream=place.stream)
    if "messages" in value or "promptVariables" not in value:
        messages = need(value, "messages", list, "")
        request.messages = [_message(item, f"messages[{number}]") for number, item in enumerate(messages)]
    else:
        request.spelling = {"messages": "absent"}  # they stand in a prompt that the provider keeps
    system = left.get("system")
    if system is not None and typed(system, list, "system"):
        del left["system"]
        parts = read_parts(system, "system", IN_SYSTEM, strict=True)
        request.instructions = Message(role="system", parts=parts, at="system")
    for name, read in _READERS.items():
        field = left.pop(name, None)
        if field is not None:
            remains = read(typed(field, dict, name), request)
            if remains or not field:
                left[name] = remains
        elif name in value:
            left[name] = None
    request.extras = extras(left)
    return request


def _message(value: object, at: str) -> Message:
    fields = typed(value, dict, at)
    role = need(fields, "role", str, at)
    if role not in _ROLES:
        raise invalid(f"{at}.role", f"it must be one of {', '.join(_ROLES)}, but is '{role}'")
    content = need(fields, "content", list, at)
    return Message(
        role=role,
        parts=read_parts(content, f"{at}.content", IN_MESSAGES, strict=True),
        at=at,
        extras=extras(rest(fields, "role", "content")),
    )


def _inference(value: dict[str, Any], request: Request) -> dict[str, Any]:
    left = dict(value)
    cap = left.get("maxTokens")
    if cap is not None:
        request.max_output = typed(left.pop("maxTokens"), int, "inferenceConfig.maxTokens")
    for name, field in (("temperature", "temperature"), ("topP", "top_p")):
        number = left.get(name)
        if number is not None:
            if type(number) is not int:
                typed(number, float, f"inferenceConfig.{name}")
            setattr(request, field, left.pop(name))
    stop = left.get("stopSequences")
    if stop is not None and typed(stop, list, "inferenceConfig.stopSequences"):
        del left["stopSequences"]
        request.stop = [
            typed(item, str, f"inferenceConfig.stopSequences[{number}]") for number, item in enumerate(stop)
        ]
    return left


def _tools(value: dict[str, Any], request: Request) -> dict[str, Any]:
    left = dict(value)
    tools = need(value, "tools", list, "toolConfig")
    if tools:
        del left["tools"]
        for number, item in enumerate(tools):
            _add_tool(typed(item, dict, f"toolConfig.tools[{number}]"), f"toolConfig.tools[{number}]", request.tools)
    choice = _choice(left.get("toolChoice"))
    if choice is not None:
        del left["toolChoice"]
        request.tool_choice = choice
    return left


def _add_tool(item: dict[str, Any], at: str, tools: list[Tool | ForeignTool]) -> None:
    match item:
        case {"toolSpec": spec, **others} if not others:
            tools.append(_tool(typed(spec, dict, f"{at}.toolSpec"), at))
        case {"cachePoint": point, **others} if not others:
            hint, last = read_hint(point), tools[-1] if tools else None
            if hint is not None and type(last) is Tool and last.cache is None:
                last.cache = hint
            else:
                tools.append(ForeignTool(format=NAME, kind="cachePoint", value=item, at=at))
        case {"systemTool": _}:
            tools.append(ForeignTool(format=NAME, kind="systemTool", value=item, at=at))
        case _:
            said = ", ".join(item) or "nothing"
            raise invalid(at, f"it must be one of toolSpec, systemTool, cachePoint, but is {said}")


def _tool(spec: dict[str, Any], at: str) -> Tool:
    path = f"{at}.toolSpec"
    left = rest(spec, "name")
    tool = Tool(name=need(spec, "name", str, path), at=at)
    match need(spec, "inputSchema", dict, path):
        case {"json": dict(schema), **others} if not others:
            del left["inputSchema"]
            tool.parameters = schema
    if left.get("description"):
        tool.description = typed(left.pop("description"), str, f"{path}.description")
    if left.get("strict") is not None:
        tool.strict = typed(left.pop("strict"), bool, f"{path}.strict")
    tool.extras = extras(left)
    return tool


def _choice(value: object) -> ToolChoice | None:
    match value:
        case {"auto": said, **others} if said == {} and not others:
            return ToolChoice(mode="auto")
        case {"any": said, **others} if said == {} and not others:
            return ToolChoice(mode="required")
        case {"tool": {"name": str(name), **more}, **others} if not more and not others:
            return ToolChoice(mode="required", names=[name])
    return None


def _output(value: dict[str, Any], request: Request) -> dict[str, Any]:
    left = read_effort(dict(value), request, "effort", "outputConfig")
    match left.get("textFormat"):
        case {"type": "json_schema", "structure": {"jsonSchema": {"schema": str(text), **named}, **a}, **b} if not (
            a or b
        ):
            output = _schema(text, named)
            if output is not None:
                del left["textFormat"]
                request.output = output
    return left


def _schema(text: str, named: dict[Any, Any]) -> OutputFormat | None:
    """The schema comes as a text. It is kept, so that it is written back as it came as long as it says the same."""
    try:
        schema = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise invalid("outputConfig.textFormat.structure.jsonSchema.schema", "it is not valid JSON") from None
    if not isinstance(schema, dict):
        return None
    output = OutputFormat(kind="schema", schema=schema, spelling={"schema": text})
    for name in ("name", "description"):
        said = named.get(name)
        if type(said) is str and said:
            setattr(output, name, named.pop(name))
    output.extras = extras(named)
    return output


def _metadata(value: dict[str, Any], request: Request) -> dict[str, Any]:
    if not value or not all(type(item) is str for item in value.values()):
        return value
    request.metadata = dict(value)
    return {}


def _tier(value: dict[str, Any], request: Request) -> dict[str, Any]:
    tier = value.get("type")
    if type(tier) is str and tier:
        request.service_tier = tier
        return rest(value, "type")
    return value


_READERS = {
    "inferenceConfig": _inference,
    "toolConfig": _tools,
    "requestMetadata": _metadata,
    "serviceTier": _tier,
    "additionalModelRequestFields": read_model_fields,
    "outputConfig": _output,  # after the model's fields: an effort adds to what they say
}
"""Field of the request → what reads it into the request and gives back what it leaves."""
