"""Tools and the choice between them, as the API takes them."""

import re
from typing import Any

from trunkline.formats.anthropic_messages.blocks_write import kept, write_cache
from trunkline.formats.anthropic_messages.placed import Placed
from trunkline.formats.anthropic_messages.schema import (
    MOST_OPTIONAL,
    MOST_UNIONS,
    Fitted,
    Unsayable,
    fit,
    tool_input,
)
from trunkline.formats.anthropic_messages.words import NAME
from trunkline.formats.conversation import ForeignTool, OutputFormat, Request, Tool
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import TOOL, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import name_of, schema_path, tool_path

MOST_STRICT = 20
"""Strict tools of a request."""
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
PROPERTY_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""Of an argument: "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'"."""


class Held:
    """What of a request the API is to hold the model to: there is a limit for all of it."""

    def __init__(self) -> None:
        self._optional = MOST_OPTIONAL
        self._unions = MOST_UNIONS
        self._tools = MOST_STRICT

    def takes(self, schema: Fitted, tools: int = 0) -> bool:
        """Whether this schema still fits in, which then counts."""
        left = (self._optional - schema.optional, self._unions - schema.unions, self._tools - tools)
        if min(left) < 0:
            return False
        self._optional, self._unions, self._tools = left
        return True


def write_own_tools(request: Request) -> list[dict[str, Any]]:
    """Tools that came in this format."""
    return [tool.value if isinstance(tool, ForeignTool) else write_tool(tool) for tool in request.tools]


def write_tool(tool: Tool) -> dict[str, Any]:
    """A tool with its fields as they are."""
    value = kept(tool.extras)
    value["name"] = tool.name
    if tool.spelling.get("type"):
        value["type"] = "custom"
    if tool.description:
        value["description"] = tool.description
    if tool.parameters is not None:
        value["input_schema"] = tool.parameters
    if tool.strict is not None:
        value["strict"] = tool.strict
    if tool.cache is not None:
        value["cache_control"] = write_cache(tool.cache)
    return value


def write_foreign_tools(request: Request, dialect: Dialect, losses: Losses, held: Held) -> list[Placed]:
    """Tools that came in another format, without those that the choice excludes."""
    allowed = request.tool_choice.names if request.tool_choice is not None else []
    tools: list[Placed] = []
    names: set[str] = set()
    for tool in request.tools:
        if isinstance(tool, ForeignTool):
            losses.refuse(tool.at, f"The tool '{tool.kind}' at '{tool.at}' exists with its own provider only.")
            continue
        if len(allowed) > 1 and tool.name not in allowed:
            losses.drop(tool.at)
            continue
        if not TOOL_NAME.fullmatch(tool.name):
            path = tool_path(request.format, tool, "name")
            losses.must_refuse(path, f"'{path}' may have letters, digits, '_' and '-' only, and at most 128.")
        if tool.name in names:
            path = tool_path(request.format, tool, "name")
            losses.must_refuse(path, f"'{path}' is the name of another tool, too.")
        names.add(tool.name)
        tools.append(Placed(_foreign_tool(tool, request, dialect, losses, held), tool.at))
    if tools and "tools" in dialect.refuses:
        losses.refuse(name_of(request, "tools"), "This model has no tools.")
        return []
    return tools


def _foreign_tool(tool: Tool, request: Request, dialect: Dialect, losses: Losses, held: Held) -> dict[str, Any]:
    source = request.format
    leave(tool, source, tool.at, losses, TOOL)
    try:
        schema, loosened = tool_input(tool.parameters)
    except Unsayable as why:
        path = tool_path(source, tool, "parameters", why.path)
        losses.must_refuse(path, why.told(path))
        raise
    properties = schema.get("properties")
    names = properties if type(properties) is dict else ()  # what is no schema is the provider's to refuse
    odd = next((name for name in names if not PROPERTY_NAME.fullmatch(name)), None)
    if odd is not None:
        path = tool_path(source, tool, "parameters", f".properties.{odd}")
        losses.must_refuse(path, f"'{path}' may have letters, digits, '_', '.' and '-' only, and at most 64.")
    value: dict[str, Any] = {"name": tool.name, "input_schema": schema}
    if tool.description:
        value["description"] = tool.description
    if tool.strict:
        fitted = None if "output_schema" in dialect.refuses else _strict(schema, held)
        if fitted is None:
            losses.drop(tool_path(source, tool, "strict"))
        else:
            value["strict"] = True
            value["input_schema"] = fitted.value
            loosened = loosened or fitted.loosened
    if loosened:
        losses.drop(tool_path(source, tool, "parameters"))
    if tool.cache is not None:
        value["cache_control"] = write_cache(tool.cache)
    return value


def _strict(schema: dict[str, Any], held: Held) -> Fitted | None:
    """The schema for a strict tool; None where the tool cannot be strict, and the schema is only a wish."""
    try:
        fitted = fit(schema)
    except Unsayable:
        return None
    return fitted if held.takes(fitted, tools=1) else None


def write_choice(request: Request, dialect: Dialect, losses: Losses, tools: set[str]) -> dict[str, Any] | None:
    """The value of `tool_choice`; None where none is needed. `tools`: the names of those that are there."""
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    own = request.format == NAME
    if choice is None and parallel is not False:
        return None
    value = {} if choice is None else kept(choice.extras)
    if choice is None or choice.mode == "auto":
        value["type"] = "auto"
    elif choice.mode == "none":
        value["type"] = "none"
    elif len(choice.names) == 1:
        value |= {"type": "tool", "name": choice.names[0]}
    else:
        value["type"] = "any"
    if not tools and not own:
        if value["type"] in ("any", "tool"):
            path = name_of(request, "tool_choice")
            losses.must_refuse(path, f"'{path}' wants a tool to be called, and there is none.")
        return None
    if value["type"] == "tool" and not own and value["name"] not in tools:
        path = name_of(request, "tool_choice")
        losses.must_refuse(path, f"'{path}' names a tool that is not there.")
    if value["type"] in ("any", "tool") and "forced_tool" in dialect.refuses:
        path = name_of(request, "tool_choice")
        losses.refuse(path, f"'{path}': this model cannot be made to call a tool.")
        value = {"type": "auto"}
    if parallel is not None and (own or not parallel) and value["type"] != "none":
        if "parallel_tool_calls" in dialect.refuses:
            losses.drop(name_of(request, "parallel_tool_calls"))
        else:
            value["disable_parallel_tool_use"] = not parallel
    return value


JSON_ONLY = "Answer with one JSON object and nothing else: no words around it and no code fence."


def write_output(output: OutputFormat, request: Request, dialect: Dialect, losses: Losses, held: Held) -> Any:
    """The value of `output_config.format` for a wish in another format's words; None where there is none."""
    path = name_of(request, "output")
    if output.kind != "schema":
        return None
    if "output_schema" in dialect.refuses:
        losses.refuse(path, f"'{path}': this model cannot be held to a schema.")
        return None
    path = schema_path(request)
    try:
        fitted = fit(output.schema or {})
    except Unsayable as why:
        inner = schema_path(request, why.path)
        losses.refuse(inner, why.told(inner))
        return None
    if not held.takes(fitted):
        most = f"{MOST_OPTIONAL} optional properties and {MOST_UNIONS} of several types"
        losses.refuse(path, f"'{path}' is too large for this model's API: at most {most}.")
        return None
    if fitted.loosened:
        losses.drop(path)
    return {"type": "json_schema", "schema": fitted.value}
