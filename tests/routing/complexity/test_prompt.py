"""What is seen of a request, whichever API it came by."""

import math
from typing import Any

import pytest

from trunkline.routing.complexity.features import COLUMNS, Features
from trunkline.routing.complexity.prompt import Prompt

CHAT: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who was first?"},
        {"role": "assistant", "content": "Ada."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Why?"}, {"type": "image_url", "image_url": {"url": "x"}}],
        },
    ],
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "response_format": {"type": "json_object"},
    "max_tokens": 50,
}


def seen(document: dict[str, Any]) -> dict[str, float]:
    """The features, by name."""
    return dict(zip(COLUMNS, Features.of(Prompt.of(document)).values, strict=True))


def test_the_last_turn_is_told_from_what_stands_around_it() -> None:
    prompt = Prompt.of(CHAT)
    assert (prompt.text, prompt.instructions, prompt.messages) == ("Why?", "Be brief.", 4)
    assert (prompt.tools, prompt.media, prompt.structured, prompt.cap) == (1, 1, True, 50)
    assert prompt.history == len("Be brief.Who was first?Ada.")


@pytest.mark.parametrize(
    "document",
    [
        {"system": "Be brief.", "messages": [{"role": "user", "content": "Why?"}]},
        {"instructions": "Be brief.", "input": "Why?"},
        {"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": [{"parts": [{"text": "Why?"}]}]},
        {"system": [{"text": "Be brief."}], "messages": [{"role": "user", "content": [{"text": "Why?"}]}]},
    ],
    ids=["messages", "responses", "google", "bedrock"],
)
def test_every_api_gives_the_same(document: dict[str, Any]) -> None:
    assert Prompt.of(document) == Prompt("Why?", "Be brief.")


def test_words_choices_and_numbers_are_counted() -> None:
    values = seen({"prompt": "Prove it for 3 and 4.5.\nA. yes\nB. no\nC. none of the above"})
    assert values["choice_choices"] == 3
    assert values["choice_of_the_above"] == 1
    assert values["numbers"] == math.log1p(2)
    assert values["words_reasoning"] > 0 == values["words_code"]


@pytest.mark.parametrize(
    "text", ["", "\0", "?" * 9000, "数学" * 4000, "a\n" * 5000, "A. \n" * 900, "\ud800x", "9" * 9000, "‘’" * 30]
)
def test_any_text_gives_finite_bounded_numbers(text: str) -> None:
    values = Features.of(Prompt.of({"messages": [{"role": "user", "content": text}]})).values
    assert len(values) == len(COLUMNS)
    assert all(0 <= value <= 25 for value in values)


@pytest.mark.parametrize(
    "document", [{}, {"messages": None}, {"messages": [7, None, {"content": 5}]}, {"input": {}, "system": [5, None]}]
)
def test_what_is_no_conversation_has_no_words(document: dict[str, Any]) -> None:
    assert Prompt.of(document).text == ""
