"""The names of what can be looked for, and the word that stands for each where it was taken out."""

from typing import Final

from trunkline.guard.pii.national_digits import DIGIT_IDS
from trunkline.guard.pii.national_letters import LETTER_IDS
from trunkline.guard.secret_kinds import SECRET_NAMES

NATIONAL_IDS: Final = tuple(sorted({kind.name for kind in (*DIGIT_IDS, *LETTER_IDS)}))
"""Each begins with its country's code."""
HEURISTIC: Final = ("name", "address")
"""Kinds that are guessed; `all` does not include them."""
USUAL: Final = ("email", "phone", "card", "iban", "national_id", "ip", "birth_date")
"""What `all` means. `national_id` is every one of `NATIONAL_IDS`."""
PII_KINDS: Final = (*USUAL, *HEURISTIC, *NATIONAL_IDS)
SECRETS: Final = SECRET_NAMES
ALL: Final = "all"

_LABELS: Final = {
    "email": "EMAIL",
    "phone": "PHONE",
    "card": "CARD",
    "iban": "IBAN",
    "ip": "IP",
    "birth_date": "BIRTH_DATE",
    "name": "PERSON",
    "address": "ADDRESS",
    "word": "TERM",
    "regex": "TERM",
    **dict.fromkeys(NATIONAL_IDS, "ID"),
}
LABELS: Final = tuple(sorted({*_LABELS.values(), "SECRET"}, key=len, reverse=True))
"""Every word that can stand for something; a longer one before one that it begins with."""


def label(kind: str) -> str:
    """The word that stands for what was found: `EMAIL`."""
    return _LABELS.get(kind, "SECRET")


def chosen(kinds: tuple[str, ...]) -> frozenset[str]:
    """All kinds of personal data that names, groups among them, mean."""
    named = set(kinds)
    if ALL in named:
        named.update(USUAL)
    if "national_id" in named:
        named.update(NATIONAL_IDS)
    return frozenset(named - {ALL, "national_id"})
