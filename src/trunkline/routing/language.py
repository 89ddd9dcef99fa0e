"""Which language a text is in, as far as a glance tells: by its script, or by the commonest little words.

For choosing a model, not for linguists: of a text in Latin letters that has too few of those words, nothing is said.
"""

import re
from collections.abc import Mapping
from typing import Final

SEEN: Final = 2000
"""Characters that are looked at."""
LEAST: Final = 2
"""Little words without which a text in Latin letters is of no known language."""

_SCRIPTS: Final[Mapping[str, re.Pattern[str]]] = {
    "ja": re.compile("[\u3040-\u30ff]"),  # before Chinese: Japanese has its characters, too
    "ko": re.compile("[\u1100-\u11ff\uac00-\ud7a3]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
}
_TOLD_APART: Final = {"ru": ("uk", re.compile("[іїєґ]", re.IGNORECASE)), "ar": ("fa", re.compile("[پچژگ]"))}
"""Languages in the same script, by letters that the first has not."""
ENOUGH: Final = 0.15
"""The share of its letters that makes a text one of a script: a Greek formula in English is English."""

_LITTLE_WORDS: Final[Mapping[str, str]] = {
    "en": "the and is are of to in that it for you what how with this not can my be do",
    "de": "der die das und ist nicht ein eine ich zu den mit wie was auf für sie wir kann mir",
    "fr": "le la les et est une des que je pas pour dans qui sur avec vous ne du au comment",
    "es": "el la los las que y en un una es por con para no se como del qué mi cómo",
    "it": "il lo gli che e di un una è per con non mi come sono della del le nel cosa",
    "pt": "o os as que e um uma é para com não do da em como por você meu mais se",
    "nl": "de het een en van ik is niet dat te voor met zijn op hoe wat je kan mijn er",
    "pl": "i w nie na się jest to z do że jak co mi dla czy o po mam ale od",
    "sv": "och att det är en som jag på för inte med den av hur kan vad mig har om ett",
    "tr": "ve bir bu için ile ne nasıl mı değil çok ben da de var gibi olarak daha mi",
}
_WORDS: Final = {name: frozenset(words.split()) for name, words in _LITTLE_WORDS.items()}
_WORD: Final = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """The language of `text` by its ISO 639-1 code; empty where that is not sure."""
    text = text[:SEEN]
    if not text.isascii():
        letters = sum(map(str.isalpha, text)) or 1
        for name, script in _SCRIPTS.items():
            if len(script.findall(text)) >= ENOUGH * letters:
                other, marks = _TOLD_APART.get(name, ("", None))
                return other if marks is not None and marks.search(text) else name
    words = _WORD.findall(text.lower())
    counts = {name: sum(word in little for word in words) for name, little in _WORDS.items()}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] >= LEAST else ""
