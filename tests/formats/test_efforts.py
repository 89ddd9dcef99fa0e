"""Efforts in tokens and tokens in efforts."""

import pytest

from trunkline.formats.conversation import Effort, Request, Thinking
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.efforts import BUDGETS, ORDER, effort_of, nearest, reasons, while_reasoning


@pytest.mark.parametrize("effort", ORDER)
def test_a_budget_is_the_effort_that_it_stands_for(effort: Effort) -> None:
    assert effort_of(BUDGETS[effort]) == effort


@pytest.mark.parametrize(
    ("budget", "effort"), [(-1, None), (1, "minimal"), (2049, "medium"), (20_000, "xhigh"), (10**6, "max")]
)
def test_an_effort_gives_at_least_the_budget(budget: int, effort: Effort | None) -> None:
    assert effort_of(budget) == effort


@pytest.mark.parametrize(
    ("wished", "known", "effort"),
    [
        ("high", ("low", "high"), "high"),
        ("max", ("low", "high"), "high"),
        ("medium", ("low", "high"), "low"),
        ("minimal", ("medium", "high"), "medium"),
        ("low", (), "low"),
        ("low", ("turbo",), "low"),
    ],
)
def test_an_unknown_effort_is_moved_to_the_nearest(wished: Effort, known: tuple[str, ...], effort: Effort) -> None:
    assert nearest(wished, known) == effort


def test_of_two_as_near_the_greater_can_be_had() -> None:
    assert nearest("medium", ("low", "high"), rather_more=True) == "high"


EAGER = Dialect(reasons_unasked=True)


@pytest.mark.parametrize(
    ("wish", "usually_not", "usually"),
    [
        (None, False, True),
        (Thinking(), False, True),
        (Thinking(shown=True), False, True),
        (Thinking(mode="adaptive"), False, True),
        (Thinking(mode="on"), True, True),
        (Thinking(effort="low"), True, True),
        (Thinking(budget=2000), True, True),
        (Thinking(effort="none"), False, False),
        (Thinking(mode="off"), False, False),
        (Thinking(budget=0), False, False),
    ],
)
def test_a_model_reasons_where_it_is_asked_to_or_does_so_unasked(
    wish: Thinking | None, usually_not: bool, usually: bool
) -> None:
    request = Request(format="openai_chat", thinking=wish)
    assert (reasons(request, PLAIN), reasons(request, EAGER)) == (usually_not, usually)


def test_what_a_model_refuses_while_it_reasons_is_refused_then_only() -> None:
    dialect = Dialect(refuses=frozenset({"stop"}), refuses_thinking=frozenset({"temperature"}))
    quiet, asked = Request(format="openai_chat"), Request(format="openai_chat", thinking=Thinking(effort="low"))
    assert while_reasoning(dialect, quiet) is dialect
    assert while_reasoning(dialect, asked).refuses == {"stop", "temperature"}
