"""What two questions must have in common: kind by kind, on pairs, and as laws."""

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cache.semantic.parts import axis, near

from trunkline.cache.semantic import agree, answer, facts, same

PAIRS = Path(__file__).parents[1] / "pairs"


def pairs(name: str) -> list[list[str]]:
    """Kind, text, and another text."""
    with (PAIRS / name).open(encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_there_are_pairs_enough_and_none_twice() -> None:
    differ, alike = pairs("differ.tsv"), pairs("same.tsv")
    assert len({tuple(pair) for pair in differ}) == len(differ) >= 300
    assert len({tuple(pair) for pair in alike}) == len(alike) >= 100
    assert all(len(pair) == 3 and pair[1] != pair[2] for pair in differ + alike)


def test_what_looks_alike_and_differs_is_told_apart() -> None:
    told = pairs("differ.tsv")
    missed = [pair for pair in told if agree(facts(pair[1]), facts(pair[2]))]
    assert len(missed) <= 0.01 * len(told), missed


def test_what_is_the_same_is_mostly_taken_so() -> None:
    alike = pairs("same.tsv")
    agreed = sum(agree(facts(one), facts(other)) for _, one, other in alike)
    assert agreed >= 0.85 * len(alike)


def test_agreement_goes_both_ways() -> None:
    for _, one, other in pairs("differ.tsv") + pairs("same.tsv"):
        assert agree(facts(one), facts(other)) == agree(facts(other), facts(one)), (one, other)


@given(st.text(max_size=300))
def test_every_text_agrees_with_itself(text: str) -> None:
    assert agree(facts(text), facts(text))


@given(st.text(alphabet="ab 1.,'\"`-/$\n", max_size=60), st.text(alphabet="ab 1.,'\"`-/$\n", max_size=60))
def test_agreement_is_symmetric_for_any_texts(one: str, other: str) -> None:
    assert agree(facts(one), facts(other)) == agree(facts(other), facts(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Was kostet ein Konto für 5 Personen?", "Was kostet ein Konto für 6 Personen?"),
        ("¿Cuál es la capital de Chile?", "¿Cuál es la capital de Perú?"),
        ("東京から大阪まで10分", "東京から大阪まで20分"),
        ("x" * 5000 + "a", "x" * 5000 + "b"),
    ],
    ids=["german", "spanish", "japanese", "far into a long text"],
)
def test_other_languages_are_told_apart_by_what_is_no_english(one: str, other: str) -> None:
    assert not agree(facts(one), facts(other))


def test_a_long_text_is_read_in_bounded_time() -> None:
    for text in ("a" * 1_000_000, "'" * 100_000, "-1." * 100_000, "a.b/" * 100_000, '"a' * 100_000, "a-" * 100_000):
        before = time.process_time()
        facts(text)
        assert time.process_time() - before < 0.5, text[:10]


def test_answers_are_the_same_by_their_words_or_by_sense_and_facts() -> None:
    day = answer("It takes 3 days.", axis(0))
    assert same(day, answer("it takes  3 DAYS.", axis(1)))
    assert same(day, answer("That will be done in 3 days.", near(0, 0.9)))
    assert not same(day, answer("That will be done in 3 days.", near(0, 0.8)))
    assert not same(day, answer("That will be done in 4 days.", near(0, 0.95)))
    assert not same(day, answer("It does not take 3 days.", near(0, 0.95)))
