"""Requests, replies and streams that pass as they are."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.google_generate.speaking import GEMINI, LIMIT, chunk, contents, hello, stream
from tests.formats.google_generate.test_stream import STREAMS
from tests.formats.splits import split

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import PLAIN
from trunkline.formats.document import Document
from trunkline.formats.format import NOTHING, Place, Scanner, ShapeError, StreamError
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.google_generate.signatures import DUMMY, wrapped
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import Sealed, seal


def scanner() -> Scanner:
    """A fresh one."""
    return FORMAT.scanner(NOTHING, PLAIN, LIMIT)


def edited(document: dict[str, Any], model: str = "gemini-3-flash") -> Any:
    """What is sent of a document."""
    body = Document(json.dumps(document).encode(), 100)
    asked = FORMAT.look(body.value, Place(model="alias"), 100)
    return json.loads(FORMAT.edit(body, asked, model, GEMINI, Losses()))


def test_what_the_journey_must_know_of_a_request() -> None:
    document = hello(generation_config={"candidateCount": 2, "max_output_tokens": 50})
    asked = FORMAT.look(document, Place(model="m", stream=True), 123)
    assert (asked.model, asked.stream, asked.choices, asked.output_cap, asked.size) == ("m", True, 2, 100, 123)
    assert asked.usage_wanted


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({}, "contents"),
        ({"contents": "a"}, "contents"),
        (hello(model=1), "model"),
        (hello(generationConfig={"maxOutputTokens": "a"}), "generationConfig.maxOutputTokens"),
    ],
)
def test_what_is_relied_on_is_checked(document: dict[str, Any], param: str) -> None:
    with pytest.raises(ShapeError) as refused:
        FORMAT.look(document, Place(), 1)
    assert refused.value.param == param


def test_whole_numbers_are_counted_however_they_are_written() -> None:
    document = hello(generationConfig={"candidateCount": 2.0, "max_output_tokens": "50"})
    assert FORMAT.look(document, Place(model="m"), 0).output_cap == 100


def test_a_body_passes_as_it_is() -> None:
    body = b'{ "contents": [ {"parts":[{"text":"\\u00e9"}]} ], "newThing": 1.10 }'
    asked = FORMAT.look(msgspec.json.decode(body), Place(model="m"), 1)
    sent = FORMAT.edit(Document(body, 100), asked, "m2", PLAIN, Losses())
    assert b"1.10" in sent
    assert b"\\u00e9" in sent


def test_a_model_in_the_body_is_the_one_of_the_path() -> None:
    assert edited(hello(model="models/alias"))["model"] == "models/gemini-3-flash"
    assert edited(hello(model="alias"))["model"] == "gemini-3-flash"
    assert "model" not in edited(contents(("user", [{"text": '"model":"alias"'}])))


def test_sealed_reasoning_does_not_reach_google() -> None:
    proof = wrapped(seal(Sealed("anthropic", "theirs")))
    turn: list[dict[str, Any]] = [
        {"text": "hm", "thought": True, "thoughtSignature": proof},
        {"functionCall": {"name": "a", "args": {}}, "thoughtSignature": DUMMY},
    ]
    document = contents(("user", [{"text": "?"}]), ("model", turn), ("user", [{"text": "!"}]))
    assert edited(document)["contents"][1]["parts"] == turn[1:]


# Replies


def test_a_glance_at_a_reply() -> None:
    facts = FORMAT.look_reply(json.dumps(chunk({"text": "a"}, finish="STOP") | {"usageMetadata": USED}).encode())
    assert (facts.usage, facts.finish, facts.choices, facts.error) == (Usage(input=5, output=2), "STOP", 1, None)
    assert FORMAT.look_reply(b'{"promptFeedback": {"blockReason": "SAFETY"}}').finish == "blocked: SAFETY"
    assert FORMAT.look_reply(b'{"error": {"code": 500}}').error == {"code": 500}


USED = {"promptTokenCount": 5, "candidatesTokenCount": 2}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"choices": []}', b"nope"])
def test_what_is_no_reply_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="the reply"):
        FORMAT.look_reply(body)


def test_odd_fields_do_not_stand_in_the_way() -> None:
    body = (
        b'{"candidates": [{"content": {"parts": [{"text": "\\ud83d"}]}}], "usageMetadata": {"promptTokenCount": "5"}}'
    )
    assert FORMAT.look_reply(body).usage == Usage(input=5)


# Streams


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_bytes_pass_unchanged_however_they_are_cut(data: st.DataObject) -> None:
    chunks = STREAMS["words"]
    whole = data.draw(st.sampled_from([stream(*chunks), json.dumps(chunks).encode() + b"\n"]))
    follows = scanner()
    handed = b"".join([*map(follows.feed, data.draw(split(whole))), follows.close()])
    assert handed == whole
    assert follows.complete()
    assert (follows.finish, follows.usage) == ("STOP", Usage(input=5, output=2))
    assert follows.done == whole.startswith(b"[")


@pytest.mark.parametrize("name", STREAMS)
def test_a_scanner_sees_what_the_reader_sees(name: str) -> None:
    reader, follows = FORMAT.reader(PLAIN, LIMIT), scanner()
    for one in STREAMS[name]:
        reader.feed(stream(one))
        assert follows.feed(stream(one)) == stream(one)
        assert follows.complete() == reader.complete()


@pytest.mark.parametrize(
    ("first", "started"),
    [
        (chunk({"text": ""}), False),
        (chunk(), False),
        ({"usageMetadata": {}}, False),
        (chunk({"text": "a"}), True),
        (chunk({"functionCall": {"name": "a"}}), True),
        (chunk(finish="STOP"), True),
        ({"promptFeedback": {"blockReason": "OTHER"}}, True),
    ],
)
def test_when_output_begins(first: dict[str, Any], started: bool) -> None:
    follows = scanner()
    follows.feed(stream(first))
    assert follows.started is started


def test_an_error_is_not_handed_on() -> None:
    error = {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}
    for data in (stream(chunk({"text": "a"}), error), json.dumps([chunk({"text": "a"}), error]).encode()):
        follows = scanner()
        handed = follows.feed(data) + follows.close()
        assert b"UNAVAILABLE" not in handed
        assert follows.error == error["error"]
        assert not follows.complete()


def test_a_cut_stream_is_not_whole() -> None:
    follows = scanner()
    follows.feed(stream(*STREAMS["words"][:2]) + b'data: {"candidates": [{"finishRea')
    assert follows.close() == b""
    assert not follows.complete()
    assert follows.estimate() >= 2


def test_what_is_no_event_breaks_the_stream() -> None:
    with pytest.raises(StreamError):
        scanner().feed(b"data: <html>\r\n\r\n")
