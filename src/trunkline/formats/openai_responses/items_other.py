"""Another format's messages as items: the reasoning, the words, the calls and the results of each, in their order."""

from collections.abc import Iterator
from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Foreign,
    Message,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.harmless import MESSAGE, leave
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.names import INPUT_TEXT, TOOL_NAME, minted_id
from trunkline.formats.openai_responses.pairing import pair
from trunkline.formats.openai_responses.parts_write import Parts
from trunkline.formats.openai_responses.returning import is_readable
from trunkline.formats.paths import field_path, part_paths

Fields = dict[str, Any]


class OtherItems:
    """Writes the items of one request. Raises `CannotCarry`."""

    def __init__(self, request: Request, dialect: Dialect, losses: Losses) -> None:
        self._source = request.format
        self._dialect = dialect
        self._losses = losses
        self._parts = Parts(request.format, dialect, losses)
        self._ids = pair(request.messages, dialect.tool_call_id, losses)

    def write(self, message: Message) -> list[Fields]:
        leave(message, self._source, message.at, self._losses, MESSAGE)
        if message.name and message.role != "tool":
            self._losses.drop(f"{message.at}.name")
        items: list[Fields] = []
        content: list[tuple[AnyPart, str]] = []
        thought = ""
        for part, path in zip(message.parts, part_paths(self._source, message), strict=True):
            if isinstance(part, Reasoning):
                thought = path
            elif not isinstance(part, ToolCall | ToolResult):
                content.append((part, path))
                continue
            items += self._message(message, content)
            content = []
            items += self._item(part, message, path)
        items += self._message(message, content)
        while items and items[-1]["type"] == "reasoning":  # the API refuses it without what it led to
            items.pop()
            self._losses.drop(thought)
        return items

    def _message(self, message: Message, content: list[tuple[AnyPart, str]]) -> Iterator[Fields]:
        if not content:
            return
        if message.role == "assistant":
            words = "".join([self._assistant_words(part, path) for part, path in content])
            if words:
                yield {"type": "message", "role": "assistant", "content": words}
            return
        role = "user" if message.role == "tool" else message.role
        if role == "system" and self._dialect.system_role == "developer":
            role = "developer"
        written = [self._parts.write(part, path, INPUT_TEXT) for part, path in content]
        parts = [part for part in written if part is not None]
        if len(parts) == 1 and parts[0]["type"] == INPUT_TEXT:
            yield {"type": "message", "role": role, "content": parts[0]["text"]}
        elif parts:
            yield {"type": "message", "role": role, "content": parts}

    def _assistant_words(self, part: AnyPart, path: str) -> str:
        """What the assistant said. A string is what every model takes; a list of its own words would need ids."""
        if not isinstance(part, Text | Refusal):
            kind = part.kind if isinstance(part, Foreign) else type(part).__name__.lower()
            self._losses.refuse(path, f"This model's API takes no '{kind}' in what the assistant said.")
            return ""
        self._parts.leave(part, path)
        if isinstance(part, Text) and part.citations:
            self._losses.drop(field_path(self._source, path, "citations"))
        return part.text

    def _item(self, part: Reasoning | ToolCall | ToolResult, message: Message, path: str) -> Iterator[Fields]:
        if isinstance(part, Reasoning):
            yield from self._reasoning(part, message, path)
            return
        self._parts.leave(part, path)
        if isinstance(part, ToolResult):
            if part.failed:
                self._losses.drop(field_path(self._source, path, "failed"))
            output = self._parts.output(part, path)
            yield {"type": "function_call_output", "call_id": self._ids[id(part)], "output": output}
            return
        if part.signature:
            self._losses.drop(field_path(self._source, path, "signature"))
        if not TOOL_NAME.fullmatch(part.name):
            named = field_path(self._source, path, "name")
            self._losses.must_refuse(named, f"'{named}' may have letters, digits, '_' and '-' only, and at most 64.")
        yield {
            "type": "function_call",
            "call_id": self._ids[id(part)],
            "name": part.name,
            "arguments": part.arguments or "{}",
        }

    def _reasoning(self, part: Reasoning, message: Message, path: str) -> Iterator[Fields]:
        """What the model made itself goes back to it; words alone only to those that want them."""
        dialect, replays = self._dialect, self._dialect.replays_reasoning
        calls = any(isinstance(other, ToolCall) for other in message.parts)
        item_id = part.id if part.id.startswith("rs") else minted_id("rs", part.encrypted or path)
        if part.encrypted and part.issuer and is_readable(part, dialect):
            summary = [{"type": "summary_text", "text": text} for text in part.summary or [part.text] if text]
            yield {"type": "reasoning", "id": item_id, "summary": summary, "encrypted_content": part.encrypted}
        elif part.text and (replays == "always" or (replays == "tool_turns" and calls)):
            content = [{"type": "reasoning_text", "text": part.text}]
            yield {"type": "reasoning", "id": item_id, "summary": [], "content": content}
        else:
            self._losses.drop(path)
