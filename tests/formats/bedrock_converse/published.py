"""What botocore's description of Converse says of a document, and what botocore reads from an answer."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.loaders
import botocore.model
from botocore.eventstream import EventStream
from botocore.parsers import EventStreamJSONParser, RestJSONParser
from botocore.validate import ParamValidator

MODEL_ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


@cache
def _service() -> Any:
    description = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return botocore.model.ServiceModel(description)


def _shape(operation: str, side: str) -> Any:
    return getattr(_service().operation_model(operation), f"{side}_shape")


def faults_of_request(document: dict[str, Any]) -> list[str]:
    """What the description of Converse does not allow in a request."""
    return _faults({"modelId": MODEL_ID, **document}, _shape("Converse", "input"))


def faults_of_reply(document: dict[str, Any]) -> list[str]:
    """What it does not allow in a reply."""
    return _faults(document, _shape("Converse", "output"))


def faults_of_event(kind: str, payload: dict[str, Any]) -> list[str]:
    """What it does not allow in an event of a stream."""
    return _faults(payload, _shape("ConverseStream", "output").members["stream"].members[kind])


def _faults(value: Any, shape: Any) -> list[str]:
    report = ParamValidator().validate(value, shape).generate_report()
    return [*([report] if report else []), *_broken(value, shape, "")]


def _broken(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Words and patterns that botocore leaves to the service to check."""
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                if isinstance(value, dict) and name in value:
                    yield from _broken(value[name], member, f"{path}.{name}")
        case "list":
            for number, item in enumerate(value):
                yield from _broken(item, shape.member, f"{path}[{number}]")
        case "map":
            for name, item in value.items():
                yield from _broken(name, shape.key, f"{path}.{name}")
                yield from _broken(item, shape.value, f"{path}.{name}")
        case "string":
            rules = shape.metadata
            if shape.enum and value not in shape.enum:
                yield f"{path}: {value!r} is none of {shape.enum}"
            if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
                yield f"{path}: {value!r} does not match {rules['pattern']}"
            if len(value) > rules.get("max", len(value)):
                yield f"{path}: is longer than {rules['max']}"


def read_as_botocore(document: dict[str, Any]) -> dict[str, Any]:
    """A reply as botocore's users get it."""
    parser = RestJSONParser()
    answer = {"status_code": 200, "headers": {}, "body": json.dumps(document).encode()}
    parsed: dict[str, Any] = parser.parse(answer, _shape("Converse", "output"))
    return parsed


def read_error_as_botocore(status: int, body: bytes) -> dict[str, Any]:
    """An error as botocore's users get it."""
    answer = {"status_code": status, "headers": {}, "body": body}
    parsed: dict[str, Any] = RestJSONParser().parse(answer, _shape("Converse", "output"))
    return parsed


class _Raw:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        yield self._data


def stream_as_botocore(data: bytes) -> Iterator[dict[str, Any]]:
    """The events of a stream as botocore's users get them. Raises its `EventStreamError`."""
    shape = _shape("ConverseStream", "output").members["stream"]
    yield from EventStream(_Raw(data), shape, EventStreamJSONParser(), "ConverseStream")
