"""Personal data: numbers that issuers publish as examples, and what only looks like them."""

import pytest
from tests.guard.policies import found, pii, sent

from trunkline.guard.kinds import NATIONAL_IDS
from trunkline.guard.screen import Screen

ALL = Screen([pii()], record_text=True)

PUBLISHED = {
    "us_ssn": "SSN 219-09-9999",
    "ca_sin": "my SIN is 046 454 286",
    "br_cpf": "CPF: 529.982.247-25",
    "nl_bsn": "BSN 111222333",
    "be_national_number": "85.07.30-033.28",
    "pl_pesel": "PESEL 44051401359",
    "se_personnummer": "811228-9874",
    "no_fodselsnummer": "fnr 15108695088",
    "dk_cpr": "CPR-nummer 070761-4285",
    "gb_nhs": "NHS number 943 476 5919",
    "ch_ahv": "756.9217.0769.85",
    "de_tax_id": "Steuer-ID 36 574 261 809",
    "fr_nir": "2 95 10 99 126 111 93",
    "in_aadhaar": "Aadhaar 2341 2341 2346",
    "za_id": "7503305044089",
    "tr_tckn": "TCKN 17291716060",
    "ro_cnp": "1630615123457",
    "bg_egn": "EGN 7523169263",
    "cz_rodne_cislo": "710319/2745",
    "hr_oib": "OIB 33392005961",
    "ee_lt_personal_code": "36805280109",
    "lv_personal_code": "161175-19997",
    "au_tfn": "TFN 123 456 782",
    "il_id": "Teudat Zehut 039337423",
    "jp_my_number": "個人番号 123456789018",
    "pt_nif": "NIF 501964843",
    "gr_amka": "AMKA 01013099997",
    "th_id": "1-2345-45678-78-1",
    "ar_cuit": "20-05536168-2",
    "es_dni": "DNI 54362315K",
    "it_codice_fiscale": "RCCMNL83S18D969H",
    "gb_nino": "AB 12 34 56 C",
    "fi_hetu": "131052-308T",
    "cn_resident_id": "身份证号360426199101010071",
    "mx_curp": "BOXW310820HNERXN09",
    "cl_rut": "12.531.909-2",
    "ie_pps": "PPS 6433435FT",
    "sg_nric": "S1234567D",
    "hk_id": "A123456(3)",
    "tw_id": "A123456789",
    "kr_rrn": "880101-1234568",
}
"""An example of each, mostly the issuer's own or the one that its descriptions use."""


def test_there_is_an_example_of_every_national_id() -> None:
    assert PUBLISHED.keys() == set(NATIONAL_IDS)


@pytest.mark.parametrize("kind", PUBLISHED)
def test_a_published_example_is_found(kind: str) -> None:
    assert [each.kind for each in found(ALL, f"See {PUBLISHED[kind]}, please.")] == [kind]


@pytest.mark.parametrize("kind", sorted(PUBLISHED.keys() - {"us_ssn", "dk_cpr", "gb_nino"}))
def test_with_another_check_digit_it_is_not(kind: str) -> None:
    """All but those that have no checksum."""
    text = PUBLISHED[kind]
    last = max(index for index, character in enumerate(text) if character.isdigit())
    others = {f"{text[:last]}{digit}{text[last + 1 :]}" for digit in "0123456789"} - {text}
    assert sum(kind in {each.kind for each in found(ALL, other)} for other in others) <= 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to bob.o'neil+x@mail.example.co.uk.", "email"),
        ("„müller@bücher.example“", "email"),
        ("card 4111 1111 1111 1111 exp 12/27", "card"),
        ("378282246310005", "card"),
        ("GB82 WEST 1234 5698 7654 32", "iban"),
        ("de89370400440532013000", "iban"),
        ("IBAN PL 61 1090 1014 0000 0712 1981 2874", "iban"),
        ("from 203.0.113.77:8080", "ip"),
        ("from 2001:db8::8a2e:370:7334", "ip"),
        ("+44 20 7946 0958", "phone"),
        ("call me on (212) 555-0123", "phone"),
        ("Tel: 030 901820", "phone"),
        ("born on 12 May 1990", "birth_date"),
        ("Geburtsdatum: 12.05.1990", "birth_date"),
        ("生年月日1990年5月12日", "birth_date"),
        ("カード４１１１ １１１１ １１１１ １１１１", "card"),
        ("بطاقة ٤١١١١١١١١١١١١١١١", "card"),
        ("card 4111\u200b1111\u200b1111\u200b1111", "card"),
        ("Ym9iQGV4YW1wbGUuY29tIGlzIG15IGFkZHJlc3M=", "email"),
        ("https://x.example/?q=bob%40example.com%20%20", "email"),
    ],
)
def test_personal_data_is_found_however_it_is_written(text: str, kind: str) -> None:
    assert [each.kind for each in found(ALL, text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112",
        "build 1.2.3.4 of version 10.0.19.41",
        "the hash is e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "550e8400-e29b-41d4-a716-446655440000",
        "at 2024-05-12T10:11:12.123456Z, or 1715508672, or 1715508672123",
        "logo@2x.png and user@host",
        "listen on 127.0.0.1 and 0.0.0.0",
        "released on 12 May 1990",
        "3.14159265358979323846",
        "git@v1.2 @decorator",
        "Mozilla/5.0 (X11) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
        "a::b() and add::bed",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(ALL, text) == ()


def test_names_and_addresses_are_looked_for_only_where_a_policy_says_so() -> None:
    text = "Dear Mr. John van der Berg, of 221 Baker Street, London"
    assert sent(ALL, text) == text
    both = Screen([pii("name", "address")])
    assert sent(both, text) == "Dear Mr. [PERSON], of [ADDRESS]"
    assert (
        sent(both, "Mein Name ist Jürgen Müller, Hauptstraße 12, 10115 Berlin") == "Mein Name ist [PERSON], [ADDRESS]"
    )


def test_one_kind_alone_can_be_asked_for() -> None:
    assert sent(Screen([pii("email")]), "a@b.example, 4111111111111111") == "[EMAIL], 4111111111111111"
