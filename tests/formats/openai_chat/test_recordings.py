"""What real servers were asked and said, read and written back."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from tests.formats.openai_chat.talking import payloads
from tests.recorded.recordings import Recording, find

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Format, Place, ShapeError
from trunkline.formats.losses import CannotCarry, Losses
from trunkline.formats.openai_chat import FORMAT, FORMAT_COMPLETIONS
from trunkline.formats.registry import FORMATS

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


DIALECTS = [
    Dialect(thinking_field="reasoning", reasoning_field="reasoning_details", replays_reasoning="always"),
    Dialect(thinking_field="thinking", reasoning_field="reasoning_content", replays_reasoning="tool_turns"),
    Dialect(thinking_field="chat_template_kwargs", reasoning_field="reasoning", replays_reasoning="always"),
    Dialect(thinking_field="enable_thinking", thinks="budget", schema_field="json_object", tool_call_id="nine"),
    Dialect(reasoning_field="thinking_parts", replays_reasoning="always", assistant_after_tool=True),
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_writing_for_a_provider_leaves_the_request_as_it_was(dialect: Dialect) -> None:
    for recording in RECORDINGS:
        if recording.name in REFUSED:
            continue
        request = read(recording)
        before = msgspec.json.encode(request)
        for name in ("openai_chat", "openai_completions"):
            with contextlib.suppress(CannotCarry):
                FORMATS[name].write_request(request, dialect, Losses())
        assert msgspec.json.encode(request) == before
