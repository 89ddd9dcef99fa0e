"""One gateway for all tests of a module."""

from collections.abc import Iterator

import pytest
from tests.e2e.house import PRICE, House
from tests.faults.gateway import gateway
from tests.faults.server import FaultServer
from tests.running import Background


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with Background() as background:
        upstream = background.enter(FaultServer())
        providers = {
            "openai": {"base_url": upstream.url, "api_key": "sk-upstream", "price": PRICE},
            "simulated": {"simulated": {"latency": "0s", "tokens_per_second": 100_000}},
        }
        running = gateway(providers=providers, models={"house": "openai/normal"}, retries={"attempts": 2})
        yield House(background, upstream, background.enter(running))
