"""Whether a client has left whose socket is not being read: asyncio itself would see that only by reading."""

import asyncio
import select
from math import inf

from trunkline.transport.deadlines import Deadlines

LOOK_EVERY = 0.02
"""Seconds, to which the wheel of deadlines adds up to a `GRAIN`."""


class Absence:
    """Drops the connection of a client that leaves while `watch` is on. What lies unread before the end hides nothing
    from poll(2).
    """

    def __init__(self, transport: asyncio.Transport, deadlines: Deadlines) -> None:
        self.due = inf
        self.looked_at = inf
        self._transport = transport
        self._deadlines = deadlines
        self._poll = select.poll()
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLRDHUP)

    def watch(self, now: float) -> None:
        """The socket is not read any more."""
        self._deadlines.set(self, now + LOOK_EVERY)

    def rest(self) -> None:
        """The socket is read again, or closed."""
        self._deadlines.drop(self)

    def expire(self, now: float) -> None:
        """Time to look."""
        if self._poll.poll(0):
            self._transport.abort()
        else:
            self.watch(now)
