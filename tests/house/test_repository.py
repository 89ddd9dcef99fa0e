"""What is in the repository is for everybody: no traces of one machine, and nothing fetched that is not pinned."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.house.source import ROOT, declared_dependencies, texts

MACHINE = re.compile(
    r"""
    (?<! [\w.-] ) / (?: home/(?!me\b)\w | Users/\w | root/ | work/ | workspace/ | mnt/ )  # one machine's, one person's
    | \b[A-Z]:\\Users
    | --(?:extra-)?index-url\b | --find-links\b | --trusted-host\b  # where packages come from is the reader's business
    | https?://(?![\w.-]*\bexample\b)[\w.-]*\b(?:artifactory|nexus|mirror|registry|pypi|npmjs)[\w.-]*
    """,
    re.VERBOSE,
)

LICENCES = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "PSF-2.0"}
"""Of what is installed with Trunkline: all of them let it be used and passed on as Apache-2.0 does."""
BY_CLASSIFIER = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
SAID_ELSEWHERE = {
    "apsw": "any OSI-approved licence, at the user's choice (its documentation, Copyright and License)",
    "google-re2": "BSD-3-Clause (its file LICENSE)",
}

LOCKS = ["requirements.txt", "requirements-dev.txt"]


def locked(name: str) -> dict[str, str]:
    """Every requirement of a lock file, by its name, with what follows it."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " "))
    written = [block.strip() for block in blocks if block.strip() and not block.startswith("#")]
    return {canonicalize_name(re.split(r"[=\[ ;]", block)[0]): block for block in written}


def licences(name: str) -> set[str]:
    """The licences of an installed package, one of which is enough; as its metadata tells them."""
    told = metadata.metadata(name).json
    expression = str(told.get("license_expression", ""))
    if " AND " in expression:
        assert set(expression.split(" AND ")) <= LICENCES, name
    named = re.split(r" (?:OR|AND) ", expression) if expression else [str(told.get("license", ""))]
    classified = [BY_CLASSIFIER[line] for line in told.get("classifier", []) if line in BY_CLASSIFIER]
    return {*named, *classified}


def test_nothing_mentions_one_machine_or_where_its_packages_come_from() -> None:
    found = [
        f"{path}:{number}: {match[0]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if path.parts[:2] != ("tests", "house") and (match := MACHINE.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_its_hashes(name: str) -> None:
    for package, text in locked(name).items():
        pinned = Requirement(text.partition("--hash")[0].strip())
        assert re.fullmatch(r"==[^*,]+", str(pinned.specifier)), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", text), package


def test_the_locks_hold_what_is_declared() -> None:
    runtime, development = map(locked, LOCKS)
    assert {canonicalize_name(name) for name in declared_dependencies(extras=False)} <= runtime.keys()
    assert runtime.keys() <= development.keys()
    for name, text in runtime.items():
        assert text.split()[0] == development[name].split()[0]


def test_the_licences_of_what_is_installed_with_trunkline_are_permissive() -> None:
    for name, text in locked("requirements.txt").items():
        marker = Requirement(text.partition("--hash")[0].strip()).marker
        if marker is None or marker.evaluate():
            assert name in SAID_ELSEWHERE or licences(name) & LICENCES, f"{name}: {licences(name)}"
