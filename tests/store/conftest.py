"""Every test that takes `store` or `make_store` runs once for each database behind the protocol."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import services

from trunkline.store import open_store
from trunkline.store.base import Store

MakeStore = Callable[[], Store]


@pytest.fixture(params=["sqlite", "postgresql"], scope="session")
def make_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeStore]:
    """Opens a new, empty store at each call, and closes all of them at the end."""
    server = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else ""
    with contextlib.ExitStack() as stack:

        def sqlite() -> Store:
            return opened(f"sqlite://{tmp_path_factory.mktemp('store')}/trunkline.db")

        def postgresql() -> Store:
            return opened(stack.enter_context(services.new_database(server)))

        def opened(url: str) -> Store:
            store = open_store(url)
            stack.callback(store.close)
            return store

        yield {"sqlite": sqlite, "postgresql": postgresql}[request.param]


@pytest.fixture
def store(make_store: MakeStore) -> Iterator[Store]:
    store = make_store()
    yield store
    store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test of the SQLite file itself puts it."""
    return tmp_path / "trunkline.db"
