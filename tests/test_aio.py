"""Async tests run for real, within their bound, and no error is lost."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests import aio

TESTS = """
import asyncio, pytest
from tests import aio

@pytest.fixture
def answer(): return 42

async def test_passes(answer):
    await asyncio.sleep(0)
    assert answer == 42

async def test_fails(answer):
    await asyncio.sleep(0)
    assert answer == 41

@pytest.mark.parametrize("value", [1, 2])
@aio.within(1)
async def test_decorated(value, answer):
    assert value < answer
"""


def test_an_async_test_gets_its_fixtures_and_can_fail(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-q",
        "-c",
        "/dev/null",
    ]
    root = Path(__file__).parent.parent
    ran = subprocess.run([*command, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False)
    assert "1 failed, 3 passed" in ran.stdout, ran.stdout + ran.stderr


def test_a_test_that_hangs_is_ended_at_its_bound() -> None:
    @aio.within(0.02)
    async def hangs() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        hangs()


def test_an_error_that_only_the_loop_saw_fails_the_test() -> None:
    async def raises_unseen() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    with pytest.raises(BaseExceptionGroup) as caught:
        aio.run(raises_unseen)
    assert caught.group_contains(ZeroDivisionError)


async def test_a_bell_wakes_who_waits_when_the_condition_has_come_true() -> None:
    bell = aio.Bell()
    happened: list[int] = []
    waiting = asyncio.create_task(bell.until(lambda: len(happened) == 2))
    for number in range(2):
        await asyncio.sleep(0)
        assert not waiting.done()
        happened.append(number)
        bell.ring()
    await aio.expect(waiting, within=1, otherwise=lambda: "not woken")


async def test_what_is_expected_and_does_not_come_is_named() -> None:
    with pytest.raises(AssertionError, match="no answer"):
        await aio.expect(asyncio.Event().wait(), within=0.01, otherwise=lambda: "no answer")


async def test_what_was_due_while_the_process_was_held_up_is_in_time() -> None:
    loop = asyncio.get_running_loop()
    pairs = [socket.socketpair() for _ in range(4)]
    for end in sum(pairs, ()):
        end.setblocking(False)

    async def relayed() -> bytes:
        data = b""
        for number, (_, reading) in enumerate(pairs):
            data = await loop.sock_recv(reading, 1)
            if number + 1 < len(pairs):
                await loop.sock_sendall(pairs[number + 1][0], data)
        return data

    waiting = asyncio.create_task(aio.expect(relayed(), within=0.05, otherwise=lambda: "not relayed"))
    await aio.turn()
    pairs[0][0].send(b"x")
    time.sleep(0.1)  # noqa: ASYNC251  # the machine is busy
    assert await waiting == b"x"
    for end in sum(pairs, ()):
        end.close()
