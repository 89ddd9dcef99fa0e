"""Labelled texts in many locales: sentences with values whose place and kind are known, and others that have none.

Values have valid checksums, made by drawing a body and then the check digits that its checksum asks for. Texts without a
value hold what looks like one: numbers of orders, hashes, versions, timestamps, ids, measurements.
"""

import base64
import hashlib
import random
import re
import string
import uuid
from collections.abc import Callable, Iterator

import msgspec
import phonenumbers

from trunkline.guard.pii.national_digits import CARD, DIGIT_IDS, NumberKind
from trunkline.guard.pii.national_letters import IBAN_LENGTHS, LETTER_IDS, LetterKind

Random = random.Random


class Labelled(msgspec.Struct, frozen=True):
    """A text, and the one value in it; no `kind` where there is none."""

    text: str
    kind: str = ""
    value: str = ""


LOCALES = {
    "US": (
        "Hi, {word} {value}, thanks!",
        "Please update my file: {word}: {value}",
        '{{"{word}": "{value}", "ok": true}}',
    ),
    "GB": ("My {word} is {value} if you need it.", "{word} - {value}\nKind regards", "Ref {word} {value}."),
    "DE": ("Guten Tag, meine {word} lautet {value}.", "{word}: {value}", "Bitte ändern Sie {word} ({value})!"),
    "FR": ("Bonjour, mon {word} est {value}, merci.", "{word} : {value}", "Voici {word} {value}"),
    "ES": ("Hola, mi {word} es {value}.", "{word}: {value}", "El {word} del cliente, {value}, ha cambiado"),
    "IT": ("Salve, il mio {word} è {value}.", "{word}: {value}", "Ecco {word} {value}"),
    "NL": ("Mijn {word} is {value}.", "{word}={value}", "Hierbij {word} {value}, groet"),
    "PL": ("Mój {word} to {value}.", "{word}: {value}", "Podaję {word} {value}"),
    "SE": ("Mitt {word} är {value}.", "{word}: {value}", "Hej! {word} {value}"),
    "BR": ("Meu {word} é {value}.", "{word}: {value}", "Segue {word} {value}"),
    "TR": ("{word} numaram {value}.", "{word}: {value}", "{word} {value}"),
    "JP": ("私の{word}は {value} です。", "{word}：{value}", "{word} {value} をご確認ください"),
    "CN": ("我的{word}是{value}。", "{word}：{value}", "请更新{word} {value}"),
    "IN": ("My {word} is {value} sir.", "{word} no. {value}", "Kindly note {word} {value}"),
}
"""How people write, with a word for what they give and the value."""

WORDS = {
    "us_ssn": "SSN", "ca_sin": "SIN", "br_cpf": "CPF", "nl_bsn": "BSN", "be_national_number": "rijksregisternummer",
    "pl_pesel": "PESEL", "se_personnummer": "personnummer", "no_fodselsnummer": "fødselsnummer", "dk_cpr": "CPR-nummer",
    "gb_nhs": "NHS number", "ch_ahv": "AHV-Nummer", "de_tax_id": "Steuer-ID", "fr_nir": "numéro de sécurité sociale",
    "in_aadhaar": "Aadhaar", "za_id": "ID number", "tr_tckn": "TC Kimlik", "ro_cnp": "CNP", "bg_egn": "ЕГН",
    "cz_rodne_cislo": "rodné číslo", "hr_oib": "OIB", "ee_lt_personal_code": "isikukood", "lv_personal_code": "personas kods",
    "au_tfn": "TFN", "il_id": "Teudat Zehut", "jp_my_number": "マイナンバー", "pt_nif": "NIF", "gr_amka": "AMKA",
    "th_id": "Thai ID", "kr_rrn": "주민등록번호", "ar_cuit": "CUIT", "es_dni": "DNI", "it_codice_fiscale": "codice fiscale",
    "gb_nino": "NI number", "fi_hetu": "henkilötunnus", "cn_resident_id": "身份证号", "mx_curp": "CURP", "cl_rut": "RUT",
    "ie_pps": "PPS", "sg_nric": "NRIC", "hk_id": "HKID", "tw_id": "身分證", "card": "card", "iban": "IBAN",
    "email": "e-mail", "phone": "phone",
}  # fmt: skip

HOME = {"br": "BR", "nl": "NL", "be": "NL", "pl": "PL", "se": "SE", "no": "SE", "dk": "SE", "gb": "GB", "ch": "DE", "de": "DE",
        "fr": "FR", "in": "IN", "tr": "TR", "jp": "JP", "pt": "BR", "es": "ES", "it": "IT", "cn": "CN", "tw": "CN", "hk": "CN",
        "mx": "ES", "cl": "ES", "ar": "ES", "fi": "SE"}  # fmt: skip
"""Which locale's sentences a country's ids come in; elsewhere English ones."""


def digit_id(kind: NumberKind, rnd: Random) -> str:
    """A valid number of a kind, written in one of its ways."""
    layout = rnd.choice(kind.layouts + kind.with_word)
    lengths = [int(part) for part in "".join(c if c.isdigit() else " " for c in layout).split()]
    length = sum(lengths)
    while True:
        body = _dated(rnd, length, kind.name) + "".join(rnd.choice(string.digits) for _ in range(length))
        for end in range(100):
            digits = body[: length - 2] + f"{end:02}"
            if kind.check(digits):
                marks = [c for c in layout if not c.isdigit()]
                return _in_groups(digits, lengths, marks)


def _dated(rnd: Random, length: int, name: str) -> str:
    """What a number begins with, so that a valid one is soon met."""
    year, month, day = rnd.randrange(40, 99), rnd.randrange(1, 13), rnd.randrange(1, 29)
    ymd, dmy = f"{year:02}{month:02}{day:02}", f"{day:02}{month:02}{year:02}"
    starts = {
        "no_fodselsnummer": dmy, "dk_cpr": dmy, "lv_personal_code": dmy + "1", "gr_amka": dmy, "ch_ahv": "756",
        "ro_cnp": f"1{ymd}12", "ee_lt_personal_code": f"3{ymd}", "fr_nir": f"1{year:02}{month:02}", "ar_cuit": "20",
        "kr_rrn": f"{ymd}1", "za_id": f"{ymd}50000"[:10] + "08"[:1], "se_personnummer": f"19{ymd}" if length == 12 else ymd,
    }  # fmt: skip
    dated = {"pl_pesel", "bg_egn", "cz_rodne_cislo", "be_national_number"}
    return (
        {14: "36", 15: "37", 13: "4", 16: rnd.choice("45") + rnd.choice("12345"), 19: "4"}[length]
        if name == "card"
        else (starts.get(name, ymd if name in dated else ""))
    )


def _in_groups(digits: str, lengths: list[int], marks: list[str]) -> str:
    text, at = "", 0
    for length, mark in zip(lengths, [*marks, ""], strict=True):
        text += digits[at : at + length] + mark
        at += length
    return text


def letter_id(kind: LetterKind, rnd: Random) -> str:
    """A valid id of a kind."""
    while True:
        text = _LETTERED[kind.name](rnd)
        bare = "".join(filter(str.isalnum, text)).upper()
        for last in string.digits + string.ascii_uppercase:
            at = max(index for index, character in enumerate(text) if character.isalnum())
            candidate = text[:at] + last + text[at + 1 :]
            if re.fullmatch(kind.pattern, candidate) and kind.check(bare[:-1] + last):
                return candidate


def _digits(rnd: Random, count: int) -> str:
    return "".join(rnd.choice(string.digits) for _ in range(count))


def _capitals(rnd: Random, count: int) -> str:
    return "".join(rnd.choice("ABCDFGHJKLMPRSTVX") for _ in range(count))


def _day(rnd: Random) -> str:
    return f"{rnd.randrange(1, 29):02}{rnd.randrange(1, 13):02}{rnd.randrange(40, 99)}"


_LETTERED: dict[str, Callable[[Random], str]] = {
    "es_dni": lambda r: rnd_of(r, f"{_digits(r, 8)}A", f"X{_digits(r, 7)}A", f"{_digits(r, 8)}-A"),
    "it_codice_fiscale": lambda r: f"{_capitals(r, 6)}{_digits(r, 2)}{r.choice('ABCDEHLMPRST')}{r.randrange(10, 32)}H{_digits(r, 3)}X",
    "gb_nino": lambda r: rnd_of(r, f"AB{_digits(r, 6)}C", f"JG {_digits(r, 2)} {_digits(r, 2)} {_digits(r, 2)} A"),
    "fi_hetu": lambda r: f"{_day(r)}-{_digits(r, 3)}A",
    "cn_resident_id": lambda r: f"110101{r.randrange(1950, 2005)}{r.randrange(1, 13):02}{r.randrange(1, 29):02}{_digits(r, 3)}X",
    "mx_curp": lambda r: f"{_capitals(r, 4)}{r.randrange(50, 99)}{r.randrange(1, 13):02}{r.randrange(1, 29):02}HNE{_capitals(r, 3)}0X",
    "cl_rut": lambda r: f"{r.randrange(5, 25)}.{_digits(r, 3)}.{_digits(r, 3)}-K",
    "ie_pps": lambda r: f"{_digits(r, 7)}W",
    "sg_nric": lambda r: f"{r.choice('STFG')}{_digits(r, 7)}A",
    "hk_id": lambda r: f"{r.choice('ABCDEGHK')}{_digits(r, 6)}(A)",
    "tw_id": lambda r: f"{r.choice('ABCDEFGH')}{r.choice('12')}{_digits(r, 8)}",
}  # fmt: skip


def rnd_of(rnd: Random, *choices: str) -> str:
    return rnd.choice(choices)


def iban(rnd: Random) -> str:
    country = rnd.choice(["DE", "GB", "FR", "NL", "ES", "IT", "PL", "SE", "CH", "AT", "BE", "NO", "TR", "BR"])
    letters = {"GB": "NWBK", "NL": "ABNA", "FR": "", "IT": "X"}.get(country, "")
    body = letters + _digits(rnd, IBAN_LENGTHS[country] - 4 - len(letters))
    number = int("".join(str(int(c, 36)) for c in f"{body}{country}00"))
    text = f"{country}{98 - number % 97:02}{body}"
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4)) if rnd.random() < 0.6 else text


def email(rnd: Random) -> str:
    names = ["anna", "bob.smith", "j_doe", "maría", "k-lee", "info", "x.y+news", "müller", "s.o'hara", "li.wei88"]
    hosts = [
        "example.com",
        "mail.example.co.uk",
        "web.de",
        "orange.fr",
        "xn--bcher-kva.example",
        "uni-köln.de",
        "corp.example.io",
    ]
    return f"{rnd.choice(names)}{rnd.randrange(99) or ''}@{rnd.choice(hosts)}"


def phone(rnd: Random) -> str:
    region = rnd.choice(
        ["US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "SE", "BR", "JP", "IN", "TR", "CN", "AU", "MX"]
    )
    kind = rnd.choice([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    assert number.national_number is not None
    while True:
        changed = phonenumbers.PhoneNumber(
            country_code=number.country_code, national_number=number.national_number // 10000 * 10000 + rnd.randrange(10000),
            italian_leading_zero=number.italian_leading_zero,
        )  # fmt: skip
        if phonenumbers.is_valid_number(changed):
            break
    forms = [phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164]
    if region in {"US", "GB", "DE", "FR", "ES", "IT", "NL"}:
        forms.append(phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.format_number(changed, rnd.choice(forms))


def positives(kind: str, count: int, rnd: Random) -> Iterator[Labelled]:
    """Texts with a value of a kind."""
    make = makers()[kind]
    for _ in range(count):
        country = kind[:2] if kind not in {"card", "iban", "email", "phone"} else rnd.choice([*HOME])
        sentences = LOCALES[HOME.get(country, rnd.choice(["US", "GB"]))]
        value = make(rnd)
        yield Labelled(rnd.choice(sentences).format(word=WORDS[kind], value=value), kind, value)


def makers() -> dict[str, Callable[[Random], str]]:
    """What makes a value of each kind."""
    made: dict[str, Callable[[Random], str]] = {"iban": iban, "email": email, "phone": phone}
    for number in (CARD, *DIGIT_IDS):
        made[number.name] = lambda rnd, kind=number: digit_id(kind, rnd)  # type: ignore[misc]
    for lettered in LETTER_IDS:
        made.setdefault(lettered.name, lambda rnd, kind=lettered: letter_id(kind, rnd))  # type: ignore[misc]
    return made


NEGATIVES: tuple[Callable[[Random], str], ...] = (
    lambda r: f"Order {_digits(r, 10)} was shipped",
    lambda r: f"order no. {_digits(r, 8)}-{_digits(r, 4)}",
    lambda r: f"Bestellung {_digits(r, 12)} ist unterwegs",
    lambda r: f"invoice INV-{r.randrange(2020, 2027)}-{_digits(r, 6)} over {r.randrange(9999)}.{_digits(r, 2)} EUR",
    lambda r: f"commit {hashlib.sha1(r.randbytes(8)).hexdigest()}",
    lambda r: f"sha256:{hashlib.sha256(r.randbytes(8)).hexdigest()}",
    lambda r: f"request {uuid.UUID(bytes=r.randbytes(16), version=4)} failed",
    lambda r: f"python {r.randrange(4)}.{r.randrange(20)}.{r.randrange(20)} and lib {r.randrange(9)}.{r.randrange(99)}.{r.randrange(9999)}",
    lambda r: f"version {r.randrange(9)}.{r.randrange(20)}.{r.randrange(200)}.{r.randrange(250)}",
    lambda r: f"at {r.randrange(1_600_000_000, 1_800_000_000)} the job ended",
    lambda r: f'{{"ts": {r.randrange(1_600_000_000_000, 1_800_000_000_000)}, "n": {_digits(r, 3)}}}',
    lambda r: f"2026-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}T{r.randrange(24):02}:{r.randrange(60):02}:00.{_digits(r, 6)}Z",
    lambda r: f"tracking {_digits(r, 20)}",
    lambda r: f"ISBN 978-{_digits(r, 1)}-{_digits(r, 4)}-{_digits(r, 4)}-{_digits(r, 1)}",
    lambda r: f"coordinates {r.random() * 90:.7f}, {r.random() * 180:.7f}",
    lambda r: f"revenue of {r.randrange(999)},{_digits(r, 3)},{_digits(r, 3)} in {r.randrange(1990, 2027)}",
    lambda r: f"part {_capitals(r, 3)}-{_digits(r, 5)}{_capitals(r, 1)} and SKU {_capitals(r, 2)}{_digits(r, 6)}",
    lambda r: f"pi is 3.{_digits(r, 16)}",
    lambda r: f"tweet https://social.example/status/{r.randrange(10**18, 2 * 10**18)}",
    lambda r: f"row {_digits(r, 4)} {_digits(r, 4)} {_digits(r, 3)} {_digits(r, 5)}",
    lambda r: f"mac {':'.join(f'{r.randrange(256):02x}' for _ in range(6))}",
    lambda r: f"ticket #{_digits(r, 9)} closed by @{r.choice(['anna', 'dev-team', 'bot'])}",
    lambda r: f"etag \"{base64.b64encode(r.randbytes(12)).decode()}\" and nonce {base64.b64encode(r.randbytes(24)).decode()}",
    lambda r: f"color #{r.randrange(1 << 24):06x}, size {r.randrange(4000)}x{r.randrange(4000)}",
    lambda r: f"paper 10.{_digits(r, 4)}/{_digits(r, 6)}.{_digits(r, 7)}",
    lambda r: f"account manager no {_digits(r, 7)}, batch {_digits(r, 16)}",
)  # fmt: skip


def negatives(count: int, rnd: Random) -> Iterator[Labelled]:
    """Texts without any value, in equal parts of every sort."""
    for index in range(count):
        yield Labelled(NEGATIVES[index % len(NEGATIVES)](rnd))
