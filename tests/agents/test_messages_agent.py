"""A coding agent that speaks Anthropic's format, with models of other formats: one long session, turn by turn."""

import json
import re
from typing import Any

import pytest
from tests.agents.house import House, Kind
from tests.agents.messages_agent import Agent, Got
from tests.agents.messages_talk import talk_of
from tests.agents.session import USER, Exchange, session, settings
from tests.agents.upstream import pieces
from tests.agents.words import Answer, Say, Think, Use, differences

Json = dict[str, Any]
FOREIGN = ("openai-chat", "deepseek", "openai-responses", "google")
SEES_NOTHING = {"deepseek"}
SHOWS_NO_THOUGHT = {"openai-chat"}
CALLS_AT_ONCE = {"google"}
"""Says the arguments of a call in one piece."""
HARMLESS = re.compile(r"(context_management|.*\.cache_control|tools\[\d+\]\.eager_input_streaming)")
"""What no other format has a word for, and what no answer depends on."""
HARMLESS_HERE = {
    "openai-chat": re.compile(r"messages\[\d+\]\.content\[\d+\]\.is_error"),
    "deepseek": re.compile(r"messages\[\d+\]\.content\[\d+\]\.is_error"),
    "openai-responses": re.compile(r"messages\[\d+\]\.content\[\d+\]\.is_error"),
    "google": re.compile(r"metadata\.user_id"),
}


@pytest.mark.parametrize("slug", FOREIGN)
def test_a_long_session(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    turns = session(kind.family, sees=slug not in SEES_NOTHING)
    kind.upstream.follow(*(turn.answer for turn in turns))
    counted = 0
    agent = Agent(house.anthropic, kind.model, **settings(stop=kind.stops))
    for number, turn in enumerate(turns):
        got = agent.say(turn.content)
        assert not kind.upstream.problems
        _check_heard(agent, kind, turns[:number])
        _check_dropped(got, agent.sent, slug)
        _check_answer(got, turn.answer, slug)
        if number % 4 == 2:
            before, counted = counted, agent.count()
            assert before < counted
    assert len(json.dumps(agent.sent)) > 200_000


def _check_heard(agent: Agent, kind: Kind, before: list[Exchange]) -> None:
    """All that the agent said has come, and what the model wants back of the turns `before`."""
    asked, heard, body = talk_of(agent.sent), kind.upstream.heard[-1], kind.upstream.bodies[-1]
    assert differences(asked, heard) == []
    answers = [turn.answer for turn in before]
    assert kind.slug == "google" or (body["tool_choice"], body["user"]) == ("auto", USER)
    match kind.slug:
        case "openai-responses":
            assert heard.proofs == [thought.proof for answer in answers for thought in answer.thoughts]
            assert body["store"] is False
            assert body["reasoning"] == {"effort": "high", "summary": "auto"}
            assert body["max_output_tokens"] == 32_000
        case "google":
            assert heard.proofs == [thought.proof for answer in answers for thought in answer.thoughts]
            assert heard.failed == asked.failed
            config = body["generationConfig"]
            assert config["thinkingConfig"] == {"includeThoughts": True, "thinkingLevel": "HIGH"}
            assert (config["maxOutputTokens"], config["stopSequences"]) == (32_000, ["</done>"])
        case "deepseek":
            assert heard.thoughts == ["".join(t.text for t in answer.thoughts) for answer in answers if answer.calls]
            assert (body["thinking"], body["reasoning_effort"]) == ({"type": "enabled"}, "high")
            assert (body["max_tokens"], body["stop"]) == (32_000, ["</done>"])
        case "openai-chat":
            assert (body["reasoning_effort"], body["max_completion_tokens"]) == ("high", 32_000)


def _check_dropped(got: Got, sent: Json, slug: str) -> None:
    """Only what is harmless is left behind: thinking that nobody has signed, and hints."""
    for path in got.dropped:
        block = re.fullmatch(r"messages\[(\d+)\]\.content\[(\d+)\]", path)
        if block is not None:
            left = sent["messages"][int(block[1])]["content"][int(block[2])]
            assert (left["type"], left["signature"]) == ("thinking", "")
        else:
            assert HARMLESS.fullmatch(path) or HARMLESS_HERE[slug].fullmatch(path), path


def _check_answer(got: Got, answer: Answer, slug: str) -> None:
    message = got.message
    said = [block for block in message.content if block.type in ("text", "tool_use")]
    assert [block.text for block in said if block.type == "text"] == [
        p.text for p in answer.pieces if isinstance(p, Say)
    ]
    calls = [Use(block.name, block.input) for block in said if block.type == "tool_use"]
    assert calls == answer.calls
    assert [block.type for block in said] == ["text" if isinstance(p, Say) else "tool_use" for p in _worded(answer)]
    thoughts = "".join(block.thinking for block in message.content if block.type == "thinking")
    assert thoughts == ("" if slug in SHOWS_NO_THOUGHT else "".join(thought.text for thought in answer.thoughts))
    assert message.stop_reason == ("max_tokens" if answer.cut else "tool_use" if answer.calls else "end_turn")
    usage = message.usage
    assert usage.input_tokens + (usage.cache_read_input_tokens or 0) == answer.input
    assert (usage.cache_read_input_tokens, usage.output_tokens) == (answer.cached, answer.output)
    for written, call in zip(got.input_pieces.values(), calls, strict=True):
        assert json.loads("".join(written) or "{}") == call.arguments
        told = pieces(json.dumps(call.arguments, ensure_ascii=False))
        assert slug in CALLS_AT_ONCE or [piece for piece in written if piece] == told


def _worded(answer: Answer) -> list[Say | Use]:
    return [piece for piece in answer.pieces if not isinstance(piece, Think)]
