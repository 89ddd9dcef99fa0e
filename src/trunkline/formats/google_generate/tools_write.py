"""Tools and the choice among them as Google's `tools` and `toolConfig`."""

import re
from typing import Any

import msgspec

from trunkline.formats.conversation import ForeignTool, Request, Tool, ToolChoice
from trunkline.formats.dialect import Dialect
from trunkline.formats.google_generate.names import NAME
from trunkline.formats.google_generate.request_read import mode_of
from trunkline.formats.google_generate.schemas import Json
from trunkline.formats.google_generate.settings_write import subset, takes_subset
from trunkline.formats.harmless import TOOL, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import cache_path, name_of, tool_path

TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}

_decode = msgspec.json.Decoder().decode


def write_tools(request: Request, dialect: Dialect, losses: Losses) -> list[Json]:
    """All tools; those of other formats in one object, those of this one in the objects they came in."""
    if request.tools and "tools" in dialect.refuses:
        losses.refuse(name_of(request, "tools"), "This model cannot call tools.")
        return []
    if request.format == NAME:
        return _write_own(request, losses)
    declarations = []
    for tool in request.tools:
        if isinstance(tool, ForeignTool):
            why = f"'{tool.at}' is a tool of another provider ({tool.kind}), which this one cannot run."
            losses.refuse(tool.at, why)
        else:
            declarations.append(_declare(tool, request, dialect, losses))
    return [{"functionDeclarations": declarations}] if declarations else []


def _declare(tool: Tool, request: Request, dialect: Dialect, losses: Losses) -> Json:
    source = request.format

    def path(field: str) -> str:
        return tool_path(source, tool, field)

    if not TOOL_NAME.fullmatch(tool.name):
        why = "begin with a letter or underscore and have letters, digits, underscores, dots and dashes only"
        losses.must_refuse(path("name"), f"Names of tools must {why} for this model: '{tool.name}'.")
    leave(tool, source, tool.at, losses, TOOL)
    if tool.strict:
        losses.drop(path("strict"))
    if tool.cache is not None:
        losses.drop(cache_path(source, tool.at, tool))
    made: Json = {"name": tool.name}
    if tool.description:
        made["description"] = tool.description
    if tool.parameters is None:
        return made
    if not takes_subset(dialect):
        made["parametersJsonSchema"] = tool.parameters
    elif tool.parameters.get("properties"):  # an object without any is refused there
        made["parameters"] = subset(tool.parameters, "", path("parameters"), losses)
    return made


# As they came


def _write_own(request: Request, losses: Losses) -> list[Json]:
    spelling = request.spelling
    objects: dict[str, Json] = {}
    for name, text in spelling.items():
        if name.startswith("tools["):
            objects[name[6:-1]] = _decode(text)
    for tool in request.tools:
        place = tool.spelling.get("in") or next(reversed(objects), "0")
        made = objects.setdefault(place, {})
        if isinstance(tool, ForeignTool):
            made.update(tool.value)
        else:
            name = tool.spelling.get("functionDeclarations", "functionDeclarations")
            made.setdefault(name, []).append(_declare_own(tool, losses))
    return [objects[place] for place in sorted(objects, key=int)]


def _declare_own(tool: Tool, losses: Losses) -> Json:
    spelling = tool.spelling
    made: Json = {**tool.extras.get(NAME, {}), "name": tool.name}
    if tool.description or "description" in spelling:
        made["description"] = tool.description
    if tool.parameters is not None:
        field = spelling.get("schema", "parametersJsonSchema")
        as_written = spelling.get("as written", "")
        schema = tool.parameters
        if as_written:
            schema = subset(schema, as_written, f"{tool.at}.{field}", losses)
        made[spelling.get(field, field)] = schema
    return made


# The choice among them


def write_choice(request: Request, dialect: Dialect, losses: Losses, config: Json) -> None:
    """Add to `config`, a `functionCallingConfig`, which tools may or must be called."""
    choice = request.tool_choice
    if choice is None:
        return
    if request.format == NAME:
        _write_own_choice(choice, config)
        return
    functions = [tool for tool in request.tools if isinstance(tool, Tool)]
    if not functions:  # Google refuses any choice then
        if choice.mode == "required":
            losses.refuse(name_of(request, "tool_choice"), "A tool must be called, but there is none that can be.")
        return
    if choice.mode == "required" and dialect.refuses & {"tool_choice", "forced_tool"}:
        losses.refuse(name_of(request, "tool_choice"), "This model cannot be made to call a tool.")
        return
    if "tool_choice" in dialect.refuses and choice.mode == "auto" and not choice.names:
        return
    config["mode"] = _MODES[choice.mode]
    if choice.names and choice.mode != "none":
        config["allowedFunctionNames"] = choice.names
        if choice.mode == "auto":
            config["mode"] = "VALIDATED"  # the only one with which the names may be fewer and none need be called


def _write_own_choice(choice: ToolChoice, config: dict[str, Any]) -> None:
    spelling = choice.spelling
    said = _decode(spelling["said"]) if "said" in spelling else None
    config[spelling.get("mode", "mode")] = said if mode_of(said) == choice.mode else _MODES[choice.mode]
    if choice.names:
        config[spelling.get("allowedFunctionNames", "allowedFunctionNames")] = choice.names
