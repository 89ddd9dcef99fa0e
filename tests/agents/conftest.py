"""The house that all agents' tests are in."""

import logging
from collections.abc import Iterator

import pytest
from tests.agents.house import House
from tests.running import Background


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    for name in ("anthropic", "openai"):
        logging.getLogger(name).setLevel(logging.INFO)  # they would format every request, which are large here
    with Background() as background:
        house = House(background)
        try:
            yield house
        finally:
            house.close()
