"""The events of a stream, found in its bytes by code that shares nothing with ours."""

import json
import re
from typing import Any, NamedTuple

from tests.recorded import aws

_BLANK = re.compile(r"\r\n\r\n|\n\n|\r\r")


class Frame(NamedTuple):
    """One event: its name where the stream tells it, and its JSON."""

    name: str
    payload: Any


def frames(data: bytes) -> list[Frame]:
    """Of AWS's binary event stream (botocore's decoder)."""
    return [Frame(name, json.loads(payload)) for name, payload in aws.messages(data)]


def sent_events(data: bytes) -> list[Frame]:
    """Of server-sent events: those with JSON in them. Comments, pings and `[DONE]` are left out."""
    found = []
    for block in _BLANK.split(data.decode()):
        lines = re.split(r"\r\n|\n|\r", block)
        payload = "\n".join(line[5:].removeprefix(" ") for line in lines if line.startswith("data:"))
        name = next((line[6:].strip() for line in lines if line.startswith("event:")), "")
        if payload.strip() and not payload.startswith("[DONE]") and name != "ping":
            found.append(Frame(name, json.loads(payload)))
    return [frame for frame in found if not (isinstance(frame.payload, dict) and frame.payload.get("type") == "ping")]


def events(data: bytes, format_name: str) -> list[Frame]:
    """Of a stream in any of our formats: binary frames, server-sent events or one JSON array."""
    if format_name == "bedrock_converse":
        return frames(data)
    if data.lstrip()[:1] == b"[":
        return [Frame("", element) for element in json.loads(data)]
    return sent_events(data)
