"""A text as detectors see it: escapes of JSON undone, digits of other scripts as ours, nothing invisible in it.

Most texts are seen as they are. Where one has to be changed to be understood, `at` maps what was found back to it.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

import msgspec

_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\"\\/bfnrt])"
)
_UNFINISHED: Final = re.compile(
    r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?)\Z"
)

INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters that show nothing, for a class of `re`: they hide words from whoever compares letters. (Unicode's
Default_Ignorable_Code_Point, and the marks of interlinear notes.)
"""
_ESCAPED_TAGS: Final = re.compile(r"(?i)(?:\\udb40\\udc[2-7][0-9a-f])+\Z")
_TAGS: Final = "".join(map(chr, range(0xE0020, 0xE007F)))
_SMUGGLED: Final = re.compile(f"[{_TAGS[0]}-{_TAGS[-1]}]{{8,}}")
"""Tag characters: each stands for an ASCII one. Models read what people cannot see; the flag of Scotland has fewer."""
_GREEK_OR_CYRILLIC: Final = re.compile("[\u0370-\u04ff]")
_LATIN: Final = re.compile("[A-Za-z]")
_MIXED: Final = re.compile("[\u0370-\u04ff](?:(?=[A-Za-z])|(?<=[A-Za-z].))")
_PLAIN: Final = re.compile(
    "[\0-\x7f\xa1-\xac\xae-\u024f\u02b0-\u02ff\u0370-\u04ff\u2018-\u2027\u2030-\u205e\u20a0-\u20cf\u3001-\u301b"
    "\u3040-\u309f\u30a1-\u30ff\u4e00-\u9fff\uac00-\ud7a3]*"
)
"""Texts of the most frequent characters that are always seen as they are, words that mix scripts aside: Latin, Greek and
Cyrillic letters, quotation marks, currencies, Chinese, Japanese and Korean.
"""
_FREQUENT: Final = (("\u2013", "-"), ("\u2014", "-"), ("\xa0", " "), ("\u202f", " "))
"""Of the characters that stand for another, those of ordinary texts."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_HIDDEN: Final = re.compile(rf"[{INVISIBLE}]")
HIDDEN: Final = "\u200b"
_LOOKALIKES: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u0410\u0412\u0415\u041a\u041c"
    "\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405\u03bf\u03b1\u03b9\u03bd\u03c1\u03c5\u0391\u0392\u0395"
    "\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0433\u043a\u043c\u0442\u0442",
    "aeopcyxijshdqABEKMHOPCTXIJSoaivpuABEZHIKMNOPTYXrkmtt",
)
"""Letters of Greek and Cyrillic that look like Latin ones (Unicode TR 39, confusables), within words that mix them."""


class View(msgspec.Struct, frozen=True):
    """What to look at, and where it stood."""

    text: str
    offsets: Sequence[int] | None = None
    """Of each character its place in the source, and at the end the source's length; None: one to one."""

    def at(self, position: int) -> int:
        """Where in the source a character of the view stands."""
        return position if self.offsets is None else self.offsets[position]


def plainly(text: str) -> str | None:
    """What is seen of a text that is not JSON, one to one; None where that takes `view`, of which this takes a part of
    the time for most texts of most languages.
    """
    if text.isascii():
        return text
    for character, plain in _FREQUENT:
        text = text.replace(character, plain)
    return text if _PLAIN.fullmatch(text) is not None and not _is_mixed(text) else None


def view(source: str, *, escaped: bool = False) -> View:
    """How detectors see `source`; `escaped`: it is a JSON text."""
    text, offsets = _unescaped(source) if escaped and "\\" in source else (source, None)
    if text.isascii():
        return View(text, offsets)
    if _SMUGGLED.search(text) is not None:
        text, offsets = _in_sight(text, offsets)
    hidden = mixed = False
    for character in set(text):  # of a few dozen different characters; looking at each one of the text takes longer
        plain = _plain(character)
        if plain != character:
            text = text.replace(character, plain)
        hidden |= plain == HIDDEN
        mixed |= "\u0370" <= character <= "\u04ff"
    if mixed and _is_mixed(text):
        text = _WORD.sub(_alike, text)
    return _shown(text, offsets) if hidden else View(text, offsets)


def unescaped(source: str) -> str:
    """A text with the escapes of JSON in it undone."""
    return _ESCAPE.sub(lambda found: _decoded(found[0]), source)


def unfinished(source: str, *, escaped: bool = False) -> int:
    """How many characters at the end mean something only with what follows: tag characters, or in a JSON text the
    beginning of an escape.
    """
    end = len(source)
    if escaped and "\\" in source[-12:]:
        begun = _UNFINISHED.search(source)
        end -= len(begun[1] or "") if begun else 0
        tags = _ESCAPED_TAGS.search(source, 0, end) if "udb40" in source[-24:].lower() else None
        end = tags.start() if tags else end
    if source[end - 1 : end] >= _TAGS[0]:
        end = len(source[:end].rstrip(_TAGS))
    return len(source) - end


def _unescaped(source: str) -> tuple[str, list[int]]:
    characters: list[str] = []
    offsets: list[int] = []
    last = 0
    for found in _ESCAPE.finditer(source):
        start, end = found.span()
        characters.append(source[last:start])
        offsets.extend(range(last, start))
        decoded = _decoded(found[0])
        characters.append(decoded)
        offsets.extend([start] * len(decoded))
        last = end
    characters.append(source[last:])
    offsets.extend(range(last, len(source) + 1))
    return "".join(characters), offsets


@lru_cache(maxsize=4096)
def _decoded(escape: str) -> str:
    decoded: str = json.loads(f'"{escape}"')
    return decoded


def _in_sight(text: str, offsets: Sequence[int] | None) -> tuple[str, list[int]]:
    """With what tag characters say on lines of its own."""
    characters: list[str] = []
    places: list[int] = []
    last = 0
    for found in _SMUGGLED.finditer(text):
        start, end = found.span()
        said = "".join(chr(ord(character) - 0xE0000) for character in found[0])
        characters += [text[last:start], "\n", said, "\n"]
        places += [*range(last, start), start, *range(start, end), end]
        last = end
    characters.append(text[last:])
    places += range(last, len(text) + 1)
    return "".join(characters), places if offsets is None else [offsets[place] for place in places]


def _shown(text: str, offsets: Sequence[int] | None) -> View:
    """Without what shows nothing."""
    kept = [index for index, character in enumerate(text) if character != HIDDEN]
    kept.append(len(text))
    places = kept if offsets is None else [offsets[index] for index in kept]
    return View(text.replace(HIDDEN, ""), places)


@cache
def _plain(character: str) -> str:
    """The plain character that one stands for: a digit, a Latin letter, a space or a hyphen; else itself."""
    if character < "\x80":
        return character
    if _HIDDEN.match(character):
        return HIDDEN
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"  # half of a pair: no detector could encode it
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Zs":
        return " "
    if category == "Pd" or character == "\u2212":
        return "-"
    wide = "\uff01" <= character <= "\uff5e" or "\U0001d400" <= character <= "\U0001d7ff"
    folded = unicodedata.normalize("NFKC", character) if wide else character
    return folded if len(folded) == 1 else character


def _is_mixed(text: str) -> bool:
    """Whether letters of scripts that look alike stand side by side."""
    both = _GREEK_OR_CYRILLIC.search(text) is not None and _LATIN.search(text) is not None
    return both and _MIXED.search(text) is not None


def _alike(word: re.Match[str]) -> str:
    return word[0].translate(_LOOKALIKES) if _MIXED.search(word[0]) is not None else word[0]


def in_string(source: str, position: int, inside: bool = False) -> bool:
    """Whether a place in a JSON text is within a string. `inside`: the text begins in one."""
    before = source[:position]
    if "\\" in before:
        before = _ESCAPE.sub("", before)
    return inside ^ (before.count('"') % 2 == 1)
