"""How names of models are looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.config import names

TEXT = st.text(st.characters(codec="ascii", exclude_characters="*", categories=("L", "N", "P")))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("openai/gpt-4o", ("openai", "gpt-4o")),
        ("house/meta/llama", ("house", "meta/llama")),
        ("gpt-4o", None),
        ("/gpt", None),
        ("openai/", None),
        ("", None),
    ],
)
def test_a_deployment_is_split_at_its_first_slash(name: str, parts: tuple[str, str] | None) -> None:
    assert names.split(name) == parts


@given(TEXT, TEXT, TEXT)
def test_a_star_takes_what_is_between_the_rest(before: str, taken: str, after: str) -> None:
    assert names.match(f"{before}*{after}", before + taken + after) == (taken or None)


@given(TEXT, TEXT)
def test_without_a_star_only_the_same_name_matches(one: str, other: str) -> None:
    assert names.match(one, other) == ("" if one == other else None)


def test_the_beginning_and_the_end_of_a_pattern_do_not_overlap() -> None:
    assert names.match("ab*ba", "aba") is None


def test_the_wildcard_with_the_most_characters_wins_and_a_star_alone_never() -> None:
    assert names.wildcard(["*", "g*", "gpt-*", "*-mini"], "gpt-4o-mini") == "*-mini"
    assert names.wildcard(["*", "gpt-*"], "o3") is None


def test_a_target_gets_what_its_alias_took() -> None:
    taken = names.match("gpt-*", "gpt-4o")
    assert taken is not None
    assert names.fill("openai/gpt-*", taken) == "openai/gpt-4o"
    assert names.fill("openai/o3", taken) == "openai/o3"
