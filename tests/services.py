"""PostgreSQL and Valkey (or Redis) for tests: real servers, started by the test run itself from installed binaries.

On Debian: `apt install postgresql valkey-server` (or `redis-server`). Each listens on a random port of 127.0.0.1 and
syncs nothing to the disk. `TRUNKLINE_TEST_POSTGRES` and `TRUNKLINE_TEST_REDIS` name servers to be used instead, by URL;
tests that stop a server have one of their own all the same. Where there is none, a test is skipped; with CI=true it
fails.

Fixtures for them are in `tests/conftest.py`: `postgresql_url` and `redis_url` for an empty database, and
`own_postgresql` and `own_redis` for tests that stop, kill or pause the server.
"""

import asyncio
import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import redis

STARTS_WITHIN = 30.0
"""Seconds."""

_numbers = itertools.count(1)


def _parent(pid: int) -> int | None:
    """None where it has ended."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(said.rpartition(")")[2].split()[1])


class Process:
    """A server that can be paused and killed, and that dies with the test run, however that ends."""

    ends_by = "KILL"
    """The signal for that. What runs in the background of a script may have been told to ignore others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's first process, while it runs."""
        raise NotImplementedError

    @property
    def children(self) -> list[int]:
        """The processes that it has started. (`/proc/…/children` leaves some out while others end.)"""
        found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [pid for pid in found if _parent(pid) == self.pid]

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """The server stands still, with its connections open, for the length of a `with`."""
        first = self.pid
        os.kill(first, signal.SIGSTOP)  # from now on it starts no others
        pids = [first, *self.children]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def _watch(self) -> None:
        # Its standard input ends when this process does.
        command = ["sh", "-c", 'read -r _; kill "-$1" "$2"', "guard", self.ends_by, str(self.pid)]
        self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def _unwatch(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None


class PostgreSQL(Process):
    """A PostgreSQL server of the test run's own; `sync` makes its commits as slow and as safe as in production, and
    `log_files` says how large the files of its log are, in MB.
    """

    ends_by = "QUIT"  # at once, and its children with it

    def __init__(self, folder: Path, *, sync: bool = False, log_files: int = 16) -> None:
        super().__init__(folder)
        self._binaries = _postgresql_binaries()
        self._data = folder / "data"
        self._user = _unprivileged(folder)
        self._settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "on" if sync else "off",
            "max_connections": 200,
        }
        made = ["initdb", "-D", str(self._data), "-U", "trunkline", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        self._run(*made, f"--wal-segsize={log_files}")
        self.start()

    @property
    def url(self) -> str:
        """Of the database that is there from the beginning."""
        return f"postgresql://trunkline@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it again, on the same port; returns when it takes connections."""
        options = " ".join(f"-c {name}='{value}'" for name, value in self._settings.items())
        wait = ["-w", "-t", str(int(STARTS_WITHIN))]
        self._run("pg_ctl", "start", "-D", str(self._data), "-l", str(self.folder / "log"), "-o", options, *wait)
        self._watch()

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` breaks off what clients do, `immediate` is a crash."""
        self._unwatch()
        self._run("pg_ctl", "stop", "-D", str(self._data), "-m", mode, "-w")

    @contextlib.contextmanager
    def no_file_larger_than(self, size: int) -> Iterator[None]:
        """Until the end of the `with`, none of its files can grow beyond so many bytes."""
        self._limit_files(f"{size}:")
        try:
            yield
        finally:
            self._limit_files("unlimited:")

    def _limit_files(self, limit: str) -> None:
        self._limit_files_of(self.pid, limit)  # first: whoever it starts from now on has the limit
        for pid in self.children:
            self._limit_files_of(pid, limit)

    def _limit_files_of(self, pid: int, limit: str) -> None:
        try:  # by its own user: another, root included, may not be allowed to
            self._run("/usr/bin/prlimit", "--pid", str(pid), f"--fsize={limit}")
        except AssertionError:
            if Path(f"/proc/{pid}").exists():
                raise

    def _run(self, program: str, *arguments: str) -> None:
        who: dict[str, Any] = {}
        if self._user is not None:
            who = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        trouble = self.folder / "trouble"
        with trouble.open("w") as said:  # not a pipe: the server that pg_ctl starts would keep it open
            done = subprocess.run(
                [self._binaries / program, *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=STARTS_WITHIN,
                check=False,
                **who,
            )
        assert done.returncode == 0, trouble.read_text()


class Redis(Process):
    """A Valkey or Redis server of the test run's own, which keeps nothing on the disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._binary = _redis_binary()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it again, empty, on the same port; returns when it takes connections."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        place = ["--dir", str(self.folder), "--logfile", str(self.folder / "log")]
        command = [str(self._binary), *options, *place]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        self._watch()
        _wait_for(self.port)

    def stop(self) -> None:
        """End it, and lose what it held, as when its machine dies."""
        assert self._process is not None, "the server does not run"
        self._unwatch()
        self._process.kill()
        self._process.wait()
        self._process = None


@contextlib.contextmanager
def running_postgresql(*, sync: bool = False, log_files: int = 16) -> Iterator[PostgreSQL]:
    """A new server for the length of a `with`."""
    _postgresql_binaries()
    with _folder() as folder:
        server = PostgreSQL(folder, sync=sync, log_files=log_files)
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")


@contextlib.contextmanager
def running_redis() -> Iterator[Redis]:
    """A new server for the length of a `with`."""
    _redis_binary()
    with _folder() as folder:
        server = Redis(folder)
        try:
            yield server
        finally:
            with contextlib.suppress(AssertionError):  # it may have been stopped by the test
                server.stop()


@contextlib.contextmanager
def any_postgresql() -> Iterator[str]:
    """The URL of a server on which databases may be made: the one that the environment names, or a new one."""
    if url := os.environ.get("TRUNKLINE_TEST_POSTGRES"):
        yield url
    else:
        with running_postgresql() as server:
            yield server.url


@contextlib.contextmanager
def any_redis() -> Iterator[str]:
    """The URL of a server whose database may be emptied: the one that the environment names, or a new one."""
    if url := os.environ.get("TRUNKLINE_TEST_REDIS"):
        yield url
    else:
        with running_redis() as server:
            yield server.url


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of an empty database on the PostgreSQL server at that URL, dropped when the `with` ends."""
    name = f"trunkline_{os.getpid()}_{next(_numbers)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, statement: str, *arguments: object, timeout: float = STARTS_WITHIN) -> list[tuple[Any, ...]]:
    """The rows that a statement gives, on a connection of its own. Not to be called in an event loop."""

    async def call() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url, timeout=timeout)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(call())


def flush(url: str) -> None:
    """Empty the database of a Valkey or Redis server."""
    with redis.Redis.from_url(url, socket_timeout=STARTS_WITHIN) as client:
        client.flushdb()


def _postgresql_binaries() -> Path:
    """Where `initdb` and `pg_ctl` are: Debian keeps them off the PATH, by version."""
    by_version = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    places = [*reversed(by_version), *([Path(on_path).resolve().parent] if on_path else [])]
    found = next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)
    return found or _missing("PostgreSQL", "apt install postgresql", "TRUNKLINE_TEST_POSTGRES")


def _redis_binary() -> Path:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        return _missing("Valkey or Redis", "apt install valkey-server, or redis-server", "TRUNKLINE_TEST_REDIS")
    return Path(found)


def _missing(what: str, remedy: str, variable: str) -> Path:
    reason = f"no {what} is installed ({remedy}), and {variable} names none"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI=true says that there must be one", pytrace=False)
    pytest.skip(reason)


def _unprivileged(folder: Path) -> pwd.struct_passwd | None:
    """Who runs PostgreSQL, which refuses to be run by root; the folder becomes theirs."""
    if os.getuid() != 0:
        return None
    names: Sequence[str] = ("postgres", "nobody")
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = next(known[name] for name in names if name in known)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A short path that another user can reach, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory(prefix="trunkline-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            time.sleep(0.01)
        else:
            return
