"""Durations, sizes, money and the other kinds of values."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError
from tests.config.reading import read, wrong

from trunkline.config import values


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("250ms", 0.25),
        ("15s", 15),
        ("5m", 300),
        ("1.5h", 5400),
        ("30d", 2_592_000),
        (15, 15),
        (Decimal("0.1"), 0.1),
        ("7", 7),
    ],
)
def test_durations_are_seconds(written: object, seconds: float) -> None:
    assert values.duration(written) == seconds


@pytest.mark.parametrize("written", ["5 min", "-1s", -1, "1e400", "s", "1..2s", "", True, [], "1h30m", "367d", "٣s"])
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="duration"):
        values.duration(written)


@given(st.decimals(min_value=0, max_value=366 * 86400, places=9))
def test_every_duration_survives_being_written(exact: Decimal) -> None:
    seconds = float(exact)
    assert values.duration(values.format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("32MiB", 2**25),
        ("64KiB", 65536),
        ("10MB", 10**7),
        ("1.5KiB", 1536),
        ("3kB", 3000),
        ("8B", 8),
        (17, 17),
        ("17", 17),
    ],
)
def test_sizes_are_bytes(written: object, count: int) -> None:
    assert values.size(written) == count


@pytest.mark.parametrize(
    "written", ["32 MiB", "32mib", "32M", "0.3B", -1, Decimal("1.5"), "9e40", "KiB", False, None, "2000000GiB"]
)
def test_what_is_no_size_is_refused(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="size"):
        values.size(written)


@given(st.integers(min_value=0, max_value=2**50))
def test_every_size_survives_being_written(count: int) -> None:
    assert values.size(values.format_size(count)) == count


@given(st.integers(min_value=0, max_value=10**15))
def test_every_price_survives_being_written(nano: int) -> None:
    assert values.price(values.format_price(nano)) == nano
    assert values.price(Decimal(nano).scaleb(-9)) == nano


def test_prices_never_go_through_a_float() -> None:
    config = read("prices:\n  openai/a: {input: 0.1, output: 123456.123456789, cached: '0.30', per_request: 1e-3}\n")
    price = config.prices["openai/a"]
    assert (price.input, price.output, price.cached) == (100_000_000, 123_456_123_456_789, 300_000_000)
    assert (price.per_request, price.reasoning) == (1_000_000, None)


def test_a_price_that_would_be_rounded_is_refused() -> None:
    assert wrong("prices:\n  openai/a: {input: 0.1234567891, output: -1, cached: 1000001, reasoning: free}\n") == [
        '2:21  prices["openai/a"].input: this price is finer than a nano-dollar (nine decimals)',
        '2:43  prices["openai/a"].output: this number is not an amount of US dollars such as 2.50',
        '2:55  prices["openai/a"].cached: this number is not an amount of US dollars such as 2.50',
        '2:75  prices["openai/a"].reasoning: "free" is not an amount of US dollars such as 2.50',
    ]


@given(st.integers(min_value=0, max_value=100))
def test_a_share_is_a_number_or_a_percentage(percent: int) -> None:
    assert values.share(f"{percent}%") == values.share(Decimal(percent) / 100) == percent / 100


@pytest.mark.parametrize("written", ["101%", "-1%", 2, "5 %", "%", True])
def test_what_is_no_share_is_refused(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="share"):
        values.share(written)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2027-01-01", datetime(2027, 1, 1, tzinfo=UTC)),
        ('"2027-01-01"', datetime(2027, 1, 1, tzinfo=UTC)),
        ("2027-01-01T12:30:00", datetime(2027, 1, 1, 12, 30, tzinfo=UTC)),
        ("2027-01-01T12:30:00+02:00", datetime(2027, 1, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_key_expires_at_a_moment_with_a_zone(written: str, moment: datetime) -> None:
    assert read(f"keys: [{{name: a, key: abc, expires: {written}}}]").keys[0].expires == moment


@pytest.mark.parametrize("written", ["2027-13-01", "tomorrow", "20", "true"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    (problem,) = wrong(f"keys: [{{name: a, key: abc, expires: {written}}}]")
    assert "a date such as 2027-01-01, or a date and time" in problem


@pytest.mark.parametrize("text", ["line\n", " led", "trailed ", "tab\tbed", "ünicode", "nul\0"])
def test_a_secret_that_no_header_could_carry_is_refused_without_being_shown(text: str) -> None:
    (problem,) = wrong("keys: [{name: a, key: '${K}'}]", {"K": text})
    assert problem == (
        "1:23  keys[0].key: this secret has a character that cannot stand in an HTTP header; "
        "look for a line break or a space at its end"
    )


@pytest.mark.parametrize("text", ["4a" * 31, "correct horse battery", "x" * 64, "password" * 8])
def test_a_master_key_that_can_be_guessed_is_refused_without_being_shown(text: str) -> None:
    [told] = wrong(f"master_key: {text}") or ["taken"]
    assert told == (
        "1:13  master_key: a master key is random text of at least 32 characters; `openssl rand -base64 32` makes one"
    )


def test_a_master_key_is_text_that_is_shown_nowhere() -> None:
    for text in ("c6f1" + "0e9d8b7a" * 3 + "5f4e", "3QzKp0mWc8Y1vN6sT4xR7bH2jL9dF5gA+eU/iOwZk8=", "aB3-dE6_" * 8):
        config = read("master_key: ${MASTER_KEY}", {"MASTER_KEY": text})
        assert config.master_key is not None
        assert config.master_key.get_secret_value() == text
        assert text not in f"{config!r} {config.model_dump_json()}"


def test_an_empty_secret_and_an_empty_text_are_refused() -> None:
    assert wrong("keys: [{name: '', key: '${K}'}]", {"K": ""}) == [
        "1:15  keys[0].name: this text is empty",
        "1:24  keys[0].key: this secret is empty",
    ]


@pytest.mark.parametrize(("written", "version"), [("1.2", "1.2"), ("1.3", "1.3"), ("'1.3'", "1.3")])
def test_a_version_of_tls_is_a_number_or_text(written: str, version: str) -> None:
    tls = read(f"server: {{control_tls: {{cert: a, key: b, min_version: {written}}}}}").server.control_tls
    assert tls is not None
    assert tls.min_version == version


def test_older_versions_of_tls_are_not_spoken() -> None:
    assert wrong("server: {tls: {cert: a, key: b, min_version: '1.1'}}") == [
        '1:46  server.tls.min_version: "1.1" is not a version of TLS: 1.2 or 1.3'
    ]
