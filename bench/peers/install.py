"""Installing peers where they cannot touch anything else: a virtual environment or a node folder each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.errors import Unavailable
from bench.venue import WORK

INSTALL_SECONDS = 600.0


def python_package(name: str, requirement: str) -> Path:
    """The Python of an environment that holds the requirement, made at the first call and kept from run to run."""
    home = WORK / name
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists():
        _run("python -m venv", [sys.executable, "-m", "venv", "--clear", str(home)])
        _run(f"pip install {requirement}", [str(python), "-m", "pip", "install", "--quiet", requirement])
        done.write_text(requirement)
    return python


def python_version(python: Path, package: str) -> str:
    """The version of a package in another environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return _run(f"the version of {package}", [str(python), "-c", code])


def node_packages(name: str, manifest: str) -> Path:
    """A folder with the manifest's packages installed, made at the first call and kept from run to run."""
    home = WORK / name
    home.mkdir(parents=True, exist_ok=True)
    file = home / "package.json"
    if not (home / "node_modules").exists() or file.read_text() != manifest:
        file.write_text(manifest)
        _run("npm install", ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=home)
    return home


def _run(what: str, argv: Sequence[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what} failed: {type(error).__name__}") from error
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise Unavailable(f"{what} failed: {lines[-1][:200]}")
    return done.stdout.strip()
