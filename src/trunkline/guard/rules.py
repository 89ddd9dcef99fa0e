"""Rules of a policy: what each looks for in texts, and what becomes of it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from trunkline.guard.kinds import ALL, chosen
from trunkline.guard.pii.contact import Email, Ip
from trunkline.guard.pii.national_digits import CARD, DIGIT_IDS
from trunkline.guard.pii.national_letters import LETTER_IDS, Iban, Lettered
from trunkline.guard.pii.numbers import Numbers
from trunkline.guard.pii.personal import Address, BirthDate, Name
from trunkline.guard.pii.phone import Phone
from trunkline.guard.secret_kinds import ASSIGNED, PRIVATE_KEY, SECRET_KINDS
from trunkline.guard.secrets import Assigned, PrivateKeys, Secret
from trunkline.guard.tripwires import SIGNS, Tripwire
from trunkline.guard.values import Action, Hit
from trunkline.guard.words import Expression, Words


class Detector(Protocol):
    """What finds one kind of thing, or several."""

    @property
    def gates(self) -> Sequence[str]:
        """Expressions of re2; where none of them matches, nothing can be found."""

    @property
    def reach(self) -> int | None:
        """Characters that may be between the beginning of a find and what settles it; None: without bound.

        0: no find has a space in it but between groups of digits and capitals.
        """

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """What begins at `start` or after it. What stands before may be looked at."""


class Rule(msgspec.Struct, frozen=True):
    """A rule about texts."""

    name: str
    """Its place and check, such as `input[0].pii`."""
    action: Action
    detectors: tuple[Detector, ...]
    threshold: float = 0.0
    """For scored rules: what the score of a text has to reach for its finds to count."""
    decodes: bool = True
    """Whether encoded text is decoded and looked at, too."""


def pii(name: str, kinds: Sequence[str], action: Action, regions: Sequence[str]) -> Rule:
    """Personal data of these kinds; phone numbers of `regions` are known without a country code, too."""
    wanted = chosen(tuple(kinds))
    detectors: list[Detector] = []
    simple: dict[str, type[Email | Ip | Iban | BirthDate | Name | Address]] = {
        "email": Email, "ip": Ip, "iban": Iban, "birth_date": BirthDate, "name": Name, "address": Address,
    }  # fmt: skip
    detectors += [detector() for kind, detector in simple.items() if kind in wanted]
    numbers = [kind for kind in (CARD, *DIGIT_IDS) if kind.name in wanted]
    if numbers:
        detectors.append(Numbers(numbers))
    if "phone" in wanted:
        detectors.append(Phone(regions))
    detectors += [Lettered(kind) for kind in LETTER_IDS if kind.name in wanted]
    return Rule(name, action, tuple(detectors))


def secrets(name: str, kinds: Sequence[str], action: Action) -> Rule:
    """Secrets of these kinds."""
    found: list[Detector] = [Secret(kind) for kind in SECRET_KINDS if ALL in kinds or kind.name in kinds]
    if ALL in kinds or PRIVATE_KEY in kinds:
        found.append(PrivateKeys())
    if ALL in kinds or ASSIGNED in kinds:
        found.append(Assigned())
    return Rule(name, action, tuple(found))


def words(name: str, listed: Sequence[str], action: Action) -> Rule:
    """Words and phrases, whatever their case."""
    return Rule(name, action, (Words(listed),))


def expressions(name: str, patterns: Sequence[str], action: Action) -> Rule:
    """Expressions of re2. Raises `expressions.Inexpressible`."""
    return Rule(name, action, tuple(map(Expression, patterns)))


def injection(name: str, threshold: float, action: Action) -> Rule:
    """Signs of prompt injection that come to `threshold` together."""
    return Rule(name, action, tuple(map(Tripwire, SIGNS)), threshold)
