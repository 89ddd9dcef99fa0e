"""Where the words of a second model meet those of the first: no gap, nothing twice, or it is told that they do not."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.formats.aligning import MOST_HELD, Aligner, Unaligned, last_words

WORDS = (
    "water", "Grüße", "jumps", "over", "3.14", "**bold**", "quietly", "Zürich", "kept", "`f(x)`", "because", "is",
    "世界", "once", "—", "mountain", "yellow",
)  # fmt: skip
ENDS = (" ", ". ", ", ", "\n\n", "\n- ", ":\n")
TEXT = "The quick brown fox jumps over the lazy dog. It was a sunny day, and nobody was there to see it jump again."


def told(said: str, pieces: list[str], wanted: str = "") -> str:
    """What a client gets whom `said` was told, from a model that says `pieces`. Raises `Unaligned`."""
    aligner = Aligner(said, wanted)
    for number, piece in enumerate(pieces, 1):
        rest = aligner.feed(piece)
        if rest is not None:
            return said + rest + "".join(pieces[number:])
    return said + aligner.finish()


def cut_up(text: str, sizes: list[int]) -> Iterator[str]:
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(text):
            return
        yield text[at : at + size]
        at += size


@st.composite
def answers(draw: st.DrawFn) -> str:
    words = draw(st.lists(st.sampled_from(WORDS), min_size=8, max_size=60).map(_none_twice_in_a_row))
    ends = draw(st.lists(st.sampled_from(ENDS), min_size=len(words), max_size=len(words)))
    return "".join(word + end for word, end in zip(words, ends, strict=True)) + "the end."


def _none_twice_in_a_row(words: list[str]) -> list[str]:
    return [word for word, _ in itertools.groupby(words)]


@given(
    answers(),
    st.floats(0.02, 0.98),
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.sampled_from(["exactly", "anew", "wanted", "tail", "preamble", "preamble anew"]),
    st.booleans(),
)
def test_however_it_goes_on_the_answer_is_whole_and_nothing_is_twice(
    answer: str, place: float, sizes: list[int], way: str, asks: bool
) -> None:
    at = max(1, int(len(answer) * place))
    said, rest = answer[:at], answer[at:]
    wanted = last_words(said)
    came = {
        "exactly": rest,
        "anew": answer,
        "wanted": wanted + rest,
        "tail": answer[max(0, at - 30) :],
        "preamble": f"Certainly! Here is the rest of the answer:\n\n{wanted}{rest}",
        "preamble anew": f"Sure, continuing where I left off: {answer}",
    }[way]
    if _recurs(said) or not any(map(str.isalnum, said)):
        return
    assert told(said, list(cut_up(came, sizes)), wanted if asks else "") == answer


def _recurs(said: str) -> bool:
    """Whether it ends with something for the second time at once: then nobody can tell."""
    return any(said.endswith(said[-size:] * 2) for size in range(1, len(said) // 2 + 1))


@pytest.mark.parametrize(
    ("said", "came", "whole"),
    [
        ("It is 0.333", "333 and so on", "It is 0.333333 and so on"),
        ("Ha ha ha", " ha ha ha!", "Ha ha ha ha ha ha!"),
        ("It was very", " very nice", "It was very very nice"),
        ("I read the", " theory", "I read the theory"),
        ("I read the ", "theory", "I read the theory"),
        ("| --- | --- ", "| --- |\n| a |", "| --- | --- | --- |\n| a |"),
        ("The quick bro", "wn fox", "The quick brown fox"),
        ("The quick brown", "brown fox", "The quick brown fox"),
        ("The quick brown", "quick brown fox", "The quick brown fox"),
        ("One.\n\nTwo.\n\n", "Two. Three.", "One.\n\nTwo.\n\nThree."),
        ("One.\n\nTwo.\n", "Two.\n\nThree.", "One.\n\nTwo.\n\nThree."),
        (
            "The steps are simple. ",
            "Here are three of them: wait.",
            "The steps are simple. Here are three of them: wait.",
        ),
        ("He asked. ", "I'll continue! Never mind.", "He asked. I'll continue! Never mind."),
        ("He asked. ", "Surely, she said.", "He asked. Surely, she said."),
        ("He asked. ", "Sure enough, it rained.", "He asked. Sure enough, it rained."),
        ("The quick brown fox", "Sure! The quick brown fox jumps.", "The quick brown fox jumps."),
        ("The quick brown", "*Continuing…*\n\n fox", "The quick brown fox"),
        ("狐狸跳过了懒狗，然后", "好的，继续：\n懒狗，然后睡着了。", "狐狸跳过了懒狗，然后睡着了。"),
        ("The quick brown fox", "The quick brown fox", "The quick brown fox"),
        ("The quick brown fox.", "", "The quick brown fox."),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_repeats_is_told_from_what_is_alike(said: str, came: str, whole: str, size: int) -> None:
    assert told(said, list(cut_up(came, [size]))) == whole


@pytest.mark.parametrize(
    "came",
    [
        "The quick brown fox jumps over the fence, and is gone.",
        TEXT[:30],
        "Sure! The quick brown fox jumps over the fence.",
    ],
)
def test_what_is_begun_anew_in_other_words_is_not_joined(came: str) -> None:
    with pytest.raises(Unaligned):
        told(TEXT[:70], list(cut_up(came, [4])))


def test_no_more_is_held_than_an_introduction_may_have() -> None:
    aligner = Aligner(TEXT[:70])
    held = next(
        size for size in itertools.count(1) if aligner.feed("Here and there " if size == 1 else "x") is not None
    )
    assert held < MOST_HELD


def test_what_cannot_be_a_repetition_goes_through_at_once() -> None:
    assert Aligner(TEXT[:70]).feed(" yes") == " yes"


def test_the_last_words_begin_with_a_word_and_are_there_only_once() -> None:
    assert last_words("Short.") == "Short."
    assert last_words(TEXT) == "day, and nobody was there to see it jump again."
    refrain = "Row, row, row your boat, gently down the stream, merrily. "
    words = last_words(f"A song: {refrain * 3}")
    assert f"A song: {refrain * 3}".count(words) == 1
