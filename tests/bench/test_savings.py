"""What repeated questions cost: counted on few of them, where the answer is plain."""

from __future__ import annotations

import numpy as np
from bench.savings import drawn, play_exact, play_semantic
from bench.savings_plot import Line, draw
from bench.semantic_cache import Asked

from trunkline.cache.semantic import ask


def questions(*texts: str) -> list[Asked]:
    vectors = np.eye(len(texts), 8, dtype=np.float32)
    return [Asked(ask(text, vector), number) for number, (text, vector) in enumerate(zip(texts, vectors, strict=True))]


def test_the_same_words_are_paid_for_once() -> None:
    one, other = questions("How do I pay?", "Where is my card?")
    paid = play_exact([one, other, one, one])
    assert paid.calls == [1, 2, 2, 2]
    assert paid.share(4) == 0.5


def test_words_that_have_nothing_in_common_are_paid_for_with_the_semantic_cache_too() -> None:
    one, other = questions("How do I pay?", "Where is my card?")
    paid = play_semantic([one, other, one, other], seed=0)
    assert paid.calls == [1, 2, 2, 2]
    assert paid.wrong == 0


def test_few_questions_come_often_and_the_same_seed_draws_the_same() -> None:
    workload = drawn(questions(*"abcdefgh"), seed=1, requests=1000)
    counts = sorted((workload.count(each) for each in workload[:50]), reverse=True)
    assert counts[0] > 3 * min(counts)
    assert [each.intent for each in drawn(questions(*"abcdefgh"), 1, 1000)] == [each.intent for each in workload]


def test_the_picture_names_every_line() -> None:
    picture = draw([Line("no cache", [1, 2, 3, 4]), Line("exact & more", [1, 1, 2, 2])])
    assert "no cache" in picture
    assert "exact &amp; more" in picture
    assert picture.count("<polyline") == 2
