"""`trunkline --help`, and what is imported for it."""

import importlib
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from tests.cli.command import Place

from trunkline import __version__
from trunkline.cli import COMMANDS

HEAVY = (
    *("apsw", "asyncio", "cryptography", "genai_prices", "msgspec", "pydantic", "rich", "starlette", "uvicorn"),
    *("uvloop", "yaml"),
)
"""Each takes longer to import than `--help` may take to answer, or nearly."""


def test_help_lists_every_command_and_loads_none() -> None:
    lists = f"import sys; from trunkline.cli import main; main(['--help'], standalone_mode=False); \
        sys.exit(','.join(set({HEAVY!r}) & set(sys.modules)) or None)"
    ran = subprocess.run([sys.executable, "-c", lists], capture_output=True, text=True, check=False, timeout=30)
    assert (ran.returncode, ran.stderr) == (0, "")
    for name, text in COMMANDS.items():
        assert f"  {name}" in ran.stdout
        assert text in ran.stdout


def test_serving_loads_no_library_of_what_is_not_configured() -> None:
    loads = "import sys; import trunkline.serve; \
        sys.exit(','.join({'asyncpg', 'genai_prices', 'numpy', 'onnxruntime', 'redis'} & set(sys.modules)) or None)"
    ran = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=False, timeout=30)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_list_says_of_each_command_what_its_own_help_begins_with() -> None:
    for name, text in COMMANDS.items():
        own = importlib.import_module(f"trunkline.cli.{name}").command.help
        assert own.split("\n\n")[0].replace("\n", " ") == text


def test_an_unknown_command_is_a_wrong_command_line(place: Place) -> None:
    assert "No such command 'sreve'" in place.run("sreve", code=2).stderr


def test_the_version(place: Place) -> None:
    assert place.run("--version").stdout == f"{__version__}\n"
    lines = place.run("version").stdout.splitlines()
    assert lines[0] == f"trunkline {__version__}"
    assert f"apsw {metadata.version('apsw')}" in lines


def test_the_module_is_the_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "trunkline", "--version"], capture_output=True, text=True, check=True, timeout=30
    )
    assert ran.stdout == f"{__version__}\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_under_its_output_is_told_in_a_line(unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "trunkline", "version"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
            check=False,
            timeout=30,
        )
    assert ran.returncode == 1
    assert ran.stderr == "Error: the output: No space left on device\n"
