"""Phone numbers, by the numbering plans that `phonenumbers` (libphonenumber) keeps of every country.

Its parser takes about 60 µs a number. A page of digits has hundreds of candidates, so its plans are compiled here, once
per country that is met, and matched in a few microseconds.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from trunkline.guard.pii.numbers import whole_words
from trunkline.guard.values import Hit

_INTERNATIONAL: Final = re.compile(
    r"(?<![A-Za-z0-9_+.])(?:\+|00 ?)([1-9][0-9]?(?:[ .\-/]?(?:\([0-9]{1,4}\) ?)?[0-9]){6,13})(?![A-Za-z0-9_])"
)
_NATIONAL: Final = re.compile(
    r"(?<![A-Za-z0-9_+./-])(?<![0-9][,:])(?:\([0-9]{2,5}\)[ -]?[0-9]|[0-9])(?:(?:[ .\-/]|/ | [-\u2013] )?[0-9]){5,12}(?![A-Za-z0-9_]|[-.,:/][0-9])"
)
_WORDS: Final = whole_words(
    r"tel\w*|tél\w*|phone\w*|mobile?\w*|cell\w*|call(?: me| us)?(?: at| on)?|ring|fax|whatsapp|sms|text me|handy\w*"
    r"|rufnummer|anruf\w*|portable|appele[rz]?|móvil|celular|lláma\w*|cellulare|contact\w*|puh\w*|gsm|тел\w*|電話|电话|手机"
)
_CONTEXT: Final = 32
_DIGITS_ONLY: Final = re.compile(r"[0-9 .,;:\-/()\n]*")
_MORE: Final = re.compile(r"[ .\-/][0-9]")
_SHORTEST: Final = 6
_LAST_GROUP: Final = re.compile(r"[ .\-/(]+[0-9)]+\Z")
_CERTAIN: Final = re.compile(
    r"\([0-9]{2,5}\)|[2-9][0-9]{2}([-.])[2-9][0-9]{2}\1[0-9]{4}(?![0-9])|1-[2-9][0-9]{2}-[2-9]"
)
_LAYOUTS: Final = re.compile(r"0[0-9]{1,4}[ /-][0-9]")
"""Ways to write a number that are hardly, and seldom, anything else."""

_Plan = tuple[re.Pattern[str], re.Pattern[str] | None, str | None]


class Phone:
    """International numbers; national ones of `regions`, where a word or the way of writing says what they are."""

    gates = (r"(?:\+|\b00 ?)[1-9][0-9]?[ .\-/(]{0,2}[0-9]", r"[0-9](?:[ .\-/)]{0,3}[0-9]){5}")
    reach = 0

    def __init__(self, regions: Iterable[str]) -> None:
        self._regions = tuple(regions)

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """The numbers from `start` on."""
        abroad = "+" in text or "00" in text
        for found in _INTERNATIONAL.finditer(text, start) if abroad else ():
            named = found[0][0] == "+" or _is_named(text, found.start())
            if named or " " in found[0]:
                end = _end_of(found, found.start(1), _is_valid, shorter=named)
                if end:
                    yield Hit(found.start(), end, "phone")
        found_here = _NATIONAL.search(text, start)
        while found_here is not None:
            end = self._national(text, found_here)
            if end:
                yield Hit(found_here.start(), end, "phone")
            found_here = _NATIONAL.search(text, end or found_here.end())

    def _national(self, text: str, found: re.Match[str]) -> int:
        """Where a national number ends; 0 where it is none, or nothing says that it is one."""
        certain = _CERTAIN.match(found[0]) is not None or _is_named(text, found.start())
        alone = _MORE.match(text, found.end()) is None
        if certain or (alone and _LAYOUTS.match(found[0]) is not None):
            return _end_of(found, found.start(), self._is_known, shorter=certain)
        return 0

    def _is_known(self, digits: str) -> bool:
        return any(_fits(digits, region) for region in self._regions)


def _is_named(text: str, start: int) -> bool:
    """Whether a word says that a phone number comes."""
    before = text[max(0, start - _CONTEXT) : start]
    return _DIGITS_ONLY.fullmatch(before) is None and _WORDS.search(before.lower()) is not None


def _end_of(found: re.Match[str], start: int, valid: Callable[[str], bool], *, shorter: bool) -> int:
    """Where the number ends whose digits begin at `start`; 0 where there is none. `shorter`: other digits may follow."""
    written = found.string[start : found.end()]
    while len(written) >= _SHORTEST:
        if valid("".join(filter(str.isdecimal, written))):
            return start + len(written)
        last = _LAST_GROUP.search(written) if shorter else None
        if last is None:
            break
        written = written[: last.start()]
    return 0


def _is_valid(digits: str) -> bool:
    """Whether digits, with the country's code first, are a number that can be called."""
    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0))
        if regions is not None:
            return any(_national(digits[length:], region) for region in regions)
    return False


def _national(digits: str, region: str) -> bool:
    plan = _plan(region)
    if plan is None:
        return False
    return plan[0].fullmatch(digits) is not None or (digits[:1] == "0" and plan[0].fullmatch(digits[1:]) is not None)


def _fits(digits: str, region: str) -> bool:
    """Whether digits as one dials them in a region are a number there."""
    plan = _plan(region)
    if plan is None:
        return False
    pattern, prefix, transform = plan
    if pattern.fullmatch(digits) is not None:
        return True
    found = prefix.match(digits) if prefix is not None else None
    if found is None:
        return False
    if transform and found.lastindex and found[found.lastindex] is not None:
        digits = found.expand(transform) + digits[found.end() :]
    else:
        digits = digits[found.end() :]
    return pattern.fullmatch(digits) is not None


@cache
def _plan(region: str) -> _Plan | None:
    """All numbers of a region that can be called, the prefix dialled before them within it, and how that is read."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    types = (
        metadata.fixed_line, metadata.mobile, metadata.toll_free, metadata.premium_rate, metadata.shared_cost,
        metadata.personal_number, metadata.voip, metadata.pager, metadata.uan,
    )  # fmt: skip
    patterns = [each.national_number_pattern for each in types if each is not None and each.national_number_pattern]
    prefix = metadata.national_prefix_for_parsing
    return (
        re.compile("|".join(f"(?:{pattern})" for pattern in patterns)),
        re.compile(prefix) if prefix else None,
        metadata.national_prefix_transform_rule,
    )
