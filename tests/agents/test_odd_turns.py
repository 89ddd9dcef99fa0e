"""Turns that do not go as planned: interrupted, empty, cut short, thought about and nothing said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import openai
import pytest
from tests.agents import messages_agent, responses_agent
from tests.agents.house import House
from tests.agents.messages_talk import talk_of
from tests.agents.responses_session import message
from tests.agents.responses_session import settings as responses_settings
from tests.agents.session import TOOLS, result, text, think
from tests.agents.words import Answer, Say, Think, Use, differences
from tests.running import Background

Json = dict[str, Any]
SETTINGS: Json = {
    "max_tokens": 9000,
    "thinking": {"type": "enabled", "budget_tokens": 4000},
    "tools": [tool for tool in TOOLS if tool["name"] in ("Glob", "Bash")],
}
FOREIGN = ("openai-chat", "deepseek", "openai-responses", "google")
CALLS = (Use("Bash", {"command": "sleep 9"}), Use("Glob", {"pattern": "*"}))


@contextmanager
def sound(house: House, slug: str) -> Iterator[House]:
    """A house of its own for the one whose gateway has a bug, so that it fails this test and no other."""
    if slug != "google":
        yield house
        return
    with Background() as background:
        house = House(background)
        try:
            yield house
        finally:
            house.close()


@pytest.mark.parametrize("slug", ["openai-chat", "openai-responses", "google"])
@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([text("Stop. Do something else.")], "messages[1]"),
        ([result(0, "done"), text("Stop.")], "messages[1]"),
        ([result(0, "done"), result(1, "done"), {**result(1, "?"), "tool_use_id": "toolu_other"}], "messages[2]"),
    ],
    ids=["no result", "half of the results", "a result too many"],
)
def test_calls_and_results_that_do_not_match_are_refused_as_anthropic_does(
    house: House, slug: str, content: list[Json], path: str
) -> None:
    with sound(house, slug) as own:
        kind = own.kinds[slug]
        kind.upstream.follow(Answer(1, CALLS))
        agent = messages_agent.Agent(own.anthropic, kind.model, **SETTINGS)
        agent.say("Begin.")
        ids = [block["id"] for block in agent.messages[-1]["content"]]
        addressed = [
            {**block, "tool_use_id": ids[block["tool_use_id"]]} if isinstance(block.get("tool_use_id"), int) else block
            for block in content
        ]
        agent.messages.append({"role": "user", "content": addressed})
        with pytest.raises(anthropic.BadRequestError) as refused:
            agent.ask()
        body: Any = refused.value.body
        assert (body["type"], body["error"]["type"]) == ("error", "invalid_request_error")
        assert path in body["error"]["message"]
        assert len(kind.upstream.bodies) == 1, "nothing is sent"


@pytest.mark.parametrize("slug", ["anthropic", "google"])
def test_a_call_without_its_output_is_refused_as_openai_does(house: House, slug: str) -> None:
    with sound(house, slug) as own:
        kind = own.kinds[slug]
        kind.upstream.follow(Answer(1, (Use("note", {"input": "a"}),)))
        agent = responses_agent.Agent(own.openai, kind.model, remembers=False, **responses_settings())
        agent.say(message("user", "Begin."))
        with pytest.raises(openai.BadRequestError) as refused:
            agent.say(message("user", "Stop."))
        assert "input[1]" in f"{refused.value.param} {refused.value.message}"
        assert len(kind.upstream.bodies) == 1, "nothing is sent"


@pytest.mark.parametrize("slug", FOREIGN)
def test_after_an_interruption_the_agent_goes_on_with_results_of_its_own_making(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    kind.upstream.follow(Answer(1, (think(kind.family, 1, "Hm."), *CALLS)), Answer(2, (Say("All right."),)))
    agent = messages_agent.Agent(house.anthropic, kind.model, **SETTINGS)
    agent.say("Begin.")
    refused = "The user doesn't want to proceed."
    got = agent.say([result(1, refused, failed=True), result(0, refused, failed=True), text("Do something else.")])
    assert not kind.upstream.problems
    assert differences(talk_of(agent.sent), kind.upstream.heard[-1]) == []
    assert got.message.stop_reason == "end_turn"


def _answers(family: str) -> dict[str, Answer]:
    return {
        "thoughts alone": Answer(1, (think(family, 1, "Hm."),)),
        "cut while thinking": Answer(1, (think(family, 1, "Hm."),), cut=True),
        "a thought without words": Answer(1, (Think("", think(family, 1, "Hm.").proof), CALLS[0])),
        "thoughts between words": Answer(1, (think(family, 1, "a"), Say("b"), think(family, 2, "c"), CALLS[0])),
        "blank words": Answer(1, (Say(" \n"), CALLS[0])),
        "blank words alone": Answer(1, (Say("  "),)),
        "words behind a call": Answer(1, (CALLS[0], Say("That will do."))),
    }


@pytest.mark.parametrize("name", _answers(""))
@pytest.mark.parametrize("slug", ["openai-chat", "openai-responses", "google"])
def test_an_odd_answer_can_be_gone_on_from(house: House, slug: str, name: str) -> None:
    kind = house.kinds[slug]
    answer = _answers(kind.family)[name]
    kind.upstream.follow(answer, Answer(2, (Say("Yes."),)))
    agent = messages_agent.Agent(house.anthropic, kind.model, **SETTINGS)
    got = agent.say("Begin.")
    assert got.message.stop_reason == ("max_tokens" if answer.cut else "tool_use" if answer.calls else "end_turn")
    agent.say([result(0, "done")] if answer.calls else "Go on.")
    assert not kind.upstream.problems
    asked, heard = talk_of(agent.sent), kind.upstream.heard[-1]
    if slug == "openai-chat":  # it has one place for words and one for calls
        asked.said.sort()
        heard.said.sort()
    assert differences(asked, heard) == []
    behind = answer.pieces[-1]
    if slug == "google":
        assert len(heard.proofs) == min(1, len(answer.thoughts))
    if slug == "openai-responses":  # reasoning comes back only with what it led to
        assert len(heard.proofs) == len(answer.thoughts) - isinstance(behind, Think)


@pytest.mark.parametrize("slug", ["openai-chat", "deepseek", "openai-responses"])
def test_an_answer_of_nothing(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    kind.upstream.follow(Answer(1, ()), Answer(2, (Say("Yes."),)))
    agent = messages_agent.Agent(house.anthropic, kind.model, **SETTINGS)
    assert agent.say("Begin.").message.content == []
    assert agent.messages[-1]["content"] == []
    agent.say("Go on.")
    assert not kind.upstream.problems
    assert kind.upstream.heard[-1].said == [("user", "Begin."), ("user", "Go on.")]


def test_a_call_that_is_cut_in_its_arguments(house: House) -> None:
    """The SDK makes the best of them; the agent tells the model that they were no good."""
    kind = house.kinds["openai-chat"]
    cut = Answer(1, (Use("Bash", {"command": "echo one two three four five"}),), cut=True)
    kind.upstream.follow(cut, Answer(2, (Say("Again."),)))
    agent = messages_agent.Agent(house.anthropic, kind.model, **SETTINGS)
    got = agent.say("Begin.")
    [call] = got.message.content
    assert got.message.stop_reason == "max_tokens"
    assert call.type == "tool_use"
    assert call.name == "Bash"
    agent.say([result(0, "The command was cut.", failed=True)])
    assert not kind.upstream.problems
    assert differences(talk_of(agent.sent), kind.upstream.heard[-1]) == []
