"""Programs of others that speak HTTP, run as a user runs them."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

WITHIN = 20
"""Seconds that a program may take."""


def needs(program: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Skips a test where `program` is not installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def run(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The program's end, whatever its status."""
    return subprocess.run(command, input=given, capture_output=True, timeout=WITHIN, check=False)
