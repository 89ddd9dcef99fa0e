"""A journey whose answer nobody sees: a request that is sent once more, for the operator's own sake."""

from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.gateway.delivery import Delivery
from trunkline.gateway.likeness import Copy
from trunkline.gateway.state import Journey
from trunkline.transport.request import Request

LARGEST_REPLY: Final = 4 * 1024 * 1024
"""Bytes of its reply."""


def unseen(journey: Journey, tags: Mapping[str, str], attempts: int) -> Journey:
    """One that begins where `journey` is about to make its attempts, as if there had been `attempts` already; with its
    id, but with nobody's key.
    """
    aside = Journey(journey.gateway, _Nobody(journey.request.headers))
    limit = min(journey.snapshot.reply_limit, LARGEST_REPLY)
    aside.snapshot = msgspec.structs.replace(journey.snapshot, reply_limit=limit)
    aside.id, aside.label = journey.id, journey.label
    aside.delivery = _Unsent(aside.request, journey.gateway, journey.id)
    aside.speak(journey.front)
    aside.document, aside.asked, aside.for_routers = journey.document, journey.asked, journey.for_routers
    aside.tags = msgspec.json.encode(tags).decode()
    aside.attempts = attempts
    return aside


class _Nobody(Request):
    """The request as far as attempts look at it."""

    def __init__(self, headers: dict[bytes, bytes]) -> None:
        self.headers = headers


class _Unsent(Delivery):
    """Keeps what it is given."""

    __slots__ = ()

    def begin(self, head: bytes) -> None:
        """See `Delivery`."""
        del head
        self.copy = Copy()

    def write(self, data: bytes, now: float) -> None:
        """See `Delivery`."""
        del now
        if self.copy is not None:
            self.copy.add(data)

    def end(self) -> None:
        """See `Delivery`."""

    def whole(self, head: bytes, body: bytes) -> None:
        """See `Delivery`."""
        self.begin(head)
        self.write(body, 0.0)
