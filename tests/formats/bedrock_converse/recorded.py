"""The recorded exchanges with Bedrock's Converse, as parameters of tests."""

import base64
from typing import Any

import pytest
from tests.recorded.recordings import folder, index, load, missing


def _names(*apis: str) -> list[str]:
    return [entry["file"].removesuffix(".json") for entry in index() if entry["api"] in apis]


def _parameters(names: list[str]) -> list[Any]:
    """One for each, or one that says why there are none."""
    if names or folder().exists():
        return [pytest.param(name, id=name.rpartition("/")[2]) for name in names]
    return [missing()]


_CONVERSE = _names("converse", "converse_stream")
REQUESTS = _parameters([name for name in _CONVERSE if load(name).get("request")])
REPLIES = _parameters([name for name in _CONVERSE if "output" in load(name)["response"].get("body", {})])
STREAMS = _parameters(
    [name for name in _names("converse_stream", "invoke_stream") if "eventstream_b64" in load(name)["response"]]
)
CONVERSE_STREAMS = _parameters([name for name in _CONVERSE if "eventstream_b64" in load(name)["response"]])


def request_body(name: str) -> dict[str, Any]:
    body: dict[str, Any] = load(name)["request"]["body"]
    return body


def reply_body(name: str) -> dict[str, Any]:
    body: dict[str, Any] = load(name)["response"]["body"]
    return body


def stream_bytes(name: str) -> bytes:
    return base64.b64decode(load(name)["response"]["eventstream_b64"])


def stream_events(name: str) -> list[dict[str, Any]]:
    """What the recorder has decoded of the stream: headers and payload of each frame."""
    events: list[dict[str, Any]] = load(name)["response"]["eventstream"]
    return events
