"""A coding agent that speaks Responses, with models of other formats: one session, with and without memory."""

import json
import re
from typing import Any

import pytest
from tests.agents.house import House
from tests.agents.responses_agent import Agent, Got
from tests.agents.responses_session import session, settings
from tests.agents.responses_talk import OWN, talk_of
from tests.agents.words import Answer, Say, Talk, Think, differences

Json = dict[str, Any]
HARMLESS = re.compile(
    r"include|text\.verbosity|prompt_cache_key|input\[\d+\]\.(output|content)\[\d+\]\.detail|input\[\d+\]\.role"
)
"""What the other formats have no word for, and what no answer depends on; and whose late instructions are."""
OF_THE_SERVER = re.compile(r"input\[\d+\]\.(status|content\[\d+\]\.(annotations|logprobs))")
"""Of items that the server has kept as it wrote them."""
THOUGHT = re.compile(r"input\[(\d+)\]")


@pytest.mark.parametrize("remembers", [False, True], ids=["sends all", "is remembered"])
@pytest.mark.parametrize("slug", ["anthropic", "google"])
def test_a_session(house: House, slug: str, remembers: bool) -> None:
    kind, turns = house.kinds[slug], session(house.kinds[slug].family)
    kind.upstream.follow(*(turn.answer for turn in turns))
    proofs: list[str] = []
    agent = Agent(house.openai, kind.model, remembers=remembers, bare=not remembers, **settings())
    for turn in turns:
        before = list(agent.items)
        got = agent.say(*turn.items)
        assert not kind.upstream.problems
        heard = kind.upstream.heard[-1]
        asked = talk_of(agent.sent, before if remembers else None)
        _check_tools(asked, heard)
        assert differences(asked, heard) == []
        assert heard.proofs == proofs
        proofs += [thought.proof for thought in turn.answer.thoughts]
        _check_dropped(got, before, remembers=remembers)
        _check_answer(got, turn.answer)
    body = kind.upstream.bodies[-1]
    if slug == "anthropic":
        assert body["thinking"] == {"type": "enabled", "budget_tokens": 10_000, "display": "summarized"}
        assert body["tool_choice"] == {"type": "auto"}
    else:
        assert body["generationConfig"]["thinkingConfig"] == {"includeThoughts": True, "thinkingLevel": "HIGH"}


def _check_tools(asked: Talk, heard: Talk) -> None:
    """A tool that takes text is a function of one text elsewhere, told what the text must be."""
    for number, (name, description, schema) in enumerate(asked.tools):
        if OWN not in schema:
            continue
        told_name, told_description, told = heard.tools[number]
        assert (told_name, told["type"], list(told["properties"])) == (name, "object", ["input"])
        assert told["properties"]["input"]["type"] == "string"
        assert (told["required"], told_description) == (["input"], description)
        assert schema[OWN] in told["properties"]["input"].get("description", "")
        asked.tools[number] = heard.tools[number]


def _check_dropped(got: Got, before: list[Json], *, remembers: bool) -> None:
    for path in got.dropped:
        thought = THOUGHT.fullmatch(path)
        if thought is not None:
            item = before[int(thought[1])]
            assert (item["type"], item.get("encrypted_content")) == ("reasoning", None)
        else:
            assert HARMLESS.fullmatch(path) or (remembers and OF_THE_SERVER.fullmatch(path)), path


def _check_answer(got: Got, answer: Answer) -> None:
    response = got.response
    assert response.output_text == answer.text
    calls = [item for item in response.output if item.type in ("function_call", "custom_tool_call")]
    assert len(calls) == len(answer.calls)
    for made, call in zip(calls, answer.calls, strict=True):
        assert made.type in ("function_call", "custom_tool_call")
        assert made.name == call.name
        if made.type == "custom_tool_call":
            assert made.input == call.arguments["input"]
        else:
            assert json.loads(made.arguments) == call.arguments
    thoughts = [item for item in response.output if item.type == "reasoning"]
    shown = "".join(part.text for item in thoughts for part in item.summary)
    assert shown == "".join(thought.text for thought in answer.thoughts)
    assert any(item.encrypted_content for item in thoughts) == bool(answer.thoughts)
    assert response.status == ("incomplete" if answer.cut else "completed")
    assert got.kinds[-1] == f"response.{response.status}"
    assert got.kinds.count("response.custom_tool_call_input.done") == sum(i.type == "custom_tool_call" for i in calls)
    assert response.usage is not None
    used = (
        response.usage.input_tokens,
        response.usage.output_tokens,
        response.usage.input_tokens_details.cached_tokens,
    )
    assert used == (answer.input, answer.output, answer.cached)


def test_thoughts_between_what_is_said_come_back_where_they_were(house: House) -> None:
    kind = house.kinds["anthropic"]
    first = (Think("one", "EqoB1"), Say("I look."), Think("two", "EqoB2"), Say("And look."))
    kind.upstream.follow(Answer(1, first), Answer(2, (Say("Seen."),)))
    agent = Agent(house.openai, kind.model, remembers=False, **settings())
    agent.say({"role": "user", "content": "Look."})
    agent.say({"role": "user", "content": "And?"})
    assert not kind.upstream.problems
    answered = kind.upstream.bodies[-1]["messages"][1]["content"]
    assert [block.get("signature") or block["text"] for block in answered] == ["EqoB1", "I look.", "EqoB2", "And look."]
