"""One real gateway for the tests of a module, before a provider that misbehaves on request and the simulated one."""

from collections.abc import Iterator
from dataclasses import dataclass

import openai
import pytest
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer
from tests.running import Background, base_url

SETTINGS = {"retries": {"attempts": 2}, "models": {"house": "openai/normal"}}
PRICE = {"input": 2, "output": 8}


@dataclass
class House:
    """A gateway whose provider `openai` is `upstream`; the model's name says what that does: `openai/error_500`."""

    background: Background
    upstream: FaultServer
    running: RunningGateway

    @property
    def url(self) -> str:
        return base_url(self.running)

    def client(self, *, retries: int = 0, timeout: float = 10, key: str = "any") -> openai.OpenAI:
        """The SDK, sync. Use it as a context manager: it holds connections."""
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=retries, timeout=timeout)

    def async_client(self, *, retries: int = 0, timeout: float = 10, key: str = "any") -> openai.AsyncOpenAI:
        """The SDK, async; likewise."""
        return openai.AsyncOpenAI(base_url=self.url, api_key=key, max_retries=retries, timeout=timeout)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with Background() as background:
        upstream = background.enter(FaultServer())
        providers = {
            "openai": {"base_url": upstream.url, "api_key": "sk-upstream", "price": PRICE},
            "simulated": {"simulated": {"latency": "0s", "tokens_per_second": 100_000}},
        }
        yield House(background, upstream, background.enter(gateway(providers=providers, **SETTINGS)))
