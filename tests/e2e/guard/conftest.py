"""One gateway with policies before upstreams of all formats, for the tests of a module."""

from collections.abc import Iterator

import pytest
from tests.e2e.formats.hall import Hall
from tests.e2e.guard.policies import SETTINGS
from tests.running import Background


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    with Background() as background, Hall(background, **SETTINGS) as hall:
        yield hall
