"""What the upstream says in every API, read as that API's clients read it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from bench.apis import ANTHROPIC, GEMINI, OPENAI, Api, spoken_at
from bench.replies import ANSWER, ARGUMENTS, whole_reply
from bench.scripts import Pace
from bench.tools import TOOL

from bench import scripts

CHUNKS = 7


def events(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in data.splitlines() if line.startswith(b"data: {")]


def texts(*replies: dict[str, Any]) -> list[str]:
    return [part["text"] for reply in replies for part in reply["candidates"][0]["content"]["parts"]]


@pytest.mark.parametrize("api", [OPENAI, ANTHROPIC, GEMINI], ids=lambda api: api.name)
@pytest.mark.parametrize("with_tools", [False, True])
def test_a_reply_is_about_one_kilobyte_and_says_what_is_expected(api: Api, with_tools: bool) -> None:
    reply = whole_reply(api, with_tools=with_tools)
    assert 600 < len(reply) < 1200
    assert "'" not in reply, "it stands between quotes in nginx's configuration"
    found = json.dumps(json.loads(reply)).replace("\\", "")
    said = [TOOL, *ARGUMENTS] if with_tools else [ANSWER]
    assert all(text in found for text in said)


def test_the_path_tells_which_api_is_spoken() -> None:
    assert [spoken_at(api.path.encode()) for api in (OPENAI, ANTHROPIC, GEMINI)] == [OPENAI, ANTHROPIC, GEMINI]
    assert spoken_at(b"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse") is GEMINI


def test_a_chat_stream_ends_with_its_usage_where_that_was_asked_for() -> None:
    asked, plain = (scripts.openai(Pace(chunks=CHUNKS), usage=usage) for usage in (True, False))
    assert events(asked.next())[0]["usage"] is None
    assert events(asked.ending)[-1]["usage"] == {"prompt_tokens": 186, "completion_tokens": 7, "total_tokens": 193}
    assert "usage" not in events(plain.next())[0]
    assert len(events(plain.ending)) == 1
    assert all(script.ending.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n") for script in (asked, plain))


def test_a_messages_stream_has_every_event_of_one() -> None:
    data = b"".join(scripts.anthropic(Pace(chunks=CHUNKS)).events)
    kinds = [event["type"] for event in events(data)]
    assert kinds == [
        "message_start",
        "content_block_start",
        "ping",
        *["content_block_delta"] * CHUNKS,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert [line[7:].decode() for line in data.splitlines() if line.startswith(b"event: ")] == kinds


def test_gemini_streams_events_or_one_array_of_the_same() -> None:
    pace = Pace(chunks=CHUNKS)
    as_events = events(b"".join(scripts.gemini(pace).events))
    as_array = json.loads(b"".join(scripts.gemini_array(pace).events))
    assert as_events == as_array
    assert texts(*as_events) == [" token"] * CHUNKS + [""]
    assert ["finishReason" in event["candidates"][0] for event in as_events] == [False] * CHUNKS + [True]


@pytest.mark.parametrize(
    "script",
    [
        scripts.openai(Pace(chunks=CHUNKS), usage=True),
        scripts.anthropic(Pace(chunks=CHUNKS)),
        scripts.gemini(Pace(chunks=CHUNKS)),
        scripts.gemini_array(Pace(chunks=CHUNKS)),
    ],
    ids=["openai", "anthropic", "gemini", "gemini_array"],
)
def test_what_is_written_are_the_events_in_chunks(script: scripts.Script) -> None:
    rest, found = script.opening + b"".join(script.next() for _ in range(CHUNKS)) + script.ending, []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        found.append(rest[: int(size, 16)])
        assert rest[int(size, 16) :].startswith(b"\r\n")
        rest = rest[int(size, 16) + 2 :]
    assert found == [*script.events, b""]


def test_a_stamped_chunk_says_when_it_was_written() -> None:
    before = time.monotonic_ns()
    [event] = events(scripts.openai(Pace(stamp=True), usage=False).next())
    assert before <= int(event["choices"][0]["delta"]["content"]) <= time.monotonic_ns()
    [reply] = events(scripts.gemini(Pace(stamp=True)).next())
    assert before <= int(texts(reply)[0]) <= time.monotonic_ns()
