"""A gateway before one upstream of every format, and every SDK pointed at it."""

import contextlib
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

import anthropic
import apsw
import openai
from google import genai
from google.genai import types
from mistralai.client import Mistral
from tests.e2e.formats import clients
from tests.e2e.formats.upstreams import SPEAKERS, Act, Upstream
from tests.faults.gateway import COLUMNS, gateway
from tests.running import Background

from trunkline.ledger.record import Row

PRICE = {"input": 2, "output": 8, "cached": 0.5}
"""Dollars for a million tokens."""
KEYS = [{"name": "app", "key": "sk-app"}, {"name": "other", "key": "sk-other"}]
TIMEOUT = 10
"""Seconds that an SDK waits."""


class Hall:
    """`clients` by the format they speak, `upstreams` by the one they speak. The key that asks is `app`.

    `settings` are sections of the gateway's configuration. To be used in a `with`.
    """

    def __init__(self, background: Background, *, more: Mapping[str, str] | None = None, **settings: Any) -> None:
        """`more`: further providers, of the type that is their name, and the upstream at which they are."""
        self.background = background
        self.upstreams = {name: background.enter(Upstream(name)) for name in SPEAKERS}
        providers = {name: {**upstream.provider, "price": PRICE} for name, upstream in self.upstreams.items()}
        for name, upstream in (more or {}).items():
            providers[name] = {**providers[upstream], "type": name}
        self.running = background.enter(
            gateway(**{"providers": providers, "keys": KEYS, "retries": {"attempts": 1}, **settings})
        )
        self.url = f"http://127.0.0.1:{self.running.port}"
        self._stack = ExitStack()
        enter, key = self._stack.enter_context, "sk-app"
        self.openai = enter(openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=TIMEOUT))
        self.anthropic = enter(anthropic.Anthropic(base_url=self.url, api_key=key, max_retries=0, timeout=TIMEOUT))
        self.google = enter(genai.Client(api_key=key, http_options=google_options(self.url)))
        self.mistral = enter(Mistral(api_key=key, server_url=self.url, timeout_ms=TIMEOUT * 1000))
        self.clients: dict[str, clients.Client] = {
            "chat": clients.Chat(self.openai),
            "responses": clients.Responses(self.openai),
            "anthropic": clients.Anthropic(self.anthropic),
            "google": clients.Google(self.google),
            "mistral": clients.Mistralai(self.mistral),
        }

    def act(self, upstream: str, *acts: Act) -> Upstream:
        """Have an upstream do these, one a request."""
        found = self.upstreams[upstream]
        found.act(*acts)
        self.running.heal()
        return found

    def rows(self) -> list[Row]:
        """The ledger."""
        return self.background.run(self.running.rows())

    def row(self) -> Row:
        """The ledger's last."""
        self.background.run(self.running.idle())
        with contextlib.closing(apsw.Connection(str(self.running.data / "trunkline.db"))) as db:
            [(request, *rest)] = db.execute(
                f"SELECT {COLUMNS} FROM attempts ORDER BY started DESC, attempt DESC LIMIT 1"
            )
        return Row(str(uuid.UUID(bytes=request)), *rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def google_options(url: str) -> types.HttpOptions:
    """What Google's SDK calls `http_options`, for a gateway."""
    attempts = types.HttpRetryOptions(attempts=1)
    return types.HttpOptions(base_url=url, timeout=TIMEOUT * 1000, retry_options=attempts)
