"""Fails a test that leaves something behind: asyncio tasks, and open files and sockets of this or another process."""

import asyncio
import contextlib
import gc
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

SETTLE = 1.0
"""Seconds that what is being closed may take to be gone."""

LOOK_EVERY = 0.02

KEPT_BY_THE_LOOP = "/dev/null"
"""libuv opens it once for each loop that ever listened, to have a file descriptor to spare when there are no more."""

TCP_STATES = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECV",
    "04": "FIN_WAIT1",
    "05": "FIN_WAIT2",
    "07": "CLOSE",
    "08": "CLOSE_WAIT",
    "09": "LAST_ACK",
    "0A": "LISTEN",
}


@contextlib.asynccontextmanager
async def no_leaks(
    pid: int | None = None, *, settle: float = SETTLE, ignore: Callable[[str], bool] = lambda leak: False
) -> AsyncIterator[None]:
    """Fails after the block if it has left more behind than was there before, and lists it.

    Looks at the tasks of the running loop and the file descriptors of this process, or at the file descriptors of the
    process `pid` alone. `ignore` is asked about each line: a pool may keep, say, its idle connections to a port. A
    block that fails by itself is not asked about leaks: its own error says more.
    """
    owner = os.getpid() if pid is None else pid
    tasks = asyncio.all_tasks()
    files = open_files(owner)

    def leaked() -> list[str]:
        left = [repr(task) for task in asyncio.all_tasks() - tasks] if pid is None else []
        new = {
            number: target
            for number, target in open_files(owner).items()
            if target not in (files.get(number), KEPT_BY_THE_LOOP)
        }
        left += describe(owner, new)
        return [leak for leak in left if not ignore(leak)]

    yield
    left = leaked()
    for _ in range(round(settle / LOOK_EVERY)):
        if not left:
            break
        gc.collect()  # a dead task in a reference cycle is no leak; a file in one is, and warns when it is collected
        await asyncio.sleep(LOOK_EVERY)
        left = leaked()
    assert not left, "left behind:\n  " + "\n  ".join(left)


def open_files(pid: int) -> dict[int, str]:
    """The open file descriptors of a process and what they are, such as `socket:[4711]`."""
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime, as the one that lists this folder is
            found[int(entry.name)] = str(entry.readlink())
    return found


def describe(pid: int, files: dict[int, str]) -> list[str]:
    """One line a file descriptor; TCP sockets with both addresses and their state (CLOSE_WAIT: forgotten by us)."""
    if not files:
        return []
    ends = {**_tcp_sockets(pid, "tcp"), **_tcp_sockets(pid, "tcp6")}
    return [f"fd {number}: {target} {ends.get(target, '')}".rstrip() for number, target in sorted(files.items())]


def _tcp_sockets(pid: int, table: str) -> dict[str, str]:
    """From `socket:[inode]` to its ends, out of /proc/PID/net/tcp (proc(5))."""
    path = Path(f"/proc/{pid}/net/{table}")
    if not path.exists():  # a kernel without IPv6 has no tcp6
        return {}
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    return {
        f"socket:[{row[9]}]": f"tcp {_address(row[1])} → {_address(row[2])} {TCP_STATES.get(row[3], row[3])}"
        for row in rows
    }


def _address(text: str) -> str:
    """`0100007F:0FA0` as `127.0.0.1:4000`: words of the address in the machine's byte order, the port as a number."""
    words, port = text.split(":")
    raw = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
    family = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return f"{socket.inet_ntop(family, raw)}:{int(port, 16)}"
