"""Reads a request as strictly as OpenAI does: the shape of every field, and the rules between them."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from trunkline.providers.simulated.models import MODELS
from trunkline.providers.simulated.refusal import Refusal, misshapen
from trunkline.providers.simulated.request import (
    AllowedChoice,
    Assistant,
    Chat,
    FunctionFacts,
    FunctionTool,
    Legacy,
    NamedChoice,
    ObjectFormat,
    SchemaFormat,
    Tool,
    ToolChoice,
    text_of,
)
from trunkline.providers.simulated.schemas import SchemaError, check_strict

_chat = msgspec.json.Decoder(Chat).decode
_legacy = msgspec.json.Decoder(Legacy).decode
_anything = msgspec.json.Decoder().decode

MOST_CHOICES: Final = 128
"""Completions of one request, for all its prompts."""


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
        raise misshapen(str(error), _parsed(body)) from None
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
    else:
        _check_prompt(asked)
    return asked


def _parsed(body: bytes) -> Any:
    try:
        return _anything(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unparsable() from None


def _unparsable() -> Refusal:
    return Refusal("We could not parse the JSON body of your request.")


# Rules between fields

_UNCALLED = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
_NO_JSON = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."


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
    message = f"Unsupported parameter: '{param}' is not supported with this model."
    return Refusal(message, param, "unsupported_parameter")


def _check_turns(asked: Chat) -> None:
    """Every tool call is answered by a tool message before anything else, and nothing else is."""
    open_calls: dict[str, None] = {}
    for index, message in enumerate(asked.messages):
        if isinstance(message, Tool):
            if message.tool_call_id not in open_calls:
                raise Refusal(_UNCALLED, f"messages.[{index}].role")
            del open_calls[message.tool_call_id]
            continue
        if open_calls:
            raise _unanswered(open_calls, index)
        if isinstance(message, Assistant):
            if message.tool_calls is not None:
                open_calls = dict.fromkeys(call.id for call in message.tool_calls)
            elif not _says_anything(message):
                problem = "Invalid value for 'content': expected a string, got null."
                raise Refusal(problem, f"messages.[{index}].content")
    if open_calls:
        raise _unanswered(open_calls, len(asked.messages) - 1)


def _says_anything(message: Assistant) -> bool:
    return any(part is not None for part in (message.content, message.refusal, message.audio, message.function_call))


def _unanswered(calls: Iterable[str], index: int) -> Refusal:
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
    functions = [(index, tool.function) for index, tool in enumerate(tools) if isinstance(tool, FunctionTool)]
    for index, function in functions:
        try:
            _check_function(function)
        except SchemaError as error:
            message = f"Invalid schema for function '{function.name}': {error}"
            raise Refusal(message, f"tools[{index}].function.parameters", "invalid_function_parameters") from None
    offered = {function.name for _, function in functions}
    for name in _chosen(asked.tool_choice):
        if name not in offered:
            raise Refusal(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")


def _check_function(function: FunctionFacts) -> None:
    schema = function.parameters
    if schema is not None and schema.get("type") != "object":
        raise SchemaError(f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'.")
    if function.strict:
        check_strict(schema or {"type": "object"})


def _chosen(choice: ToolChoice | None) -> list[str]:
    """The functions that a choice names."""
    if isinstance(choice, NamedChoice):
        return [choice.function.name]
    if isinstance(choice, AllowedChoice):
        return [one.function.name for one in choice.allowed_tools.tools if isinstance(one, NamedChoice)]
    return []


def _check_prompt(asked: Legacy) -> None:
    prompt = asked.prompt
    if isinstance(prompt, str) or all(isinstance(item, int) for item in prompt):
        return
    if len({type(item) for item in prompt}) > 1:
        raise Refusal("Invalid type for 'prompt': expected texts or tokens, but got both.", "prompt", "invalid_type")
    if len(prompt) * (asked.n or 1) > MOST_CHOICES:
        raise Refusal(f"Invalid 'prompt': at most {MOST_CHOICES} completions can be asked for at once.", "prompt")


def _check_format(asked: Chat) -> None:
    form = asked.response_format
    if isinstance(form, ObjectFormat):
        if not any("json" in text_of(message.content).lower() for message in asked.messages):
            raise Refusal(_NO_JSON, "messages")
    elif isinstance(form, SchemaFormat) and form.json_schema.strict:
        try:
            check_strict(form.json_schema.schema or {})
        except SchemaError as error:
            message = f"Invalid schema for response_format '{form.json_schema.name}': {error}"
            raise Refusal(message, "response_format") from None
