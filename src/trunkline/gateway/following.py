"""What a request of `/v1/responses` goes on from, and what is kept of its answer.

A conversation is named by its last response. Where the provider that made the response keeps it as well, the id goes
back to it; everywhere else what was said and answered before is put in front of the request's own input.
"""

from typing import Any

import msgspec

from trunkline.formats.openai_responses import input_items, joined
from trunkline.gateway.errors import PreviousResponseNotFound
from trunkline.gateway.remembered import Remembered
from trunkline.gateway.stored import mint_id
from trunkline.routing.plan import Route, Target

_ENDS = (b"response.completed", b"response.incomplete")

_decode = msgspec.json.Decoder().decode


class Following:
    """One request's place in its conversation."""

    __slots__ = ("_items", "_last", "_memory", "_previous", "_tenant", "id", "kept", "provider")

    def __init__(self, memory: Remembered, tenant: str, document: dict[str, Any]) -> None:
        self._memory = memory
        self._tenant = tenant
        self._previous: str = document.get("previous_response_id") or ""
        self._items = input_items(document)
        self._last = b""  # what the stream said last
        self.kept = memory.on and document.get("store") is not False
        """Whether the answer is kept."""
        self.id = mint_id()
        """The answer's, where the provider makes no responses of its own."""
        self.provider = ""
        """Who alone can go on, because it keeps the conversation itself."""

    async def whole_input(self, route: Route, document: dict[str, Any]) -> list[Any] | None:
        """The input with all that was said before; None where it stays as it is.

        Raises `PreviousResponseNotFound`, `ConversationTooLong`, `ResponsesNotKept` or `ResponsesUnavailable`.
        """
        if not self._previous:
            return None
        stored = await self._memory.find(self._tenant, self._previous)
        if stored is None:
            raise PreviousResponseNotFound(
                f"Previous response with id '{self._previous}' not found.", param="previous_response_id"
            )
        if stored.upstream and any(target.provider == stored.provider for target in route.targets):
            self.provider = stored.provider
            return None
        return joined(await self._memory.chain(self._tenant, self._previous), document)

    def narrowed(self, route: Route) -> Route:
        """`route` with those targets only that can go on."""
        if not self.provider:
            return route
        targets = tuple(target for target in route.targets if target.provider == self.provider)
        return msgspec.structs.replace(route, targets=targets)

    def saw(self, data: bytes) -> None:
        """A piece of the stream, of whole events, as the client gets it."""
        if any(end in data for end in _ENDS):
            self._last = data

    def keep(self, body: bytes | None, target: Target, *, minted_upstream: bool, keep: float) -> None:
        """The answer is whole: remember it. `body` is None where it was streamed."""
        if not self.kept:
            return
        response = body if body is not None else _response_in(self._last)
        if response is None:
            return  # the stream ended without telling the whole response: nothing can go on from it
        self._memory.save(
            self._tenant,
            _decode(response).get("id") or self.id,
            response,
            self._items,
            previous=self._previous,
            provider=target.provider,
            minted_upstream=minted_upstream,
            keep=keep,
        )


def _response_in(events: bytes) -> bytes | None:
    """The response that the last event of a stream holds."""
    for line in reversed(events.splitlines()):
        if line.startswith(b"data:") and any(end in line for end in _ENDS):
            response = _decode(line[5:]).get("response")
            return msgspec.json.encode(response) if isinstance(response, dict) else None
    return None
