"""Items of a request's `input`: each becomes one message."""

from collections.abc import Callable
from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Foreign, Message, Role, Text, ToolCall, ToolResult
from trunkline.formats.openai_responses.names import INPUT_TEXT, NAME, OUTPUT_TEXT, comes_from_client, is_server_item
from trunkline.formats.openai_responses.parts_read import read_parts
from trunkline.formats.openai_responses.reasoning import read_reasoning
from trunkline.formats.openai_responses.shape import (
    invalid_type,
    invalid_value,
    missing,
    needed_objects,
    needed_text,
    taken,
)

Fields = dict[str, Any]
_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "developer",
}
_encode = msgspec.json.Encoder().encode


def read_items(items: object) -> list[Message]:
    """The messages of a list of items. Raises `ShapeError`."""
    return [_read_item(item, f"input[{number}]") for number, item in enumerate(needed_objects(items, "input"))]


def _read_item(item: Fields, at: str) -> Message:
    kind = item.get("type")
    if kind is None:
        kind = _untyped(item, at)
    elif type(kind) is not str:
        raise invalid_type(f"{at}.type", "str", kind)
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(item, at)
    if not is_server_item(kind):
        raise invalid_value(f"{at}.type", kind, _READERS)
    role: Role = "tool" if comes_from_client(kind) else "assistant"
    return Message(role=role, parts=[Foreign(format=NAME, kind=kind, value=item)], at=at)


def _untyped(item: Fields, at: str) -> str:
    """What an item without a type is."""
    if "role" in item or "content" in item:
        return "message"
    if "id" in item:
        return "item_reference"
    raise missing(f"{at}.type")


def _read_message(item: Fields, at: str) -> Message:
    rest = dict(item)
    said = needed_text(rest, "role", at)
    role = _ROLES.get(said)
    if role is None:
        raise invalid_value(f"{at}.role", said, _ROLES)
    message = Message(role=role, id=taken(rest, "id"), at=at)
    if "type" not in item:
        message.spelling = {"type": "absent"}
    elif item["type"] == "message":
        del rest["type"]
    content = rest.pop("content", None)
    if type(content) is str:
        message.plain = True
        message.parts = [Text(text=content)]
    elif type(content) is list:
        message.parts = read_parts(content, f"{at}.content", OUTPUT_TEXT if role == "assistant" else INPUT_TEXT)
    elif "content" in item:
        raise invalid_type(f"{at}.content", "str | array", content)
    else:
        raise missing(f"{at}.content")
    del rest["role"]
    if rest:
        message.extras = {NAME: rest}
    return message


def _read_call(item: Fields, at: str) -> Message:
    rest = dict(item)
    call = ToolCall(
        id=needed_text(item, "call_id", at),
        name=needed_text(item, "name", at),
        arguments=needed_text(item, "arguments", at),
    )
    for name in ("type", "call_id", "name", "arguments"):
        del rest[name]
    return _alone("assistant", call, rest, at)


def _read_custom_call(item: Fields, at: str) -> Message:
    rest = dict(item)
    call = ToolCall(
        id=needed_text(item, "call_id", at),
        name=needed_text(item, "name", at),
        arguments=custom_arguments(needed_text(item, "input", at)),
        spelling={"type": "custom"},
    )
    for name in ("type", "call_id", "name", "input"):
        del rest[name]
    return _alone("assistant", call, rest, at)


def custom_arguments(text: str) -> str:
    """The input of a custom tool as the arguments of the function that stands for it elsewhere (see `tools.py`)."""
    return _encode({"input": text}).decode()


def _read_result(item: Fields, at: str) -> Message:
    rest = dict(item)
    result = ToolResult(call=taken(rest, "call_id"), name=taken(rest, "name"))
    if not result.call and not result.name:
        needed_text(item, "call_id", at)
        raise invalid_value(f"{at}.call_id", "")
    output = rest.pop("output", None)
    if type(output) is str:
        result.plain = True
        result.content = [Text(text=output)]
    elif type(output) is list:
        result.content = read_parts(output, f"{at}.output", INPUT_TEXT)
    elif "output" in item:
        raise invalid_type(f"{at}.output", "str | array", output)
    else:
        raise missing(f"{at}.output")
    if rest.pop("type") != "function_call_output":
        result.spelling = {"type": "custom"}
    return _alone("tool", result, rest, at)


def _read_reasoning(item: Fields, at: str) -> Message:
    return Message(role="assistant", parts=[read_reasoning(item)], at=at)


def _alone(role: Role, part: AnyPart, rest: Fields, at: str) -> Message:
    """A message that is one item without content of its own: its fields are the part's, but for its id."""
    message = Message(role=role, parts=[part], id=taken(rest, "id"), at=at)
    if rest:
        part.extras = {NAME: rest}
    return message


_READERS: dict[str, Callable[[Fields, str], Message]] = {
    "message": _read_message,
    "function_call": _read_call,
    "function_call_output": _read_result,
    "custom_tool_call": _read_custom_call,
    "custom_tool_call_output": _read_result,
    "reasoning": _read_reasoning,
}
