"""The files of this repository, as the tests that keep it in order read them."""

import ast
import functools
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "trunkline"

_BINARY = re.compile(rb"\0")
_NOT_OURS = {"LICENSE", "requirements.txt", "requirements-dev.txt"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Everything that is, or is about to be, in the repository: what git does not ignore."""
    git = shutil.which("git")
    assert git is not None, "git is needed to tell what belongs to the repository"
    listing = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(sorted(path for name in names if name and (path := ROOT / name).is_file()))


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file that we wrote, by its path within the repository."""
    for path in files():
        content = path.read_bytes()
        if path.name not in _NOT_OURS and not _BINARY.search(content):
            yield path.relative_to(ROOT), content.decode()


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package, by its name within it: `gateway.journey`; `gateway` for the package itself."""
    found = {}
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def path_of(module: str) -> Path:
    """Where a module of the package is."""
    path = SRC.joinpath(*module.split(".")) if module else SRC
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def declared_dependencies(*, extras: bool = True) -> list[str]:
    """Names of what the package needs at run time, as `pyproject.toml` has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = project.get("optional-dependencies", {}).values() if extras else ()
    needed = [*project["dependencies"], *(requirement for extra in more for requirement in extra)]
    return [re.split(r"[<>=!~\[ ;]", requirement)[0] for requirement in needed]
