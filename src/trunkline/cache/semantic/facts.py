"""What two questions must have in common to be able to have one answer, however near their vectors are.

    agree(facts("Convert 5 km to miles"), facts("Convert 6 km to miles"))   # False

Numbers, dates, units, identifiers, names, quoted strings, negation and the order of what is named must be the same, and
two texts that differ by exactly what stands in one place ("flights to paris", "flights to rome", "cheap flights to
rome") are two questions. Deterministic, and wrong on the safe side: what it cannot tell, it calls different. It knows
English words; of another language it compares numbers, identifiers, quoted strings, capitalised names, and what stands
in one place.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

from trunkline.cache.semantic.words import FUNCTION, MARKS, NEGATIONS, NUMBERS, OPPOSITES, SAME

QUOTED: Final = re.compile(r"```(.+?)```|`([^`]+)`|\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)", re.DOTALL)
TOKEN: Final = re.compile(
    r"[a-zA-Z][\w+.-]*://\S+"  # an address
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w-])--?[a-zA-Z][\w-]*"  # a flag
    r"|[/~]?[\w-]+(?:/[\w.-]+)+"  # a path
    r"|[-−]?\d[\d,.:/-]*\w*"  # a number, a date, a version, with what hangs on to it
    r"|\w+(?:(?:\.|::|->)\w+)+(?:\(\))?|\w+\(\)"  # a dotted name, a call
    r"|\w+(?:['’-]\w+)*(?:\+\+|\#)?"  # a word
    r"|[<>=!]=?|[$€£¥%°&|^*+]"
)
PRICE: Final = re.compile(r"([$€£¥])\s?(\d[\d.,]*)")
NUMBER: Final = re.compile(r"[-−]?\d+(?:[.,:/-]\d+)*")
LONGEST: Final = 4000
"""Characters that are read: beyond, two texts agree only when the rest of them is the same."""
SWAPPED: Final = 2
"""Words that may stand in another's place, at most, for two texts to count as one pattern with two fillings."""


class Facts(msgspec.Struct, frozen=True):
    """What of a text must agree."""

    numbers: tuple[str, ...]
    """In any order, as digits."""
    exact: frozenset[str]
    """Quoted strings, and identifiers as they are written."""
    marks: frozenset[str]
    """Dates and units."""
    names: frozenset[str]
    """Words that are written as names, in small letters."""
    words: frozenset[str]
    negated: bool
    sides: frozenset[tuple[int, int]]
    """See `OPPOSITES`."""
    content: tuple[str, ...]
    """The words with matter, in their order, by their stems."""
    rest: str
    """What was too long to be read."""


def facts(text: str) -> Facts:
    """What of `text` must agree. About 0.1 ms for a question."""
    text = PRICE.sub(r"\2 \1", unicodedata.normalize("NFKC", text).replace("’", "'"))
    quoted = frozenset(next(filter(None, found.groups())).strip() for found in QUOTED.finditer(text[:LONGEST]))
    tokens = [found.group().rstrip(".,:-/") or found.group() for found in TOKEN.finditer(text[:LONGEST])]
    small = [token.lower() for token in tokens]
    codes = {token for token in tokens if is_code(token)}
    return Facts(
        numbers=tuple(sorted(_numbers(small))),
        exact=quoted | codes,
        marks=frozenset(MARKS[word] for word in _loose(small) if word in MARKS),
        names=frozenset(_names(text[:LONGEST], tokens)),
        words=frozenset(small) | {part for word in small for part in word.split("-")},
        negated=any(word in NEGATIONS or word.endswith("n't") for word in small),
        sides=frozenset(OPPOSITES[word] for word in map(_root, small) if word in OPPOSITES),
        content=tuple(_content(tokens)),
        rest=text[LONGEST:],
    )


def agree(one: Facts, other: Facts) -> bool:
    """Whether nothing in two texts says that their answers must differ."""
    return (
        one.numbers == other.numbers
        and one.exact == other.exact
        and one.marks == other.marks
        and one.negated == other.negated
        and one.rest == other.rest
        and one.names <= other.words
        and other.names <= one.words
        and not _opposed(one.sides, other.sides)
        and not _reordered(one.content, other.content)
        and not swapped(one.content, other.content)
    )


def is_code(token: str) -> bool:
    """Whether a token is an identifier: of a programme, a product, an order, a place on the net."""
    if any(sign in token for sign in ("_", "::", "->", "/", "@", "()", "\\")) or re.match(r"--?[a-zA-Z]", token):
        return True
    letters, digits = any(map(str.isalpha, token)), any(map(str.isdigit, token))
    if letters and digits:
        return not re.fullmatch(r"[-−]?[\d.,:]+(?:st|nd|rd|th|[a-zA-Z°%]{1,3})", token)
    inner = token[1:]
    return letters and (("." in inner) or any(a.islower() and b.isupper() for a, b in zip(token, inner, strict=False)))


def _numbers(small: list[str]) -> Iterator[str]:
    for word in small:
        number = _number(word)
        if number is not None:
            yield number
        else:
            yield from (NUMBERS[part] for part in word.split("-") if part in NUMBERS)


def _number(word: str) -> str | None:
    """The number that a token begins with, in one spelling: `1,000.50` is `1000.5`."""
    found = NUMBER.match(word)
    if found is None:
        return None
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", found.group().replace("−", "-"))
    return plain.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d+", plain) else plain


def _loose(small: list[str]) -> Iterator[str]:
    """Words, and the units that are written onto a number (`5km`)."""
    for word in small:
        yield word
        found = NUMBER.match(word)
        if found is not None and found.end() < len(word):
            yield word[found.end() :]
        elif "-" in word:
            yield from word.split("-")


def _names(text: str, tokens: list[str]) -> Iterator[str]:
    """Words with a capital, unless they stand where any word has one. A text that is all capitals has no names."""
    if text.isupper():
        return
    place, begins = 0, True
    for token in tokens:
        at = text.find(token, place)
        between = text[place:at]
        begins = begins or any(sign in between for sign in ".?!\n:")
        place = at + len(token)
        capital = token[:1].isupper() and token.lower() not in FUNCTION and token.lower().split("'")[0] not in FUNCTION
        if capital and token.lower() not in MARKS and (not begins or (len(token) > 1 and token.isupper())):
            yield token.lower()
        begins = False


def _content(tokens: list[str]) -> Iterator[str]:
    for token in tokens:
        word = token.lower()
        if not {word, word.removesuffix("'s")} & (FUNCTION | NEGATIONS) and not word.endswith("n't"):
            yield token if is_code(token) else _number(word) or _stem(NUMBERS.get(word, MARKS.get(word, word)))


def _root(word: str) -> str:
    """A word without the ending that grammar gives it, where the list of opposites has it only so."""
    if word in OPPOSITES:
        return word
    for ending in ("s", "es", "ed", "d", "ing", "ting", "ping"):
        if word.endswith(ending) and word[: -len(ending)] in OPPOSITES:
            return word[: -len(ending)]
    return f"{word[:-3]}e" if word.endswith("ing") and f"{word[:-3]}e" in OPPOSITES else word


def _stem(word: str) -> str:
    """A word's rough stem: enough that `cards` and `card`, `changing` and `change` are one."""
    word = word.removesuffix("'s")
    same = SAME.get(word)
    if same is not None:
        return same
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    word = word[:-1] if len(word) > 3 and (word[-1] in "ey" or word[-1] == word[-2]) else word
    return SAME.get(word) or SAME.get(f"{word}e") or word


def _opposed(one: frozenset[tuple[int, int]], other: frozenset[tuple[int, int]]) -> bool:
    """Whether the texts stand on different sides of a line."""
    for line, side in one ^ other:
        sides = {s for n, s in one if n == line}, {s for n, s in other if n == line}
        if sides[0] and sides[1] and sides[0] != sides[1] and side in (sides[0] ^ sides[1]):
            return True
    return False


def _reordered(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the same words come in another order: from A to B, from B to A."""
    return one != other and set(one) == set(other)


def swapped(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one text is the other with something else, or something more, in one place."""
    shorter = min(len(one), len(other))
    head = 0
    while head < shorter and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < shorter - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    ours, theirs = one[head : len(one) - tail], other[head : len(other) - tail]
    return one != other and max(len(ours), len(theirs)) <= SWAPPED and head + tail >= min(len(ours), len(theirs))
