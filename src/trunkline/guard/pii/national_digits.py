"""National ids that are digits only: how each is written, its checksum, and the words that stand beside it.

A number of nine digits passes some country's checksum more often than not. So where a checksum, a date or the way of
writing does not make a chance hit rarer than about one in two hundred, a word near before the number has to name it.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from trunkline.guard.pii.checksums import ddmmyy, is_day, luhn, mod_11_10, verhoeff, weighted, yymmdd


class NumberKind(msgspec.Struct, frozen=True):
    """A kind of number."""

    name: str
    country: str
    check: Callable[[str], bool]
    """Whether these digits can be one."""
    layouts: tuple[str, ...]
    """How it is written so that nothing else is meant, in lengths of groups and what is between: `3.3.3-2`."""
    with_word: tuple[str, ...] = ()
    """How it is written, too, where a word before it names it."""
    words: str = ""
    """These words, for `re`, in lower case."""
    veto: str = ""
    """Words just before it that say what it is instead, where it is written without any mark; for `re`."""


def _ssn(d: str) -> bool:
    return d[:3] not in {"000", "666"} and d[0] != "9" and d[3:5] != "00" and d[5:] != "0000"


def _cpf(d: str) -> bool:
    first = weighted(d[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(d[:10], range(11, 1, -1)) * 10 % 11 % 10
    return len(set(d)) > 1 and d[9:] == f"{first}{second}"


def _bsn(d: str) -> bool:
    return int(d) > 0 and (weighted(d, range(9, 1, -1)) - int(d[8])) % 11 == 0


def _belgian(d: str) -> bool:
    born_in = (d[:9], "2" + d[:9])  # from 2000 on, a 2 is put before
    possible = int(d[2:4]) <= 12 and int(d[4:6]) <= 31
    return possible and any(97 - int(base) % 97 == int(d[9:]) for base in born_in)


def _pesel(d: str) -> bool:
    dated = is_day(int(d[4:6]), int(d[2:4]) % 20, 2000 + int(d[:2]))  # the century is in the tens of the month
    return dated and weighted(d, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def _swedish(d: str) -> bool:
    if len(d) == 12 and d[:2] not in {"18", "19", "20"}:
        return False
    d = d[-10:]
    day = int(d[4:6])
    return is_day(day - 60 if day > 60 else day, int(d[2:4]), 2000 + int(d[:2])) and luhn(d)  # +60: coordination


def _norwegian(d: str) -> bool:
    day, month = int(d[:2]), int(d[2:4])
    possible = is_day(day - 40 if day > 40 else day, month - 40 if month > 40 else month)
    first = -weighted(d, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -weighted(d, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return possible and d[9:] == f"{first}{second}"


def _nhs(d: str) -> bool:
    return len(set(d)) > 1 and -weighted(d[:9], range(10, 1, -1)) % 11 == int(d[9])


def _ahv(d: str) -> bool:
    return d[:3] == "756" and weighted(d, (1, 3) * 6 + (1,)) % 10 == 0


def _german_tax(d: str) -> bool:
    counts = sorted(map(d[:10].count, set(d[:10])))
    return d[0] != "0" and counts[-1] in {2, 3} and counts.count(1) >= 7 and mod_11_10(d)


def _nir(d: str) -> bool:
    month = int(d[3:5])
    return d[0] in "12" and (1 <= month <= 12 or month >= 20) and 97 - int(d[:13]) % 97 == int(d[13:])


def _aadhaar(d: str) -> bool:
    return d[0] not in "01" and verhoeff(d)


def _south_african(d: str) -> bool:
    return yymmdd(d) and d[10] in "012" and luhn(d)


def _turkish(d: str) -> bool:
    numbers = list(map(int, d))
    tenth = (7 * sum(numbers[0:9:2]) - sum(numbers[1:8:2])) % 10
    return numbers[0] != 0 and numbers[9] == tenth and numbers[10] == sum(numbers[:10]) % 10


def _romanian(d: str) -> bool:
    county = int(d[7:9])
    possible = d[0] in "123456789" and yymmdd(d[1:7]) and (1 <= county <= 48 or county in {51, 52, 70, *range(80, 84)})
    check = weighted(d[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return possible and (1 if check == 10 else check) == int(d[12])


def _bulgarian(d: str) -> bool:
    month = int(d[2:4])
    month -= 40 if month > 40 else 20 if month > 20 else 0
    check = weighted(d[:9], (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10
    return is_day(int(d[4:6]), month, 2000 + int(d[:2])) and check == int(d[9])


def _czech(d: str) -> bool:
    month = int(d[2:4]) % 50  # women have 50 more, and a full register 20 more
    return is_day(int(d[4:6]), month - 20 if month > 20 else month) and int(d[:9]) % 11 % 10 == int(d[9])


def _baltic(d: str) -> bool:
    check = weighted(d[:10], (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:
        check = weighted(d[:10], (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return d[0] in "12345678" and yymmdd(d[1:7]) and check == int(d[10])


def _latvian(d: str) -> bool:
    dated = ddmmyy(d[:6]) and d[6] in "012"
    return dated and (1101 - weighted(d[:10], (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11 == int(d[10])


def _tfn(d: str) -> bool:
    return len(set(d)) > 1 and weighted(d, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _my_number(d: str) -> bool:
    rest = weighted(d, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return len(set(d)) > 1 and int(d[11]) == (0 if rest <= 1 else 11 - rest)


def _nif(d: str) -> bool:
    rest = weighted(d[:8], range(9, 1, -1)) % 11
    return d[0] in "1235689" and int(d[8]) == (0 if rest <= 1 else 11 - rest)


def _thai(d: str) -> bool:
    return d[0] in "12345678" and (11 - weighted(d[:12], range(13, 1, -1)) % 11) % 10 == int(d[12])


def _korean(d: str) -> bool:
    check = (11 - weighted(d, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return yymmdd(d) and d[6] in "12345678" and check == int(d[12])


def _cuit(d: str) -> bool:
    check = -weighted(d, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return d[:2] in {"20", "23", "24", "25", "26", "27", "30", "33", "34"} and check == int(d[10])


def _amka(d: str) -> bool:
    return ddmmyy(d) and luhn(d)


def _luhn_9(d: str) -> bool:
    return len(set(d)) > 1 and luhn(d)


DIGIT_IDS: Final = (
    NumberKind("us_ssn", "US", _ssn, ("3-2-4",), ("9", "3 2 4"), r"ssn|social security"),
    NumberKind("ca_sin", "CA", _luhn_9, (), ("9", "3-3-3", "3 3 3"), r"sin|social insurance|assurance sociale|nas"),
    NumberKind("br_cpf", "BR", _cpf, ("3.3.3-2",), ("11", "9-2"), r"cpf|cadastro"),
    NumberKind("nl_bsn", "NL", _bsn, (), ("9", "3.3.3", "3 3 3", "4.2.3", "4 2 3"), r"bsn|burgerservicenummer|sofi"),
    NumberKind("be_national_number", "BE", _belgian, ("2.2.2-3.2", "11"), ("6 3 2",), r"rijksregister\w*|niss|nrn"),
    NumberKind("pl_pesel", "PL", _pesel, (), ("11",), r"pesel"),
    NumberKind(
        "se_personnummer",
        "SE",
        _swedish,
        ("6-4", "8-4", "6+4"),
        ("10", "12"),
        r"person\w*|pnr|samordning\w*",
        r"henkil|hetu",  # a Finnish one looks alike
    ),
    NumberKind("no_fodselsnummer", "NO", _norwegian, ("11", "6 5"), (), r"f.dselsnummer|fnr"),
    NumberKind("dk_cpr", "DK", ddmmyy, (), ("6-4", "10"), r"cpr\w*|personnummer"),
    NumberKind("gb_nhs", "GB", _nhs, (), ("10", "3 3 4", "3-3-4"), r"nhs"),
    NumberKind("ch_ahv", "CH", _ahv, ("3.4.4.2", "13"), (), r"ahv\w*|avs"),
    NumberKind("de_tax_id", "DE", _german_tax, (), ("11", "2 3 3 3"), r"steuer\w*|idnr|tin|tax id\w*"),
    NumberKind("fr_nir", "FR", _nir, ("15", "1 2 2 2 3 3 2", "13 2"), (), r"nir|s.curit. sociale"),
    NumberKind("in_aadhaar", "IN", _aadhaar, ("4 4 4",), ("12", "4-4-4"), r"aadhaa?r|uidai|uid"),
    NumberKind("za_id", "ZA", _south_african, ("13",), ("6 4 3", "6 4 2 1"), r"id n\w*|identity n\w*"),
    NumberKind("tr_tckn", "TR", _turkish, (), ("11",), r"tckn|tc kimlik|t\.c\.|kimlik\w*"),
    NumberKind("ro_cnp", "RO", _romanian, ("13",), (), r"cnp"),
    NumberKind("bg_egn", "BG", _bulgarian, (), ("10",), r"egn|егн"),
    NumberKind("cz_rodne_cislo", "CZ", _czech, ("6/4",), ("10",), r"rodn\w* ..slo|r\.?\s?.\.?"),
    NumberKind("hr_oib", "HR", mod_11_10, (), ("11",), r"oib"),
    NumberKind("ee_lt_personal_code", "EE", _baltic, ("11",), (), r"isikukood|asmens kodas"),
    NumberKind("lv_personal_code", "LV", _latvian, ("6-5",), ("11",), r"personas kods"),
    NumberKind("au_tfn", "AU", _tfn, (), ("9", "3 3 3"), r"tfn|tax file"),
    NumberKind("il_id", "IL", _luhn_9, (), ("9",), r"teudat zehut|israeli id\w*|תעודת זהות|ת\.ז\.?"),
    NumberKind("jp_my_number", "JP", _my_number, (), ("12", "4 4 4", "4-4-4"), r"my number|個人番号|マイナンバー"),
    NumberKind("pt_nif", "PT", _nif, (), ("9", "3 3 3"), r"nif|contribuinte"),
    NumberKind("gr_amka", "GR", _amka, (), ("11",), r"amka|αμκα"),
    NumberKind("th_id", "TH", _thai, ("1-4-5-2-1", "1 4 5 2 1"), ("13",), r"thai id\w*|เลขประจำตัว\w*"),
    NumberKind("kr_rrn", "KR", _korean, ("6-7",), ("13",), r"rrn|resident registration|주민등록번호"),
    NumberKind("ar_cuit", "AR", _cuit, ("2-8-1",), ("11",), r"cui[tl]"),
)
"""Thirty of them."""

ANY_ID: Final = r"national id\w*|id(?:entity|entification)? (?:number|no|card)|personal (?:id|number|code)"
"""Words that may stand before any of them."""


def payment_card(digits: str) -> bool:
    """Whether it is a number of a large card network (ISO/IEC 7812 issuer numbers), with Luhn's check."""
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    known = (
        (digits[0] == "4" and length in {13, 16, 19})
        or (length == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))  # Mastercard
        or (length == 15 and two in {34, 37})  # American Express
        or (length == 16 and (four == 6011 or two == 65 or 644 <= int(digits[:3]) <= 649))  # Discover
        or (length == 16 and (3528 <= four <= 3589 or two == 62))  # JCB, UnionPay
        or (length == 14 and (two in {36, 38, 39} or 300 <= int(digits[:3]) <= 305))  # Diners Club
        or (length == 19 and two == 62)
    )
    return known and luhn(digits) and len(set(digits)) > 1


CARD: Final = NumberKind(
    "card",
    "",
    payment_card,
    ("14", "15", "16", "4 4 4 4", "4-4-4-4", "4.4.4.4", "4 6 5", "4-6-5", "4 6 4", "4-6-4", "4 4 4 4 3", "19"),
    ("13",),
    r"cards?|visa|mastercard|amex|kart\w*|carte|tarjeta|cart.o|credit|kredit\w*|pan",
    r"(?:order|batch|tracking|invoice|serial|ticket|shipment|parcel|sku|imei|status|bestell\w*|rechnung\w*|commande|pedido"
    r"|ordine|sendung\w*)(?: ?(?:no\.?|number|nr\.?|id|#))?[ :#/]{0,3}$",
)
