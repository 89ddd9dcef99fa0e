"""How detectors see texts of other scripts."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from trunkline.guard.view import plainly, view

LETTERS = (
    "aZ9 .\u00e4\u00df\u2013\u2014\u00a0\u202f\u201e\u20ac\u0430\u03bf\u0416"
    "\u4e2d\u3042\u30a2\uac00\u200b\u0663\uff11\U0001f600\ud800"
)


def test_every_character_that_is_plainly_seen_is_seen_so() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        plain = plainly(character)
        assert plain is None or view(character).text == plain, hex(number)
    assert plainly("\u0663") is None
    assert plainly("p\u0430ypal") is None


@given(st.text(st.sampled_from(LETTERS), max_size=30))
def test_a_text_that_is_plainly_seen_is_seen_so(text: str) -> None:
    seen, plain = view(text), plainly(text)
    assert plain is None or (seen.text == plain and seen.offsets is None)
