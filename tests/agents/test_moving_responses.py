"""A conversation in the Responses format that moves from one provider to another and back, with reasoning and tools.

With the server's memory, and without it.
"""

import re
from typing import Any

import pytest
from tests.agents.house import House
from tests.agents.moving import MIDWAY, proofs_of, route, script
from tests.agents.responses_agent import Agent, Got
from tests.agents.responses_session import STRING, function, message, output
from tests.agents.responses_talk import talk_of
from tests.agents.words import differences

Json = dict[str, Any]
SETTINGS: Json = {
    "instructions": "Be brief.",
    "tools": [
        function("Glob", "Finds files.", ["pattern"], pattern=STRING),
        function("Bash", "Runs a command.", ["command"], command=STRING),
    ],
    "reasoning": {"effort": "medium", "summary": "auto"},
}


@MIDWAY
@pytest.mark.parametrize("remembers", [False, True], ids=["sends all", "is remembered"])
@pytest.mark.parametrize(
    "legs",
    [
        route("anthropic", "google", "anthropic"),
        route("google", "anthropic", "google"),
        route("openai-responses", "anthropic", "openai-responses"),
        route("openai-responses", "anthropic", "google", "openai-responses"),
        route("google", "openai-responses"),
    ],
)
def test_a_conversation_moves(house: House, legs: tuple[str, ...], remembers: bool, midway: bool) -> None:
    steps = script(house, legs, midway=midway)
    agent = Agent(house.openai, "", remembers=remembers, **SETTINGS)
    items: list[Json] = [message("user", "Begin.")]
    owners: list[str] = []
    for number, (kind, answer) in enumerate(steps):
        agent.model, before = kind.model, list(agent.items)
        got = agent.say(*items)
        assert not kind.upstream.problems
        heard = kind.upstream.heard[-1]
        assert differences(talk_of(agent.sent, before if remembers else None), heard) == []
        assert heard.proofs == proofs_of(kind, steps[:number])
        assert _left(got) == _foreign_thoughts(before, owners, kind.slug)
        owners += [""] * len(items) + [kind.slug] * len(got.response.output)
        calls = [item for item in got.response.output if item.type == "function_call"]
        assert [item.name for item in calls] == [call.name for call in answer.calls]
        outputs = [output(place, f"{number}.{place}") for place in range(len(calls))]
        items = outputs or [message("user", f"Go on {number}.")]


def _left(got: Got) -> set[str]:
    """Items that the model did not get."""
    return {path for path in got.dropped if re.fullmatch(r"input\[\d+\]", path)}


def _foreign_thoughts(items: list[Json], owners: list[str], own: str) -> set[str]:
    """Where reasoning stands that the model at `own` cannot read; `owners` says who has made each item."""
    return {
        f"input[{number}]"
        for number, (item, owner) in enumerate(zip(items, owners, strict=True))
        if item.get("type") == "reasoning" and (owner != own or not item.get("encrypted_content"))
    }
