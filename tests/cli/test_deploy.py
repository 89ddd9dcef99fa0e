"""What stands in `deploy/` and the Makefile fits the program."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from trunkline.cli import main
from trunkline.config.schema import Server
from trunkline.config.values import duration

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

LONGEST_STOP = Server().grace + Server().shutdown + 5
"""Seconds that an orderly end may take: grace, the last answers, the ledger."""


def dockerfile() -> list[list[str]]:
    """The instructions, each with its arguments as one text."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]


def instruction(name: str) -> str:
    """The arguments of the last instruction of that name."""
    return [arguments for word, arguments in dockerfile() if word == name][-1]


def accepts(words: list[str]) -> None:
    """Fails unless `trunkline` takes these words."""
    command = main.get_command(click.Context(main), words[0])
    assert command is not None
    command.make_context(words[0], words[1:])


def unit() -> dict[str, str]:
    """The section `Service` of the systemd unit."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep upper case
    parser.read(DEPLOY / "trunkline.service")
    return dict(parser["Service"])


def test_the_image_runs_a_command_there_is_as_nobody_special() -> None:
    accepts(json.loads(instruction("CMD")))
    assert json.loads(instruction("ENTRYPOINT"))[-2:] == ["-m", "trunkline"]
    assert instruction("USER") == "65532:65532"
    assert instruction("STOPSIGNAL") == "SIGTERM"
    assert instruction("VOLUME") == "/data"
    assert "TRUNKLINE_DATA=/data" in instruction("ENV")


def test_the_image_asks_for_its_health_where_that_is_told() -> None:
    [address] = re.findall(r"http://127\.0\.0\.1:(\d+)(/[^']*)'", instruction("HEALTHCHECK"))
    assert address == (str(Server().control.port), "/health/live")


def test_what_the_image_copies_is_there_and_not_left_out() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [arguments.split()[0] for word, arguments in dockerfile() if word == "COPY" and "--from" not in arguments]
    for path in copied:
        assert (ROOT / path).exists()
        assert path.split("/")[0] in kept


def test_the_service_and_the_container_have_time_to_end_in_order() -> None:
    compose: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert duration(compose["services"]["trunkline"]["stop_grace_period"]) > LONGEST_STOP
    assert duration(unit()["TimeoutStopSec"]) > LONGEST_STOP


def test_the_unit_starts_a_command_there_is_and_stops_only_the_first_process() -> None:
    accepts(unit()["ExecStart"].split()[1:])
    assert unit()["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert unit()["KillMode"] == "mixed"
    assert unit()["RestartPreventExitStatus"] == "2"


def test_the_unit_is_hardened() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    words = ["security", "--offline=true", "--threshold=20", str(DEPLOY / "trunkline.service")]
    ran = subprocess.run([analyze, *words], capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    ran = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert [line.split()[1] for line in ran.stdout.splitlines()] == phony.split()
