"""Names that others have chosen, in headers."""

import re

from hypothesis import given
from hypothesis import strategies as st

from trunkline.gateway.headers import LONGEST_LIST, header_text, listed


@given(st.text())
def test_whatever_is_named_stays_one_value(name: str) -> None:
    assert re.fullmatch(rb"[\x20-\x7e]*", header_text(name))


def test_a_plain_name_is_itself() -> None:
    assert header_text("messages[0].content") == b"messages[0].content"
    assert header_text("a\r\nb: ü") == b"a??b: ?"


def test_names_are_listed_whole_or_counted() -> None:
    assert listed([]) == b""
    assert listed(["a", "b"]) == b"a, b"
    many = [f"messages[{n}].reasoning" for n in range(500)]
    text = listed(many).decode()
    shown = text.split(", ")
    assert shown[:-1] == many[: len(shown) - 1]
    assert shown[-1] == f"and {500 - len(shown) + 1} more"
    assert len(text) <= LONGEST_LIST + 20
