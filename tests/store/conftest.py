"""Every test that takes `store` or `make_store` runs once for each database behind the protocol."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.store import open_store
from trunkline.store.base import Store

MakeStore = Callable[[], Store]


@pytest.fixture(params=["sqlite"], scope="session")
def make_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeStore]:
    """Opens a new, empty store at each call, and closes all of them at the end."""
    opened: list[Store] = []

    def sqlite() -> Store:
        opened.append(open_store(f"sqlite://{tmp_path_factory.mktemp('store')}/trunkline.db"))
        return opened[-1]

    yield {"sqlite": sqlite}[request.param]
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    return make_store()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test of the SQLite file itself puts it."""
    return tmp_path / "trunkline.db"
