"""The checksums of numbers that people are known by. Each function takes digits (or letters and digits) without marks.

Sources are the issuers' published rules, as gathered in the articles of Wikipedia on each number and, for the general
schemes, ISO 7064, ISO 7812 (Luhn) and ISO 13616 (IBAN).
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_ORDER: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    numbers = list(map(int, digits))
    return (sum(numbers[-1::-2]) + sum(_DOUBLED[number] for number in numbers[-2::-2])) % 10 == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of the first digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def mod_11_10(digits: str) -> bool:
    """ISO 7064, MOD 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])


def mod_97(text: str) -> bool:
    """ISO 7064, MOD 97-10, on letters and digits with the check digits last."""
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1


_TIMES: Final = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTED: Final = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def verhoeff(digits: str) -> bool:
    """J. Verhoeff, Error Detecting Decimal Codes, 1969."""
    check = 0
    for position, digit in enumerate(reversed(digits)):
        check = int(_TIMES[check][int(_PERMUTED[position % 8][int(digit)])])
    return check == 0


def is_day(day: int, month: int, year: int | None = None) -> bool:
    """Whether there is such a day; in some year, where the century is not known."""
    if year is None:
        year = 2000
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def yymmdd(digits: str) -> bool:
    """Whether six digits are a date, the year first."""
    return is_day(int(digits[4:6]), int(digits[2:4]), 2000 + int(digits[:2]))


def ddmmyy(digits: str) -> bool:
    """Whether six digits are a date, the day first."""
    return is_day(int(digits[:2]), int(digits[2:4]), 2000 + int(digits[4:6]))


def odd_even(text: str) -> str:
    """The check letter of an Italian fiscal code: odd characters have their own values (DM 23 December 1976)."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    total = 0
    for position, character in enumerate(text):
        value = int(character) if character.isdigit() else ord(character) - 65
        total += odd[value] if position % 2 == 0 else value
    return chr(65 + total % 26)


def base_37(text: str) -> int:
    """The check digit of a Mexican CURP, whose alphabet has an Ñ after N."""
    order = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    return -sum(order.index(character) * (18 - index) for index, character in enumerate(text)) % 10


def alphabetical(letter: str) -> int:
    """A letter's number: A is 10."""
    return _ORDER.index(letter)
