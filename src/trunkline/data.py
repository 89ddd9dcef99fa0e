"""The data directory: the store, the journal and the secrets of one Trunkline, and who may read them."""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

SHORTEST_SECRET = 32


class DataError(Exception):
    """The data directory cannot be used; the message says what to do."""


class DataDirectory:
    """Paths below one folder that only its owner may read. Making it creates what is missing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.journal = root / "journal"
        self.run = root / "run"
        """Sockets of the running processes."""
        self.semantic = root / "semantic"
        """What semantic caches have learnt; made when there is something."""
        self.store = root / "trunkline.db"
        self.key_secret = root / "secrets" / "key_secret"
        """Under which virtual keys are hashed."""
        self.master_key = root / "secrets" / "master_key"
        """With which what is kept is encrypted."""
        self.next_master_key = root / "secrets" / "master_key.next"
        """The one that is about to take its place."""
        self.control_token = root / "secrets" / "control_token"
        """What callers of the control plane's API must show."""
        for folder in (root, self.journal, self.run, self.key_secret.parent):
            _private_folder(folder)

    def secret(self, path: Path) -> tuple[bytes, bool]:
        """What is in the file of a secret, and whether it was made just now: 32 random bytes, in hexadecimal.

        Raises `DataError`, also for a file that was cut short: what it protects would be open to guesses.
        """
        try:
            made = not path.exists()
            if made:
                _write_once(path, secrets.token_hex(32).encode())
            problem = _too_open(path)
            content = path.read_bytes().strip()
        except OSError as error:
            raise DataError(f"The secret {path} cannot be read or made: {error.strerror}.") from None
        if len(content) < SHORTEST_SECRET:
            problem = problem or (
                f"The secret {path} has {len(content)} characters, and needs {SHORTEST_SECRET}: it was cut short. "
                "Put it back from a backup; or delete it, if nothing was kept under it yet, to have another one made."
            )
        if problem:
            raise DataError(problem)
        return content, made

    def problems(self) -> list[str]:
        """What is wrong with the modes of what is there."""
        folders = [self.root, self.journal, self.run, self.key_secret.parent]
        found = [*folders, self.key_secret, self.master_key, self.next_master_key, self.control_token, self.store]
        return [problem for path in found if path.exists() and (problem := _too_open(path))]


def default_root(environment: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/trunkline`, or `~/.local/state/trunkline` (XDG Base Directory Specification)."""
    base = environment.get("XDG_STATE_HOME", "")
    folder = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return folder / "trunkline"


def _private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The data directory {folder} cannot be made: {error.strerror}. "
            "Name another one with --data or `server.data`, or make this one writable."
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"The data directory {folder} is not writable for this user. Name another one with --data.")
    problem = _too_open(folder)
    if problem:
        raise DataError(problem)


def _too_open(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return ""
    right = "700" if path.is_dir() else "600"
    return f"{path} can be read by others (mode {mode:o}): it holds secrets or prompts. Run: chmod {right} {path}"


def _write_once(path: Path, content: bytes) -> None:
    """Create `path` with `content`; when two processes start at once, the first one's stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # a process id comes again, in a container at once
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
