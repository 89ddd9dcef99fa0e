"""A stream that is translated has one name from its first chunk to its last, whatever its provider does."""

import json
from typing import Any

import pytest

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.registry import FORMATS
from trunkline.formats.translation import Stamp, Translator

LIMIT = 1 << 20
Json = dict[str, Any]


def chunks(*said: Json, stamp: Stamp) -> list[Json]:
    """What a client of chat is told when Gemini says this."""
    request = Request(format="openai_chat", model="asked", stream=True, stream_usage=True)
    reader = FORMATS["google_generate"].reader(Dialect(), LIMIT)
    translator = Translator(reader, FORMATS["openai_chat"].writer(request), stamp)
    data = b"".join([b"data: %b\r\n\r\n" % json.dumps(event).encode() for event in said])
    told = translator.feed(data) + translator.close() + translator.terminator
    return [json.loads(line[6:]) for line in told.split(b"\n") if line.startswith(b"data: {")]


def saying(text: str, **fields: Any) -> Json:
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}], **fields}


DONE = {"candidates": [{"content": {"role": "model", "parts": [{"text": "."}]}, "finishReason": "STOP", "index": 0}]}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (
            [saying("a", responseId="r1", modelVersion="m-1"), saying("b", responseId="r2", modelVersion="m-2")],
            ("r1", "m-1"),
        ),
        ([saying("a"), saying("b", responseId="r2", modelVersion="m-2")], ("minted", "stamped")),
        ([{"responseId": "r1"}, saying("a", modelVersion="m-1"), saying("b")], ("r1", "stamped")),
    ],
)
def test_every_chunk_carries_the_same_id_model_and_time(said: list[Json], names: tuple[str, str]) -> None:
    told = chunks(*said, DONE, stamp=Stamp("minted", "stamped", 7))
    assert len(told) >= 3
    assert {(chunk["id"], chunk["model"], chunk["created"]) for chunk in told} == {(*names, 7)}


def test_an_id_that_was_given_to_the_reply_holds_whatever_the_provider_calls_it() -> None:
    told = chunks(saying("a", responseId="r1"), DONE, stamp=Stamp("resp_1", "m", 7, renames=True))
    assert {chunk["id"] for chunk in told} == {"resp_1"}
