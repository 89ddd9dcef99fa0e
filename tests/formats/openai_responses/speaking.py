"""Short ways to say requests, replies and streams of this format in tests."""

import json
from typing import Any

from trunkline.formats.conversation import Event, Request
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses import FORMAT

LIMIT = 1024 * 1024
OPENAI = Dialect(issuer="openai")


def read(document: dict[str, Any]) -> Request:
    return FORMAT.read_request({"model": "m", **document}, Place())


def read_items(*items: dict[str, Any]) -> Request:
    return read({"input": list(items)})


def written(request: Request, dialect: Dialect = PLAIN) -> tuple[dict[str, Any], list[str]]:
    """The document for a provider, and what was dropped."""
    losses = Losses()
    return FORMAT.write_request(request, dialect, losses), losses.dropped


def again(document: dict[str, Any]) -> dict[str, Any]:
    """`document` read and written in this format; nothing may be dropped."""
    found, dropped = written(FORMAT.read_request(document, Place()))
    assert dropped == []
    return found


def events_of(data: bytes) -> list[dict[str, Any]]:
    """The JSON events of a stream, read as plainly as can be."""
    return [json.loads(line[6:]) for line in data.decode().split("\n") if line.startswith("data: ")]


def frames(*events: dict[str, Any]) -> bytes:
    """A stream of these events, numbered."""
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
        for number, event in enumerate(events)
    )


def heard(data: bytes, dialect: Dialect = PLAIN) -> list[Event]:
    """The neutral events of a stream."""
    reader = FORMAT.reader(dialect, LIMIT)
    return [*reader.feed(data), *reader.close()]


def said(request: Request, events: list[Event]) -> bytes:
    """A stream of neutral events for a client."""
    writer = FORMAT.writer(request)
    return b"".join([writer.feed(event) for event in events]) + writer.end()


CREATED: dict[str, Any] = {
    "type": "response.created",
    "response": {"id": "resp_1", "object": "response", "created_at": 5, "status": "in_progress", "model": "m"},
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hallo Welt", "annotations": [], "logprobs": []}],
}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 1},
    "total_tokens": 12,
}


def completed(*output: dict[str, Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    """The last event of a stream."""
    response = {**CREATED["response"], "status": status, "output": list(output), "usage": USAGE, **more}
    return {"type": f"response.{status}", "response": response}


def text_events(place: int = 0) -> list[dict[str, Any]]:
    """A message, piece by piece."""
    at = {"item_id": "msg_1", "output_index": place, "content_index": 0}
    part = MESSAGE["content"][0]
    return [
        {
            "type": "response.output_item.added",
            "output_index": place,
            "item": {**MESSAGE, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **at, "delta": "Hallo", "logprobs": [], "obfuscation": "xY"},
        {"type": "response.output_text.delta", **at, "delta": " Welt", "logprobs": []},
        {"type": "response.output_text.done", **at, "text": "Hallo Welt", "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": place, "item": MESSAGE},
    ]
