"""The shared books of rates and concurrency in Valkey or Redis: one round trip for a batch of any size.

Its clock is the only one that counts. It may lose everything at any time: what was used is then told again by the
processes, as `trunkline.limits.holder` says.
"""

from importlib import resources
from typing import Any

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004  # the library's own, which is not the builtin
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004  # likewise
)

from trunkline.limits.books import Answer, Ask
from trunkline.limits.meter import SLOTS
from trunkline.limits.pool import GRACE, Batch, Reply
from trunkline.store.errors import SharedRefused, SharedUnavailable
from trunkline.store.shared_client import shared_client

ANSWERS_WITHIN = 1.0
"""Seconds. A batch that takes longer is sent again; it is entered once all the same."""
REPLIES_KEPT = 3_600_000
"""Milliseconds for which a batch may be sent again."""

_SCRIPT = (resources.files("trunkline.store") / "lua" / "exchange.lua").read_text("utf-8")


class Valkey:
    """A connection to the server at a `redis://` or `rediss://` address, opened when it is first used."""

    def __init__(self, url: str, name: str = "trunkline") -> None:
        """`name` tells installations apart that share a server."""
        self._client = shared_client(url, within=ANSWERS_WITHIN, connections=2)
        self._script = self._client.register_script(_SCRIPT)
        self._prefix = f"{{{name}}}:"  # in braces: all keys are in one slot of a cluster, as a script needs them

    async def exchange(self, batch: Batch) -> Reply:
        """Send a batch. Raises `SharedUnavailable` or `SharedRefused`: it may have been entered, and is sent again."""
        prefix = self._prefix
        keys = [f"{prefix}generation", f"{prefix}alive", f"{prefix}reply:{batch.holder}"]
        keys += [f"{prefix}{ask.meter}" for ask in batch.asks]
        head: list[str | int] = [batch.holder, batch.number, batch.lives, batch.generation, SLOTS, GRACE, REPLIES_KEPT]
        try:
            reply: list[Any] = await self._script(keys, [*head, *(each for ask in batch.asks for each in _flat(ask))])
        except (AuthenticationError, ResponseError) as error:
            if isinstance(error, BusyLoadingError):
                raise SharedUnavailable(f"shared: {error}") from error
            raise SharedRefused(f"shared: {error}") from error
        except (ConnectionError, TimeoutError, OSError) as error:
            raise SharedUnavailable(f"shared: {error}") from error
        except RedisError as error:
            raise SharedRefused(f"shared: {error}") from error
        now, generation, alive, *answers = reply
        return Reply(now, generation, bool(alive), [Answer(*answer) for answer in answers])

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()


def _flat(ask: Ask) -> list[int]:
    marks = [each for mark in ask.marks for each in mark]
    return [ask.limit, ask.window, ask.hold, ask.least, ask.need, ask.want, len(ask.marks), *marks]
