"""Bedrock as botocore knows it: its service model, its checks, its parsers, its decoder of binary streams."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.eventstream import EventStream, EventStreamBuffer
from botocore.model import ServiceModel
from botocore.parsers import EventStreamJSONParser, create_parser
from botocore.validate import ParamValidator
from tests.recorded.recordings import SPECS


@cache
def _service() -> Any:
    return ServiceModel(json.loads((SPECS / "bedrock" / "bedrock-runtime.service-2.json").read_bytes()))


def messages(data: bytes) -> list[tuple[str, bytes]]:
    """Event type (or exception type) and payload of every message of a binary stream."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(one.headers.get(":event-type") or one.headers[":exception-type"], one.payload) for one in buffer]


def against_shape(name: str, value: Any) -> str | None:
    """What botocore's validator says against `value` as the shape `name`."""
    report = ParamValidator().validate(value, _service().shape_for(name))
    return str(report.generate_report()) if report.has_errors() else None


def parsed_reply(body: bytes) -> dict[str, Any]:
    """What botocore reads of a reply to Converse."""
    shape = _service().operation_model("Converse").output_shape
    reply: dict[str, Any] = create_parser("rest-json").parse({"status_code": 200, "headers": {}, "body": body}, shape)
    return reply


def parsed_stream(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and members of every event that botocore reads of a ConverseStream. Raises what it raises for exceptions."""
    shape = _service().operation_model("ConverseStream").output_shape.members["stream"]
    for event in EventStream(_Raw(body), shape, EventStreamJSONParser(), "ConverseStream"):
        yield from event.items()


class _Raw:
    """As much of urllib3's response as botocore's event stream reads."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        """All at once."""
        yield self._data

    def close(self) -> None:
        """Nothing to close."""
