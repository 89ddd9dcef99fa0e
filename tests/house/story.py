"""Does what a page tells its reader to do, block after block, in a folder of its own and with a real server.

Shell blocks are run, YAML is written to `trunkline.yaml`, Python is executed, and a block of text must be found in what
the block before it said, line by line; a `…` stands for anything. The usual address becomes that of the server that
runs now. `make run` starts it, in place of the one before.
"""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest import mock

from tests.house.documents import Block
from tests.house.source import ROOT

SHELL = ["bash", "-e", "-o", "pipefail", "-c"]
FITS_WITHIN = 20.0
"""Seconds in which a block must say what the page says: what changes takes effect a little later."""
USUAL = "127.0.0.1:4000"
_READY = re.compile(r"is ready on https?://([\d.]+:\d+) ")


class Story:
    """One page's blocks. Everything it starts ends with the `with`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environment}
        self._said = ""
        self._again: Block | None = None
        self._server: subprocess.Popen[str] | None = None
        self._address = USUAL
        command = folder / ".venv" / "bin" / "trunkline"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m trunkline "$@"\n')
        command.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def follow(self, block: Block) -> None:
        """Do what `block` says; `AssertionError` where that does not come out as the page says."""
        match block.language:
            case "sh":
                self._shell(block)
            case "python":
                self._python(block)
            case "yaml":
                (self._folder / "trunkline.yaml").write_text(block.text, encoding="utf-8")
            case "text":
                self._expect(block)
            case other:
                raise AssertionError(f"{block}: what is to be done with {other or 'a block without a language'}?")

    def _shell(self, block: Block) -> None:
        self._again = block
        lines = block.text.splitlines()
        starts = "make run" in lines
        script = "\n".join(line for line in lines if line != "make run").replace(USUAL, self._address)
        told = self._folder / "environment"
        done = subprocess.run(
            [*SHELL, f"{script}\nenv -0 > {told}"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self._said = done.stdout + done.stderr
        assert (done.returncode != 0) == (block.mark == "fails"), f"{block}: exit code {done.returncode}\n{self._said}"
        if not done.returncode:
            pairs = (pair.partition("=") for pair in told.read_text().split("\0") if pair)
            self._environment = {name: value for name, _, value in pairs if name != "_"}
        if starts:
            self._start()

    def _start(self) -> None:
        self._stop()
        serve = ["-P", "-m", "trunkline", "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, *serve],
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._server.stdout is not None
        self._said = self._server.stdout.readline()
        found = _READY.search(self._said)
        assert found is not None, (self._folder / "log").read_text()
        self._address = found[1]

    def _stop(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.communicate(timeout=30)
            assert self._server.returncode == 0, (self._folder / "log").read_text()
            self._server = None

    def _python(self, block: Block) -> None:
        self._again = None
        with mock.patch.dict(os.environ, self._environment, clear=True):
            self._said = run_python(block, self._address)

    def _expect(self, block: Block) -> None:
        deadline = time.monotonic() + FITS_WITHIN
        while (missing := self._missing(block)) and self._again is not None and time.monotonic() < deadline:
            time.sleep(0.1)
            self._shell(self._again)
        assert not missing, f"{block}: {missing!r} is not in\n{self._said}"

    def _missing(self, block: Block) -> str:
        said = self._said.replace(self._address, USUAL)
        return next((line for line in block.text.splitlines() if not occurs(line, said)), "")


def occurs(line: str, text: str) -> bool:
    """Whether `line`, in which a `…` stands for anything, is in one line of `text`."""
    return re.search(".*".join(map(re.escape, line.strip().split("…"))), text) is not None


def run_python(block: Block, address: str) -> str:
    """Execute a block of Python against the server at `address`; what it prints."""
    said = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(said):
        exec(compile(block.text.replace(USUAL, address), str(block), "exec"), names)
    client = names.get("client")
    if client is not None:
        client.close()  # type: ignore[attr-defined]  # an SDK's, which would be closed with its program
    return said.getvalue()


def make_targets() -> set[str]:
    """What `make` can be asked for."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
