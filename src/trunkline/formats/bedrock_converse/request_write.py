"""Writing requests: as they came where they came in this format, anew where they came in another's."""

from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.checks import own
from trunkline.formats.bedrock_converse.model_fields import write_as_spelled
from trunkline.formats.bedrock_converse.parts_write import Block, cache_point, write_part
from trunkline.formats.bedrock_converse.settings_write import text_format
from trunkline.formats.bedrock_converse.terms import ISSUER, NAME
from trunkline.formats.bedrock_converse.translate import translate
from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import (
    ForeignTool,
    Message,
    Reasoning,
    Request,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses


def write_request(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    """The document to send. Raises `CannotCarry`."""
    return _as_it_came(request, dialect, losses) if request.format == NAME else translate(request, dialect, losses)


def _as_it_came(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    document = own(request.extras)
    if request.messages or "messages" not in request.spelling:
        document["messages"] = [_message(message, dialect, losses) for message in request.messages]
    if request.instructions is not None:
        document["system"] = _content(request.instructions, dialect, losses)
    fields = dict(document.get("additionalModelRequestFields") or {})
    output = dict(document.get("outputConfig") or {})
    write_as_spelled(request, fields, output)
    if request.output is not None:
        output["textFormat"] = text_format(request.output, own(request.output.extras))
    _lay(document, "inferenceConfig", _inference(request, dialect))
    _lay(document, "toolConfig", _tools(request))
    _lay(document, "additionalModelRequestFields", fields)
    _lay(document, "outputConfig", output)
    _lay(document, "requestMetadata", request.metadata or {})
    _lay(document, "serviceTier", {"type": request.service_tier} if request.service_tier else {})
    return document


def _lay(document: dict[str, Any], name: str, known: Block) -> None:
    """Lay what is known of an object over what is left of it."""
    if known:
        document[name] = {**(document.get(name) or {}), **known}


def _message(message: Message, dialect: Dialect, losses: Losses) -> Block:
    return {**own(message.extras), "role": message.role, "content": _content(message, dialect, losses)}


def _content(message: Message, dialect: Dialect, losses: Losses) -> list[Block]:
    content: list[Block] = []
    left_out = 0
    for part in message.parts:
        match part:
            case Reasoning() if not _may_return(part, dialect):
                losses.drop(f"{message.at}.content[{len(content) + left_out}]")
                left_out += 1
                continue
            case ToolCall():
                part = msgspec.structs.replace(part, id=fitting(part.id, dialect.tool_call_id))
            case ToolResult():
                part = msgspec.structs.replace(part, call=fitting(part.call, dialect.tool_call_id))
        content.append(write_part(part))
        if part.cache is not None:
            content.append(cache_point(part.cache))
    return content


def _may_return(part: Reasoning, dialect: Dialect) -> bool:
    """Whether reasoning goes back to this model: its proof is of use to its issuer only."""
    if not (part.signature or part.encrypted):
        return True
    return part.issuer == dialect.issuer or (not dialect.issuer and part.issuer == ISSUER)


def _inference(request: Request, dialect: Dialect) -> Block:
    inference: Block = {}
    cap, temperature = request.max_output, request.temperature
    if cap is not None:
        inference["maxTokens"] = cap if dialect.max_output is None else min(cap, dialect.max_output)
    if temperature is not None:
        most = dialect.most_temperature
        inference["temperature"] = temperature if most is None else min(temperature, most)
    if request.top_p is not None:
        inference["topP"] = request.top_p
    if request.stop:
        inference["stopSequences"] = request.stop
    return inference


def _tools(request: Request) -> Block:
    tools: list[Block] = []
    for tool in request.tools:
        if isinstance(tool, ForeignTool):
            tools.append(tool.value)
            continue
        tools.append({"toolSpec": _tool(tool)})
        if tool.cache is not None:
            tools.append(cache_point(tool.cache))
    value: Block = {"tools": tools} if tools else {}
    if request.tool_choice is not None:
        value["toolChoice"] = _choice(request.tool_choice)
    return value


def _tool(tool: Tool) -> Block:
    spec = own(tool.extras)
    spec["name"] = tool.name
    if tool.description:
        spec["description"] = tool.description
    if tool.parameters is not None:
        spec["inputSchema"] = {"json": tool.parameters}
    if tool.strict is not None:
        spec["strict"] = tool.strict
    return spec


def _choice(choice: ToolChoice) -> Block:
    if choice.mode == "auto":
        return {"auto": {}}
    return {"tool": {"name": choice.names[0]}} if len(choice.names) == 1 else {"any": {}}
