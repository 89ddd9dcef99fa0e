"""Operators' own lists: words, which stand for themselves in any case, and expressions of re2."""

from collections.abc import Iterable, Iterator
from typing import Any

import re2

from trunkline.guard.expressions import compile_expression, longest_match, options
from trunkline.guard.values import Hit


class Words:
    """Words and phrases, found as whole words whatever their case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(words, key=len, reverse=True)
        pattern = "|".join(map(re2.escape, self._words))
        self._pattern = re2.compile(pattern, options(ignore_case=True))
        self.gates = (f"(?i)(?:{pattern})",)
        self.reach = len(self._words[0]) + 2

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The words from `start` on."""
        found = self._pattern.search(text, start)
        while found is not None:
            begin, end = found.span()
            whole = _is_whole(text, begin, end)
            if not whole:  # a shorter one may be a whole word here
                ends = [begin + len(word) for word in self._words if _same(text, begin, word)]
                end = next((each for each in ends if _is_whole(text, begin, each)), end)
                whole = _is_whole(text, begin, end)
            if whole:
                yield Hit(begin, end, "word")
            found = self._pattern.search(text, end if whole else begin + 1)


def _same(text: str, begin: int, word: str) -> bool:
    return text[begin : begin + len(word)].casefold() == word.casefold()


def _is_whole(text: str, begin: int, end: int) -> bool:
    """Whether no letter or digit goes on where the word begins and ends with one."""
    inside_left = begin > 0 and _is_word(text[begin]) and _is_word(text[begin - 1])
    inside_right = end < len(text) and _is_word(text[end - 1]) and _is_word(text[end])
    return not inside_left and not inside_right


def _is_word(character: str) -> bool:
    """A script without spaces has no whole words."""
    return (character.isalnum() or character == "_") and character < "\u2e80"


class Expression:
    """One expression, as the operator wrote it."""

    def __init__(self, pattern: str) -> None:
        self._pattern: Any = compile_expression(pattern)
        self.gates = (f"(?:{pattern})",)
        longest = longest_match(pattern)
        self.reach: int | None = None if longest is None else longest + 2

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The matches from `start` on, none of them empty."""
        for found in self._pattern.finditer(text, start):
            if found.end() > found.start():
                yield Hit(found.start(), found.end(), "regex")
