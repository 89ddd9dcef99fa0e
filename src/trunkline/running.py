"""Which Trunkline runs on a data directory: a file in its `run` folder, locked for as long as the process lives.

The first line of `trunkline.pid` is the process id; the second, JSON, what other commands want to know of it. The lock
tells whether the process lives, so that a file left behind by `kill -9` misleads nobody, nor does a process id that
was given to another program.
"""

import fcntl
import os
import time
from pathlib import Path

import msgspec

from trunkline.data import DataError

NAME = "trunkline.pid"
PATIENCE = 1.0
"""Seconds to wait for the lock: whoever asks who is running takes it for a moment, and a predecessor may be ending."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a running Trunkline says of itself."""

    pid: int
    config: str | None
    """The absolute path of the configuration it reads."""
    url: str
    """Where applications reach it."""
    reloads: int = 0
    """How often it was told to reload."""
    taken: bool = True
    """Whether the last reload was taken."""


class Running:
    """This process's entry. Raises `DataError` where another process runs on the same data directory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._fd = _claim(self._path)

    def tell(self, status: Status) -> None:
        """Write down what is so now."""
        content = b"%d\n%b\n" % (status.pid, msgspec.json.encode(status))
        os.ftruncate(self._fd, os.pwrite(self._fd, content, 0))

    def close(self) -> None:
        """The process ends."""
        self._path.unlink(missing_ok=True)
        os.close(self._fd)


def running(folder: Path) -> Status | None:
    """What runs on the data directory with the `run` folder `folder`; None where nothing does."""
    try:
        fd = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _status(os.read(fd, 65536))
    else:
        return None
    finally:
        os.close(fd)


def _status(content: bytes) -> Status | None:
    pid, _, rest = content.partition(b"\n")
    try:
        return msgspec.json.decode(rest, type=Status)
    except msgspec.DecodeError:  # it has just begun
        return Status(pid=int(pid), config=None, url="") if pid.isdigit() else None


def _claim(path: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_nlink:
                return fd  # and not a file that its owner removed in between
        except BlockingIOError:
            if time.monotonic() > deadline:
                status = _status(os.pread(fd, 65536, 0))
                os.close(fd)
                which = f" (process {status.pid})" if status is not None else ""
                raise DataError(
                    f"Trunkline is running on {path.parent.parent} already{which}. "
                    "Stop it first, or name another folder with --data."
                ) from None
        os.close(fd)
        time.sleep(0.02)
