"""What real servers were asked and said, read and written back."""

import json
from typing import Any

import pytest
from tests.formats.openai_chat.talking import payloads
from tests.recorded.recordings import Recording, find

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import Format, Place, ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat import FORMAT, FORMAT_COMPLETIONS

pytestmark = pytest.mark.shared

RECORDINGS = find()
REFUSED = frozenset({"llamacpp/2f98eb30f1366dc0"})
"""A temperature that is a string: its provider refused it, too."""
MISNAMED = frozenset({"ollama/c74f70c1a8d990bd"})
"""A chat, recorded as a completion."""


def spoken(recording: Recording) -> Format:
    return FORMAT if recording.api == "chat" or recording.name in MISNAMED else FORMAT_COMPLETIONS


def read(recording: Recording) -> Request:
    return spoken(recording).read_request(recording.request, Place())


def test_every_request_comes_back_as_it_was() -> None:
    unlike = []
    for recording in RECORDINGS:
        losses = Losses()
        try:
            written = spoken(recording).write_request(read(recording), PLAIN, losses)
        except ShapeError:
            written = {}
        if (written, losses.dropped) != (recording.request, []) and recording.name not in REFUSED:
            unlike.append(recording.name)
    assert len(RECORDINGS) > 900
    assert unlike == []


def test_every_answer_comes_back_as_it_was() -> None:
    answered = [recording for recording in RECORDINGS if recording.status < 400 and recording.body]
    assert [recording.name for recording in answered if not _comes_back(recording)] == []


def _comes_back(recording: Recording) -> bool:
    request = read(recording)
    if "event-stream" in recording.headers["content-type"]:
        return _stream_comes_back(recording, request)
    document: dict[str, Any] = json.loads(recording.body)
    return spoken(recording).write_reply(spoken(recording).read_reply(document, PLAIN), request) == document


def _stream_comes_back(recording: Recording, request: Request) -> bool:
    request.stream_usage = True  # whoever did not ask for usage does not get it, though some providers send it
    reader, writer = spoken(recording).reader(PLAIN, 1 << 26), spoken(recording).writer(request)
    events = reader.feed(recording.body) + reader.close()
    return payloads(b"".join(map(writer.feed, events))) == payloads(recording.body)
