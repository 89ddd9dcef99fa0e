"""What a request of `/v1/responses` goes on from, and what is kept of its answer.

A conversation is named by its last response. Where the provider that made the response keeps it as well, the id goes
back to it; everywhere else what was said and answered before is put in front of the request's own input, and the
response has an id that was made here: what a provider that keeps nothing calls its responses may come twice.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from trunkline.formats.openai_responses import input_items, joined
from trunkline.formats.sse import Splitter, data_of
from trunkline.gateway.errors import PreviousResponseNotFound
from trunkline.gateway.remembered import Remembered
from trunkline.kept.owners import end_user
from trunkline.kept.response import mint_id
from trunkline.routing.plan import Plan, Target, narrowed

_ENDS = ("response.completed", "response.incomplete")
_HOLDS_RESPONSE = b'"response"'

Fields = dict[str, msgspec.Raw]


class _Event(msgspec.Struct):
    type: str = ""
    response: msgspec.Raw = msgspec.Raw()


class _Named(msgspec.Struct):
    id: str = ""


_event = msgspec.json.Decoder(_Event).decode
_named = msgspec.json.Decoder(_Named).decode
_fields = msgspec.json.Decoder(Fields).decode
_encode = msgspec.json.Encoder().encode


class Following:
    """One request's place in its conversation."""

    __slots__ = (
        "_end_user",
        "_here",
        "_items",
        "_keepers",
        "_memory",
        "_previous",
        "_renames",
        "_response",
        "_tenant",
        "id",
        "kept",
    )

    def __init__(self, memory: Remembered, tenant: str, document: dict[str, Any], *, here: bool = False) -> None:
        """`here`: it goes on from what is kept here, also where the provider keeps it."""
        self._here = here
        self._memory = memory
        self._tenant = tenant
        self._previous = document.get("previous_response_id") or ""
        self._end_user = end_user(document)
        self._items = input_items(document)
        self._keepers: tuple[Target, ...] = ()
        """Those that alone can go on, because their provider keeps the conversation itself."""
        self._renames = False
        self._response: bytes | None = None  # the whole one that the stream has told
        self.kept = memory.on and document.get("store") is not False
        """Whether the answer is kept."""
        self.id = mint_id()
        """The answer's, where the provider keeps no responses of its own."""

    async def whole_input(self, passing: Sequence[Target], document: dict[str, Any]) -> list[Any] | None:
        """The input with all that was said before; None where it stays as it is. `passing` are the targets that would
        get the request as it is.

        Raises `PreviousResponseNotFound`, `ConversationTooLong`, `ResponsesNotKept` or `ResponsesUnavailable`.
        """
        if not self._previous:
            return None
        stored = await self._memory.find(self._tenant, self._previous)
        if stored is None:
            raise PreviousResponseNotFound(
                f"Previous response with id '{self._previous}' not found.", param="previous_response_id"
            )
        if stored.upstream and not self._here:
            self._keepers = tuple(target for target in passing if target.provider == stored.provider)
        if self._keepers:
            return None
        return joined(await self._memory.chain(self._tenant, self._previous), document)

    def narrowed(self, plan: Plan) -> Plan:
        """`plan` with those targets only that can go on."""
        return narrowed(plan, self._keepers) if self._keepers else plan

    # the answer, on its way to the client

    def answered_by(self, *, passes: bool, keeps: bool) -> None:
        """Who is about to answer: whether in the client's own format, and whether it keeps responses itself."""
        self._response = None
        self._renames = (self.kept and passes and (not keeps or self._here)) or self._joined

    def whole(self, body: bytes) -> bytes:
        """The whole response as the client gets it."""
        self._response = self._named_here(body) if self._renames else body
        return self._response

    def streamed(self, data: bytes) -> bytes:
        """A piece of the stream, of whole events, as the client gets it."""
        if _HOLDS_RESPONSE not in data or not (self._renames or self.kept):
            return data
        splitter = Splitter()
        events = [self._seen(event) for event in splitter.feed(data)]
        return b"".join(events) + splitter.rest() if self._renames else data

    def keep(self, target: Target, *, minted_upstream: bool, keep: float) -> None:
        """The answer is whole: remember it."""
        response = self._response
        if not self.kept or response is None:
            return  # a stream that ended without telling the whole response: nothing can go on from it
        self._memory.save(
            self._tenant,
            _id_of(response) or self.id,
            response,
            self._items,
            previous=self._previous,
            provider=target.provider,
            minted_upstream=minted_upstream and not self._renames,
            keep=keep,
            end_user=self._end_user,
        )

    @property
    def _joined(self) -> bool:
        """Whether the provider is told what was said before, and so does not know that it goes on from something."""
        return bool(self._previous) and not self._keepers

    def _seen(self, event: bytes) -> bytes:
        payload = data_of(event)
        if payload is None:
            return event
        try:
            told = _event(payload)
        except msgspec.DecodeError:
            return event  # the client may know it
        response = bytes(told.response)
        if not response.startswith(b"{"):
            return event
        if self._renames:
            response = self._named_here(response)
            payload = _encode({**_fields(payload), "response": msgspec.Raw(response)})
            event = b"event: %b\ndata: %b\n\n" % (told.type.encode(), payload)
        if told.type in _ENDS:
            self._response = response
        return event

    def _named_here(self, response: bytes) -> bytes:
        """With the id that it has here, and that of the one before it."""
        try:
            fields = _fields(response)
        except msgspec.DecodeError:
            return response
        own: dict[str, object] = {"id": self.id}
        if self._joined:
            own["previous_response_id"] = self._previous
        return _encode({**fields, **own})


def _id_of(response: bytes) -> str:
    try:
        return _named(response).id
    except msgspec.DecodeError:
        return ""  # none that anybody could ask for
