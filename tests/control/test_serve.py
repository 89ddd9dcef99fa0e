"""The control plane lives inside a loop that is not its own, and leaves it as it was."""

import asyncio
import contextlib
import logging
import signal
import subprocess
import sys

import pytest
from tests.control.client import ask, control_plane, nothing_collected

from trunkline.control.listener import bind
from trunkline.control.serve import serve


async def test_signals_and_logging_stay_with_their_owner() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers], list(logging.getLogger("uvicorn").handlers)
    async with control_plane() as plane:
        await ask(plane, "/version")
        assert ([signal.getsignal(n) for n in numbers], list(logging.getLogger("uvicorn").handlers)) == before


async def test_it_listens_where_it_was_bound() -> None:
    listener = bind("127.0.0.1", 0)
    address = listener.getsockname()
    plane = await serve(listener, collect=nothing_collected, unready=list, version="1.2.3")
    assert plane.address == address
    await plane.shutdown()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)
    bind(*address).close()


async def test_a_request_under_way_is_answered_before_it_ends() -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> list[bytes]:
        asked.set()
        await go_on.wait()
        return []

    plane = await serve(bind("127.0.0.1", 0), collect=slow, unready=list, version="1.2.3")
    request = asyncio.create_task(ask(plane, "/metrics"))
    await asked.wait()
    end = asyncio.create_task(plane.shutdown())
    await asyncio.sleep(0)  # it begins
    go_on.set()
    assert (await request).status == 200
    await end


async def test_idle_connections_do_not_hold_it_up() -> None:
    async with control_plane() as plane:
        reader, writer = await asyncio.open_connection(*plane.address)
        writer.write(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        _, half_writer = await asyncio.open_connection(*plane.address)
        half_writer.write(b"GET /version HTT")
        async with asyncio.timeout(1.5):
            await plane.shutdown()
        assert (await reader.read()).endswith(b'"1.2.3"}')
        writer.close()
        await writer.wait_closed()
        half_writer.close()
        with contextlib.suppress(ConnectionResetError):  # what was sent may not have been read
            await half_writer.wait_closed()


HEAVY = ("starlette", "uvicorn", "prometheus_client", "structlog", "rich", "pydantic")
LIGHT = (
    "trunkline.control.listener",
    "trunkline.control.serve",
    "trunkline.telemetry.log",
    "trunkline.telemetry.metrics",
    "trunkline.telemetry.process",
    "trunkline.telemetry.request_log",
)


def test_what_the_data_plane_imports_brings_nothing_heavy() -> None:
    program = f"import sys, {', '.join(LIGHT)}\nprint([name for name in {HEAVY} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert ran.stdout == b"[]\n"
