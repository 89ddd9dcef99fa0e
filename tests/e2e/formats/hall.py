"""A gateway before one upstream of every format, and every SDK pointed at it."""

from contextlib import ExitStack
from typing import Any

from tests.e2e.formats import clients
from tests.e2e.formats.upstreams import SPEAKERS, Act, Upstream
from tests.faults.gateway import gateway
from tests.running import Background

from trunkline.ledger.record import Row

PRICE = {"input": 2, "output": 8, "cached": 0.5}
"""Dollars for a million tokens."""
KEYS = [{"name": "app", "key": "sk-app"}, {"name": "other", "key": "sk-other"}]


class Hall:
    """`clients` by the format they speak, `upstreams` by the one they speak. The key that asks is `app`."""

    def __init__(self, background: Background, **settings: Any) -> None:
        self.background = background
        self.upstreams = {name: background.enter(Upstream(name)) for name in SPEAKERS}
        providers = {name: {**upstream.provider, "price": PRICE} for name, upstream in self.upstreams.items()}
        self.running = background.enter(
            gateway(**{"providers": providers, "keys": KEYS, "retries": {"attempts": 1}, **settings})
        )
        self.url = f"http://127.0.0.1:{self.running.port}"
        self._stack = ExitStack()
        self.clients: dict[str, clients.Client] = {}
        for kind in clients.EVERY:
            self.clients[kind.name] = kind(self.url, "sk-app", self._stack)

    def act(self, upstream: str, *acts: Act) -> Upstream:
        """Have an upstream do these, one a request."""
        found = self.upstreams[upstream]
        found.act(*acts)
        return found

    def rows(self) -> list[Row]:
        """The ledger."""
        return self.background.run(self.running.rows())

    def close(self) -> None:
        self._stack.close()
