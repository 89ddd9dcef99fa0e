"""Values in Valkey or Redis that may be lost at any time, by key, each for its time."""

from typing import Final

from redis.exceptions import RedisError

from trunkline.store.errors import SharedUnavailable
from trunkline.store.shared_client import shared_client

ANSWERS_WITHIN: Final = 0.25
"""Seconds. Whoever waits longer might as well ask a model."""


class SharedCache:
    """The server at a `redis://` or `rediss://` address; connected when it is first used."""

    def __init__(self, url: str, name: str = "trunkline") -> None:
        """`name` tells installations apart that share a server."""
        self._client = shared_client(url, within=ANSWERS_WITHIN, connections=64)
        self._prefix = f"{name}:answer:".encode()

    async def get(self, key: bytes) -> bytes | None:
        """The value of `key`. Raises `SharedUnavailable`."""
        try:
            value = await self._client.get(self._prefix + key)
        except (RedisError, OSError) as error:
            raise SharedUnavailable(f"shared: {error}") from error
        return value if isinstance(value, bytes) else None

    async def put(self, key: bytes, value: bytes, lives: float) -> None:
        """Keep `value` for so many seconds. Raises `SharedUnavailable`."""
        try:
            await self._client.set(self._prefix + key, value, px=max(1, int(lives * 1000)))
        except (RedisError, OSError) as error:
            raise SharedUnavailable(f"shared: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
