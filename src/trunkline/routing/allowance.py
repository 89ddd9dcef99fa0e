"""Extra load that is bounded by a share of the ordinary one, so that retries do not turn an outage into a flood."""

from typing import Final

MOST: Final = 100.0
"""What can be saved up: a quiet hour does not allow a storm."""


class Allowance:
    """A bucket into which every ordinary attempt puts a share of a token, and from which every extra one takes a whole.

    Over any time, extra attempts ≤ `start` + `share` × ordinary attempts + `trickle` × seconds.
    """

    __slots__ = ("_filled_at", "_trickle", "share", "tokens")

    def __init__(self, share: float, *, start: float = 0.0, trickle: float = 0.0) -> None:
        """`start` and `trickle` (tokens a second) let the few requests of a small installation have theirs, too."""
        self.share = share
        self.tokens = start
        self._trickle = trickle
        self._filled_at: float | None = None

    def earn(self) -> None:
        """An ordinary attempt was made."""
        tokens = self.tokens + self.share
        self.tokens = min(MOST, tokens)

    def take(self, now: float) -> bool:
        """Whether an extra one may be made now, which is then counted."""
        if self._trickle:
            since = now - self._filled_at if self._filled_at is not None else 0.0
            self.tokens = min(MOST, self.tokens + since * self._trickle)
            self._filled_at = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
