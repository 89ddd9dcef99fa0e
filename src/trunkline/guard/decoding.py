"""Texts within texts: base64, hexadecimal and percent-encoded words, decoded so that they can be looked at, too."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

import msgspec

GATES: Final = (r"[A-Za-z0-9+/_-]{16}", r"%[0-9A-Fa-f]{2}")
"""What a text has that may hold another, for re2."""

_WORD: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/=])")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_TOKEN: Final = re.compile("[!-~]+")
_PERCENT: Final = re.compile("%[0-9A-Fa-f]{2}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_SHORTEST: Final = 8


class Encoded(msgspec.Struct, frozen=True):
    """A decoded text, and where it stood in encoded form."""

    start: int
    end: int
    text: str


def encoded(text: str, start: int) -> Iterator[Encoded]:
    """The texts that are encoded in `text`, from `start` on."""
    for found in _WORD.finditer(text, start):
        word = found[0]
        decoded = _readable(bytes.fromhex(word)) if _HEX.fullmatch(word) is not None else _from_base64(word)
        if decoded is not None:
            yield Encoded(found.start(), found.end(), decoded)
    for found in _TOKEN.finditer(text, start) if "%" in text else ():
        if _PERCENT.search(found[0]) is not None:
            yield Encoded(found.start(), found.end(), unquote(found[0], errors="replace"))


def _from_base64(word: str) -> str | None:
    """Both alphabets, with or without padding. Words and identifiers decode to what cannot be read."""
    bare = word.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        return None
    try:
        return _readable(base64.b64decode(bare + "=" * (-len(bare) % 4)))
    except binascii.Error:
        return None


def _readable(data: bytes) -> str | None:
    """The text that bytes are; None where they are none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if len(text) >= _SHORTEST and _CONTROL.search(text) is None else None
