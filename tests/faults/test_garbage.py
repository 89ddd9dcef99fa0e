"""A request leaves nothing behind: no cycle for the collector to find, and nothing that some list still holds."""

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import Iterator
from types import CoroutineType, FrameType, FunctionType, GeneratorType, MethodType, TracebackType
from typing import Any

import pytest
from tests.faults.client import chat_request, connect
from tests.faults.gateway import RunningGateway, ask, gateway
from tests.faults.server import FaultServer

from trunkline import transport

SOURCE = transport.__file__.removesuffix("transport/__init__.py")
ROUNDS = 50

KINDS = """Request Journey Delivery Attempt Reception StreamScanner Strand Line Connection"""
"""Classes of which a request, or a connection, makes its own."""


def place_of(thing: Any) -> str:
    """Where in our source an object comes from; empty for others'."""
    code = {
        CoroutineType: lambda: thing.cr_code,
        GeneratorType: lambda: thing.gi_code,
        FunctionType: lambda: thing.__code__,
        FrameType: lambda: thing.f_code,
        TracebackType: lambda: thing.tb_frame.f_code,
        MethodType: lambda: thing.__func__.__code__,
    }.get(type(thing))
    if code is not None:
        return f"{type(thing).__name__} {code().co_qualname}" if code().co_filename.startswith(SOURCE) else ""
    kind = type(thing)
    return f"{kind.__module__}.{kind.__qualname__}" if kind.__module__.startswith("trunkline") else ""


@contextlib.contextmanager
def no_garbage_of_ours() -> Iterator[None]:
    """Fails after the block if reference counting alone has not freed everything of ours that it has made."""
    gc.collect()
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found = Counter(filter(None, map(place_of, gc.garbage)))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not found


def alive() -> Counter[str]:
    """How many of each kind there are now."""
    gc.unfreeze()
    named = (type(thing).__name__ for thing in gc.get_objects() if str(type(thing).__module__).startswith("trunkline"))
    return Counter(name for name in named if name in KINDS.split())


async def settled(gw: RunningGateway, up: FaultServer) -> None:
    """What the test itself still holds is let go."""
    await gw.idle()
    up.connections.clear()
    up.requests.clear()


ENDINGS = [
    ("one_write", True),
    ("normal", False),
    ("error_500", False),
    ("cut_between_events", True),
    ("garbage", False),
]


@pytest.mark.parametrize(
    ("name", "stream"), [*ENDINGS, ("caller_400", True), ("gzipped", True), ("closes_idle", False)]
)
async def test_a_request_leaves_no_work_to_the_collector(name: str, stream: bool) -> None:
    async with FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await ask(raw, f"up/{name}", stream=stream)
        await settled(gw, up)
        with no_garbage_of_ours():
            for _ in range(ROUNDS):
                await ask(raw, f"up/{name}", stream=stream)
            await settled(gw, up)


async def test_a_client_that_leaves_leaves_no_work_to_the_collector() -> None:
    async with FaultServer() as up, gateway(up.url) as gw:
        await leave_while_waiting(gw, up)
        with no_garbage_of_ours():
            for _ in range(ROUNDS):
                await leave_while_waiting(gw, up)


async def leave_while_waiting(gw: RunningGateway, up: FaultServer) -> None:
    async with connect(gw.port) as raw:
        await raw.send(chat_request("up/held", stream=True))
        asked = await up.request()
    await up.closed(asked.connection, within=1)
    del asked
    await settled(gw, up)


@pytest.mark.parametrize(("name", "stream"), ENDINGS)
async def test_no_list_holds_on_to_a_request_or_a_connection(name: str, stream: bool) -> None:
    """Not even to wait for a deadline that no longer matters."""
    async with FaultServer() as up, gateway(up.url) as gw:
        before = alive()
        for _ in range(ROUNDS):
            async with connect(gw.port) as raw:
                await ask(raw, f"up/{name}", stream=stream)
        await settled(gw, up)
        for _ in range(20):
            if not gw.process.server.connections:
                break
            await asyncio.sleep(0.01)
        left = alive() - before
        assert left["Line"] <= 1
        assert left.total() <= 5, left
