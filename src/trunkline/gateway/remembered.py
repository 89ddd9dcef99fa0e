"""The responses that this gateway remembers for the applications that got them, whichever provider answered.

A response is one tenant's: to all others its id means nothing. It is encrypted before it reaches the store, and is gone
when its time is over. Saving does not delay the answer: what was saved is found from then on, and reaches the store a
moment later (`backlog`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal, ParamSpec, TypeVar, get_args

import msgspec

from trunkline.gateway.backlog import Backlog
from trunkline.gateway.errors import (
    ConversationTooLong,
    InvalidRequest,
    PreviousResponseNotFound,
    ResponsesNotKept,
    ResponsesUnavailable,
)
from trunkline.kept.owners import person_of
from trunkline.kept.response import Stored, opened
from trunkline.store.base import ResponseStore
from trunkline.store.errors import StoreError
from trunkline.telemetry.metrics import Metrics
from trunkline.vault.errors import KeyDestroyed, VaultError
from trunkline.vault.vault import Vault

LONGEST = 1000
"""Responses in one conversation."""
LARGEST = 32 * 1024 * 1024
"""Bytes of one conversation."""
SWEPT = 200
"""Expired responses deleted in one transaction."""
ELSEWHERE = 0.25
"""Seconds within which what another process has answered is in the store, as long as the store takes it."""
LONGEST_PAGE = 100
"""Items; OpenAI's limit."""

P = ParamSpec("P")
T = TypeVar("T")
Order = Literal["asc", "desc"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


class Page(msgspec.Struct, frozen=True):
    """A list as OpenAI's API gives it."""

    data: list[Any]
    first_id: str | None
    last_id: str | None
    has_more: bool
    object: str = "list"


class Remembered:
    """The memory of one process, and of all that share its store. Everything is called on the event loop's thread.

    But for `person`, `save`, `sweep` and `close`, methods raise `ResponsesNotKept` while responses are not kept, and
    `ResponsesUnavailable` where the store cannot be read or does not open.
    """

    def __init__(
        self,
        store: ResponseStore,
        vault: Vault,
        metrics: Metrics,
        report: Callable[..., None],
        digest: Callable[[bytes], bytes],
        *,
        patience: float = 0.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`digest`: by which end users are known. `patience`: seconds for which an id that is not known is waited for,
        where other processes answer as well.
        """
        self.on = True
        """Whether responses are kept (`responses.store`)."""
        self._store = store
        self._vault = vault
        self._report = report
        self._digest = digest
        self._patience = patience
        self._now = now
        self._backlog = Backlog(store, vault, metrics, report)

    def person(self, end_user: str) -> str:
        """What an end user is known by in all that is kept; empty for nobody."""
        return person_of(self._digest, end_user)

    def save(
        self,
        tenant: str,
        response_id: str,
        response: bytes,
        input_items: Sequence[Mapping[str, Any]],
        *,
        previous: str | None,
        provider: str,
        minted_upstream: bool,
        keep: float,
        end_user: str = "",
    ) -> None:
        """Keep a response for `keep` seconds, in place of an earlier one with its id. Neither waits nor raises.

        `response` is the document in JSON; `input_items` what was said to get it, but for what the responses before it
        hold, the last of which is `previous`. `minted_upstream`: its id is the provider's, which keeps it as well.
        `end_user`: the id by which the request named whom it was for.
        Nothing is kept while `on` is false.
        """
        if not self.on:
            return
        now = int(self._now())
        stored = Stored(
            tenant=tenant,
            id=response_id,
            provider=provider,
            upstream=response_id if minted_upstream else "",
            previous=previous or "",
            created=now,
            expires=now + max(1, int(keep)),
            person=self.person(end_user),
            response=response,
            input=msgspec.json.encode(input_items),
        )
        self._backlog.add(stored)

    async def find(self, tenant: str, response_id: str) -> Stored | None:
        """The tenant's response with that id."""
        found = await self._look(tenant, response_id, 1, LARGEST)
        return found[0] if found else None

    async def delete(self, tenant: str, response_id: str) -> bool:
        """Forget one response; False where the tenant has none with that id. Those that continue it stay."""
        self._must_be_on()

        async def delete() -> bool:
            async with self._backlog.turn:
                stored = await self._ask(self._store.delete_response, tenant, response_id, int(self._now()))
                waiting = self._backlog.take(tenant, response_id)
            return stored or waiting is not None

        return await self._patiently(delete)

    async def input_items(
        self, tenant: str, response_id: str, *, limit: int = 20, order: Order = "desc", after: str | None = None
    ) -> Page | None:
        """A page of what was said to get a response; None where the tenant has none with that id.

        Raises `InvalidRequest` for a page that there cannot be.
        """
        if not 1 <= limit <= LONGEST_PAGE:
            raise InvalidRequest(f"`limit` must be from 1 to {LONGEST_PAGE}.", param="limit")
        stored = await self.find(tenant, response_id)
        if stored is None:
            return None
        items = stored.input_items()
        if order == "desc":
            items.reverse()
        ids = [item["id"] for item in items]
        if after is not None and after not in ids:
            raise InvalidRequest(f"'{after}' is no item of '{response_id}'.", param="after")
        start = 0 if after is None else ids.index(after) + 1
        shown = ids[start : start + limit] or [None]
        return Page(items[start : start + limit], shown[0], shown[-1], has_more=len(items) > start + limit)

    async def chain(self, tenant: str, previous_response_id: str) -> list[Any]:
        """The conversation up to and with a response: all that was said and answered, as items in their order.

        Raises `PreviousResponseNotFound` where any part of it is not there (any more), and `ConversationTooLong`.
        """
        found: list[Stored] = []
        size, next_id = 0, previous_response_id
        while next_id:
            if len(found) >= LONGEST or size >= LARGEST:
                raise ConversationTooLong(
                    f"The conversation that ends with '{previous_response_id}' has more than {LONGEST:,} responses or "
                    f"{LARGEST >> 20} MiB. Begin a new one, with what matters of it in `input`.",
                    param="previous_response_id",
                )
            links = await self._look(tenant, next_id, LONGEST - len(found), LARGEST - size)
            if not links:
                raise _missing(previous_response_id, next_id)
            found += links
            size += sum(link.size for link in links)
            next_id = links[-1].previous
        return await asyncio.to_thread(lambda: [item for stored in reversed(found) for item in stored.items()])

    async def sweep(self, now: float) -> int:
        """Delete what has expired by `now` (Unix time, seconds); how many responses that were. Raises `StoreError`.

        To be called now and then. It goes in batches, so that others get their turn to write.
        """
        deleted = 0
        while True:
            batch = await asyncio.to_thread(self._store.delete_expired_responses, int(now), SWEPT)
            deleted += batch
            if batch < SWEPT:
                return deleted

    async def close(self) -> None:
        """Write what waits to be written."""
        await self._backlog.close()

    async def _look(self, tenant: str, response_id: str, most: int, size: int) -> list[Stored]:
        """The tenant's response with that id and those that it continues, newest first, as far as they are at hand."""
        self._must_be_on()

        async def look() -> list[Stored]:
            waiting = self._backlog.get(tenant, response_id)
            return [waiting] if waiting is not None else await self._ask(self._read, tenant, response_id, most, size)

        return await self._patiently(look)

    def _read(self, tenant: str, response_id: str, most: int, size: int) -> list[Stored]:
        """From the store, in a worker thread. What was erased is not there."""
        found: list[Stored] = []
        for record in self._store.responses(tenant, response_id, int(self._now()), most, size):
            try:
                found.append(opened(record, self._vault))
            except KeyDestroyed:
                break
            size -= found[-1].size
            if size <= 0:  # it was within bounds only because it is stored compressed
                break
        return found

    def _must_be_on(self) -> None:
        if not self.on:
            raise ResponsesNotKept(
                "This gateway keeps no responses: none can be retrieved, and `previous_response_id` leads to nothing. "
                "Send the whole conversation as `input`, or ask its operator to set `responses.store`."
            )

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer. Where there is nothing, asked again a moment later: another process may be writing it."""
        answer = await ask()
        if not answer and self._patience:
            await asyncio.sleep(self._patience)
            answer = await ask()
        return answer

    async def _ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `call` returns, from a worker thread."""
        try:
            return await asyncio.to_thread(call, *args, **kwargs)
        except (StoreError, VaultError) as error:
            self._report("responses.not_read", problem=str(error))
            raise ResponsesUnavailable(
                "What this gateway keeps of responses cannot be read now. Its operator finds the reason in the log."
            ) from None


def _missing(asked: str, missing: str) -> PreviousResponseNotFound:
    told = f"Previous response with id '{asked}' not found."  # OpenAI's words
    if missing != asked:
        told = f"'{asked}' continues '{missing}', which is not kept any more. Send the whole conversation as `input`."
    return PreviousResponseNotFound(told, param="previous_response_id")
