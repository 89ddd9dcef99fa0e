"""How like two answers are."""

import pytest
from tests.faults import replies

from trunkline.formats.registry import FORMATS
from trunkline.gateway.likeness import MOST_KEPT, Copy, likeness

CHAT = FORMATS["openai_chat"]
ANSWER = "The invoice is due on 3 March. You can pay it by card or by bank transfer."


def test_the_same_words_are_the_same_whatever_their_case_and_white_space() -> None:
    assert likeness(ANSWER, ANSWER.upper().replace(" ", "\n ")) == 1.0
    assert likeness("", " ") == 1.0
    assert likeness(ANSWER, "") == 0.0


@pytest.mark.parametrize(
    ("other", "least", "most"),
    [
        ("The invoice is due on 3 March. You may pay it by card or bank transfer.", 0.8, 0.95),
        ("It is due on 3 March; pay by bank transfer, or use a card.", 0.4, 0.7),
        ("Dear customer, our shop opens at nine and closes at six on weekdays.", 0.0, 0.1),
        ("請求書の支払期限は三月三日です。", 0.0, 0.05),
    ],
)
def test_the_more_words_differ_the_less_alike_they_are(other: str, least: float, most: float) -> None:
    assert least <= likeness(ANSWER, other) <= most
    assert likeness(ANSWER, other) == pytest.approx(likeness(other, ANSWER))


def test_what_was_sent_is_read_back_whole_and_streamed() -> None:
    whole, streamed = Copy(), Copy()
    whole.add(replies.chat("gpt"))
    for event in replies.chat_events("gpt", usage=True):
        streamed.add(event)
    assert whole.text(CHAT, stream=False) == streamed.text(CHAT, stream=True) == replies.TEXT


def test_of_a_long_stream_the_beginning_is_compared_and_of_a_long_answer_nothing() -> None:
    events = replies.chat_events("gpt", usage=False)
    copy = Copy()
    for event in [*events[:3], b":" + b" " * MOST_KEPT + b"\n\n", *events[3:]]:
        copy.add(event)
    assert not copy.whole
    assert copy.text(CHAT, stream=True) == "".join(replies.PIECES[:2])
    assert copy.text(CHAT, stream=False) is None


def test_what_is_no_answer_has_no_text() -> None:
    copy = Copy()
    copy.add(b"<html>")
    assert copy.text(CHAT, stream=False) is None
