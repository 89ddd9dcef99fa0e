"""Efforts in tokens and tokens in efforts."""

import pytest

from trunkline.formats.conversation import Effort
from trunkline.formats.efforts import BUDGETS, ORDER, effort_of, nearest


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
