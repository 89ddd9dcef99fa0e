"""References to variables and files."""

from pathlib import Path

import pytest
from tests.config.reading import TYPES, read, wrong

from trunkline.config.load import load
from trunkline.config.problems import ConfigError


def expanded(text: str, env: dict[str, str]) -> str:
    """What a tag with this text, in single quotes in the file, becomes."""
    return read(f"keys: [{{name: a, key: abc, tags: {{t: '{text}'}}}}]", env).keys[0].tags["t"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "one"),
        ("x${A}y${B}z", "xoneytwoz"),
        ("${NONE:-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("a${NONE:-}b", "ab"),
        ("${A:-default}", "one"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A $$ {A}", "$A $$ {A}"),
        ("${NESTED}", "${A}"),
        ("${NONE:-pa$$word}", "pa$$word"),
    ],
)
def test_references_are_replaced_once(text: str, expected: str) -> None:
    assert expanded(text, {"A": "one", "B": "two", "EMPTY": "", "NESTED": "${A}"}) == expected


def test_numbers_and_switches_may_come_from_variables() -> None:
    config = read(
        "server: {workers: '${W}', in_flight: '${F:-7}'}\n"
        "deadline: {gap: '${G}'}\n"
        "telemetry: {log: {requests: '${R}', format: '${FORMAT}'}}\n",
        {"W": "3", "G": "2.5", "R": "no", "FORMAT": "console"},
    )
    assert (config.server.workers, config.server.in_flight, config.deadline.gap) == (3, 7, 2.5)
    assert (config.telemetry.log.requests, config.telemetry.log.format) == (False, "console")


def test_every_unset_variable_is_named_with_its_line_and_nothing_follows_from_it() -> None:
    problems = wrong("providers:\n  openai:\n    api_keys:\n      - ${A}${B}\nserver:\n  workers: ${W}\n")
    assert problems == [
        "4:9  providers.openai.api_keys[0]: the environment variable A is not set; set it, or give a default: ${A:-…}",
        "4:9  providers.openai.api_keys[0]: the environment variable B is not set; set it, or give a default: ${B:-…}",
        "6:12  server.workers: the environment variable W is not set; set it, or give a default: ${W:-…}",
    ]


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A-b}", "${A b}", "a ${A", "${NONE:-${A}}"])
def test_a_broken_reference_is_told_with_how_to_write_one(text: str) -> None:
    (problem,) = wrong(f"server: {{data: '{text}'}}", {"A": "x"})
    assert problem == (
        "1:16  server.data: a `${` that is not a reference; "
        "write ${NAME}, ${NAME:-default} or ${file:/path}; a plain `${` is written `$${`"
    )


def test_a_file_brings_in_its_text_without_the_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s3cret\r\n")
    (tmp_path / "two").write_bytes(b"a\nb\n\n")
    assert expanded(f"<${{file:{tmp_path}/secret}}>", {}) == "<s3cret>"
    assert expanded(f"${{file:{tmp_path}/two}}", {}) == "a\nb\n"


def test_a_relative_file_is_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("beside")
    (tmp_path / "t.yaml").write_text("keys: [{name: a, key: '${file:key}'}]")
    config = load(tmp_path / "t.yaml", env={}, provider_types=TYPES, environment_providers=())
    assert config.keys[0].key is not None
    assert config.keys[0].key.get_secret_value() == "beside"


def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    (tmp_path / "bytes").write_bytes(b"\xff")
    for name, reason in {
        "none": "cannot be read: No such file or directory",
        ".": "cannot be read: Is a directory",
        "large": "is larger than 64 KiB",
        "bytes": "is not UTF-8 text",
    }.items():
        (problem,) = wrong(f"server: {{data: '${{file:{tmp_path / name}}}'}}")
        assert problem == f'1:16  server.data: the file "{tmp_path / name}" {reason}'


def test_what_is_brought_in_has_a_bound() -> None:
    content = "keys: [{name: a, key: abc, tags: {t: '" + "${A}" * 100 + "'}}]"
    assert len(read(content, {"A": "x" * 40_000}).keys[0].tags["t"]) == 4_000_000
    (problem,) = wrong(content, {"A": "x" * 50_000})
    assert problem.endswith("variables and files bring in more than 4 MiB of text")


def test_many_references_without_an_end_take_no_long_time() -> None:
    with pytest.raises(ConfigError, match="not a reference"):
        read("store: '" + "${file:${A:-" * 80_000 + "'")
