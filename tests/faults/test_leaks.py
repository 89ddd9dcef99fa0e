"""The leak detector finds what was left behind, says what it is, and lets pass what is only slow."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest
from tests.faults.leaks import no_leaks


async def test_a_forgotten_task_is_listed() -> None:
    async def forgotten() -> None:
        await asyncio.Event().wait()

    with pytest.raises(AssertionError, match=r"left behind:\s.*forgotten"):
        async with no_leaks(settle=0.02):
            task = asyncio.create_task(forgotten())
    task.cancel()


async def test_a_forgotten_file_is_listed_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "forgotten"
    with pytest.raises(AssertionError, match=f"fd [0-9]+: {path}"):
        async with no_leaks(settle=0.02):
            file = path.open("w")
    file.close()


def connect_and_be_left(listener: socket.socket) -> socket.socket:
    mine = socket.create_connection(listener.getsockname())
    listener.accept()[0].close()
    return mine


async def test_a_forgotten_socket_is_listed_with_its_addresses_and_state() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AssertionError, match=rf"socket:.* tcp 127.0.0.1:[0-9]+ → 127.0.0.1:{port} CLOSE_WAIT"):
            async with no_leaks(settle=0.02):
                mine = connect_and_be_left(listener)
        mine.close()


async def test_what_was_there_before_or_is_ignored_or_is_only_slow_is_no_leak() -> None:
    before = socket.socket()
    async with no_leaks():
        before.fileno()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        async with no_leaks(ignore=lambda leak: f"→ 127.0.0.1:{port}" in leak):
            kept = socket.create_connection(("127.0.0.1", port))
        kept.close()
    async with no_leaks():
        slow = socket.socket()
        asyncio.get_running_loop().call_later(0.03, slow.close)
    before.close()


async def open_file(other: asyncio.subprocess.Process, path: str) -> None:
    assert other.stdin
    assert other.stdout
    other.stdin.write(f"{path}\n".encode())
    await other.stdout.readline()


async def test_another_process_is_watched(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    program = "import sys\nfor line in sys.stdin:\n    keep = open(line.strip(), 'w')\n    print(flush=True)"
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdin=pipe, stdout=pipe)
    try:
        await open_file(other, "/dev/null")
        with pytest.raises(AssertionError, match=f"fd [0-9]+: {path}"):
            async with no_leaks(other.pid, settle=0.02):
                await open_file(other, str(path))
    finally:
        other.kill()
        await other.communicate()


async def test_the_error_of_the_block_is_not_hidden_by_its_leaks() -> None:
    def leave_behind_and_fail(left: list[socket.socket]) -> None:
        left.append(socket.socket())
        raise ZeroDivisionError

    left: list[socket.socket] = []
    with pytest.raises(ZeroDivisionError):
        async with no_leaks(settle=0):
            leave_behind_and_fail(left)
    left.pop().close()
