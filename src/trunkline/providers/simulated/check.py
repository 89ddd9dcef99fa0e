"""Reads a request as strictly as OpenAI does, and refuses in its words.

Wording, `param` and `code` are those seen in recordings and in public bug reports; where none was found, in their manner.
"""

import re
from typing import Any

import msgspec

from trunkline.formats.openai_chat import write_error
from trunkline.providers.simulated.models import MODELS
from trunkline.providers.simulated.request import (
    AllowedChoice,
    Assistant,
    Chat,
    CustomTool,
    FunctionTool,
    Legacy,
    NamedChoice,
    ObjectFormat,
    SchemaFormat,
    Tool,
    text_of,
)
from trunkline.providers.simulated.schemas import SchemaError, check_strict

_chat = msgspec.json.Decoder(Chat).decode
_legacy = msgspec.json.Decoder(Legacy).decode
_anything = msgspec.json.Decoder().decode


class Refusal(Exception):
    """The request is answered with an error; `body` is in OpenAI's shape."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body = write_error(message, "invalid_request_error", param, code)


def read(path: str, body: bytes) -> Chat | Legacy:
    """The request that was sent to `path`. Raises `Refusal`."""
    asked: Chat | Legacy
    try:
        if path.endswith("/chat/completions"):
            asked = _chat(body)
        elif path.endswith("/completions"):
            asked = _legacy(body)
        else:
            raise Refusal(f"Invalid URL (POST {path})", status=404)
    except msgspec.ValidationError as error:
        raise _misshapen(str(error), _parsed(body)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unparsable() from None
    if asked.model not in MODELS:
        known = ", ".join(MODELS)
        message = f"The model `{asked.model}` does not exist. The simulated models are: {known}."
        raise Refusal(message, "model", "model_not_found", status=404)
    if asked.stream_options is not None and not asked.stream:
        raise Refusal("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    if asked.logprobs:
        raise _unsupported("logprobs")
    if isinstance(asked, Chat):
        _check_chat(asked)
    return asked


def _parsed(body: bytes) -> Any:
    try:
        return _anything(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unparsable() from None


def _unparsable() -> Refusal:
    return Refusal("We could not parse the JSON body of your request.")


# Rules between fields


def _check_chat(asked: Chat) -> None:
    _check_turns(asked)
    if asked.max_tokens is not None and asked.max_completion_tokens is not None:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise Refusal(message, "max_tokens", "invalid_parameter_combination")
    if asked.tools is not None or asked.tool_choice is not None or asked.parallel_tool_calls is not None:
        _check_tools(asked)
    if asked.response_format is not None:
        _check_format(asked)
    if asked.modalities is not None and "audio" in asked.modalities:
        raise _unsupported("modalities")
    for name in ("audio", "top_logprobs", "functions", "function_call"):
        if getattr(asked, name) is not None:
            raise _unsupported(name)


def _unsupported(param: str) -> Refusal:
    return Refusal(f"Unsupported parameter: '{param}' is not supported with this model.", param, "unsupported_parameter")


def _check_turns(asked: Chat) -> None:
    """Every tool call is answered by a tool message before anything else, and nothing else is."""
    open_calls: list[str] = []
    for index, message in enumerate(asked.messages):
        if isinstance(message, Tool):
            if message.tool_call_id not in open_calls:
                text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
                raise Refusal(text, f"messages.[{index}].role")
            open_calls.remove(message.tool_call_id)
            continue
        if open_calls:
            raise _unanswered(open_calls, index)
        if isinstance(message, Assistant):
            if message.tool_calls is not None:
                open_calls = [call.id for call in message.tool_calls]
            elif not _says_anything(message):
                raise Refusal("Invalid value for 'content': expected a string, got null.", f"messages.[{index}].content")
    if open_calls:
        raise _unanswered(open_calls, len(asked.messages) - 1)


def _says_anything(message: Assistant) -> bool:
    return any(part is not None for part in (message.content, message.refusal, message.audio, message.function_call))


def _unanswered(calls: list[str], index: int) -> Refusal:
    message = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(calls)}"
    )
    return Refusal(message, f"messages.[{index}].role")


def _check_tools(asked: Chat) -> None:
    tools = asked.tools
    if tools is None:
        name = "tool_choice" if asked.tool_choice is not None else "parallel_tool_calls"
        raise Refusal(f"'{name}' is only allowed when 'tools' are specified.", name)
    for index, tool in enumerate(tools):
        if isinstance(tool, CustomTool):
            continue
        name, schema = tool.function.name, tool.function.parameters
        kind = schema.get("type") if schema is not None else "object"
        try:
            if kind != "object":
                raise SchemaError(f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'.")
            if tool.function.strict:
                check_strict(schema or {"type": "object"})
        except SchemaError as error:
            message = f"Invalid schema for function '{name}': {error}"
            raise Refusal(message, f"tools[{index}].function.parameters", "invalid_function_parameters") from None
    _check_choice(asked, {tool.function.name for tool in tools if isinstance(tool, FunctionTool)})


def _check_choice(asked: Chat, offered: set[str]) -> None:
    choice = asked.tool_choice
    wanted: list[object] = []
    if isinstance(choice, NamedChoice):
        wanted = [choice.function.name]
    elif isinstance(choice, AllowedChoice):
        wanted = [tool["function"].get("name") for tool in choice.allowed_tools.tools if isinstance(tool.get("function"), dict)]
    for name in wanted:
        if name not in offered:
            raise Refusal(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")


def _check_format(asked: Chat) -> None:
    form = asked.response_format
    if isinstance(form, ObjectFormat):
        if not any("json" in text_of(message.content).lower() for message in asked.messages):
            text = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            raise Refusal(text, "messages")
    elif isinstance(form, SchemaFormat) and form.json_schema.strict:
        try:
            check_strict(form.json_schema.schema or {})
        except SchemaError as error:
            raise Refusal(f"Invalid schema for response_format '{form.json_schema.name}': {error}", "response_format") from None


# What is wrong with a field, in OpenAI's words

_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a decimal",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_BELOW_OR_ABOVE = {
    ">=": ("below minimum", "below_min"),
    "<=": ("above maximum", "above_max"),
}
_SHORT_OR_LONG = {
    ">=": ("too short", "minimum", "below_min"),
    "<=": ("too long", "maximum", "above_max"),
}
_ROLES = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"


def _misshapen(text: str, document: Any) -> Refusal:
    """The refusal for a msgspec error, which reads ``what - at `$.path` ``."""
    what, _, where = text.rpartition(" - at ") if " - at " in text else (text, "", "")
    path = re.sub(r"\[\.\.\.]$", "", where[where.find("$") :].strip("`$").lstrip("."))
    if found := re.fullmatch(r"Object missing required field `(.*)`", what):
        param = f"{path}.{found[1]}" if path else found[1]
        return Refusal(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        if not path:
            return Refusal(f"Unrecognized request argument supplied: {found[1]}")
        param = f"{path}.{found[1]}"
        return Refusal(f"Unknown parameter: '{param}'.", param, "unknown_parameter")
    if found := re.fullmatch(r"Invalid (?:enum )?value (.*)", what, re.DOTALL):
        hint = f" Supported values are: {_ROLES}." if path.endswith("].role") else ""
        return Refusal(f"Invalid value: {found[1]}.{hint}", path, "invalid_value")
    if found := re.fullmatch(r"Expected `([^`]*)`(?:, got `([^`]*)`)?", what):
        expected = " or ".join(_TYPES.get(kind, kind) for kind in found[1].split(" | ") if kind != "null")
        instead = f", but got {_TYPES.get(found[2], found[2])} instead" if found[2] else ""
        return Refusal(f"Invalid type for '{path}': expected {expected}{instead}.", path or None, "invalid_type")
    return _out_of_bounds(what, path, _value_at(path, document))


def _out_of_bounds(what: str, path: str, value: Any) -> Refusal:
    if found := re.fullmatch(r"Expected `(int|float)` (>=|<=) (.*)", what):
        kind = "integer" if found[1] == "int" else "decimal"
        side, code = _BELOW_OR_ABOVE[found[2]]
        bound = found[3].removesuffix(".0")
        message = f"Invalid '{path}': {kind} {side} value. Expected a value {found[2]} {bound}, but got {value} instead."
        return Refusal(message, path, f"{kind}_{code}_value")
    if found := re.fullmatch(r"Expected `(str|array|object)` of length (>=|<=) (.*)", what):
        kind = {"str": "string"}.get(found[1], found[1])
        article = _TYPES[found[1]]
        if kind == "array" and value == []:
            message = f"Invalid '{path}': empty array. Expected an array with minimum length {found[3]}, but got an empty array instead."
            return Refusal(message, path, "empty_array")
        wrong, bound, code = _SHORT_OR_LONG[found[2]]
        size = f", but got {article} with length {len(value)} instead" if isinstance(value, str | list) else ""
        message = f"Invalid '{path}': {kind} {wrong}. Expected {article} with {bound} length {found[3]}{size}."
        return Refusal(message, path, f"{kind}_{code}_length")
    if found := re.fullmatch(r"Expected `str` matching regex '(.*)'", what):
        text = f"string does not match pattern. Expected a string that matches the pattern '{found[1]}'."
        return Refusal(f"Invalid '{path}': {text}", path, "invalid_value")
    return Refusal(f"Invalid '{path}': {what}.", path or None, "invalid_type")


def _value_at(path: str, value: Any) -> Any:
    """What stands at `path` in `value`, to be quoted; None where the path does not name one."""
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
