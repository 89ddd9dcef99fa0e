"""One limit of one scope, and the windows in which it counts.

A window is cut into `SLOTS` equal slots, and what is used is counted in the slot of its time. A slot stops counting
only when all of it has left the window, so in *every* window of the stated length, not only in those that begin at a
full minute, no more than the limit is admitted. The price is that room comes back up to one slot late: a caller that
is always at the limit gets at least `SLOTS / (SLOTS + 1)` of it, 98 %.
"""

from typing import Literal

import msgspec

SLOTS = 50
"""Divides a second, a minute, an hour and a day of milliseconds."""

Unit = Literal["requests", "input", "output", "tokens", "concurrent", "cost"]
UNITS: tuple[Unit, ...] = ("requests", "input", "output", "tokens", "concurrent", "cost")
"""What is counted: requests; tokens read, written, and both together; requests under way; nano-dollars."""

PREPAID = "prepaid"
"""The `period` of a meter whose limit is what was paid in."""

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
"""Windows, in milliseconds."""


class Meter(msgspec.Struct, frozen=True, gc=False):
    """What one scope may use of one unit, within one window."""

    scope: str
    """The kind of the scope: `org`, `team`, `user`, `key`, `tag`, `model`, `deployment`."""
    name: str
    """Which of them: `acme/support`."""
    unit: Unit
    limit: int
    window: int = 0
    """Milliseconds; 0 where time returns nothing: `concurrent` is given back, and the `period` of `cost` ends."""
    period: str = ""
    """Of `cost`: the first day of the budget's period. A new period is a new meter."""

    @property
    def id(self) -> str:
        """Its name in the shared books. The limit is no part of it: changing a limit forgets nothing."""
        return f"{self.scope}:{self.name}:{self.unit}:{self.period or self.window}"

    @property
    def returns(self) -> bool:
        """Whether what was taken is held until it is settled, rather than used at once."""
        return self.window == 0


def slot_of(at: int, window: int) -> int:
    """The number of the slot in which the moment `at` lies (milliseconds); 0 where there are none."""
    return at * SLOTS // window if window else 0


def oldest_slot(now: int, window: int) -> int:
    """The oldest slot that counts at `now`: the end of the one before it is at least `window` ago."""
    return slot_of(now, window) - SLOTS if window else 0


def leaves(slot: int, window: int) -> int:
    """When a slot stops counting, in milliseconds."""
    return (slot + SLOTS + 1) * window // SLOTS


def is_prepaid(meter: str) -> bool:
    """Whether the limit of the meter with this id is what was paid in, whatever it is said to be."""
    return meter.endswith(f":cost:{PREPAID}")
