"""Lets tests be written as flat `async def test_…` functions."""

import functools
import inspect
import os

import pytest
from tests import aio

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # beside other work, its threads do little but wait for each other


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an async test under uvloop, within `aio.DEFAULT_BOUND` seconds."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    aio.run(functools.partial(pyfuncitem.obj, **arguments))
    return True
