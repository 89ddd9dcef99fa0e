"""What the tests of this format share: short ways to read, write and hear."""

from typing import Any

import anthropic
import httpx2
import msgspec
import pytest

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.conversation import AnyPart, Delta, Event, FormatName, Message, Request, Text, Tool
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.formats.sse import Splitter, data_of

NAME = FORMAT.name
CLAUDE = Dialect(issuer="anthropic")
"""A model of Anthropic's, of which nothing else is known."""
WEATHER = Tool(name="weather", description="tells it", parameters={"type": "object", "properties": {}}, at="tools[0]")
LIMIT = 1 << 20
CLIENT = Request(format=NAME, model="asked-model")
"""What a client of this format has asked."""


def document(**fields: Any) -> dict[str, Any]:
    """A request's document, with these fields."""
    return {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}], **fields}


def read(value: dict[str, Any]) -> Request:
    return FORMAT.read_request(value, Place())


def write(request: Request, dialect: Dialect = PLAIN, losses: Losses | None = None) -> dict[str, Any]:
    """The document as it goes over the wire."""
    written = FORMAT.write_request(request, dialect, losses or Losses())
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(written))
    return decoded


def chat(*messages: Message, source: FormatName = "openai_chat", **fields: Any) -> Request:
    """A request of another format. Messages without a path get one."""
    for number, message in enumerate(messages):
        message.at = message.at or f"messages[{number}]"
    return Request(format=source, model="m", messages=list(messages), **fields)


def refused(request: Request, dialect: Dialect = CLAUDE) -> str:
    """The parameter for which a request is refused."""
    with pytest.raises(CannotCarry) as caught:
        write(request, dialect)
    return caught.value.param


def dropped(request: Request, dialect: Dialect = CLAUDE) -> list[str]:
    """What is told to have been left behind."""
    losses = Losses()
    write(request, dialect, losses)
    return losses.dropped


def user(*parts: AnyPart | str) -> Message:
    return Message(role="user", parts=[Text(text=part) if isinstance(part, str) else part for part in parts])


def assistant(*parts: AnyPart | str) -> Message:
    return Message(role="assistant", parts=[Text(text=part) if isinstance(part, str) else part for part in parts])


def tool(*parts: AnyPart) -> Message:
    return Message(role="tool", parts=list(parts))


def sent(data: bytes) -> list[dict[str, Any]]:
    """The events in a stream."""
    payloads = [data_of(event) for event in Splitter().feed(data)]
    return [msgspec.json.decode(payload) for payload in payloads if payload]


def piece(part: int, what: AnyPart | None, **flags: Any) -> Event:
    """An event of another format that adds to a part."""
    return Event(deltas=[Delta(choice=0, part=part, piece=what, **flags)])


def streamed(*events: Event) -> bytes:
    """A whole stream for a client."""
    writer = FORMAT.writer(CLIENT)
    return b"".join([*map(writer.feed, events), writer.end()])


def client(body: bytes, media_type: str = "text/event-stream", status: int = 200) -> anthropic.Anthropic:
    """The official SDK in front of a server that answers this."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": media_type}, content=body)

    return anthropic.Anthropic(
        api_key="key", max_retries=0, http_client=httpx2.Client(transport=httpx2.MockTransport(answer))
    )


def heard(data: bytes) -> Any:
    """The message that the SDK makes of a stream."""
    with (
        client(data) as sdk,
        sdk.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]) as stream,
    ):
        return stream.get_final_message()


def heard_in_beta(data: bytes) -> Any:
    """The same of its beta part."""
    with (
        client(data) as sdk,
        sdk.beta.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]) as stream,
    ):
        return stream.get_final_message()
