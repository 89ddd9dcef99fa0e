"""Tools, the shape of the answer and reasoning, of a request for a provider."""

import re
from typing import Any

from trunkline.formats.conversation import Effort, ForeignTool, FormatName, OutputFormat, Request, Text, Thinking, Tool
from trunkline.formats.dialect import Dialect
from trunkline.formats.efforts import effort_of, nearest
from trunkline.formats.harmless import TOOL, leave
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.names import NAME, TOOL_NAME
from trunkline.formats.openai_responses.tools import write_choice, write_tool
from trunkline.formats.paths import cache_path, name_of, schema_path, thinking_names, tool_path
from trunkline.formats.strictness import arguments, explicit, is_strict

Fields = dict[str, Any]
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_KINDS = {"text": "text", "json": "json_object", "schema": "json_schema"}


def write_settings(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    """Those of a request of this format."""
    if request.tools and _tools_taken(request, dialect, losses):
        document["tools"] = [write_tool(tool) for tool in request.tools]
    if request.tool_choice is not None:
        document["tool_choice"] = write_choice(request.tool_choice)
    text = dict(document.get("text") or {})
    if request.output is not None and _output_taken(request.output, dialect, losses, "text.format"):
        text["format"] = _write_format(request.output)
    if request.verbosity:
        _write_verbosity(request, dialect, losses, text)
    if text:
        document["text"] = text
    thinking = request.thinking
    if thinking is not None:
        if not dialect.thinks or "thinking" in dialect.refuses:
            losses.drop("reasoning")
            return
        reasoning = document["reasoning"] = dict(thinking.extras.get(NAME, {}))
        if thinking.effort is not None:
            reasoning["effort"] = thinking.effort
        if thinking.summary:
            reasoning["summary"] = thinking.summary


def compose_settings(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    """Those of a request of another format."""
    if request.tools and _tools_taken(request, dialect, losses):
        tools = [_compose_tool(tool, request.format, losses) for tool in request.tools]
        document["tools"] = [tool for tool in tools if tool]
    if not document.get("tools"):
        document.pop("parallel_tool_calls", None)
    _compose_choice(request, dialect, losses, document)
    text: Fields = {}
    if request.output is not None and _output_taken(request.output, dialect, losses, name_of(request, "output")):
        text["format"] = _compose_format(request.output, request, losses)
        if request.output.kind == "json":
            _ask_for_json(request, document)
    if request.verbosity:
        _write_verbosity(request, dialect, losses, text)
    if text:
        document["text"] = text
    if request.thinking is not None:
        _compose_thinking(request.thinking, request, dialect, losses, document)


def _tools_taken(request: Request, dialect: Dialect, losses: Losses) -> bool:
    if "tools" not in dialect.refuses:
        return True
    losses.refuse(name_of(request, "tools"), "This model cannot call tools.")
    return False


def _compose_tool(tool: Tool | ForeignTool, source: FormatName, losses: Losses) -> Fields | None:
    if isinstance(tool, ForeignTool):
        losses.refuse(tool.at, f"The tool '{tool.kind}' cannot be carried to this model's API.")
        return None
    leave(tool, source, tool.at, losses, TOOL)
    if not TOOL_NAME.fullmatch(tool.name):
        path = tool_path(source, tool, "name")
        losses.must_refuse(path, f"'{path}' may have letters, digits, '_' and '-' only, and at most 64.")
    if tool.cache is not None:
        losses.drop(cache_path(source, tool.at, tool))
    parameters = {"type": "object", **arguments(tool.parameters)}
    strict = bool(tool.strict)
    if strict and not is_strict(parameters):
        losses.drop(tool_path(source, tool, "strict"))
        strict = False
    value: Fields = {"type": "function", "name": tool.name, "parameters": parameters, "strict": strict}
    if tool.description:
        value["description"] = tool.description
    return value


def _compose_choice(request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    choice, path = request.tool_choice, name_of(request, "tool_choice")
    if choice is None:
        return
    if not document.get("tools"):
        return  # the API takes no choice among nothing
    forced = choice.mode == "required"
    if "tool_choice" in dialect.refuses or (forced and "forced_tool" in dialect.refuses):
        if choice.mode != "auto" or choice.names:
            losses.refuse(path, "This model cannot be told which tools to call.")
        return
    document["tool_choice"] = write_choice(choice)


def _output_taken(output: OutputFormat, dialect: Dialect, losses: Losses, path: str) -> bool:
    if output.kind == "json" and "output_json" in dialect.refuses:
        losses.refuse(path, "This model cannot be held to JSON.")
        return False
    if output.kind == "schema" and "output_schema" in dialect.refuses:
        losses.refuse(path, "This model cannot be held to a JSON Schema.")
        return False
    return True


def _write_format(output: OutputFormat) -> Fields:
    value: Fields = {**output.extras.get(NAME, {}), "type": _KINDS[output.kind]}
    if output.kind == "schema":
        value |= {"name": output.name, "schema": output.schema}
        if output.description:
            value["description"] = output.description
        if output.strict is not None:
            value["strict"] = output.strict
    return value


def _compose_format(output: OutputFormat, request: Request, losses: Losses) -> Fields:
    if output.kind != "schema" or output.schema is None:
        return {"type": "text" if output.kind == "text" else "json_object"}
    name = _NO_NAME.sub("_", output.name)[:64] or "answer"
    value: Fields = {"type": "json_schema", "name": name, "schema": explicit(output.schema)}
    if output.description:
        value["description"] = output.description
    if request.format == "openai_chat" and not output.strict:
        return value if output.strict is None else value | {"strict": False}
    fits = is_strict(output.schema)
    if output.strict and not fits:
        losses.drop(schema_path(request))
    return value | {"strict": fits}  # elsewhere than in chat, a schema is enforced without a word


def _ask_for_json(request: Request, document: Fields) -> None:
    """The API takes this format only where the words ask for it."""
    spoken = [*(request.instructions.parts if request.instructions is not None else [])]
    spoken += [part for message in request.messages for part in message.parts]
    if not any(isinstance(part, Text) and "json" in part.text.lower() for part in spoken):
        before = document.get("instructions")
        document["instructions"] = f"{before}\n\nAnswer with JSON." if before else "Answer with JSON."


def _write_verbosity(request: Request, dialect: Dialect, losses: Losses, text: Fields) -> None:
    if "verbosity" in dialect.refuses:
        losses.drop(name_of(request, "verbosity"))
    else:
        text["verbosity"] = request.verbosity


def _compose_thinking(thinking: Thinking, request: Request, dialect: Dialect, losses: Losses, document: Fields) -> None:
    effort = _effort(thinking)
    if not dialect.thinks or "thinking" in dialect.refuses:
        if effort != "none":
            _drop_thinking(request, losses)
        return
    reasoning: Fields = {}
    if effort:
        known = [one for one in dialect.efforts if one != "none" or effort == one]  # none is not a little
        reasoning["effort"] = nearest(effort, known)
    shown = thinking.mode in ("on", "adaptive") if thinking.shown is None else thinking.shown
    if shown and effort != "none":
        reasoning["summary"] = thinking.summary or "auto"
    if reasoning:
        document["reasoning"] = reasoning
    else:
        _drop_thinking(request, losses)


def _effort(thinking: Thinking) -> Effort | None:
    """The effort that a request wants; None where the model is to choose."""
    if thinking.mode == "off":
        return "none"
    if thinking.effort is not None or thinking.budget is None:
        return thinking.effort
    return effort_of(thinking.budget)


def _drop_thinking(request: Request, losses: Losses) -> None:
    for name in thinking_names(request):
        losses.drop(name)
