"""Requests without an SDK, for what none would send."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

import msgspec


class Plain(msgspec.Struct):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def send(
    port: int, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, key: str = "sk-app"
) -> Plain:
    """One request; a `body` that is no bytes is sent as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        own = {"authorization": f"Bearer {key}"} if key else {}
        connection.request(method, path, data, {"content-type": "application/json", **own, **(headers or {})})
        response = connection.getresponse()
        return Plain(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()
