"""All rules of a policy over one text: one pass of a combined automaton says which of their detectors to run at all."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import re2

from trunkline.guard import decoding
from trunkline.guard.expressions import is_anchored, options
from trunkline.guard.rules import Detector, Rule
from trunkline.guard.tripwires import ENCODED, combined
from trunkline.guard.values import Action, Hit
from trunkline.guard.view import plainly, unescaped, view

_DEEPEST: Final = 2
"""Layers of encoding, escapes of JSON among them, that are taken off."""
_STRENGTH: Final[dict[Action, int]] = {"report": 0, "pseudonymise": 1, "redact": 2, "block": 3}


class TooMuch(ValueError):
    """The rules of a policy take more memory together than they may."""


class Found(msgspec.Struct, frozen=True, gc=False):
    """What a rule found."""

    rule: int
    hit: Hit


class Scanner:
    """The detectors of some rules, behind one gate."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._detectors: list[tuple[int, Detector]] = []
        self._gate = re2.Set.SearchSet(options())
        self._decodes = any(rule.decodes for rule in rules)
        for index, rule in enumerate(rules):
            for detector in rule.detectors:
                for expression in detector.gates:
                    self._detectors.append((index, detector))
                    self._gate.Add(expression)
        self.decoding_from = len(self._detectors)
        for expression in decoding.GATES if self._decodes else ():
            self._gate.Add(expression)
        self._joins = not any(map(is_anchored, self._expressions()))
        """Whether what a gate is open for in a text, it is open for in any text with that text as its lines."""
        self._gate.Add(_CANARY)
        self._gate.Compile()
        reaches = [detector.reach for _, detector in self._detectors]
        self.reach: int | None = None if None in reaches else max((reach or 0 for reach in reaches), default=0)
        """Of the detector that has the longest."""
        self.match: Any = self._gate.Match
        """Given UTF-8, the numbers of the gates that are open; something false where none is."""
        if not self.match(_CANARY.encode()):  # re2 that lacks memory says that nothing matches
            raise TooMuch(
                "the rules take more memory together than they may; put fewer expressions and words into them"
            )

    def silent(self, texts: Sequence[str]) -> bool:
        """Whether nothing is found in any of `texts`, whichever of them are JSON texts."""
        joined = "\n".join(texts)
        if "\\" in joined:
            escaped = [layer for text in texts if "\\" in text for layer in _layers(text)]
            texts, joined = [*texts, *escaped], "\n".join([joined, *escaped])
        plain = joined.isascii()
        if self._joins and not self.match((joined if plain else _seen(joined)).encode(errors="replace")):
            return True
        return not any(map(self.scan, texts if plain else map(_seen, texts)))

    def is_quiet(self, text: str) -> bool:
        """Whether certainly nothing is found in a text of which nothing is hidden but by escapes."""
        if self.match(text.encode(errors="replace")):
            return False
        return "\\" not in text or not any(self.match(each.encode(errors="replace")) for each in _layers(text))

    def scan(self, text: str, start: int = 0) -> list[Found]:
        """What the rules find from `start` on, in the order of the text."""
        return self._scan(text, start, 0)

    def _expressions(self) -> Iterator[str]:
        return (expression for rule in self.rules for detector in rule.detectors for expression in detector.gates)

    def _scan(self, text: str, start: int, depth: int) -> list[Found]:
        opened = self.match(text.encode(errors="replace"))
        found = self._in_sight(text, start, opened, depth) if opened else []
        if "\\" in text and depth < _DEEPEST:
            found = _together(text, found, self._in_escapes(text, start, depth))
        return found

    def _in_sight(self, text: str, start: int, opened: Sequence[int], depth: int) -> list[Found]:
        found: list[Found] = []
        running: list[tuple[int, Detector]] = []
        for number in opened:
            if number < self.decoding_from and self._detectors[number] not in running:
                running.append(self._detectors[number])
        for rule, detector in running:
            found.extend(Found(rule, hit) for hit in detector.find(text, start))
        if self._decodes and depth < _DEEPEST and max(opened) >= self.decoding_from:
            plain = tuple(found)
            found.extend(each for each in self._in_encoded(text, start, depth) if not _known(each, plain))
        found.sort(key=_in_order)
        return found

    def _in_encoded(self, text: str, start: int, depth: int) -> Iterator[Found]:
        """What is within encoded texts, each at the place of the encoded text it is in."""
        for piece in decoding.encoded(text, start):
            within = self._scan(piece.text, 0, depth + 1)
            for each in {
                (found.rule, found.hit.kind): found for found in within if self.rules[found.rule].decodes
            }.values():
                score = combined(each.hit.score, ENCODED) if self.rules[each.rule].threshold else each.hit.score
                yield Found(each.rule, Hit(piece.start, piece.end, each.hit.kind, score))

    def _in_escapes(self, text: str, start: int, depth: int) -> list[Found]:
        """What is found once the escapes of JSON in a text are undone: what tools answer is mostly JSON."""
        if not any(self.match(layer.encode(errors="replace")) for layer in _layers(text)):
            return []
        under = view(text, escaped=True)
        found = self._scan(under.text, bisect_left(under.offsets or (), start), depth + 1)
        return [
            Found(each.rule, Hit(under.at(each.hit.start), under.at(each.hit.end), each.hit.kind, each.hit.score))
            for each in found
        ]


def _layers(text: str) -> Iterator[str]:
    """What is seen once one layer of escapes is undone, and the next ones."""
    for _ in range(_DEEPEST + 1):
        plain = unescaped(text)
        if plain == text:
            return
        text = view(plain).text
        yield text


def _together(text: str, plain: list[Found], escaped: list[Found]) -> list[Found]:
    """Finds of the text as it stands, and with its escapes undone.

    Where the two overlap, one that begins at an escape's letter (the `n` of `\\n`) took it for a letter of its own.
    """

    def is_wrong(found: Found) -> bool:
        begin = found.hit.start
        return text[begin - 1 : begin] == "\\" and any(_is_of(other, found) for other in escaped)

    both = [each for each in plain if not is_wrong(each)]
    both += [each for each in escaped if each not in both]
    both.sort(key=_in_order)
    return both


def _is_of(part: Found, whole: Found) -> bool:
    """Whether a find is the rest of another one of its kind."""
    same = part.rule == whole.rule and part.hit.kind == whole.hit.kind
    return same and whole.hit.start < part.hit.start < whole.hit.end <= part.hit.end


def _in_order(each: Found) -> tuple[int, int, int]:
    return each.hit.start, -each.hit.end, each.rule


def _seen(text: str) -> str:
    return plainly(text) or view(text).text


_CANARY: Final = "\u2063guard\u2063"
"""What every gate is open for, so that one that cannot work is noticed when it is made."""


def _known(found: Found, others: Sequence[Found]) -> bool:
    """Whether the same was found in plain sight within the same place: decoding a URL shows again what is in it."""
    return any(
        other.rule == found.rule
        and other.hit.kind == found.hit.kind
        and found.hit.start <= other.hit.start
        and other.hit.end <= found.hit.end
        for other in others
    )


def settled(found: Sequence[Found], rules: Sequence[Rule]) -> list[Found]:
    """Of finds that overlap, the one with the strongest action, and of these the longest; all that only report.

    `found` is in the order of the text, and so is what comes out.
    """
    kept = [each for each in found if rules[each.rule].action == "report"]
    together: list[Found] = []
    end = -1
    for each in found:
        if rules[each.rule].action == "report":
            continue
        if each.hit.start >= end:
            kept.extend(_strongest(together, rules))
            together = []
        together.append(each)
        end = max(end, each.hit.end)
    kept.extend(_strongest(together, rules))
    kept.sort(key=lambda each: (each.hit.start, each.hit.end, each.rule))
    return kept


def _strongest(together: list[Found], rules: Sequence[Rule]) -> list[Found]:
    """Of finds each of which overlaps another, those that stand."""
    if len(together) <= 1:
        return together
    together.sort(key=lambda each: _rank(each, rules))
    kept: list[Found] = []
    for each in together:
        if not any(other.hit.start < each.hit.end and each.hit.start < other.hit.end for other in kept):
            kept.append(each)
    return kept


def _rank(found: Found, rules: Sequence[Rule]) -> tuple[int, int, bool, int, int]:
    """Where two are equal, a checksum says more than a numbering plan."""
    hit = found.hit
    return -_STRENGTH[rules[found.rule].action], hit.start - hit.end, hit.kind == "phone", hit.start, found.rule
