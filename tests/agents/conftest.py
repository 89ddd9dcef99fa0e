"""The house that all agents' tests are in."""

from collections.abc import Iterator

import pytest
from tests.agents.house import House
from tests.running import Background


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with Background() as background:
        house = House(background)
        try:
            yield house
        finally:
            house.close()
