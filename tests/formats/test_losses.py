"""What is told of fields that only one format knows, and what is not."""

from typing import Any

import pytest

from trunkline.formats.losses import CannotCarry, Losses

HARMLESS = frozenset({"status", "annotations", "title"})


def test_what_is_harmless_is_told_by_its_path() -> None:
    losses = Losses()
    losses.leave({"openai_responses": {"title": "x", "annotations": [{}]}}, "openai_responses", "input[1]", HARMLESS)
    assert losses.dropped == ["input[1].title", "input[1].annotations"]


def test_bookkeeping_and_what_says_nothing_is_not_told() -> None:
    losses = Losses()
    fields: dict[str, Any] = {"status": "completed", "annotations": [], "title": None, "other": False}
    losses.leave({"openai_responses": fields}, "openai_responses", "input[1]", HARMLESS)
    assert losses.dropped == []


def test_an_object_of_nulls_says_nothing_and_one_of_zeros_does() -> None:
    losses = Losses(drop_all=True)
    fields: dict[str, Any] = {"config": {"effort": None, "a": {}}, "budgets": {"b": 0}}
    losses.leave({"openai_chat": fields}, "openai_chat", "", frozenset())
    assert losses.dropped == ["budgets"]


@pytest.mark.parametrize("zero", [0, 0.0])
def test_a_zero_asks_for_nothing_and_is_told(zero: float) -> None:
    losses = Losses()
    losses.leave({"openai_chat": {"mirostat": zero}}, "openai_chat", "", HARMLESS)
    assert losses.dropped == ["mirostat"]


def test_a_status_that_matters_is_refused() -> None:
    with pytest.raises(CannotCarry) as refused:
        Losses().leave({"openai_chat": {"status": "on"}}, "openai_chat", "", frozenset())
    assert refused.value.param == "status"
