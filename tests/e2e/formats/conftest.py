"""One gateway before upstreams of all formats, for the tests of a module."""

from collections.abc import Iterator

import pytest
from tests.e2e.formats.hall import Hall
from tests.running import Background


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    with Background() as background, Hall(background) as hall:
        yield hall
