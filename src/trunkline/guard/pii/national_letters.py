"""National ids with letters in them, and the IBAN: a pattern for each, and its check."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import msgspec

from trunkline.guard.pii.checksums import alphabetical, base_37, ddmmyy, is_day, mod_97, odd_even, weighted, yymmdd
from trunkline.guard.pii.numbers import CONTEXT, whole_words
from trunkline.guard.values import Hit

_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


class LetterKind(msgspec.Struct, frozen=True):
    """A kind of id with letters."""

    name: str
    country: str
    pattern: str
    """For `re` and re2 alike, without look-around."""
    check: Callable[[str], bool]
    """Given the letters and digits of a match, in upper case."""
    words: str = ""
    """Words one of which has to stand before it; empty: none has to."""


def _dni(text: str) -> bool:
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _DNI_LETTERS[int(number) % 23] == text[-1]


def _codice_fiscale(text: str) -> bool:
    return odd_even(text[:15]) == text[15]


def _nino(text: str) -> bool:
    return text[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _hetu(text: str) -> bool:
    digits = text[:6] + text[-4:-1]
    return ddmmyy(text) and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == text[-1]


def _resident(text: str) -> bool:
    weights = [pow(2, 17 - index, 11) for index in range(17)]
    dated = is_day(int(text[12:14]), int(text[10:12]), int(text[6:10])) and "1900" <= text[6:10] <= "2099"
    return dated and "10X98765432"[weighted(text[:17], weights) % 11] == text[17]


def _curp(text: str) -> bool:
    return yymmdd(text[4:10]) and base_37(text[:17]) == int(text[17])


def _rut(text: str) -> bool:
    total = sum(int(digit) * (2 + index % 6) for index, digit in enumerate(reversed(text[:-1])))
    return "0123456789K0"[11 - total % 11] == text[-1]


def _pps(text: str) -> bool:
    second = alphabetical(text[8]) - 9 if text[8:] in {"A", "H"} else 0
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(text[:7], range(8, 1, -1)) + 9 * second) % 23] == text[7]


def _nric(text: str) -> bool:
    total = weighted(text[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[text[0]]
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "M": "XWUTRQPNJLK"}.get(text[0], "XWUTRQPNMLK")
    rest = total % 11
    return letters[10 - rest if text[0] == "M" else rest] == text[8]


def _hong_kong(text: str) -> bool:
    padded = text[:-1].rjust(8)  # a missing first letter counts as 36
    total = sum(
        (36 if c == " " else alphabetical(c)) * weight for c, weight in zip(padded, range(9, 1, -1), strict=True)
    )
    check = -total % 11
    return ("A" if check == 10 else str(check)) == text[-1]


def _taiwanese(text: str) -> bool:
    number = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0]) + 10
    total = number // 10 + number % 10 * 9 + weighted(text[1:9], range(8, 0, -1)) + int(text[9])
    return total % 10 == 0


LETTER_IDS: Final = (
    LetterKind("es_dni", "ES", r"(?:[0-9]{8}|[XYZ]-?[0-9]{7})-?[A-HJ-NP-TV-Z]", _dni),
    LetterKind(
        "it_codice_fiscale",
        "IT",
        r"[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
        _codice_fiscale,
    ),
    LetterKind("gb_nino", "GB", r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]", _nino),
    LetterKind("fi_hetu", "FI", r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", _hetu),
    LetterKind("cn_resident_id", "CN", r"[1-9][0-9]{16}[0-9Xx]", _resident),
    LetterKind("mx_curp", "MX", r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]", _curp),
    LetterKind("cl_rut", "CL", r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]", _rut),
    LetterKind("cl_rut", "CL", r"[0-9]{7,8}-[0-9Kk]", _rut, r"ru[tn]|rol .nico"),
    LetterKind("ie_pps", "IE", r"[0-9]{7}[A-W][AHWTX]?", _pps),
    LetterKind("sg_nric", "SG", r"[STFGM][0-9]{7}[A-Z]", _nric),
    LetterKind("hk_id", "HK", r"[A-Z]{1,2}[0-9]{6}\([0-9A]\)", _hong_kong),
    LetterKind("tw_id", "TW", r"[A-Z][1289][0-9]{8}", _taiwanese),
)
"""Of eleven countries."""


class Lettered:
    """One kind of id with letters."""

    reach = 0

    def __init__(self, kind: LetterKind) -> None:
        self.gates = (rf"(?:^|[^A-Za-z0-9_]){kind.pattern}(?:$|[^A-Za-z0-9_])",)
        self._name = kind.name
        self._pattern = re.compile(rf"(?<![A-Za-z0-9_.-])(?:{kind.pattern})(?![A-Za-z0-9_]|-[A-Za-z0-9])")
        self._check = kind.check
        self._words = whole_words(kind.words) if kind.words else None

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The ids from `start` on."""
        for found in self._pattern.finditer(text, start):
            before = text[max(0, found.start() - CONTEXT) : found.start()].lower()
            if self._check("".join(filter(str.isalnum, found[0])).upper()) and (
                self._words is None or self._words.search(before)
            ):
                yield Hit(found.start(), found.end(), self._name)


IBAN_LENGTHS: Final = {
    country: int(length)
    for country, length in (
        entry.split(":")
        for entry in [
            "AD:24",
            "AE:23",
            "AL:28",
            "AT:20",
            "AZ:28",
            "BA:20",
            "BE:16",
            "BG:22",
            "BH:22",
            "BI:27",
            "BR:29",
            "BY:28",
            "CH:21",
            "CR:22",
            "CY:28",
            "CZ:24",
            "DE:22",
            "DJ:27",
            "DK:18",
            "DO:28",
            "EE:20",
            "EG:29",
            "ES:24",
            "FI:18",
            "FK:18",
            "FO:18",
            "FR:27",
            "GB:22",
            "GE:22",
            "GI:23",
            "GL:18",
            "GR:27",
            "GT:28",
            "HN:28",
            "HR:21",
            "HU:28",
            "IE:22",
            "IL:23",
            "IQ:23",
            "IS:26",
            "IT:27",
            "JO:30",
            "KW:30",
            "KZ:20",
            "LB:28",
            "LC:32",
            "LI:21",
            "LT:20",
            "LU:20",
            "LV:21",
            "LY:25",
            "MC:27",
            "MD:24",
            "ME:22",
            "MK:19",
            "MN:20",
            "MR:27",
            "MT:31",
            "MU:30",
            "NI:28",
            "NL:18",
            "NO:15",
            "OM:23",
            "PK:24",
            "PL:28",
            "PS:29",
            "PT:25",
            "QA:29",
            "RO:24",
            "RS:22",
            "RU:33",
            "SA:24",
            "SC:31",
            "SD:18",
            "SE:24",
            "SI:19",
            "SK:24",
            "SM:27",
            "SO:23",
            "ST:25",
            "SV:28",
            "TL:23",
            "TN:24",
            "TR:26",
            "UA:29",
            "VA:22",
            "VG:24",
            "XK:20",
            "YE:30",
        ]
    )
}
"""Characters of an IBAN, by country (SWIFT, IBAN Registry, release 99)."""

_IBAN: Final = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z]{2}) ?[0-9]{2}(?=[ -]?[A-Za-z0-9])")


@cache
def _of_length(length: int) -> re.Pattern[str]:
    """The IBANs of so many characters. Those in groups are written in capitals."""
    rest = length - 4
    together, grouped = (
        rf"[A-Za-z]{{2}}[0-9]{{2}}[A-Za-z0-9]{{{rest}}}",
        rf"[A-Z]{{2}} ?[0-9]{{2}}(?:[ -]?[A-Z0-9]){{{rest}}}",
    )
    return re.compile(rf"(?:{together}|{grouped})(?![A-Za-z0-9])")


class Iban:
    """ISO 13616: a country, two check digits, and as many characters as that country's have."""

    gates = (r"(?i)\b[A-Z]{2} ?[0-9]{2}[ -]?[A-Z0-9]{2}[A-Z0-9 -]{7}",)
    reach = 0

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The IBANs from `start` on."""
        for begun in _IBAN.finditer(text, start):
            length = IBAN_LENGTHS.get(begun[1].upper())
            found = _of_length(length).match(text, begun.start()) if length else None
            if found is None:
                continue
            characters = re.sub("[ -]", "", found[0]).upper()
            if mod_97(characters[4:] + characters[:4]):
                yield Hit(found.start(), found.end(), "iban")
