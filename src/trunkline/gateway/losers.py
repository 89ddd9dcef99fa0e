"""What becomes of those that raced and did not win.

Most are cut off in the moment in which another has won. A whole answer, though, is paid for whether or not it is read:
only of streams does anybody say that closing the connection stops the meter (`Provider.stops_meter`). So who was sent a
request for a whole answer is listened to for a moment longer. If the answer comes, the ledger has its true usage in
place of an upper estimate, and its connection is good for another request, which spares both sides a new one. If not,
it is cut off as well. The client does not wait for any of this; the request is recorded when the last has ended.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from trunkline.transport.strand import Strand

if TYPE_CHECKING:
    from trunkline.gateway.app import Gateway
    from trunkline.gateway.attempt import Attempt

MOMENT = 0.05
"""Seconds for which a whole answer that was outrun may still come."""


class Losers:
    """Attempts of one request that were outrun, and may end by themselves."""

    __slots__ = ("_gateway", "_left", "_over", "_timer")

    def __init__(self, gateway: "Gateway", outrun: "dict[Attempt, Strand]") -> None:
        self._gateway = gateway
        self._left = outrun
        self._over: Callable[[], None] | None = None
        self._timer = gateway.loop.call_later(MOMENT, self.cut)
        gateway.losers.add(self)

    @property
    def most(self) -> int:
        """Nano-dollars that those of them may cost that have not ended."""
        return sum(max(0, attempt.reserved) for attempt in self._left)

    def then(self, over: Callable[[], None]) -> None:
        """Call `over` when all have ended, which may be now."""
        self._over = over
        self._look()

    def ended(self, attempt: "Attempt") -> None:
        """That one has ended by itself."""
        self._left.pop(attempt, None)
        self._look()

    def cut(self) -> None:
        """End all that are left; each is recorded as cancelled."""
        left, self._left = self._left, {}
        for strand in left.values():
            strand.cancel()
        self._look()

    def _look(self) -> None:
        if self._left:
            return
        self._timer.cancel()
        self._gateway.losers.discard(self)
        over, self._over = self._over, None
        if over is not None:
            over()
