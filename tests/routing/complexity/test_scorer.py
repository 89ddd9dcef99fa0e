"""Scores by the model that comes with Trunkline, and what is refused as a model."""

import subprocess
import sys
import time

import msgspec
import pytest

from trunkline.routing.complexity import Features, ModelError, Prompt, Scorer, standard
from trunkline.routing.complexity import model as file

EASY = [
    "hi there",
    "Thanks, that's all!",
    "What is the capital of France?",
    "Classify the sentiment of this review as positive or negative: I loved every minute of it.",
    "Translate to German: Where is the station?",
    "Extract all e-mail addresses: write to ann@example.com or to bob@example.com.",
]
HARD = [
    "Prove that there are infinitely many primes congruent to 3 modulo 4, and explain why this fails for 1 modulo 4.",
    "Design a distributed rate limiter that stays correct under network partitions, and analyse its trade-offs.",
    "Our service deadlocks once a day under load. Find the race in this lock order, and fix it without a global lock.",
]


def score(text: str) -> float:
    return Scorer.read(standard()).score(Features.of(Prompt(text)))


def test_small_talk_and_extraction_are_easier_than_reasoning_and_design() -> None:
    assert max(map(score, EASY)) < min(map(score, HARD))


def test_a_score_is_a_probability_whatever_is_asked() -> None:
    assert all(0 < score(text) < 1 for text in ["", "?" * 5000, "9" * 5000, "é" * 5000])


def test_a_share_and_a_quality_are_two_ways_to_say_the_same() -> None:
    scorer = Scorer.read(standard())
    for embedded in (False, True):
        for quality in (0.3, 0.6, 0.9):
            share = scorer.share_for(quality, embedded=embedded)
            assert 0 < share < quality  # at random, it would take as much
            assert scorer.recovered(share, embedded=embedded) >= quality - 1e-9
        assert scorer.share_for(0.0) == 0.0
        assert scorer.share_for(1.0) == 1.0


def test_scoring_without_an_embedder_needs_no_numpy() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from trunkline.routing.complexity import Features, Prompt, Scorer, standard\n"
        "print(Scorer.read(standard()).score(Features.of(Prompt('hi'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)
    assert float(done.stdout) == score("hi")


def least(prompt: Prompt, scorer: Scorer, vector: list[float] | None, windows: int = 30) -> float:
    """Seconds for one decision, in the quickest of some windows."""
    best = float("inf")
    for _ in range(windows):
        begun = time.perf_counter()
        scorer.score(Features.of(prompt), vector)
        best = min(best, time.perf_counter() - begun)
    return best


def test_a_decision_is_quick_and_takes_no_longer_for_a_longer_text() -> None:
    scorer = Scorer.read(standard())
    usual = Prompt("How many apples are left when 3 of 12 children take two each, and who gets them? " * 4)
    endless = Prompt(usual.text * 1000)
    assert least(usual, scorer, None) < 0.5e-3  # a tenth of a millisecond where nothing else runs
    assert least(endless, scorer, None) < 6 * least(usual, scorer, None)
    assert least(usual, scorer, [0.05] * 384) < 2e-3


def test_a_damaged_model_is_refused() -> None:
    good = standard()
    model = file.read(good)
    assert file.read(file.write(model)) == model
    damaged = [
        b"",
        b"{}",
        b"\xff",
        good[: len(good) // 2],
        file.write(msgspec.structs.replace(model, version=99)),
        file.write(msgspec.structs.replace(model, columns=["other"])),
        file.write(msgspec.structs.replace(model, linear=model.linear[:1])),
        file.write(msgspec.structs.replace(model, trees=[*model.trees, [len(model.columns), 0.5, 0.0, 0.0]])),
        file.write(msgspec.structs.replace(model, trees=[["code", 0.5, 0.0, 0.0]])),
    ]
    for data in damaged:
        with pytest.raises(ModelError):
            file.read(data)


def test_a_vector_is_refused_by_a_model_without_an_embedder() -> None:
    scorer = Scorer(msgspec.structs.replace(file.read(standard()), vectors=None))
    assert (scorer.embedder, scorer.tokens) == ("", 0)
    with pytest.raises(ValueError, match="without an embedder"):
        scorer.score(Features.of(Prompt("hi")), [0.0] * 384)
