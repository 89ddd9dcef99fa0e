"""The wheel that is built is the package: code, types, SQL and migrations, a model, examples, and nothing else."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from tests.house.source import ROOT, SRC, declared_dependencies

import trunkline


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (path,) = folder.glob("trunkline-*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def test_it_has_every_file_of_the_package_and_no_other(wheel: zipfile.ZipFile) -> None:
    ours = {path.relative_to(SRC.parent) for path in SRC.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    packed = {Path(name) for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == ours
    assert {path.suffix for path in packed} == {".py", ".typed", ".sql", ".lua", ".json", ".jsonl"}


def test_it_says_what_it_needs_and_under_which_licence(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    told = Parser().parsestr(wheel.read(name).decode())
    assert (told["Name"], told["Version"]) == ("trunkline", trunkline.__version__)
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Requires-Python"] == ">=3.11"
    assert len(told.get_all("Requires-Dist") or []) == len(declared_dependencies())
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())


def test_it_brings_the_command(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    assert "trunkline = trunkline.cli:main" in wheel.read(name).decode()
