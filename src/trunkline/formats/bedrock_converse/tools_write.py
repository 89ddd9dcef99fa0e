"""Tools of another format's request, and the choice between them."""

from typing import Any

from trunkline.formats.bedrock_converse.content_write import TOOL_NAME
from trunkline.formats.bedrock_converse.parts_write import Block, cache_point
from trunkline.formats.bedrock_converse.schema import Fitted, Unsayable, fit, tool_input
from trunkline.formats.bedrock_converse.terms import is_claude
from trunkline.formats.conversation import ForeignTool, Request, Tool
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import TOOL, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import name_of, tool_path


def write_tools(request: Request, dialect: Dialect, losses: Losses, used: dict[str, None]) -> tuple[Block, Block]:
    """The value of `toolConfig`, and `tool_choice` for the model's own fields. `used`: tools called in the messages."""
    choice = request.tool_choice
    none = choice is not None and choice.mode == "none"
    if none and not used and not is_claude(dialect):
        for tool in request.tools:
            losses.drop(tool.at)  # the API has no other way to forbid calls
        return {}, {}
    tools = _tools(request, dialect, losses)
    if used and not any("toolSpec" in tool for tool in tools):
        tools = [_undeclared(name) for name in used]  # the API wants every conversation with calls to have tools
        none = none or not request.tools
    if not tools:
        if choice is not None and choice.mode == "required":
            path = name_of(request, "tool_choice")
            losses.must_refuse(path, f"'{path}' wants a tool to be called, and there is none.")
        return {}, {}
    if none:
        return {"tools": tools}, _no_calls(request, dialect, losses)
    said = _choice(request, dialect, losses)
    return {"tools": tools, **({"toolChoice": said} if said else {})}, _one_call(request, dialect, losses, said)


def _tools(request: Request, dialect: Dialect, losses: Losses) -> list[Block]:
    allowed = request.tool_choice.names if request.tool_choice is not None else []
    tools: list[Block] = []
    names: set[str] = set()
    for tool in request.tools:
        if isinstance(tool, ForeignTool):
            losses.refuse(tool.at, f"The tool '{tool.kind}' at '{tool.at}' exists with its own provider only.")
            continue
        if len(allowed) > 1 and tool.name not in allowed:
            losses.drop(tool.at)
            continue
        _check_name(tool, names, request, losses)
        tools.append({"toolSpec": _tool(tool, request, dialect, losses)})
        if tool.cache is not None:
            tools.append(cache_point(tool.cache))
    if tools and "tools" in dialect.refuses:
        losses.refuse(name_of(request, "tools"), "This model has no tools.")
        return []
    return tools


def _check_name(tool: Tool, names: set[str], request: Request, losses: Losses) -> None:
    path = tool_path(request.format, tool, "name")
    if not TOOL_NAME.fullmatch(tool.name):
        losses.must_refuse(path, f"'{path}' may have letters, digits, '_' and '-' only, and at most 64.")
    if tool.name in names:
        losses.must_refuse(path, f"'{path}' is the name of another tool, too.")
    names.add(tool.name)


def _tool(tool: Tool, request: Request, dialect: Dialect, losses: Losses) -> Block:
    source = request.format
    leave(tool, source, tool.at, losses, TOOL)
    try:
        fitted = tool_input(tool.parameters)
    except Unsayable as why:
        path = tool_path(source, tool, "parameters", why.path)
        losses.must_refuse(path, f"'{path}' {why}.")
        raise
    spec: Block = {"name": tool.name}
    if tool.description.strip():
        spec["description"] = tool.description
    if tool.strict:
        strict = None if "output_schema" in dialect.refuses else _strict(fitted)
        if strict is None:
            losses.drop(tool_path(source, tool, "strict"))
        else:
            fitted, spec["strict"] = strict, True
    if fitted.loosened:
        losses.drop(tool_path(source, tool, "parameters"))
    spec["inputSchema"] = {"json": fitted.value}
    return spec


def _strict(schema: Fitted) -> Fitted | None:
    """The schema for a strict tool; None where the tool cannot be strict, and the schema is only a wish."""
    try:
        fitted = fit(schema.value)
    except Unsayable:
        return None
    return Fitted(fitted.value, fitted.loosened or schema.loosened)


def _undeclared(name: str) -> Block:
    return {"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}}


def _choice(request: Request, dialect: Dialect, losses: Losses) -> Block:
    """The value of `toolChoice`; empty for the default."""
    choice = request.tool_choice
    if choice is None or (choice.mode == "auto" and "tool_choice" in dialect.refuses):
        return {}
    if choice.mode == "auto":
        return {"auto": {}}
    if dialect.refuses & {"tool_choice", "forced_tool"}:
        path = name_of(request, "tool_choice")
        losses.refuse(path, f"'{path}': this model cannot be made to call a tool.")
        return {}
    if len(choice.names) != 1:
        return {"any": {}}
    if choice.names[0] not in {tool.name for tool in request.tools if isinstance(tool, Tool)}:
        path = name_of(request, "tool_choice")
        losses.must_refuse(path, f"'{path}' names '{choice.names[0]}', which is none of the tools.")
    return {"tool": {"name": choice.names[0]}}


def _no_calls(request: Request, dialect: Dialect, losses: Losses) -> Block:
    """There must be tools, because the messages have calls, and none may be called. Only Claude can be told so."""
    if is_claude(dialect):
        return {"tool_choice": {"type": "none"}}
    if request.tool_choice is not None and request.tool_choice.mode == "none":
        path = name_of(request, "tool_choice")
        losses.refuse(path, f"'{path}': this model's API cannot forbid calls in a conversation that has some.")
    return {}


def _one_call(request: Request, dialect: Dialect, losses: Losses, said: Block) -> Block:
    """A ban on parallel calls. Claude takes it among its own fields, where it adds to what `toolChoice` has `said`."""
    if request.parallel_tool_calls is not False:
        return {}
    if not is_claude(dialect) or "parallel_tool_calls" in dialect.refuses:
        losses.drop(name_of(request, "parallel_tool_calls"))
        return {}
    ban: dict[str, Any] = {"disable_parallel_tool_use": True}
    return {"tool_choice": ban if said else {"type": "auto", **ban}}
