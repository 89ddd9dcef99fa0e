"""Recorded sessions of agents that speak Anthropic's format, with models of other formats.

A recorded request holds the whole session up to its turn. The session is led again from its first turn on: the agent
says what was recorded, and the model of the other format answers what Anthropic's did. Then the recorded request is
sent as it is, as by an agent that has come from Anthropic with its signatures.
"""

from functools import cache
from typing import Any

import pytest
from tests.agents.house import House
from tests.agents.messages_agent import Agent
from tests.agents.messages_talk import blocks, talk_of
from tests.agents.session import think
from tests.agents.words import Answer, Say, Think, Use, differences
from tests.recorded.recordings import index, load, missing

Json = dict[str, Any]
FOREIGN = ("openai-chat", "openai-responses", "google")
PLAIN_BLOCKS = {"text", "thinking", "redacted_thinking", "tool_use", "tool_result", "image"}
"""What agents send that run their tools themselves; the rest belongs to tools of Anthropic's own."""
SETTINGS = ("system", "tools", "tool_choice", "thinking", "max_tokens", "output_config")
HINTS = (".cache_control", ".is_error")
EXPECTED = 20
"""At least as many such sessions are recorded."""


@cache
def recorded_sessions() -> list[str]:
    """Sessions in which tools were called, or thoughts were brought back, of one turn at least."""
    return [name for name in _candidates() if _is_plain(load(name))]


def _candidates() -> list[str]:
    rows = [row for row in index() if row["api"] == "messages" and row["status"] == 200]
    wanted = {"tool_result", "reasoning_replayed"}
    return [row["file"].removesuffix(".json") for row in rows if wanted & set(row.get("features", wanted))]


def _is_plain(recording: Json) -> bool:
    body = (recording.get("request") or {}).get("body") or {}
    messages = body.get("messages", [])
    said = [block for message in messages for block in blocks(message["content"])]
    inner = [piece for block in said if block["type"] == "tool_result" for piece in blocks(block.get("content") or [])]
    return (
        len(messages) > 2
        and all(block["type"] in PLAIN_BLOCKS for block in [*said, *inner, *_reply(recording)])
        and all(block["source"]["type"] == "base64" for block in [*said, *inner] if block["type"] == "image")
        and all(tool.get("type", "custom") == "custom" for tool in body.get("tools", []))
        and [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2) + ["user"]
    )


def _reply(recording: Json) -> list[Json]:
    """What was answered at the end; of a stream, something in its place."""
    body = recording["response"].get("body")
    return body["content"] if isinstance(body, dict) else [{"type": "text", "text": "That is all."}]


def parameters() -> list[Any]:
    if not index():
        return [pytest.param(*missing().values, FOREIGN[0], marks=missing().marks)]
    return [
        pytest.param(name, slug, id=f"{name}-{slug}", marks=pytest.mark.shared)
        for name in recorded_sessions()
        for slug in FOREIGN
    ]


def test_there_are_such_sessions() -> None:
    assert len(recorded_sessions()) >= EXPECTED or not index()


@pytest.mark.parametrize(("name", "slug"), parameters())
def test_a_recorded_session_is_led_with_another_model(house: House, name: str, slug: str) -> None:
    kind, recording = house.kinds[slug], load(name)
    body = recording["request"]["body"]
    messages = [*body["messages"], {"role": "assistant", "content": _reply(recording)}]
    turns = list(zip(messages[::2], messages[1::2], strict=True))
    answers = [_answer(number, kind.family, turn[1]["content"]) for number, turn in enumerate(turns, 1)]
    kind.upstream.follow(*answers)
    calls: list[str] = []
    agent = Agent(house.anthropic, kind.model, **_settings(body))
    for (said, answered), answer in zip(turns, answers, strict=True):
        got = agent.say(_numbered(said["content"], calls))
        calls = [block["id"] for block in blocks(answered["content"]) if block["type"] == "tool_use"]
        assert not kind.upstream.problems
        assert differences(talk_of(agent.sent), kind.upstream.heard[-1]) == []
        assert [Use(b.name, b.input) for b in got.message.content if b.type == "tool_use"] == answer.calls
        assert "".join(block.text for block in got.message.content if block.type == "text") == answer.text
        assert got.message.stop_reason == ("tool_use" if answer.calls else "end_turn")


@pytest.mark.parametrize(("name", "slug"), parameters())
def test_a_recorded_session_goes_on_with_another_model(house: House, name: str, slug: str) -> None:
    kind, body = house.kinds[slug], load(name)["request"]["body"]
    kind.upstream.follow(Answer(1, (Say("I go on."),)))
    agent = Agent(house.anthropic, kind.model, **_settings(body))
    agent.messages = body["messages"]
    got = agent.ask()
    assert not kind.upstream.problems
    assert differences(talk_of(agent.sent), kind.upstream.heard[-1]) == []
    signed = [
        f"messages[{number}].content[{place}]"
        for number, message in enumerate(body["messages"])
        for place, block in enumerate(blocks(message["content"]))
        if block["type"] in ("thinking", "redacted_thinking")
    ]
    assert [path for path in got.dropped if path.startswith("messages") and not path.endswith(HINTS)] == signed


def _settings(body: Json) -> Json:
    return {name: body[name] for name in SETTINGS if name in body}


def _answer(number: int, family: str, content: str | list[Json]) -> Answer:
    """What was answered, as a model of another family says it."""
    said: list[Think | Say | Use] = []
    for block in blocks(content):
        match block["type"]:
            case "thinking":
                said.append(think(family, number, block["thinking"] or "…"))
            case "text":
                said.append(Say(block["text"]))
            case "tool_use":
                said.append(Use(block["name"], block["input"]))
    return Answer(number, tuple(said))


def _numbered(content: str | list[Json], calls: list[str]) -> str | list[Json]:
    """Results name their calls by number, as `Agent.say` wants it."""
    if isinstance(content, str):
        return content
    return [
        {**block, "tool_use_id": calls.index(block["tool_use_id"])} if block["type"] == "tool_result" else block
        for block in content
    ]
