"""What can be told of a request's difficulty without a model: numbers, made in less than a tenth of a millisecond."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise, repeat
from math import log1p, sqrt
from struct import Struct
from typing import Final, Self

import msgspec

from trunkline.routing.complexity.prompt import Prompt
from trunkline.routing.complexity.wording import CLASSES, WORDS

HEAD: Final = 600
TAIL: Final = 200
"""Characters that are looked at: of a longer text its beginning and its end, so that the time has a bound."""
INSTRUCTIONS: Final = 300
"""Characters of the instructions whose words count as well: an application often says there what is to be done."""

_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_SENTENCE_END: Final = re.compile(r"[.!?]+(?:\s+|$)")
_CHOICE: Final = re.compile(r"^[ \t]*\(?(?:[A-Ja-j]|[1-9])[.):][ \t]+", re.MULTILINE)
_QUANTITY: Final = re.compile(r"[-−$€£]?[\d.,/%^ ]*\d\S{0,8}")
_LETTERS: Final = bytes(code if chr(code).isalpha() or chr(code) == "'" else 0x20 for code in range(256))
"""Latin-1 with a space for what is in no word."""
_COUNTS: Final = Struct(f"<{len(WORDS)}H")

SIZES: Final = ("length", "stem", "word_length", "long_words", "longest_words", "distinct_words", "repetition")
NUMBERS: Final = ("numbers", "number_share", "longest_number", "decimals")
MARKS: Final = (
    *("questions", "commas", "comma_share", "colons", "quotes", "money_signs", "percents", "operators", "parentheses"),
    *("bars", "blanks", "lines", "braces", "backslashes", "fences", "foreign"),
)
CHOICES: Final = ("choices", "mean", "longest", "shortest", "unevenness", "quantities", "likeness", "of_the_above")
SENTENCES: Final = ("sentences", "longest_sentence", "mean_sentence", "last_sentence", "first_sentence")
NAMES: Final = ("capitals", "names", "acronyms")
AROUND: Final = ("messages", "history", "instructions", "tools", "media", "structured", "cap", "capped")
COLUMNS: Final = (
    *(*SIZES, *NUMBERS, *MARKS, *(f"choice_{name}" for name in CHOICES), *SENTENCES, *NAMES),
    *(*(f"words_{name}" for name in WORDS), *AROUND),
)
"""What `Features.values` are, in their order. All are bounded, or logarithms."""


class Features(msgspec.Struct, frozen=True):
    """What was seen of one request."""

    values: list[float]
    """As `COLUMNS` names them."""
    choices: bool
    """It offers answers to choose from. What makes such a question hard is not what makes an open one hard."""

    @classmethod
    def of(cls, prompt: Prompt) -> Self:
        """Of what a request asks."""
        whole = prompt.text
        text = whole if len(whole) <= HEAD + TAIL else f"{whole[:HEAD]}\n{whole[-TAIL:]}"
        stem, *choices = _CHOICE.split(text) if "\n" in text else [text]
        spaced = _spaced(text)
        words, lower = spaced.split(), spaced.lower().split()
        values = [
            *_sizes(len(whole), stem, lower),
            *_numbers(_NUMBER.findall(text), len(words)),
            *_marks(text, len(words)),
            *_choices(choices),
            *_sentences(stem),
            *_names(words),
            *_classes(lower, prompt.instructions[:INSTRUCTIONS]),
            *_around(prompt),
        ]
        return cls(values, len(choices) > 1)


def _spaced(text: str) -> str:
    """`text` with spaces for what is in no word, quicker than by a regular expression. Words in scripts other than the
    Latin one are left out, and `foreign` tells that there were some.
    """
    if not text.isascii():
        text = text.replace("’", "'")
    return text.encode("latin-1", "replace").translate(_LETTERS).decode("latin-1")


def _sizes(length: int, stem: str, words: list[str]) -> Sequence[float]:
    lengths = sorted(map(len, words))
    count, distinct = len(words) or 1, len(set(words))
    return (
        log1p(length),
        log1p(len(stem)),
        min(sum(lengths) / count, 20),
        1 - bisect_left(lengths, 7) / count,
        1 - bisect_left(lengths, 10) / count,
        distinct / sqrt(count),
        distinct / count,
    )


def _numbers(numbers: list[str], words: int) -> Sequence[float]:
    longest = max(map(len, numbers), default=0)
    decimals = sum(["." in number for number in numbers])
    return log1p(len(numbers)), min(len(numbers) / (words or 1), 2), min(longest, 12), log1p(decimals)


def _marks(text: str, words: int) -> Sequence[float]:
    count = text.count
    commas = count(",")
    return (
        min(count("?"), 5),
        log1p(commas),
        min(commas / (words or 1), 1),
        log1p(count(":") + count(";")),
        log1p(count('"') + count("“")),
        log1p(count("$") + count("€")),
        log1p(count("%")),
        log1p(count("=") + count("+") + count("*") + count("/") + count("^") + count("<")),
        log1p(count("(")),
        log1p(count("|")),
        min(count("__"), 3),
        log1p(count("\n")),
        log1p(count("{") + count("[")),
        log1p(count("\\")),
        min(count("```"), 4),
        0.0 if text.isascii() else (len(text.encode("utf-8", "replace")) - len(text)) / len(text),
    )


def _choices(choices: list[str]) -> Sequence[float]:
    """Of the answers to choose from, which are the rest of a line each."""
    if not choices:
        return (0.0,) * len(CHOICES)
    answers = [choice.partition("\n")[0].strip() for choice in choices]
    lengths = [len(answer) for answer in answers]
    mean = sum(lengths) / len(answers)
    words = [set(answer.lower().split()) for answer in answers]
    like = [len(one & two) / (len(one | two) or 1) for one, two in pairwise(words)]
    return (
        min(len(answers), 10),
        log1p(mean),
        log1p(max(lengths)),
        log1p(min(lengths)),
        max(lengths) / (mean + 1),
        sum([_QUANTITY.fullmatch(answer) is not None for answer in answers]) / len(answers),
        sum(like) / (len(like) or 1),
        min(sum(["of the above" in answer.lower() for answer in answers]), 5),
    )


def _sentences(stem: str) -> Sequence[float]:
    lengths = [len(sentence) for sentence in _SENTENCE_END.split(stem) if sentence] or [0]
    mean = sum(lengths) / len(lengths)
    return log1p(len(lengths)), log1p(max(lengths)), log1p(mean), log1p(lengths[-1]), log1p(lengths[0])


def _names(words: list[str]) -> Sequence[float]:
    capitals = [word for word in words[1:] if word[0].isupper()]
    acronyms = [word for word in capitals if len(word) > 1 and word.isupper()]
    return len(capitals) / (len(words) or 1), min(len(set(capitals)), 20), min(len(acronyms), 10)


def _classes(words: list[str], instructions: str) -> Sequence[float]:
    """The share of words that each class has."""
    if instructions:
        words = words + _spaced(instructions).lower().split()
    packed = sum(map(CLASSES.get, words, repeat(0)))
    total = len(words) or 1
    return [count / total for count in _COUNTS.unpack(packed.to_bytes(_COUNTS.size, "little"))]


def _around(prompt: Prompt) -> Sequence[float]:
    return (
        log1p(max(prompt.messages - 1, 0)),
        log1p(prompt.history),
        log1p(len(prompt.instructions)),
        log1p(prompt.tools),
        log1p(prompt.media),
        prompt.structured,
        log1p(prompt.cap) if prompt.cap is not None else 0.0,
        prompt.cap is not None,
    )
