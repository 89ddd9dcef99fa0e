"""The short way to the canonical form of a request gives what the long way does, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recorded.exchanges import exchanges, providers

from trunkline.cache.request import canonical
from trunkline.cache.usual import canonical_of_chat
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.openai_chat import FORMAT

WORDS = st.sampled_from(["", "a", "<think>a</think>b", "ü"])
PARTS = st.lists(st.fixed_dictionaries({"type": st.sampled_from(["text", "image"]), "text": WORDS}), max_size=2)
VALUES: list[Any] = [None, True, False, 0, 1, 1.0, 0.5, "", "a", {}, {"include_usage": True}, []]
ODD = st.sampled_from(VALUES)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "nobody"]), "content": WORDS | PARTS},
    optional={"name": WORDS},
)
OPTIONAL = [
    "temperature", "top_p", "presence_penalty", "frequency_penalty", "n", "seed", "user", "stream", "stream_options",
    "max_tokens", "max_completion_tokens", "tools", "stop", "metadata",
]  # fmt: skip
ASKED = st.fixed_dictionaries(
    {"model": st.just("m"), "messages": st.lists(MESSAGE, max_size=3)}, optional=dict.fromkeys(OPTIONAL, ODD)
)


def both_agree(asked: dict[str, Any], place: Place) -> bool:
    """Whether the short way was open; it must agree with the long one."""
    short = canonical_of_chat(asked)
    if short is not None:
        assert short == canonical(FORMAT.read_request(asked, place))
    return short is not None


@given(ASKED)
def test_the_short_way_agrees_with_the_long_one(asked: dict[str, Any]) -> None:
    try:
        FORMAT.look(asked, Place(), 0)
    except ShapeError:
        return  # it is refused before anybody asks for its form
    if not asked["messages"]:
        assert canonical_of_chat(asked) is None
    else:
        both_agree(asked, Place())


@pytest.mark.shared
@pytest.mark.parametrize("provider", providers())
def test_the_short_way_agrees_on_what_was_recorded(provider: str) -> None:
    for each in exchanges(provider):
        if each.request is not None and each.format == "openai_chat" and each.status < 400:
            both_agree(each.request, each.place)


def test_the_short_way_is_open_to_a_chat_of_words() -> None:
    lines = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    asked = {
        "model": "m",
        "messages": [{"role": "system", "content": lines}, {"role": "user", "content": "a"}],
        "temperature": 0,
        "max_tokens": 9,
        "user": "u",
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert both_agree(asked, Place())
