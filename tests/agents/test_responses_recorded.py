"""Recorded sessions of agents that speak Responses, with models of other formats: led again from their first turn on,
and gone on with as they are.
"""

import json
from functools import cache
from itertools import groupby
from typing import Any

import pytest
from tests.agents.house import House
from tests.agents.responses_agent import Agent
from tests.agents.responses_talk import talk_of
from tests.agents.session import think
from tests.agents.words import Answer, Say, Think, Use, differences
from tests.recorded.recordings import index, load, missing

Json = dict[str, Any]
FOREIGN = ("anthropic", "google")
PLAIN_ITEMS = {"message", "reasoning", "function_call", "function_call_output"}
PLAIN_PARTS = {"input_text", "output_text", "input_image"}
SETTINGS = ("instructions", "tools", "tool_choice", "reasoning", "parallel_tool_calls", "max_output_tokens")
EXPECTED = 20
"""At least as many such sessions are recorded."""


@cache
def recorded_sessions() -> list[str]:
    """Sessions in which functions were called, whose history the agent kept itself: one of each shape."""
    rows = [row for row in index() if row["api"] == "responses" and row["status"] == 200]
    wanted = {"tool_result"}
    shapes: dict[Any, str] = {}
    for row in rows:
        recording = load(row["file"].removesuffix(".json")) if wanted & set(row.get("features", wanted)) else {}
        if _is_plain(recording):
            shapes.setdefault(_shape(recording["request"]["body"]), row["file"].removesuffix(".json"))
    return list(shapes.values())


def _shape(body: Json) -> tuple[Any, ...]:
    """Kinds of its items and of their parts, in their order."""
    return tuple((item.get("type"), item.get("role"), *(p["type"] for p in _parts(item))) for item in body["input"])


def _is_plain(recording: Json) -> bool:
    body = (recording.get("request") or {}).get("body") or {}
    items = body.get("input")
    if not isinstance(items, list) or body.get("previous_response_id"):
        return False
    parts = [part for item in items for part in _parts(item)]
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    return (
        all(item.get("type", "message") in PLAIN_ITEMS for item in items)
        and all(part["type"] in PLAIN_PARTS for part in parts)
        and all(part.get("image_url", "").startswith("data:") for part in parts if part["type"] == "input_image")
        and all(tool["type"] == "function" for tool in body.get("tools", []))
        and next(item.get("role") for item in items if item.get("role") not in ("system", "developer")) == "user"
        and all(_answer(1, "", list(group)).pieces for of_model, group in groupby(items, _is_of_model) if of_model)
        and not _is_of_model(items[-1])
        and 0 < len(calls) == len(set(calls))
    )


def _parts(item: Json) -> list[Json]:
    """What a message or an output holds, where it is a list."""
    content = item.get("content") if item.get("type", "message") == "message" else item.get("output")
    return content if isinstance(content, list) else []


def _is_of_model(item: Json) -> bool:
    return item.get("type") in ("reasoning", "function_call") or item.get("role") == "assistant"


def _settings(body: Json) -> Json:
    return {name: body[name] for name in SETTINGS if name in body}


def _answer(number: int, family: str, items: list[Json]) -> Answer:
    """What was answered, as a model of another family says it: one thought, and with what it was told."""
    said: list[Think | Say | Use] = []
    for item in items:
        if item.get("type") == "reasoning" and not said:
            said.append(think(family, number, "".join(part["text"] for part in item["summary"]) or "…"))
        elif item.get("type") == "function_call":
            said.append(Use(item["name"], json.loads(item["arguments"])))
        elif item.get("role") == "assistant":
            content = item["content"]
            words = content if isinstance(content, str) else "".join(part["text"] for part in content)
            said += [Say(words)] if words else []
    return Answer(number, tuple(said))


def _numbered(item: Json, calls: list[str]) -> Json:
    """Outputs name their calls by number, as `Agent.say` wants it."""
    return {**item, "call_id": calls.index(item["call_id"])} if "call_id" in item else item


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
    kind, body = house.kinds[slug], load(name)["request"]["body"]
    groups = [(of_model, list(items)) for of_model, items in groupby(body["input"], _is_of_model)]
    said = [items for of_model, items in groups if not of_model]
    answered = [items for of_model, items in groups if of_model]
    answers = [_answer(number, kind.family, items) for number, items in enumerate(answered, 1)]
    answers.append(Answer(len(answers) + 1, (Say("That is all."),)))
    kind.upstream.follow(*answers)
    agent = Agent(house.openai, kind.model, remembers=False, **_settings(body))
    for items, answer, before in zip(said, answers, [[], *answered], strict=True):
        calls = [item["call_id"] for item in before if item.get("type") == "function_call"]
        got = agent.say(*(_numbered(item, calls) for item in items))
        assert not kind.upstream.problems
        assert differences(talk_of(agent.sent), kind.upstream.heard[-1]) == []
        made = [item for item in got.response.output if item.type == "function_call"]
        assert [Use(item.name, json.loads(item.arguments)) for item in made] == answer.calls
        assert got.response.output_text == answer.text


@pytest.mark.parametrize(("name", "slug"), parameters())
def test_a_recorded_session_goes_on_with_another_model(house: House, name: str, slug: str) -> None:
    kind, body = house.kinds[slug], load(name)["request"]["body"]
    kind.upstream.follow(Answer(1, (Say("I go on."),)))
    agent = Agent(house.openai, kind.model, remembers=False, **_settings(body))
    got = agent.say(*body["input"])
    assert not kind.upstream.problems
    assert differences(talk_of(agent.sent), kind.upstream.heard[-1]) == []
    thoughts = {f"input[{n}]" for n, item in enumerate(body["input"]) if item.get("type") == "reasoning"}
    assert thoughts <= set(got.dropped)
