"""`trunkline reload`"""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from trunkline.cli import options
from trunkline.cli.check import read_and_build
from trunkline.cli.failure import Failure, told
from trunkline.data import default_root
from trunkline.running import Status, running
from trunkline.setup import Options, data_root, read_config

PATIENCE: Final = 40.0
"""Seconds to wait for word of the reload."""
LOOK_EVERY: Final = 0.02


@click.command("reload")
@options.config_option
@options.data_option
def command(config: Path | None, data: Path | None) -> None:
    """Have the running Trunkline read its configuration again.

    The file is checked first, as the running process would: with its environment. Where the file is wrong, it says so,
    and nothing changes. Trunkline also notices by itself when the file changes; this is for when what the file refers
    to did, or where file systems do not tell.
    """
    environment = options.environment()
    with told():
        root = data
        if root is None:
            given = Options(config=config)
            root = (
                data_root(given, read_config(given, environment), environment) if config else default_root(environment)
            )
        before = _find(root)
        if before.config is not None:
            read_and_build(Options(config=Path(before.config)), _environment_of(before.pid, environment))
    try:
        os.kill(before.pid, signal.SIGHUP)
    except PermissionError:
        raise Failure(f"process {before.pid} is another user's: run this as that user") from None
    if not _wait(root, before).taken:
        raise Failure(
            f"process {before.pid} did not take the configuration, and goes on with the one before; see its log"
        )
    click.echo(f"Process {before.pid} has read {before.config or 'its environment'} again.")


def _find(root: Path) -> Status:
    status = running(root / "run")
    if status is None:
        raise Failure(f"no Trunkline is running on {root}; name its data directory with --data")
    return status


def _wait(root: Path, before: Status) -> Status:
    """The status after the next reload."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        now = _find(root)
        if now.reloads > before.reloads:
            return now
        time.sleep(LOOK_EVERY)
    raise Failure(f"process {before.pid} was told to reload, and did not say within {PATIENCE:g} s that it has")


def _environment_of(pid: int, own: Mapping[str, str]) -> Mapping[str, str]:
    """The environment that the process was started with; our own, where the system does not tell."""
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return own
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if entry)
    return {name: value for name, _, value in pairs}
