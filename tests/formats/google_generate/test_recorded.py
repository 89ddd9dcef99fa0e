"""Odd things that real providers and clients have said, by the recording in which they are."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.formats.google_generate.speaking import GEMINI, events_of, foreign, says, told

from trunkline.formats.conversation import Reply, Request, Text, ToolCall
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.format import Place
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.google_generate.counting import read_count, read_count_request, write_count_request
from trunkline.formats.google_generate.signatures import DUMMY
from trunkline.formats.losses import Losses

pytestmark = pytest.mark.shared

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "recorded"


def recorded(name: str) -> dict[str, Any]:
    """A recording."""
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return document


def streamed(name: str) -> Reply:
    """What a recorded stream amounts to."""
    return fold(events_of(recorded(name)["response"]["sse"].encode()), "google_generate")


def asked(name: str) -> Request:
    """A recorded request."""
    body: dict[str, Any] = recorded(name)["request"]["body"]
    request = FORMAT.read_request(body, Place())
    assert FORMAT.write_request(request, PLAIN, Losses()) == body
    return request


def test_calls_whose_arguments_came_in_pieces() -> None:
    calls = [part for part in streamed("gemini/444199567585e042").choices[0].parts if isinstance(part, ToolCall)]
    assert [(call.name, call.arguments) for call in calls[:3]] == [
        ("read_theme", "{}"),
        ("read_screen", '{"id":"A"}'),
        ("read_screen", '{"id":"B"}'),
    ]


def test_a_list_of_objects_that_came_in_pieces() -> None:
    calls = [part for part in streamed("gemini/ac385f26ec6353d1").choices[0].parts if isinstance(part, ToolCall)]
    (operations,) = json.loads(calls[-1].arguments).values()
    assert operations[0]["action"] == "add"
    assert operations[0]["price"] == 0.5


def test_a_stream_that_is_one_array() -> None:
    elements = recorded("vertex/1553766ae0b8d55d")["response"]["body"]
    events = events_of(json.dumps(elements).encode())
    assert told(events, Request(format="google_generate", spelling={"stream": "array"})) == elements
    assert events[-1].ends


def test_an_answer_in_the_names_of_the_sdk() -> None:
    reply = streamed("vertex/00f92204c96e872d")
    assert reply.choices[0].parts == [Text(text="It is raining in San Francisco.\n")]
    assert reply.usage is not None
    assert (reply.model, reply.usage.input, reply.usage.output) == ("gemini-2.0-flash", 37, 8)


def test_enums_by_number() -> None:
    recording = recorded("gemini/474523eafeb74ff8")
    reply = FORMAT.read_reply(recording["response"]["body"], PLAIN)
    stop = reply.choices[0].stop
    assert stop is not None
    assert (stop.reason, stop.said) == ("tool_calls", "1")
    assert FORMAT.write_reply(reply, Request(format="google_generate")) == recording["response"]["body"]
    assert asked("gemini/474523eafeb74ff8").extras["google_generate"].keys() == {"safetySettings"}


def test_a_dummy_signature_that_a_client_wrote() -> None:
    request = asked("gemini/88e8c40542f0867b")
    calls = [part for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    assert any(call.spelling.get("signature") == DUMMY and not call.signature for call in calls)


def test_requests_to_count_tokens() -> None:
    recording = recorded("gemini/12ccc137d1be9a4c")
    body = recording["request"]["body"]
    request = read_count_request(body, Place(model="gemini-3.5-flash"))
    assert write_count_request(request, "gemini-3.5-flash", GEMINI, Losses()) == body
    assert read_count(recording["response"]["body"]) == 8


def test_every_turn_with_calls_is_signed_whoever_sends_the_history() -> None:
    """A recorded conversation with Gemini 3, as a client of another format would carry it on."""
    request = asked("gemini/88e8c40542f0867b")
    messages = [says(message.role, *message.parts) for message in request.messages]
    written = FORMAT.write_request(foreign(*messages), GEMINI, Losses())
    calls = [[part for part in one["parts"] if "functionCall" in part] for one in written["contents"]]
    first = [some[0].get("thoughtSignature") for some in calls if some]
    assert len(first) > 1
    assert all(first)
