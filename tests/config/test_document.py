"""YAML, read without surprises."""

from decimal import Decimal

import pytest
from tests.config.reading import read, wrong

from trunkline.config.document import MAX_BYTES, Mark, parse


def test_every_value_and_name_has_its_place() -> None:
    document = parse(b"server:\n  listen: x\nmodels: {a: [b, c]}\n", "f")
    assert document.marks["server", "listen"] == Mark(value=(2, 11), key=(2, 3))
    assert document.marks["models", "a", 1] == Mark(value=(3, 17))
    assert document.marks[("server",)] == Mark(value=(1, 1), key=(1, 1))


def test_decimal_numbers_keep_every_digit() -> None:
    assert parse(b"[0.1, 1_000, -2, 1.50]", "f").root == [Decimal("0.1"), 1000, -2, Decimal("1.50")]


def test_a_byte_order_mark_and_an_empty_document_are_fine() -> None:
    assert read("\ufeff# nothing\n").server.workers == 1
    assert read("---\n").server.workers == 1


@pytest.mark.parametrize("number", ["010", "0x1F", "0b11", "1:30", "1:30.5", ".inf", "-.inf", ".nan"])
def test_a_number_in_a_surprising_notation_is_told_once(number: str) -> None:
    problems = wrong(f"retries:\n  attempts: {number}\n")
    assert len(problems) == 1
    assert problems[0].startswith("2:13  retries.attempts: YAML reads this as a number in another notation")


@pytest.mark.parametrize("number", ["9" * 65, "1.0e+99999999", "!!int x"])
def test_a_number_beyond_use_is_told_once(number: str) -> None:
    assert wrong(f"retries:\n  attempts: {number}\n") == [
        "2:13  retries.attempts: this is not a number that can be used"
    ]


@pytest.mark.parametrize("word", ["no", "on", "Off", "YES", "true"])
def test_a_word_that_yaml_takes_for_a_boolean_is_told_where_text_is_due(word: str) -> None:
    (problem,) = wrong(f"keys:\n  - {{name: {word}, key: abc}}\n")
    assert problem == (
        "2:12  keys[0].name: text is due, not a boolean, as YAML reads unquoted yes, no, on, off, true and false; "
        "put quotes around it"
    )
    assert wrong(f'keys:\n  - {{name: "{word}", key: abc}}\n') == []


@pytest.mark.parametrize(("value", "kind"), [("1.10", "number"), ("7", "number"), ("2027-01-01", "date")])
def test_unquoted_numbers_and_dates_are_told_where_text_is_due(value: str, kind: str) -> None:
    (problem,) = wrong(f"keys: [{{name: a, key: abc, tags: {{version: {value}}}}}]")
    assert problem.endswith(f"keys[0].tags.version: text is due, not an unquoted {kind}; put quotes around it")


def test_a_name_that_yaml_takes_for_something_else_is_told() -> None:
    problems = wrong("models:\n  on: openai/a\n  7: openai/b\n  [x]: openai/c\n")
    assert problems == [
        '2:3  models.on: YAML reads this name as a boolean; put quotes around it: "on"',
        '3:3  models.7: YAML reads this name as a number; put quotes around it: "7"',
        "4:3  models: a name is due here, not a list or mapping",
    ]


def test_a_repeated_name_is_told_with_its_first_line() -> None:
    problems = wrong("models:\n  a: openai/x\n  b: openai/x\n  a: openai/y\nmodels: {}\n")
    assert problems == [
        "4:3  models.a: this name stands here twice; the first is in line 2",
        "5:1  models: this name stands here twice; the first is in line 1",
    ]


def test_merge_keys_fill_in_what_is_not_written() -> None:
    config = read(
        "providers:\n"
        "  a: &a {type: openai, headers: {x: '1'}, max_idle: 3}\n"
        "  b: {<<: *a, max_idle: 4}\n"
        "  c: {<<: [{max_idle: 5}, *a]}\n"
    )
    assert [config.providers[name].max_idle for name in "abc"] == [3, 4, 5]
    assert config.providers["c"].headers["x"].get_secret_value() == "1"


def test_a_mistake_behind_an_alias_is_told_where_it_stands() -> None:
    problems = wrong("providers:\n  a: &a {type: openai, max_idle: -1}\n  b: *a\n")
    assert problems == [
        "2:34  providers.a.max_idle: this must be at least 0",
        "2:34  providers.b.max_idle: this must be at least 0",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("models: {a: ${X}}", "1:14  not YAML: while parsing a flow mapping, did not find expected ',' or '}'; within"),
        ("models:\n  *: x", "2:4  not YAML: while scanning an alias, did not find expected alphabetic"),
        ("models:\n\ta: b", "2:1  not YAML: while scanning for the next token, found character that cannot start any"),
        ("models:\n  a: b: c", "2:7  not YAML: mapping values are not allowed in this context; check the indentation"),
        ("a: 1\n---\nb: 1", "2:1  not YAML: expected a single document in the stream, but found another document"),
        ("a: *b", "1:4  not YAML: found undefined alias"),
        ("a: \x07", "1:4  character U+0007 is not allowed in YAML"),
        ("store: !!python/name:os.system x", "1:8  store: this YAML tag is not supported; write the value without"),
        ("- a", "1:1  a mapping is due, not a list"),
    ],
)
def test_what_is_no_configuration_is_told_with_its_place(content: str, expected: str) -> None:
    (problem,) = wrong(content)
    assert problem.startswith(expected)


def test_bytes_that_are_no_text_are_told_with_their_place() -> None:
    assert wrong(b"\xef\xbb\xbfa: b\n# \xc3\xa4 \xff") == ["2:5  the file is not UTF-8 text"]


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("#" * (MAX_BYTES + 1), "the file is larger than 1 MiB"),
        ("[" * 1_000_000, "nested deeper than 32 levels"),
        ("? " * 500_000, "nested deeper than 32 levels"),
        ("a: [" + "1," * 500_000 + "]", "more than 100,000 names and values, aliases written out"),
        (LAUGHS, "more than 100,000 names and values, aliases written out"),
        ("a: &a [*a]", "deeper than 32 levels, aliases written out"),
        ("a: &a {<<: *a}", "deeper than 32 levels, aliases written out"),
    ],
    ids=["large", "deep", "deep keys", "long", "laughs", "circle", "merge circle"],
)
def test_a_file_cannot_take_more_than_its_bounds(content: str, expected: str) -> None:
    (problem,) = wrong(content)
    assert problem.endswith(expected)
