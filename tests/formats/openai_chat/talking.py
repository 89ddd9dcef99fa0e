"""Requests, replies and streams of this format on their way to the neutral types and back, for tests."""

import json
from typing import Any

from trunkline.formats.conversation import Event, Message, Reply, Request, Text
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat import FORMAT

HALLO = {"role": "user", "content": "Hallo"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Köln"}'}}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def asking(*messages: Any, **fields: Any) -> dict[str, Any]:
    """A request with these messages, or a plain one."""
    return {"model": "m", "messages": list(messages or [HALLO]), **fields}


def read(document: dict[str, Any]) -> Request:
    return FORMAT.read_request(document, Place())


def write(request: Request, dialect: Dialect = PLAIN, losses: Losses | None = None) -> dict[str, Any]:
    return FORMAT.write_request(request, dialect, losses or Losses())


def sent(document: dict[str, Any], **flags: Any) -> dict[str, Any]:
    """What a provider with this dialect gets of a request that came in this format."""
    return write(read(document), Dialect(**flags))


def translated(*messages: Message, **fields: Any) -> dict[str, Any]:
    """What is written of messages that came in another format."""
    return write(Request(format="anthropic_messages", model="m", messages=list(messages), **fields))


def user(*parts: Any, at: str = "messages[0]") -> Message:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return Message(role="user", parts=said, at=at)


def assistant(*parts: Any, at: str = "messages[1]") -> Message:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return Message(role="assistant", parts=said, at=at)


def answer(message: dict[str, Any] | None = None, finish: str | None = "stop", **fields: Any) -> dict[str, Any]:
    """A reply with one choice."""
    said = {"role": "assistant", "content": "Hi", **(message or {})}
    choice = {"index": 0, "message": said, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **fields}


def heard(document: dict[str, Any], dialect: Dialect = PLAIN) -> Reply:
    return FORMAT.read_reply(document, dialect)


def events_of(*data: bytes, dialect: Dialect = PLAIN) -> list[Event]:
    """All that is read of a stream."""
    reader = FORMAT.reader(dialect, 1 << 20)
    return [event for piece in data for event in reader.feed(piece)] + reader.close()


def written(events: list[Event], **fields: Any) -> bytes:
    """The stream that says `events`, with its end, for a client that asked with these fields."""
    writer = FORMAT.writer(Request(format="openai_chat", model="m", stream=True, **fields))
    return b"".join([*map(writer.feed, events), writer.end()])


def payloads(stream: bytes) -> list[Any]:
    """The values of all events but `[DONE]`."""
    lines = [line[5:].strip() for line in stream.splitlines() if line.startswith(b"data:")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]
