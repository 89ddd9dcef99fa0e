"""A conversation in Anthropic's format that moves from one provider to another and back, with thinking and tools.

Between two turns, and in the middle of one, where a model gets the results of calls that another has made.
"""

from typing import Any

import pytest
from tests.agents.house import House
from tests.agents.messages_agent import Agent, Got
from tests.agents.messages_talk import talk_of
from tests.agents.moving import MIDWAY, proofs_of, route, script
from tests.agents.session import TOOLS, result, think
from tests.agents.words import Answer, Say, Use, differences

Json = dict[str, Any]
SETTINGS: Json = {
    "thinking": {"type": "enabled", "budget_tokens": 4000},
    "max_tokens": 9000,
    "system": "Be brief.",
    "tools": [tool for tool in TOOLS if tool["name"] in ("Glob", "Bash")],
}


@MIDWAY
@pytest.mark.parametrize(
    "legs",
    [
        route("anthropic", "openai-responses", "anthropic"),
        route("anthropic", "openai-responses", "google"),
        route("openai-responses", "anthropic", "openai-responses"),
        route("google", "openai-responses", "google"),
        route("anthropic", "google", "deepseek", "openai-chat", "openai-responses"),
        route("anthropic", "openai-responses", "google", "anthropic"),
        route("google", "anthropic"),
        route("deepseek", "anthropic"),
    ],
)
def test_a_conversation_moves(house: House, legs: tuple[str, ...], midway: bool) -> None:
    steps = script(house, legs, midway=midway)
    agent = Agent(house.anthropic, "", **SETTINGS)
    content: Any = "Begin."
    for number, (kind, answer) in enumerate(steps):
        agent.model = kind.model
        got = agent.say(content)
        heard = kind.upstream.heard[-1:]
        assert not kind.upstream.problems
        assert differences(talk_of(agent.sent), heard[0]) == []
        assert heard[0].proofs == proofs_of(kind, steps[:number])
        if kind.slug != "deepseek":  # where others' words are welcome
            owners = [step.kind.slug for step in steps[:number]]
            assert _left(got) == _foreign_thoughts(agent.messages[:-2], owners, kind.slug)
        calls = [block for block in got.message.content if block.type == "tool_use"]
        assert [Use(block.name, block.input) for block in calls] == answer.calls
        content = [result(place, f"{number}.{place}") for place in range(len(calls))] or f"Go on {number}."


def _left(got: Got) -> set[str]:
    """Blocks that the model did not get."""
    return {path for path in got.dropped if path.startswith("messages") and path.endswith("]")}


def _foreign_thoughts(messages: list[Json], owners: list[str], own: str) -> set[str]:
    """Where thinking stands that the model at `own` has not signed: all turns are `owners`', in order."""
    answers = [(number, message) for number, message in enumerate(messages) if message["role"] == "assistant"]
    return {
        f"messages[{number}].content[{place}]"
        for (number, message), owner in zip(answers, owners, strict=True)
        for place, block in enumerate(message["content"])
        if "thinking" in block["type"] and (owner != own or not (block.get("signature") or block.get("data")))
    }


def test_thinking_of_others_is_named_where_it_is_left_behind_on_the_way_back(house: House) -> None:
    abroad, home = house.kinds["openai-responses"], house.kinds["anthropic"]
    abroad.upstream.follow(Answer(1, (think("openai", 1, "Hm."), Use("Glob", {"pattern": "*"}))))
    home.upstream.follow(Answer(2, (Say("Found."),)))
    agent = Agent(house.anthropic, abroad.model, **SETTINGS)
    agent.say("Begin.")
    agent.model = home.model
    got = agent.say([result(0, "x")])
    assert not home.upstream.problems
    assert any(path.startswith("messages[1]") for path in got.dropped)


def test_a_turn_that_another_model_has_begun_is_ended_without_thinking(house: House) -> None:
    """Anthropic refuses to think in a turn that did not begin with its own thinking. In the next, it thinks again."""
    abroad, home = house.kinds["openai-responses"], house.kinds["anthropic"]
    abroad.upstream.follow(Answer(1, (think("openai", 1, "Hm."), Use("Glob", {"pattern": "*"}))))
    home.upstream.follow(Answer(2, (Say("Found."),)), Answer(3, (think("anthropic", 3, "Hm."), Say("Yes."))))
    agent = Agent(house.anthropic, abroad.model, **SETTINGS)
    agent.say("Begin.")
    agent.model = home.model
    agent.say([result(0, "x")])
    assert home.upstream.bodies[-1]["thinking"] == {"type": "disabled"}
    got = agent.say("And?")
    assert home.upstream.bodies[-1]["thinking"] == SETTINGS["thinking"]
    assert [block.type for block in got.message.content] == ["thinking", "text"]


def test_what_is_left_behind_of_a_long_conversation_is_named_in_whole_paths(house: House) -> None:
    kind = house.kinds["openai-chat"]
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    agent = Agent(house.anthropic, kind.model, max_tokens=4000)
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "EqoBCkgI"}
    turns = range(0, 120, 2)
    for _ in turns:
        agent.messages.append({"role": "user", "content": "Well?"})
        agent.messages.append({"role": "assistant", "content": [thought, {"type": "text", "text": "Well."}]})
    agent.messages.append({"role": "user", "content": "So?"})
    dropped = agent.ask().dropped
    paths = [path for path in dropped if not path.endswith(".cache_control") and path.startswith("m")]
    assert set(paths) <= {f"messages[{number + 1}].content[0]" for number in turns}
