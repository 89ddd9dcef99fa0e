"""Dates of birth; and names and postal addresses by heuristics, which a policy has to ask for by name.

Each pattern is looked for at every place, wherever the one before ended, so that a text cut in two gives the same.
"""

import re
from collections.abc import Iterator
from typing import Final

from trunkline.guard.pii.checksums import is_day
from trunkline.guard.values import Hit

_MONTHS: Final = (
    r"jan|feb|mär|mar|apr|mai|may|jun|jul|aug|sep|okt|oct|nov|dez|dec|ene|abr|ago|dic|gen|mag|giu|lug|set|ott"
    r"|fév|avr|juin|juil|août|déc|maj|maio|fev|out"
)
_DATE: Final = re.compile(
    r"(?<![A-Za-z0-9_.+/-])(?:(?P<y>(?:19|20)[0-9]{2})[-./](?P<m>[01]?[0-9])[-./](?P<d>[0-3]?[0-9])"
    r"|(?P<a>[0-3]?[0-9])[-./] ?(?P<b>[0-3]?[0-9])[-./] ?(?P<c>(?:19|20)?[0-9]{2})"
    rf"|(?i:[0-3]?[0-9](?:st|nd|rd|th|\.)? (?:de )?(?:{_MONTHS})[a-zà-ÿ]{{0,7}}\.?,? (?:de )?(?:19|20)[0-9]{{2}})"
    rf"|(?i:(?:{_MONTHS})[a-z]{{0,7}}\.? [0-3]?[0-9](?:st|nd|rd|th)?,? (?:19|20)[0-9]{{2}})"
    r"|(?:19|20)[0-9]{2}年[01]?[0-9]月[0-3]?[0-9]日)(?![A-Za-z0-9_]|[-./][0-9])"
)
BIRTH_WORDS: Final = (
    r"birth ?da(?:y|te)|date[ _]of[ _]birth|d\.?o\.?b\b|born|birth|geb(?:oren|\.|urtsdatum)|née?s?\b|naissance|nacid[oa]|nacimiento"
    r"|nat[oa] (?:il|a)|nascita|nascid[oa]|nascimento|geboortedatum|föd(?:d|elsedatum)|født|syntynyt|urodzon[ya]|urodzenia"
    r"|生年月日|出生"
)
_BIRTH: Final = re.compile(rf"(?i)(?:(?<![^\W_])(?:{BIRTH_WORDS}))")
_BEFORE: Final = 40


class BirthDate:
    """A date that a word before it says to be of somebody's birth."""

    gates = (rf"(?i){BIRTH_WORDS}",)
    reach = 32

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The dates from `start` on."""
        if _BIRTH.search(text) is None:
            return
        for found in _DATE.finditer(text, start):
            if _is_date(found) and _BIRTH.search(text, max(0, found.start() - _BEFORE), found.start()):
                yield Hit(found.start(), found.end(), "birth_date")


def _is_date(found: re.Match[str]) -> bool:
    if found["y"]:
        return is_day(int(found["d"]), int(found["m"]), int(found["y"]))
    if found["a"]:
        first, second = int(found["a"]), int(found["b"])
        return is_day(first, second) or is_day(second, first)
    return True


_NAME: Final = r"[A-ZÀ-Þ][a-zß-ÿ'\u2019]{1,24}(?:-[A-ZÀ-Þ][a-zß-ÿ]{1,24})?"
_PARTICLE: Final = r"(?:van|von|der|den|de|del|da|di|la|le|bin|al)"
_FULL_NAME: Final = rf"{_NAME}(?: (?:{_PARTICLE} ){{0,2}}{_NAME}){{0,3}}"
_TITLES: Final = (
    r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Herr|Herrn|Frau|Monsieur|Madame|Mme|Mlle|Señor|Señora|Sr|Sra|Signor|Signora|Sig"
)
_CUES: Final = (
    r"[Mm]y name is|[Nn]ame is|[Cc]all me|[Ii]ch heiße|[Mm]ein Name ist|[Jj]e m'appelle|[Mm]e llamo|[Mm]i nombre es|[Mm]i chiamo"
    r"|[Dd]ear|[Ss]ehr geehrte[rs]?|[Rr]egards,|[Ss]incerely,|(?:[Ff]ull |[Cc]ustomer |[Pp]atient )?[Nn]ame:|[Pp]atient|[Aa]ttn:?"
)
_NAMED: Final = re.compile(
    rf"(?<!\w)(?=(?:(?:{_CUES})\s{{1,2}}(?:(?:{_TITLES})\.? )?|(?:{_TITLES})\.? )({_FULL_NAME})(?!\w))"
)
_NO_NAMES: Final = frozenset(
    [
        "Sir",
        "Madam",
        "Team",
        "All",
        "Customer",
        "Colleague",
        "Colleagues",
        "Friend",
        "Friends",
        "Hiring",
        "Support",
        "Everyone",
        "The",
    ]
)


class Name:
    """People's names after a title or a phrase that introduces one. A heuristic: it misses bare names."""

    gates = (rf"(?:\b(?:{_TITLES})\.? |{_CUES})",)
    reach = 176

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The names from `start` on."""
        last = start
        for found in _NAMED.finditer(text, max(0, start - 40)):
            if found.start(1) >= last and found[1].split()[0] not in _NO_NAMES:
                last = found.end(1)
                yield Hit(found.start(1), last, "name")


_WORD: Final = r"[A-ZÀ-Þ][a-zß-ÿ]{1,24}"
_STREET: Final = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Court|Ct|Square|Terrace|Place|Way|Close|Crescent"
)
_ADDRESS: Final = re.compile(
    rf"(?<![\w.])(?=([0-9]{{1,5}}[A-Za-z]?,? (?:{_WORD} ){{1,3}}(?:{_STREET})\b\.?(?:, (?:Apt|Suite|Flat|Unit)\.? [0-9A-Z]{{1,5}})?"
    rf"(?:, {_WORD}(?: {_WORD})?)?(?:,? [A-Z]{{2}} [0-9]{{5}}|,? [A-Z]{{1,2}}[0-9][0-9A-Z]? [0-9][A-Z]{{2}})?"
    rf"|(?:{_WORD}(?:straße|strasse|str\.|weg|gasse|platz|allee|laan|straat)|(?:[Rr]ue|[Aa]venue|[Cc]alle|[Vv]ia|[Rr]ua|[Pp]laza)"
    rf" (?:de |du |del |della |da |la |des ){{0,2}}{_WORD}(?: {_WORD})?),? (?:nº ?)?[0-9]{{1,4}}[a-z]?(?:, [0-9]{{4,5}} {_WORD})?"
    rf"|[0-9]{{1,4}},? (?:rue|avenue|boulevard|place|chemin) (?:de |du |des |la |l'){{0,2}}{_WORD}(?: {_WORD})?)(?!\w))"
)


class Address:
    """Postal addresses of a street and a number, as written in English, German, French and their neighbours."""

    gates = (
        rf"[0-9][A-Za-z]?,? (?:[A-Z]\pL+ ){{1,3}}(?:{_STREET})\b",
        r"(?:stra\x{df}e|strasse|str\.|weg|gasse|platz|allee|laan|straat),? [0-9]",
        r"(?i:rue|avenue|boulevard|place|chemin|calle|via|rua|plaza) ",
    )
    reach = 176

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The addresses from `start` on."""
        last = start
        for found in _ADDRESS.finditer(text, start):
            if found.start(1) >= last:
                last = found.end(1)
                yield Hit(found.start(1), last, "address")
