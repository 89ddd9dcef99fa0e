"""Lets tests be written as flat `async def test_…` functions, and gives them databases."""

import functools
import inspect
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests import aio, services

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # beside other work, its threads do little but wait for each other
settings.register_profile("unhurried", deadline=None)  # beside other work, one slow example is no failure
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an async test under uvloop, within `aio.DEFAULT_BOUND` seconds."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    aio.run(functools.partial(pyfuncitem.obj, **arguments))
    return True


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server, which the whole test run shares."""
    with services.any_postgresql() as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    with services.new_database(postgresql_server) as url:
        yield url


@pytest.fixture
def own_postgresql() -> Iterator[services.PostgreSQL]:
    """A PostgreSQL server that the test may stop."""
    with services.running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a Valkey or Redis server, which the whole test run shares."""
    with services.any_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an empty database; tests run one at a time, so it is the test's own."""
    services.flush(redis_server)
    return redis_server


@pytest.fixture
def own_redis() -> Iterator[services.Redis]:
    """A Valkey or Redis server that the test may stop."""
    with services.running_redis() as server:
        yield server
