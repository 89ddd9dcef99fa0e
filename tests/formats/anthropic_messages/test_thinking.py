"""How another format's wish to reason is put, for models that are asked in different ways."""

from typing import Any

import pytest
from tests.formats.anthropic_messages.speaking import assistant, chat, tool, user, write

from trunkline.formats.conversation import Effort, Reasoning, Request, Thinking, Tool, ToolCall, ToolChoice, ToolResult
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses

BUDGET = Dialect(thinks="budget", issuer="anthropic", default_max_output=4096)
ADAPTIVE = Dialect(thinks="adaptive", issuer="anthropic", efforts=("low", "medium", "high", "xhigh", "max"))
TOOL = Tool(name="f", at="tools[0]")


def wish(request: Thinking, **fields: Any) -> Request:
    return chat(user("?"), thinking=request, **fields)


def asked(request: Request, dialect: Dialect) -> tuple[dict[str, Any] | None, str | None, int, list[str]]:
    """`thinking`, the effort, `max_tokens`, and what was told."""
    losses = Losses()
    written = write(request, dialect, losses)
    effort = written.get("output_config", {}).get("effort")
    return written.get("thinking"), effort, written["max_tokens"], losses.dropped


@pytest.mark.parametrize(
    ("effort", "budget"),
    [("minimal", 1024), ("low", 2048), ("medium", 10_000), ("high", 16_384), ("xhigh", 32_768), ("max", 65_536)],
)
def test_an_effort_is_a_budget_for_older_models(effort: Effort, budget: int) -> None:
    enabled = {"type": "enabled", "budget_tokens": budget}
    assert asked(wish(Thinking(effort=effort)), BUDGET) == (enabled, None, 4096 + budget, [])


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        (Thinking(effort="minimal"), "low"),
        (Thinking(effort="xhigh"), "xhigh"),
        (Thinking(mode="on", budget=16_000), "high"),
        (Thinking(mode="on", budget=1), "low"),
        (Thinking(mode="adaptive"), None),
    ],
)
def test_newer_models_take_an_effort(thinking: Thinking, effort: str | None) -> None:
    assert asked(wish(thinking), ADAPTIVE) == ({"type": "adaptive"}, effort, 4096, [])


def test_an_effort_that_a_model_does_not_know_is_moved_to_the_nearest() -> None:
    few = Dialect(thinks="adaptive", efforts=("low", "medium", "high"))
    assert asked(wish(Thinking(effort="max")), few)[1] == "high"


def test_as_published_an_effort_goes_alone_and_thinking_with_what_is_shown() -> None:
    assert asked(wish(Thinking(effort="high")), Dialect())[:2] == (None, "high")
    shown = Thinking(effort="high", shown=True)
    assert asked(wish(shown), Dialect())[:2] == ({"type": "adaptive", "display": "summarized"}, "high")
    assert asked(wish(Thinking(mode="on", shown=False)), Dialect())[0] == {"type": "adaptive", "display": "omitted"}


@pytest.mark.parametrize("thinking", [Thinking(mode="off"), Thinking(effort="none"), Thinking(mode="off", budget=0)])
@pytest.mark.parametrize("dialect", [BUDGET, ADAPTIVE, Dialect()])
def test_thinking_is_switched_off(thinking: Thinking, dialect: Dialect) -> None:
    assert asked(wish(thinking), dialect) == ({"type": "disabled"}, None, 4096, [])


def test_a_model_that_does_not_reason_is_told_nothing_and_the_client_is() -> None:
    assert asked(wish(Thinking(effort="high")), Dialect(thinks="")) == (None, None, 4096, ["reasoning_effort"])
    assert asked(wish(Thinking(effort="none")), Dialect(thinks="")) == (None, None, 4096, [])


@pytest.mark.parametrize(("most", "budget"), [(8000, 6000), (2000, 1500), (1200, 1024)])
def test_a_budget_stays_below_the_cap_and_leaves_room_for_the_answer(most: int, budget: int) -> None:
    thinking, _, cap, _ = asked(wish(Thinking(mode="on", budget=20_000), max_output=most), BUDGET)
    assert (thinking, cap) == ({"type": "enabled", "budget_tokens": budget}, most)


def test_under_a_cap_that_leaves_no_room_there_is_no_thinking() -> None:
    assert asked(wish(Thinking(effort="high"), max_output=1024), BUDGET) == (None, None, 1024, ["reasoning_effort"])


def test_the_models_own_cap_holds_budget_and_answer() -> None:
    small = Dialect(thinks="budget", max_output=8192)
    assert asked(wish(Thinking(mode="on", budget=6000)), small)[2] == 8192


@pytest.mark.parametrize("dialect", [BUDGET, ADAPTIVE])
def test_who_thinks_is_not_told_how_to_sample(dialect: Dialect) -> None:
    request = wish(Thinking(effort="low"), temperature=0.3, top_p=0.5, top_k=10)
    losses = Losses()
    assert not write(request, dialect, losses).keys() & {"temperature", "top_p", "top_k"}
    assert losses.dropped == ["temperature", "top_p", "top_k"]
    harmless = write(wish(Thinking(effort="low"), temperature=1, top_p=0.97), dialect)
    assert (harmless["temperature"], harmless["top_p"]) == (1, 0.97)


@pytest.mark.parametrize("dialect", [BUDGET, ADAPTIVE])
def test_a_tool_that_must_be_called_goes_before_thinking(dialect: Dialect) -> None:
    request = wish(Thinking(effort="max"), tools=[TOOL], tool_choice=ToolChoice(mode="required"))
    thinking, effort, _, told = asked(request, dialect)
    assert thinking == {"type": "disabled"}
    assert effort in (None, "high")
    assert told == ["reasoning_effort"]
    assert write(request, dialect)["tool_choice"] == {"type": "any"}


def in_a_loop(*before: Reasoning, after: bool = False) -> Request:
    call = ToolCall(id="a", name="f", arguments="{}")
    turns = [user("?"), assistant(*before, call), tool(ToolResult(call="a", plain=True))]
    if after:
        turns.append(user("Never mind."))
        turns[2:] = [*turns[2:3], assistant("Done."), turns[3]]
    return chat(*turns, tools=[TOOL], thinking=Thinking(mode="on", budget=2000))


def test_with_a_budget_a_turn_that_began_elsewhere_goes_on_without_thinking() -> None:
    thinking, _, _, told = asked(in_a_loop(), BUDGET)
    assert thinking == {"type": "disabled"}
    assert told == ["reasoning_effort"]


def test_a_turn_that_began_with_thinking_goes_on_with_it() -> None:
    thought = Reasoning(text="Hm.", signature="c2ln", issuer="anthropic")
    thinking, _, _, told = asked(in_a_loop(thought), BUDGET)
    assert thinking == {"type": "enabled", "budget_tokens": 2000}
    assert told == []


def test_a_turn_that_is_over_does_not_matter() -> None:
    assert asked(in_a_loop(after=True), BUDGET)[0] == {"type": "enabled", "budget_tokens": 2000}


def test_who_decides_itself_may_begin_to_think_in_the_middle() -> None:
    assert asked(in_a_loop(), ADAPTIVE)[0] == {"type": "adaptive"}
