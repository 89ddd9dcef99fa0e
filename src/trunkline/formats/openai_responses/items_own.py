"""This format's own messages as the items they were."""

from collections.abc import Iterator
from typing import Any

import msgspec

from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import AnyPart, Foreign, Message, Reasoning, Text, ToolCall, ToolResult
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.names import FOREIGN_PARTS, INPUT_TEXT, NAME, OUTPUT_TEXT
from trunkline.formats.openai_responses.parts_write import Parts
from trunkline.formats.openai_responses.reasoning import native, write_reasoning
from trunkline.formats.openai_responses.returning import comes_back

Fields = dict[str, Any]
_decode = msgspec.json.Decoder().decode


class OwnItems:
    """Items of this format's own messages."""

    def __init__(self, dialect: Dialect, losses: Losses) -> None:
        self._dialect = dialect
        self._losses = losses
        self._parts = Parts(NAME, dialect, losses)

    def write(self, message: Message) -> Iterator[Fields]:
        content: list[Fields] = []
        usual = OUTPUT_TEXT if message.role == "assistant" else INPUT_TEXT
        for number, part in enumerate(message.parts):
            item = self._item(part, message)
            if item is None:
                written = self._parts.write(part, f"{message.at}.content[{number}]", usual)
                content += [written] if written is not None else []
            elif item:
                yield item
        if content or not message.parts:
            yield self._message(message, content)

    def _message(self, message: Message, content: list[Fields]) -> Fields:
        item: Fields = {**message.extras.get(NAME, {}), "role": message.role, "content": content}
        if "type" not in message.spelling:
            item["type"] = "message"
        if message.id:
            item["id"] = message.id
        if message.plain and len(message.parts) == 1 and isinstance(message.parts[0], Text):
            item["content"] = message.parts[0].text
        return item

    def _item(self, part: AnyPart, message: Message) -> Fields | None:
        """The item that `part` is by itself; None for a part of a content, empty for what the provider cannot read."""
        match part:
            case ToolCall():
                return self._call(part, message.id)
            case ToolResult():
                return self._result(part, message)
            case Reasoning():
                return self._reasoning(part, message.at)
            case Foreign() if part.kind not in FOREIGN_PARTS:
                return part.value
        return None

    def _reasoning(self, part: Reasoning, at: str) -> Fields:
        """The same goes and stays as where bytes pass."""
        if not comes_back(part, self._dialect):
            self._losses.drop(at)
            return {}
        return write_reasoning(native(part))

    def _call(self, call: ToolCall, item_id: str) -> Fields:
        item: Fields = {**call.extras.get(NAME, {}), "call_id": fitting(call.id, self._dialect.tool_call_id)}
        item["name"] = call.name
        if item_id:
            item["id"] = item_id
        if call.spelling.get("type") == "custom":
            return item | {"type": "custom_tool_call", "input": custom_input(call.arguments)}
        return item | {"type": "function_call", "arguments": call.arguments}

    def _result(self, result: ToolResult, message: Message) -> Fields:
        custom = result.spelling.get("type") == "custom"
        item: Fields = {**result.extras.get(NAME, {})}
        item["type"] = "custom_tool_call_output" if custom else "function_call_output"
        if result.call:
            item["call_id"] = fitting(result.call, self._dialect.tool_call_id)
        if result.name:
            item["name"] = result.name
        if message.id:
            item["id"] = message.id
        item["output"] = self._parts.output(result, message.at)
        return item


def custom_input(arguments: str) -> str:
    """The text that a custom tool is given, from the arguments of the function that stood for it.

    Arguments that are none of such a function (cut, say) are the text themselves.
    """
    try:
        value = _decode(arguments)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return arguments
    text = value.get("input") if isinstance(value, dict) else None
    return text if isinstance(text, str) else arguments
