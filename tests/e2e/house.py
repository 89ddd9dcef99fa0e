"""A real gateway before a provider that misbehaves on request, and the SDK that asks it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import openai
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer
from tests.running import Background, base_url, openai_at

PRICE = {"input": 2, "output": 8}
"""Dollars for a million tokens."""


@dataclass
class House:
    """A gateway whose provider `openai` is `upstream`; the model's name says what that does: `openai/error_500`."""

    background: Background
    upstream: FaultServer
    running: RunningGateway

    @property
    def url(self) -> str:
        return base_url(self.running)

    def client(self, *, retries: int = 0, timeout: float = 10) -> openai.OpenAI:
        """The SDK, sync. Use it as a context manager: it holds connections."""
        return openai.OpenAI(base_url=self.url, api_key="any", max_retries=retries, timeout=timeout)

    def async_client(self) -> openai.AsyncOpenAI:
        """The SDK, async; likewise."""
        return openai.AsyncOpenAI(base_url=self.url, api_key="any", max_retries=0)


@dataclass
class Alone:
    """What `alone` gives: `client` asks `running`, whose provider `openai` is `upstream`."""

    upstream: FaultServer
    running: RunningGateway
    client: openai.AsyncOpenAI


@contextlib.asynccontextmanager
async def alone(upstream: FaultServer | None = None, *, key: str = "any", **settings: Any) -> AsyncIterator[Alone]:
    """A gateway of the test's own, in its event loop, with the async SDK."""
    async with (
        upstream or FaultServer() as server,
        gateway(**{"providers": openai_at(server.url), **settings}) as running,
        openai.AsyncOpenAI(base_url=base_url(running), api_key=key, max_retries=0) as client,
    ):
        yield Alone(server, running, client)
