"""Finds numbers of many kinds in one pass: groups of digits, and what stands between them, name the kinds to try."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from trunkline.guard.pii.national_digits import ANY_ID, NumberKind
from trunkline.guard.values import Hit

_RUN: Final = re.compile(r"[0-9](?:[ \-./+]?[0-9]){8,}")
"""Digits with at most a mark between them, as many as the shortest number has."""
_GROUP: Final = re.compile("[0-9]+")
_BETWEEN: Final = frozenset(" -./+")
CONTEXT: Final = 48
"""Characters before a number in which a word may name it."""


_LETTER: Final = re.compile(r"[^\W\d_]")


class _Candidate:
    """A kind, and whether it needs a word before it."""

    __slots__ = ("_marks_count", "_veto", "check", "name", "needs_word", "words")

    def __init__(self, kind: NumberKind, *, needs_word: bool) -> None:
        self.name = kind.name
        self.check = kind.check
        self.needs_word = needs_word
        own = f"{kind.words}|{ANY_ID}" if kind.country else kind.words
        self.words = whole_words(own)
        self._veto = re.compile(kind.veto) if kind.veto else None
        self._marks_count = not kind.country

    def denied(self, before: str, *, plain: bool) -> bool:
        """Whether a word before says that it is something else. `plain`: it is written without any mark."""
        return self._veto is not None and (plain or not self._marks_count) and self._veto.search(before) is not None


class Numbers:
    """Cards and national ids of digits, all at one time."""

    gates = (r"[0-9](?:[ \-./+]?[0-9]){8}",)
    reach = 0

    def __init__(self, kinds: Iterable[NumberKind]) -> None:
        self._layouts: dict[str, list[_Candidate]] = {}
        self._begun: set[str] = set()
        for kind in kinds:
            for layouts, needs_word in ((kind.layouts, False), (kind.with_word, True)):
                candidate = _Candidate(kind, needs_word=needs_word)
                for layout in layouts:
                    self._layouts.setdefault(layout, []).append(candidate)
                    ends = [found.end() for found in _GROUP.finditer(layout)]
                    self._begun.update(layout[:end] for end in ends[:-1])

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The numbers from `start` on, none within another."""
        for run in _RUN.finditer(text, start):
            yield from self._within(text, [found.span() for found in _GROUP.finditer(text, *run.span())])

    def _within(self, text: str, groups: Sequence[tuple[int, int]]) -> Iterator[Hit]:
        first = 0
        while first < len(groups):
            found = self._at(text, groups, first) if _begins(text, groups[first][0]) else None
            if found is None:
                first += 1
            else:
                hit, first = found
                yield hit

    def _at(self, text: str, groups: Sequence[tuple[int, int]], first: int) -> tuple[Hit, int] | None:
        """The longest number whose first group this is, and the group after it."""
        start, end = groups[first]
        layout, following, best = str(end - start), first + 1, None
        while True:
            candidates = self._layouts.get(layout)
            if candidates is not None and _ends(text, end) and not _goes_on(text, groups, first, following):
                name = self._which(candidates, text, start, end)
                best = (Hit(start, end, name), following) if name else best
            if layout not in self._begun or following == len(groups):
                return best
            after, next_end = groups[following]
            if after != end + 1 or text[end] not in _BETWEEN:
                return best
            layout = f"{layout}{text[end]}{next_end - after}"
            end, following = next_end, following + 1

    @staticmethod
    def _which(candidates: Sequence[_Candidate], text: str, start: int, end: int) -> str:
        """The kind that fits, and best one that a word names; empty for none."""
        before = text[max(0, start - CONTEXT) : start].lower()
        if _LETTER.search(before) is None:  # a page of digits: nothing names any of them
            candidates = [candidate for candidate in candidates if not candidate.needs_word]
        named = [candidate for candidate in candidates if candidate.words.search(before) is not None]
        digits = text[start:end]
        if not digits.isdecimal():
            digits = "".join(filter(str.isdecimal, digits))
        plain = len(digits) == end - start
        for candidate in (*named, *candidates):
            chance = candidate not in named and (candidate.needs_word or candidate.denied(before, plain=plain))
            if not chance and candidate.check(digits):
                return candidate.name
        return ""


def whole_words(words: str) -> re.Pattern[str]:
    """Any of some words, in lower case, that no other letter of an alphabet is part of."""
    return re.compile(rf"(?<![a-z\u00df-\u04ff])(?:{words})(?![a-z\u00df-\u04ff])")


def _goes_on(text: str, groups: Sequence[tuple[int, int]], first: int, following: int) -> bool:
    """Whether groups of one length stand in a row of more such groups, as in a table."""
    if following == first + 1:
        return False
    (start, end), (_, last) = groups[first], groups[following - 1]
    length = end - start
    if last - groups[following - 1][0] != length:
        return False
    earlier, later = groups[first - 1] if first else (0, 0), groups[following] if following < len(groups) else (0, 0)
    return (earlier[1] == start - 1 and earlier[1] - earlier[0] == length and text[start - 1] == text[end]) or (
        later[0] == last + 1 and later[1] - later[0] == length and text[last] == text[end]
    )


def _begins(text: str, start: int) -> bool:
    """Whether a number can begin here: not within a word, a decimal, a version, a date or a hexadecimal id."""
    if start == 0:
        return True
    before = text[start - 1]
    if before.isalnum() or before in "_+":
        return not before.isascii()
    if start == 1 or before not in ".:/-":
        return True
    earlier = text[start - 2]
    return not (earlier.isalnum() if before == "-" else earlier.isdecimal())


def _ends(text: str, end: int) -> bool:
    if end == len(text):
        return True
    after = text[end]
    if after.isalnum() or after == "_":
        return not after.isascii()
    if end + 1 == len(text) or after not in ".:/-,":
        return True
    later = text[end + 1]
    return not (later.isalnum() if after == "-" else later.isdecimal())
