"""The laws find a format that does something wrong: each of these is spoiled in one place."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.recorded.ears import Ears
from tests.recorded.exchanges import Exchange
from tests.recorded.laws import answers, carrying, requests
from tests.recorded.laws.hearing import heard
from tests.recorded.recordings import needs_specs

from trunkline.formats.conversation import Reply, Request, Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Format
from trunkline.formats.losses import Losses
from trunkline.formats.registry import FORMATS

pytestmark = [pytest.mark.shared, needs_specs]

ASKED = {
    "model": "m",
    "max_tokens": 50,
    "temperature": 0.5,
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hello"}],
}
ANSWERED = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"a": 1}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "cache_read_input_tokens": 2, "output_tokens": 4},
}
EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {**ANSWERED, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 4},
    },
    {"type": "message_stop"},
]
STREAM = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in EVENTS).encode()
EXCHANGE = Exchange("made/up", "made", "anthropic_messages", 200, request=ASKED, replies=[ANSWERED], stream=STREAM)
SOUND = FORMATS["anthropic_messages"]


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    from tests.recorded.clients import clients  # takes seconds: only where it is needed

    with clients() as hearing:
        yield hearing


def but(spoken: Format, **functions: Callable[..., Any]) -> Format:
    """`spoken` with some of its functions replaced."""
    return msgspec.structs.replace(spoken, **functions)


def test_a_sound_format_keeps_all_laws(ears: Ears) -> None:
    assert list(requests.failures(EXCHANGE, SOUND)) == []
    assert list(answers.failures(EXCHANGE, SOUND, {})) == []
    assert [failure for _, one in carrying.carried(EXCHANGE, FORMATS) for failure in one.failures] == []
    assert [failure for _, failures in heard(EXCHANGE, FORMATS, ears) for failure in failures] == []


def test_a_field_that_does_not_come_back_breaks_law_a() -> None:
    def write(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
        written = SOUND.write_request(request, dialect, losses)
        return {name: value for name, value in written.items() if name != "system"}

    found = requests.failures(EXCHANGE, but(SOUND, write_request=write))
    assert "differs at system" in [failure.cause for failure in found]


def test_a_change_that_changes_more_breaks_law_a() -> None:
    def write(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
        written = SOUND.write_request(request, dialect, losses)
        return written | {"max_tokens": 50 if request.temperature == 0.5 else 51}

    found = requests.failures(EXCHANGE, but(SOUND, write_request=write))
    assert "more than the one field changes" in [failure.cause for failure in found if failure.check == "temperature"]


def test_an_answer_that_comes_back_otherwise_breaks_law_b() -> None:
    def write(reply: Reply, request: Request) -> dict[str, Any]:
        return SOUND.write_reply(reply, request) | {"stop_reason": "end_turn"}

    found = answers.failures(EXCHANGE, but(SOUND, write_reply=write), {})
    assert [(failure.check, failure.cause) for failure in found] == [("reply", "differs at stop_reason")]


def test_a_reader_that_minds_where_the_bytes_are_cut_breaks_law_b() -> None:
    class Forgetful:
        """Reads each piece as if it were all."""

        def __init__(self, dialect: Dialect, limit: int) -> None:
            self._dialect, self._limit = dialect, limit

        def feed(self, data: bytes) -> list[Any]:
            return SOUND.reader(self._dialect, self._limit).feed(data)

        def close(self) -> list[Any]:
            return []

        def complete(self) -> bool:
            return True

    found = answers.failures(EXCHANGE, but(SOUND, reader=Forgetful), {})
    assert "other events when cut" in [failure.cause for failure in found if failure.check == "split"]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"system": []}, "a text of the system is lost in silence"),
        ({"temperature": 1}, "parameter temperature is another in silence"),
        ({"messages": []}, "no messages"),
        ({"max_completion_tokens": None}, "parameter max_tokens is another in silence"),
        ({"unheard_of": 1}, "unheard_of: not known there"),
    ],
)
def test_a_request_that_would_not_be_taken_breaks_law_c(change: dict[str, Any], cause: str) -> None:
    chat = FORMATS["openai_chat"]

    def write(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
        written = chat.write_request(request, dialect, losses)
        if "system" in change:
            return written | {"messages": written["messages"][1:]}
        return written | change

    spoiled = {**FORMATS, "openai_chat": but(chat, write_request=write)}
    causes = {one.cause for target, made in carrying.carried(EXCHANGE, spoiled) for one in made.failures}
    assert cause in causes


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"usage": Usage(input=5, cached=2, output=9)}, "another usage is heard"),
        ({"id": None}, "id: NoneType where string is expected"),
        ({"choices": []}, "another text is heard"),
    ],
)
def test_an_answer_that_is_heard_otherwise_breaks_law_d(change: dict[str, Any], cause: str, ears: Ears) -> None:
    chat = FORMATS["openai_chat"]

    def write(reply: Reply, request: Request) -> dict[str, Any]:
        return chat.write_reply(msgspec.structs.replace(reply, **change), request)

    formats = {"anthropic_messages": SOUND, "openai_chat": but(chat, write_reply=write)}
    causes = {failure.cause for _, failures in heard(EXCHANGE, formats, ears) for failure in failures}
    assert cause in causes
